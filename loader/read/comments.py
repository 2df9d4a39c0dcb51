"""The comments of YAML files, which are not part of the tree; `dump` writes them again.

A comment above a line, or at its end, belongs to the value on that line. That value may be gone, since another file or
a translation has replaced it: then the comment moves to the next line of its file that is still there.
"""

import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.loader.read.nodes import ListNode, MapNode, Node
from dodo_hooks.loader.read.sources import Sources, is_yaml, path_below
from dodo_hooks.loader.read.yaml_reader import decode, scalar_spans

_COMMENT = re.compile("(?<![^\\s])#[^\r\n\x85\u2028\u2029]*")
# The line breaks that count for line numbers: those of YAML 1.1, as PyYAML reads it.
LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
Position = tuple[str, int]  # a file, and a line of it


@dataclass(frozen=True, slots=True)
class Comment:
    position: Position
    text: str  # with its `#`
    is_behind: bool  # it follows a value on its line


@dataclass(slots=True)
class Comments:
    """The comments that are still to be written, each once, however often an alias repeats their values."""

    above: dict[Position, list[str]] = field(default_factory=dict[Position, list[str]])
    behind: dict[Position, str] = field(default_factory=dict[Position, str])
    at_end: list[str] = field(default_factory=list[str])

    def take_above(self, mark: Location) -> list[str]:
        return self.above.pop((mark.file, mark.line), [])

    def take_behind(self, mark: Location) -> str:
        return self.behind.pop((mark.file, mark.line), "")


def read_comments(sources: Sources, top: str) -> Iterator[Comment]:
    """Yield the comments of all YAML files that were read, whose names are those of the marks."""
    for path, seen in sources.seen.items():
        if seen.content is not None and is_yaml(path):
            yield from comments_of(seen.content, path_below(posixpath.normpath(top), path))


def comments_of(data: bytes, file: str) -> Iterator[Comment]:
    """Yield the comments of a YAML file that can be read: each `#` behind a blank that is not inside of a value."""
    text = decode(data, file)
    at, line, counted = 0, 1, 0
    for start, end in (*scalar_spans(text), (len(text), len(text))):
        for found in _COMMENT.finditer(text, at, start):
            line += len(LINE_END.findall(text, counted, found.start()))
            counted = found.start()
            before = LINE_END.split(text[max(0, found.start() - 10_000) : found.start()])[-1]
            yield Comment((file, line), found[0].rstrip(), bool(before.strip()))
        at = end


def attach_comments(comments: Iterable[Comment], root: Node) -> Comments:
    """Attach the comments to the lines of the values that the tree still has."""
    lines: Mapping[str, list[int]] = _lines_of(root)
    result = Comments()
    for comment in comments:
        file, line = comment.position
        its_lines = lines.get(file, [])
        is_there = line in its_lines[bisect_left(its_lines, line) :][:1]
        at = bisect_right(its_lines, line)
        if comment.is_behind and is_there:
            result.behind[comment.position] = comment.text
        elif at < len(its_lines):
            result.above.setdefault((file, its_lines[at]), []).append(comment.text)
        else:
            result.at_end.append(comment.text)
    return result


def _lines_of(root: Node) -> dict[str, list[int]]:
    """Return the lines of each file on which a key or a value of the tree stands."""
    lines: dict[str, set[int]] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for entry in node.entries if isinstance(node, MapNode) else ():
            if entry.mark != entry.value.mark:  # else the key was generated: see formats/translation.py
                lines.setdefault(entry.mark.file, set()).add(entry.mark.line)
                waiting.append(entry.value)
            elif isinstance(entry.value, MapNode | ListNode):
                waiting.append(entry.value)
        for item in node.items if isinstance(node, ListNode) else ():
            lines.setdefault(item.mark.file, set()).add(item.mark.line)
            waiting.append(item)
    return {file: sorted(numbers) for file, numbers in lines.items()}
