"""YAML text -> a tree with locations, without YAML's traps (C2).

PyYAML scans and parses; the tree is built here, from its events. Its own composer recurses (a file of 10,000 brackets
crashes it), silently takes the last of two equal keys, and reads `on`, `yes` and `no` as booleans, as YAML 1.1 did.
Here a boolean is `true` or `false`, a key is always a text, and the size of a file with its aliases expanded is
limited.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from dodo_hooks.core.diagnostics import Diagnostic, Location
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, is_empty, items_of
from dodo_hooks.loader.read.yaml_errors import explain_yaml_error

_DEEPEST = 50  # levels of nesting; a hook file has six
_MOST_VALUES = 200_000  # nodes of a file; 10,000 jobs have half of them
_MOST_ALIASED = 100_000  # nodes that all aliases of a file may expand to together

_TAG = "tag:yaml.org,2002:"
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
# The core schema of YAML 1.2.2, section 10.3.2.
_INT = re.compile(r"[-+]?[0-9]{1,100}")
_OTHER_INT = re.compile(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FIRST_OF_NUMBERS = frozenset("+-.0123456789")
_CONFLICT = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
_FIRST_LINE = re.compile("[^\r\n]*")
# libyaml, where PyYAML was built with it, reads ten times as fast as PyYAML's own reader. Its errors have other words,
# and it takes or places a few things otherwise: a tab between values, `?` in brackets, a value that is left out. So a
# file with an error or with one of these is read by the own reader, unless that would take seconds.
LIBYAML = getattr(yaml, "CSafeLoader", None)
READ_OTHERWISE = re.compile(
    "[\t?\x85\u2028\u2029\ufeff]|[|>][^ \r\n|>]*#|:\\s*[],}]|(?:^|\r)[^#\r\n]*#[^\r\n]*[\r\n]\\s*[],}]", re.MULTILINE
)
_LARGE = (128 if LIBYAML else 256) * 1024  # bytes of a file that the own reader is not given
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
_TYPES: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (int, float), "null": (type(None),)}


@dataclass(frozen=True, slots=True)
class Document:
    """The tree of one file. Without a root and without errors the file is empty, or all comment."""

    root: Node | None
    errors: tuple[Diagnostic, ...]


class StopReading(Exception):
    """An error after which the rest of the file cannot be parsed."""

    def __init__(self, mark: Location, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.error = Diagnostic(mark, message, fix=fix)


def parse(data: bytes, file: str = "") -> Document:
    """Return the tree of the file; `file` is the file name in its locations.

    It never raises: errors are in the document, and the root is None if no tree could be built.
    """
    try:
        text = _printable(decode(data, file), file)
    except StopReading as stop:
        return Document(None, (stop.error,))
    is_large = len(data) > _LARGE
    if LIBYAML and (is_large or not READ_OTHERWISE.search(text)):
        document = parse_with(LIBYAML, text, file)
        if is_large or not document.errors:
            return document
    if is_large:
        message = "the file has more than 256 KB, and PyYAML was built without libyaml"
        return Document(None, (Diagnostic(Location(file), message, fix="install PyYAML from a wheel"),))
    return parse_with(yaml.SafeLoader, text, file)


def parse_with(reader: Any, text: str, file: str) -> Document:
    """Return the tree of the text, read by one of PyYAML's two loaders."""
    builder = _Builder(text, file)
    try:
        loader = reader(text)
        while (event := _next_event(loader, file)) is not None:
            builder.take(event)
    except StopReading as stop:
        return Document(None, (*builder.errors, stop.error))
    return Document(None if is_empty(builder.root) else builder.root, tuple(builder.errors))


