"""What is wrong with a hook file, told to a person: each problem with the line that it is in (C2)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import TextIO

from dodo_hooks.core.errors import ConfigError, Problem, place_of
from dodo_hooks.core.excerpt import ROOM, excerpt, lines_of
from dodo_hooks.core.shown import shown, wants_colors

_LEAST_ROOM = 30
_BOLD, _RED, _PLAIN = "\x1b[1m", "\x1b[1;31m", "\x1b[0m"


def tell(error: ConfigError, stream: TextIO) -> None:
    """Write all problems, in colours where the stream is a terminal that wants them."""
    stream.write(explained(error, _room_at(stream), has_colors=_wants_colors(stream)))


def explained(error: ConfigError, room: int = ROOM, *, has_colors: bool = False) -> str:
    """Each problem as `file:line:column: message`, then the line with a caret under the column."""
    known: dict[str, list[str]] = {}
    bold, red, plain = (_BOLD, _RED, _PLAIN) if has_colors else ("", "", "")
    told: list[str] = []
    for problem in error.problems:
        told.append(f"{bold}{shown(place_of(problem))}:{plain} {shown(problem.message)}")
        for gutter, text, is_caret in _shown_line(problem, error.base, known, room):
            told.append(f"{gutter}{red}{text}{plain}" if is_caret else f"{gutter}{text}".rstrip())
    return "".join(f"{line}\n" for line in told)


def _shown_line(problem: Problem, base: str, known: dict[str, list[str]], room: int) -> Iterator[tuple[str, str, bool]]:
    """Two lines as their gutter, what stands there, and whether that is the caret; none where there is nothing."""
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
    """The lines of the file, which may have changed since; none where it is gone, or where nobody knows which it is."""
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
