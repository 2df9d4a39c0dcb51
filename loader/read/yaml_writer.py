"""A tree -> the text of a hook file, for people and for the loader.

It does not use PyYAML's writer, since comments have to follow the values. A text is written without quotes only if
every YAML reader takes it for a text. A text of several lines is a literal block, where possible.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.loader.read.comments import Comments
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node
from dodo_hooks.loader.read.yaml_reader import yaml_value

_HARMLESS = re.compile(r"[A-Za-z0-9_./$(\\][ -~]*")
_HARMFUL = re.compile(r": | #|[: ]\Z")  # of the texts that _HARMLESS matches
_HARMLESS_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# Texts that other YAML readers parse as a boolean, a number or a date.
_AMBIGUOUS = re.compile(r"(?i:y|n|yes|no|on|off)|[-+]?[0-9][0-9_]*(:[0-9]+)*|0b[01_]+|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*")
_LONGEST_KEY = 500  # a key without "?" may have 1024 characters
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def emit_yaml(root: MapNode, *, with_origin: bool = False, comments: Comments | None = None) -> str:
    """Return the YAML text; `with_origin` adds a comment with `file:line` behind each value.

    The `comments` are consumed.
    """
    writer = _Writer(with_origin, comments or Comments())
    return "".join(f"{line}\n" for line in (*writer.lines(root), *writer.comments.at_end))


def as_json(root: MapNode) -> str:
    """Return the JSON text.

    A number is written as a text where the number would lose how it was written, and that may matter.
    """
    return json.dumps(_plain(root, is_env=False), indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class _Writer:
    with_origin: bool
    comments: Comments

    def lines(self, node: Node) -> list[str]:
        """Return the lines of a value; for a text of several lines the first one belongs behind the key."""
        if isinstance(node, MapNode) and node.entries:
            return [line for entry in node.entries for line in self._entry(entry)]
        if isinstance(node, ListNode) and node.items:
            return [line for item in node.items for line in self._item(item)]
        first, *others = _inline(node)
        if self.with_origin:
            first += f"{' ' if first else ''} # {_place(node.mark)}"
        return [first + _behind(self.comments.take_behind(node.mark), first), *others]

    def _entry(self, entry: Entry) -> list[str]:
        is_written = entry.mark != entry.value.mark  # else the key was generated: its line is that of another key
        above = self.comments.take_above(entry.mark) if is_written else []
        behind = self.comments.take_behind(entry.mark) if is_written else ""
        key = entry.key if _is_harmless(entry.key, _HARMLESS_KEY) else _in_quotes(entry.key)
        above += [] if len(key) < _LONGEST_KEY else [f"? {key}"]
        head = ":" if len(key) >= _LONGEST_KEY else f"{key}:"
        lines = self.lines(entry.value)
        if _is_block(entry.value):
            return [*above, head + _behind(behind, head), *_indented(lines)]
        first = f"{head} {lines[0]}".rstrip(" ")
        return [*above, first + _behind(behind, first), *_indented(lines[1:])]

    def _item(self, item: Node) -> list[str]:
        above = self.comments.take_above(item.mark)
        first, *others = self.lines(item)
        if behind := self.comments.take_behind(item.mark):  # what it stood behind is gone
            above.append(behind)
        # A comment above the first key of a map moves above the item.
        while first.startswith("#"):
            above.append(first)
            first, *others = others
        return [*above, f"- {first}".rstrip(" "), *_indented(others)]


def _behind(comment: str, before: str) -> str:
    return f"{'  ' if before else ''}{comment}" if comment else ""


def _is_block(node: Node) -> bool:
    """Return whether the value begins on a line of its own."""
    return bool(node.entries if isinstance(node, MapNode) else isinstance(node, ListNode) and node.items)


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" if line else "" for line in lines]


def _inline(node: Node) -> list[str]:
    if isinstance(node, MapNode):
        return ["{}"]
    if isinstance(node, ListNode):
        return ["[]"]
    if not isinstance(node.value, str):
        return ["" if node.value is None else node.text]
    if _is_harmless(node.value, _HARMLESS):
        return [node.value]
    return _literal(node.value) or [_in_quotes(node.value)]


def _is_harmless(text: str, pattern: re.Pattern[str]) -> bool:
    if not pattern.fullmatch(text) or _HARMFUL.search(text):
        return False
    return isinstance(yaml_value(text), str) and not _AMBIGUOUS.fullmatch(text)


def _literal(text: str) -> list[str]:
    """Return the lines of a literal block; none if the text cannot be one, or has one line only."""
    lines = text.split("\n")
    # The first line sets the indentation of the block.
    if len(lines) == 1 or lines[0][:1] in ("", " ") or not all(map(_can_be_seen, lines)):
        return []
    kept = len(text) - len(text.rstrip("\n"))
    if kept:
        lines.pop()
    return ["|" if kept == 1 else "|+" if kept else "|-", *lines]


def _can_be_seen(line: str) -> bool:
    return line.replace("\t", " ").isprintable()


def _in_quotes(text: str) -> str:
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _place(mark: Location) -> str:
    return "".join(c if c.isprintable() else _escaped(c) for c in mark.file) + f":{mark.line}"


def _plain(node: Node, is_env: bool) -> Any:
    if isinstance(node, MapNode):
        return {entry.key: _plain(entry.value, is_env or entry.key == "env") for entry in node.entries}
    if isinstance(node, ListNode):
        return [_plain(item, is_env) for item in node.items]
    value = node.value
    if isinstance(value, str) or value is None:
        return value
    is_same = json.dumps(value) == node.text
    return node.text if is_env or (isinstance(value, float) and not is_same) else value