def decode(data: bytes, file: str) -> str:
    """Return the text of the file.

    Raises:
        StopReading: it is not UTF-8.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise StopReading(Location(file, 1, 1), "the file is UTF-16", "save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        message = f"the byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise StopReading(end_of(before, file), message, "save the file as UTF-8") from None


def _printable(text: str, file: str) -> str:
    control = yaml.SafeLoader.NON_PRINTABLE.search(text)
    if control:
        character = f"U+{ord(control[0]):04X}"
        mark = end_of(text[: control.start()], file)
        raise StopReading(mark, f"the control character {character} is not allowed in YAML")
    conflict = _CONFLICT.search(text)
    if conflict:
        mark = end_of(text[: conflict.start()], file)
        raise StopReading(mark, "git has left a conflict here", "resolve it, and remove the lines with its marks")
    return text


def end_of(text: str, file: str) -> Location:
    lines = re.split(r"\r\n|\r|\n", text)
    return Location(file, len(lines), len(lines[-1]) + 1)


def _next_event(loader: Any, file: str) -> Any:
    try:
        return loader.get_event() if loader.check_event() else None
    except yaml.MarkedYAMLError as error:
        at_start, *said = explain_yaml_error(error.problem or "", error.context or "")
        mark = error.context_mark if at_start and error.context_mark else error.problem_mark
        raise StopReading(Location(file, mark.line + 1, mark.column + 1), *said) from None  # type: ignore[union-attr]
    except (ValueError, OverflowError):  # chr() of "\UFFFFFFFF", int() of thousands of digits after %YAML
        here = Location(file, getattr(loader, "line", -1) + 1, getattr(loader, "column", -1) + 1)
        raise StopReading(here, "a number here is too large for YAML") from None


def scalar_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each value of a valid YAML text; a block starts behind its first line."""
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.ScalarEvent) and event.start_mark and event.end_mark:
            start, end = event.start_mark.index, event.end_mark.index
            if event.style in ("|", ">"):
                start = min(end, _FIRST_LINE.match(text, start).end())  # type: ignore[union-attr]
            yield start, end


@dataclass(slots=True)
class _Frame:
    """A list or a mapping that is still open; the keys and values of a mapping alternate."""

    is_map: bool
    mark: Location
    anchor: str | None
    # Each with the location where it is used.
    children: list[tuple[Node, Location]] = field(default_factory=list[tuple[Node, Location]])
    size: int = 1  # nodes, with aliases expanded
    depth: int = 1


