"""A line of a file with a caret under one of its characters, as compilers show it (C2)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dodo_hooks.core.shown import columns_of, shown

ROOM = 100  # columns, where nobody says otherwise
_TAB = "    "
_CUT = "..."
# What ends a line for those who count them: YAML 1.1, as PyYAML reads it.
_ENDS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def lines_of(text: str) -> list[str]:
    return _ENDS.split(text)


def excerpt(line: str, column: int, room: int = ROOM) -> tuple[str, str]:
    """The line as a terminal can show it, and the line below, whose last character is a caret under `column`.

    `column` counts from 1, characters of the line; one behind its end is behind the last. What does not fit into `room`
    columns is cut at both ends, never at the caret.
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
    """As many of the first cells as there is room for."""
    for count, cell in enumerate(cells):
        room -= columns_of(cell)
        if room < 0:
            return cells[:count]
    return cells
