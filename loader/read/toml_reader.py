"""TOML text -> a tree with locations.

The standard library parses TOML without locations. So a text that it has accepted is scanned a second time here. The
scanner only looks for locations, and may rely on a well-formed text.
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from dodo_hooks.core.diagnostics import Diagnostic, Location
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar
from dodo_hooks.loader.read.yaml_reader import Document, StopReading, decode, end_of, replace_unusable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_DEEPEST = 50  # levels of nesting, as in YAML
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")
_TEXT = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_ATOM = re.compile(r"[^,\]}#\r\n]+")
_DEEP_KEY = re.compile(rf"^[ \t\[]*(?:(?:{_KEY.pattern})[ \t]*\.[ \t]*){{{_DEEPEST}}}", re.MULTILINE)
_LARGEST = 256 * 1024  # bytes
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)

Path = tuple[str | int, ...]


def parse_toml(data: bytes, file: str = "") -> Document:
    """Return the tree of a TOML file, as `yaml_reader.parse` does for YAML, with the first error only."""
    try:
        if len(data) > _LARGEST:
            raise StopReading(Location(file), "a TOML file can have 256 KB at most", "use YAML")
        text = decode(data, file)
        content = _read(text, file)
        scanner = _Scanner(text, file)
        scanner.scan()
        root = scanner.node(content, ())
    except StopReading as stop:
        return Document(None, (stop.error,))
    return Document(root, tuple(scanner.errors))


def _read(text: str, file: str) -> dict[str, Any]:
    too_deep = _DEEP_KEY.search(text)
    if too_deep:  # the library needs a minute for a key of 50,000 parts
        line = text.count("\n", 0, too_deep.start()) + 1
        raise StopReading(Location(file, line, 1), f"nested more than {_DEEPEST} levels deep")
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise StopReading(Location(file, 1, 1), f"nested more than {_DEEPEST} levels deep") from None
    except ValueError as error:
        match = _PLACE.fullmatch(str(error))
        said = match[1] if match else str(error)
        mark = Location(file, int(match[2]), int(match[3])) if match and match[2] else end_of(text, file)
        raise StopReading(mark, f"this is not valid TOML: {said[:1].lower()}{said[1:]}") from None
    level: list[Any] = [content]
    for _ in range(_DEEPEST + 1):
        level = [child for value in level for child in _children(value)]
    if level:
        raise StopReading(Location(file, 1, 1), f"nested more than {_DEEPEST} levels deep")
    return content


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


class _Scanner:
    """The location of each key and each value of a valid TOML text, by path, and the tree that is made of them."""

    def __init__(self, text: str, file: str) -> None:
        self.errors: list[Diagnostic] = []
        self.keys: dict[Path, Location] = {}
        self.values: dict[Path, Location] = {(): Location(file, 1, 1)}
        self._text = text
        self._file = file
        self._at = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lengths: dict[Path, int] = {}  # of the arrays of tables, so far

    def scan(self) -> None:
        table: Path = ()
        while self._skip_blank():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        """Read `[a.b]` or `[[a.b]]`; return the path of the table that begins."""
        begin, is_array = self._mark(), self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        keys, path = self._dotted_key(), ()  # type: tuple[list[tuple[str, Location]], Path]
        for key, mark in keys:
            path = (*self._last(path), key)
            self.keys.setdefault(path, mark)
            self.values.setdefault(path, begin)
        self._skip_blank()
        self._at += 2 if is_array else 1
        if is_array:
            self._lengths[path] = self._lengths.get(path, 0) + 1
            self.values[self._last(path)] = begin
        return self._last(path)

    def _last(self, path: Path) -> Path:
        """Return the table that a key of this path refers to: the newest one of an array of tables."""
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _pair(self, table: Path) -> None:
        path = table
        for key, mark in self._dotted_key():
            path = (*path, key)
            self.keys.setdefault(path, mark)
            self.values.setdefault(path, mark)
        self._skip_blank()
        self._at += 1  # the equals sign
        self._skip_blank()
        self._value(path)

    def _value(self, path: Path) -> None:
        self.values[path] = self._mark()
        opening = self._text[self._at]
        if opening in "\"'":
            self._skip(_TEXT)
        elif opening in "[{":
            self._at += 1
            place = 0
            while self._skip_blank() and self._text[self._at] not in "]}":
                if self._text[self._at] == ",":
                    self._at += 1
                elif opening == "{":
                    self._pair(path)
                else:
                    self._value((*path, place))
                    place += 1
            self._at += 1
        else:
            self._skip(_ATOM)

    def _dotted_key(self) -> list[tuple[str, Location]]:
        keys = []
        while True:
            self._skip_blank()
            mark, begin = self._mark(), self._at
            self._skip(_KEY)
            keys.append((_plain_key(self._text[begin : self._at]), mark))
            self._skip_blank()
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _skip_blank(self) -> bool:
        """Skip blanks and comments; return whether any text is left."""
        self._skip(_BLANK)
        return self._at < len(self._text)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        assert match is not None, self._mark()
        self._at = match.end()

    def _mark(self) -> Location:
        line = bisect_right(self._lines, self._at)
        return Location(self._file, line, self._at - self._lines[line - 1] + 1)

    # The tree

    def node(self, value: Any, path: Path) -> Node:
        mark = self.values[path]
        if isinstance(value, dict):
            return MapNode(mark, tuple(self._entry(key, child, (*path, key)) for key, child in value.items()))
        if isinstance(value, list):
            return ListNode(mark, tuple(self.node(child, (*path, place)) for place, child in enumerate(value)))
        return self._scalar(value, mark)

    def _entry(self, key: str, value: Any, path: Path) -> Entry:
        mark = self.keys[path]
        return Entry(mark, self._usable(key, mark), self.node(value, path))

    def _usable(self, text: str, mark: Location) -> str:
        kept, errors = replace_unusable(text, mark)
        self.errors += errors
        return kept

    def _scalar(self, value: Any, mark: Location) -> Scalar:
        if isinstance(value, str):
            text = self._usable(value, mark)
            return Scalar(mark, text, text)
        if isinstance(value, bool):
            return Scalar(mark, "true" if value else "false", value, plain=True)
        if isinstance(value, int | float):
            return Scalar(mark, str(value), value, plain=True)
        return Scalar(mark, str(value), str(value))  # a date or a time


def _plain_key(written: str) -> str:
    return next(iter(tomllib.loads(f"{written} = 0"))) if written[0] in "\"'" else written