class _Builder:
    """A consumer of events that keeps a stack of open nodes, and leaves the tree in `root`."""

    def __init__(self, text: str, file: str) -> None:
        self.root: Node | None = None
        self.errors: list[Diagnostic] = []
        self._text, self._file = text, file
        self._open: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}  # None while the node is still open
        self._aliased = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            scalar = self._scalar(event)
            self._add(event.anchor, scalar, scalar.mark, 1, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._open.pop()
            node = self._mapping(frame) if frame.is_map else self._list(frame)
            self._add(frame.anchor, node, frame.mark, frame.size, frame.depth)
        elif isinstance(event, yaml.AliasEvent):
            self._follow(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise StopReading(self._mark(event), "a hook file has one document", "remove the second one")

    def _mark(self, event: Any) -> Location:
        start = event.start_mark
        return Location(self._file, start.line + 1, start.column + 1)

    def _begin(self, event: Any) -> None:
        mark, is_map = self._mark(event), isinstance(event, yaml.MappingStartEvent)
        if len(self._open) >= _DEEPEST:
            raise StopReading(mark, f"nested more than {_DEEPEST} levels deep")
        if event.anchor:
            self._anchors[event.anchor] = None
        if event.tag not in (None, _TAG + ("map" if is_map else "seq")):
            self._refuse_tag(event)
        self._open.append(_Frame(is_map, mark, event.anchor))

    def _add(self, anchor: str | None, node: Node, mark: Location, size: int, depth: int) -> None:
        """Add a finished node to its parent; `mark` is where it is used."""
        if anchor:
            self._anchors[anchor] = (node, size, depth)
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.children.append((node, mark))
        parent.size += size
        if parent.size > _MOST_VALUES:
            raise StopReading(mark, f"the file has more than {_MOST_VALUES} values")
        if depth >= parent.depth:
            parent.depth = depth + 1

    def _follow(self, event: Any) -> None:
        mark = self._mark(event)
        if event.anchor not in self._anchors:
            fix = "put the text in quotes if it is not an alias"
            raise StopReading(mark, f'unknown alias "*{event.anchor}"', fix)
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise StopReading(mark, f'the alias "*{event.anchor}" is inside of its own anchor')
        node, size, depth = anchored
        self._aliased += size
        if self._aliased > _MOST_ALIASED:
            raise StopReading(mark, f"the aliases of this file stand for more than {_MOST_ALIASED} values")
        if depth + len(self._open) > _DEEPEST:
            raise StopReading(mark, f"nested more than {_DEEPEST} levels deep")
        self._add(None, node, mark, size, depth)

    def _scalar(self, event: Any) -> Scalar:
        start, text = event.start_mark, event.value
        mark = Location(self._file, start.line + 1, start.column + 1)
        if _UNUSABLE.search(text):
            text, errors = replace_unusable(text, mark)
            self.errors += errors
        source = self._text[start.index : event.end_mark.index]
        if event.tag is None:
            is_plain = not event.style  # None from the one reader, "" from the other
            return Scalar(mark, text, yaml_value(text) if is_plain else text, is_plain, source)
        if event.tag == _TAG + "str":
            return Scalar(mark, text, text, source=source)
        return Scalar(mark, text, self._tagged(event, text))

    def _tagged(self, event: Any, text: str) -> str | int | float | bool | None:
        value, kind = yaml_value(text), str(event.tag).removeprefix(_TAG)
        if kind not in _TYPES:
            self._refuse_tag(event)
        elif not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
            self._find(self._mark(event), f"{quote(text)} does not match the tag !!{kind}")
        return value

    def _refuse_tag(self, event: Any) -> None:
        tag = str(event.tag)
        if tag == "!":  # `run: ! grep x y` would be the opposite of what it looks like
            self._find(self._mark(event), 'a "!" means a tag in YAML, and is lost', "put the whole value in quotes")
            return
        tag_name = "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
        fix = "put the text in quotes if it begins with an exclamation mark, else remove the tag"
        self._find(self._mark(event), f"unsupported YAML tag {quote(tag_name)}", fix)

    def _list(self, frame: _Frame) -> ListNode:
        return ListNode(frame.mark, tuple(node for node, _ in frame.children))

    def _mapping(self, frame: _Frame) -> MapNode:
        entries: dict[str, Entry] = {}
        merges: list[MapNode] = []
        pairs = iter(frame.children)
        for (key, mark), (value, value_mark) in zip(pairs, pairs, strict=True):
            if not isinstance(key, Scalar):
                self._find(mark, "a key must be a text, not a list or a mapping", "put a text with brackets in quotes")
            elif key.plain and key.text == "<<":
                if merges:
                    self._find(mark, 'a second "<<"', 'write both as one list, "<<: [*a, *b]"')
                merges += self._merged(value, value_mark)
            elif key.text in entries:
                first = entries[key.text].mark.line
                self._find(mark, f"duplicate key {quote(key.text)}, first used at line {first}", "keep one of them")
            else:
                entries[key.text] = Entry(mark, key.text, value)
        for merged in merges:  # the mapping's own keys win, then the earlier of the merged ones
            for entry in merged.entries:
                entries.setdefault(entry.key, entry)
        return MapNode(frame.mark, tuple(entries.values()))

    def _merged(self, value: Node, mark: Location) -> list[MapNode]:
        sources = items_of(value)
        maps = [source for source in sources if isinstance(source, MapNode)]
        if len(maps) != len(sources):
            self._find(mark, '"<<" merges mappings only', 'write "<<: *name" with a mapping after "&name"')
        return maps

    def _find(self, mark: Location, message: str, fix: str = "") -> None:
        self.errors.append(Diagnostic(mark, message, fix=fix))


def replace_unusable(text: str, mark: Location) -> tuple[str, list[Diagnostic]]:
    """Return the text without characters that no command, variable or path can contain, and the errors about them.

    Each one is replaced by U+FFFD, so that later code need not expect such a character.
    """
    found = _UNUSABLE.search(text)
    if not found:
        return text, []
    message = f"the character U+{ord(found[0]):04X} cannot be passed to any program"
    return _UNUSABLE.sub("\N{REPLACEMENT CHARACTER}", text), [Diagnostic(mark, message)]


def yaml_value(text: str) -> str | int | float | bool | None:
    """Return the value that a plain text has in YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _FIRST_OF_NUMBERS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _OTHER_INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL_FLOAT.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text
