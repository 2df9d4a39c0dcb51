"""The diagnostics of a hook file for people: each with its line and a caret, as compilers show them (C2)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.core.text.terminal_text import BOLD, RED, columns_of, escape, paint, wants_colors

ROOM = 100  # columns, where the output is no terminal
_TAB = "    "
_CUT = "..."


def excerpt(line: str, column: int, room: int = ROOM) -> tuple[str, str]:
    """Return the line as a terminal can show it, and the line below, whose last character is a caret under `column`.

    `column` counts characters from 1. A column behind the end of the line stands behind the last character. Text that
    does not fit into `room` columns is cut at both ends, never at the caret.
    """
    offset = min(max(column - 1, 0), len(line))
    before = [_cell(character) for character in reversed(line[max(0, offset - room) : offset])]
    behind = [_cell(character) for character in line[offset : offset + room]]
    if len(before) < offset or len(behind) < len(line) - offset or _width(before) + _width(behind) > room:
        room -= 2 * len(_CUT)
    kept_before = _fitting(before, room - min(_width(behind), room // 2))
    kept_behind = _fitting(behind, room - _width(kept_before))
    left = _CUT if len(kept_before) < offset else ""
    right = _CUT if len(kept_behind) < len(line) - offset else ""
    start = left + "".join(reversed(kept_before))
    return f"{start}{''.join(kept_behind)}{right}", f"{' ' * columns_of(start)}^"


def _cell(character: str) -> str:
    return _TAB if character == "\t" else escape(character)


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


def print_diagnostics(diagnostics: Iterable[Diagnostic], stream: TextIO) -> None:
    """Write the diagnostics to the stream, in colours where it is a terminal that wants them."""
    stream.write(
        format_diagnostics(diagnostics, _room_at(stream), has_colors=wants_colors(os.environ, stream.isatty()))
    )


def format_diagnostics(diagnostics: Iterable[Diagnostic], room: int = ROOM, *, has_colors: bool = False) -> str:
    """Return each diagnostic as `file:line:column: message`, then its line with a caret under the column."""

    def painted(text: str, color: str) -> str:
        return paint(text, color) if has_colors else text

    printed: list[str] = []
    for one in diagnostics:
        printed.append(f"{painted(f'{escape(str(one.location))}:', BOLD)} {escape(one.text)}")
        if one.source.strip():
            number = str(one.location.line)
            line, caret = excerpt(one.source, one.location.column, room - len(number) - len("  | "))
            printed += [f"  {number} | {line}".rstrip(), f"  {' ' * len(number)} | {painted(caret, BOLD + RED)}"]
    return "".join(f"{line}\n" for line in printed)


def _room_at(stream: TextIO) -> int:
    try:
        return max(_LEAST_ROOM, os.get_terminal_size(stream.fileno()).columns - 1)
    except (OSError, ValueError):  # no terminal, or no file at all
        return ROOM
