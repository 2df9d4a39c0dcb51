"""The diagnostics of a hook file for people: each with its line and a caret, as compilers show them (C2)."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import TextIO

from dodo_hooks.core.errors import ConfigError, Problem, format_location
from dodo_hooks.core.terminal_text import columns_of, shown, wants_colors

ROOM = 100  # columns, where the output is no terminal
_TAB = "    "
_CUT = "..."
# The line breaks that count for line numbers: those of YAML 1.1, as PyYAML reads it.
_ENDS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def lines_of(text: str) -> list[str]:
    return _ENDS.split(text)


def excerpt(line: str, column: int, room: int = ROOM) -> tuple[str, str]:
    """Return the line as a terminal can show it, and the line below, whose last character is a caret under `column`.

    `column` counts characters from 1. A column behind the end of the line stands behind the last character. Text that
    does not fit into `room` columns is cut at both ends, never at the caret.
    """
    place = min(max(column - 1, 0), len(line))
    before = [_cell(character) for character in reversed(line[max(0, place - room) : place])]
    behind = [_cell(character) for character in line[place : place + room]]
    if len(before) < place or len(behind) < len(line) - place or _width(before) + _width(behind) > room:
        room -= 2 * len(_CUT)
    kept_before = _fitting(before, room - min(_width(behind), room // 2))
    kept_behind = _fitting(behind, room - _width(kept_before))
    left = _CUT if len(kept_before) < place else ""
    right = _CUT if len(kept_behind) < len(line) - place else ""
    start = left + "".join(reversed(kept_before))
    return f"{start}{''.join(kept_behind)}{right}", f"{' ' * columns_of(start)}^"


def _cell(character: str) -> str:
    return _TAB if character == "\t" else shown(character)


def _width(cells: Iterable[str]) -> int:
    return sum(map(columns_of, cells))


def _fitting(cells: list[str], room: int) -> list[str]:
    """Return as many of the first cells as fit into `room` columns."""
    for count, cell in enumerate(cells):
        room -= columns_of(cell)
        if room < 0:
            return cells[:count]
    return cells


_LEAST_ROOM = 30
_BOLD, _RED, _PLAIN = "\x1b[1m", "\x1b[1;31m", "\x1b[0m"


def print_diagnostics(error: ConfigError, stream: TextIO) -> None:
    """Write all diagnostics to the stream, in colours where it is a terminal that wants them."""
    stream.write(format_diagnostics(error, _room_at(stream), has_colors=_wants_colors(stream)))


def format_diagnostics(error: ConfigError, room: int = ROOM, *, has_colors: bool = False) -> str:
    """Return each diagnostic as `file:line:column: message`, then its line with a caret under the column."""
    known: dict[str, list[str]] = {}
    bold, red, plain = (_BOLD, _RED, _PLAIN) if has_colors else ("", "", "")
    printed: list[str] = []
    for problem in error.problems:
        printed.append(f"{bold}{shown(format_location(problem))}:{plain} {shown(problem.message)}")
        for gutter, text, is_caret in _shown_line(problem, error.base, known, room):
            printed.append(f"{gutter}{red}{text}{plain}" if is_caret else f"{gutter}{text}".rstrip())
    return "".join(f"{line}\n" for line in printed)


def _shown_line(problem: Problem, base: str, known: dict[str, list[str]], room: int) -> Iterator[tuple[str, str, bool]]:
    """Yield two lines as (gutter, text, whether the text is the caret); none if the line cannot be shown."""
    if problem.file not in known:
        known[problem.file] = _lines_of_file(os.path.join(base, problem.file))
    lines = known[problem.file]
    if not (0 < problem.line <= len(lines) and lines[problem.line - 1].strip()):
        return
    number = str(problem.line)
    line, caret = excerpt(lines[problem.line - 1], problem.column, room - len(number) - len("  | "))
    yield f"  {number} | ", line, False
    yield f"  {' ' * len(number)} | ", caret, True


def _lines_of_file(path: str) -> list[str]:
    """Return the present lines of the file; none if it is gone, or if the path is not absolute."""
    try:
        if not os.path.isabs(path) or not stat.S_ISREG(os.stat(path).st_mode):
            return []
        with open(path, "rb") as file:
            return lines_of(file.read().decode("utf-8-sig", "surrogateescape"))
    except (OSError, ValueError):
        return []


def _room_at(stream: TextIO) -> int:
    try:
        return max(_LEAST_ROOM, os.get_terminal_size(stream.fileno()).columns - 1)
    except (OSError, ValueError):  # no terminal, or no file at all
        return ROOM


def _wants_colors(stream: TextIO) -> bool:
    return wants_colors(os.environ, stream.isatty())
