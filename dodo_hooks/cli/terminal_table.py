"""Tables and lines for people at a terminal, and for the programs that read what they print.

At a terminal, columns fit its width: what is too long for its column ends in an ellipsis, or is wrapped between words
where it is the last one. In a narrow terminal the last one has lines of its own. Everywhere else a row is a line and
nothing is cut.
"""

import os
import sys
from itertools import zip_longest

from dodo_hooks.core.text.terminal_text import UNPRINTABLE as UNPRINTABLE
from dodo_hooks.core.text.terminal_text import columns_of, pad, paint, truncate, wants_colors
from dodo_hooks.core.text.terminal_text import escape as escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.host.world import World

GAP = "  "
LEAST_COLUMNS = 40  # of a terminal that says it has fewer, or none
_LEAST_CELL = 8
_LEAST_LAST = 24  # with less room, what stands in the last column is below its row


NO_COLORS: "Mapping[str, str]" = {}


def print_table(
    heads: "Sequence[str]", rows: "Sequence[Sequence[str]]", world: "World", colors: "Mapping[str, str]" = NO_COLORS
) -> None:
    """Print rows below their heads. At a terminal the last column is wrapped between words.

    `colors`: of the cells that begin with one of these words, but for those of the last column.
    """
    cells = [list(heads), *([escape(cell) for cell in row] for row in rows)]
    width = terminal_width(world)
    widths = fit_widths(cells, width)
    is_below = width is not None and widths[-1] < min(_LEAST_LAST, max(columns_of(row[-1]) for row in cells))
    if is_below and width is not None:
        widths = [*fit_widths([row[:-1] for row in cells], width), width - len(GAP)]
    colors = colors if has_colors(world) else NO_COLORS
    for place, row in enumerate(cells):
        for line in _wrap(row, widths, width is not None, is_below, colors if place else NO_COLORS):
            print_safe(line if place else heading(line, world))


def say(text: str) -> None:
    """Print lines with control characters escaped, and with characters escaped that the output's encoding lacks."""
    print_safe(escape(text, keeps="\n\t"))


def print_safe(line: str) -> None:
    """Print a line that is escaped already, and may hold our own colours."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stdout.flush()  # what is followed (`jobs watch`, `logs -f`) is seen at once


def has_colors(world: "World") -> bool:
    """Return whether standard output is to have colours."""
    return wants_colors(world.environ, sys.stdout.isatty(), world.colors)


def heading(text: str, world: "World") -> str:
    """Return the text as a heading, where standard output is to have colours."""
    if not has_colors(world):
        return text
    from dodo_hooks.engine.colors import HEADING

    return paint(text, HEADING)


def status_colors(world: "World") -> "Mapping[str, str]":
    """Return the colours of statuses; none where standard output is to have no colours."""
    if not has_colors(world):
        return NO_COLORS
    from dodo_hooks.engine.colors import OF_STATUS

    return OF_STATUS


def terminal_width(world: "World") -> "int | None":
    """Return the width of the terminal at standard output, in columns; None if it is no terminal."""
    if not sys.stdout.isatty():
        return None
    named = world.environ.get("COLUMNS", "")
    try:
        columns = int(named) if named.isdecimal() else os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:  # it is gone
        columns = 0
    return max(columns, LEAST_COLUMNS)


def fit_widths(rows: "Sequence[Sequence[str]]", width: "int | None") -> "list[int]":
    """Return the width of each column: as wide as its widest cell, but in all at most `width` columns of a terminal.

    The widest column gives way first.
    """
    widths = [max(map(columns_of, column)) for column in zip_longest(*rows, fillvalue="")]
    if width is not None:
        room = width - len(GAP) * (len(widths) - 1)
        while sum(widths) > room and max(widths) > _LEAST_CELL:
            widths[widths.index(max(widths))] -= 1
    return widths


def fit_cell(text: str, width: int) -> str:
    """Return the text in exactly `width` columns: filled with blanks, or cut off with an ellipsis."""
    return pad(truncate(text, width, sign("\u2026", "...")), width)


def sign(wanted: str, ascii_form: str) -> str:
    """Return the wanted sign, or its ASCII form where the output's encoding lacks it."""
    try:
        wanted.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return ascii_form
    return wanted


def _wrap(
    row: "Sequence[str]", widths: "Sequence[int]", has_width: bool, is_below: bool, colors: "Mapping[str, str]"
) -> "list[str]":
    """Return the lines of a row."""
    *cells, last = [*row, *[""] * (len(widths) - len(row))]
    fitted = [fit_cell(cell, width) + GAP for cell, width in zip(cells, widths, strict=False)]
    indent = GAP if is_below else " " * columns_of("".join(fitted))
    codes = [colors.get(cell.partition(" ")[0]) for cell in cells]
    head = "".join(paint(text, code) if code else text for text, code in zip(fitted, codes, strict=True))
    first, *more = (_pieces(last, widths[-1]) if has_width else [last]) or [""]
    lines = [head, indent + first] if is_below else [head + first]
    return [line.rstrip() for line in (*lines, *(indent + piece for piece in more)) if line.strip()]


def _pieces(text: str, width: int) -> "list[str]":
    import textwrap  # 5 ms, and `jobs` has no column that is wrapped

    return textwrap.wrap(text, width, break_on_hyphens=False)
