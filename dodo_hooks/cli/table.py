"""Tables for people at a terminal, and for the programs that read what they print.

At a terminal rich draws: colours, and columns that fit. Everywhere else a row is a line, and nothing is cut off.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

import click

from dodo_hooks.core import status
from dodo_hooks.core.shown import UNPRINTABLE as UNPRINTABLE
from dodo_hooks.core.shown import columns_of, padded, wants_colors
from dodo_hooks.core.shown import shown as shown
from dodo_hooks.host.world import World

if TYPE_CHECKING:  # rich is imported where something is drawn, which is seldom
    from rich.console import Console
    from rich.table import Table

STYLES: Mapping[str, str] = {
    status.RUNNING: "yellow",
    status.COMPLETED: "green",
    status.UP_TO_DATE: "green",
    status.FAILED: "bold red",
    status.CRASHED: "bold red",
    status.CANCELLED: "magenta",
    status.SKIPPED: "dim",
}
_GAP = "  "


def print_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], world: World, *, status_column: int | None = None
) -> None:
    """Print rows below their heads. A status has its colour, where colours are wanted."""
    cells = [[shown(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        console_at(world).print(drawn(heads, cells, status_column))
    else:
        for line in _lines(heads, cells):
            say(line)


def say(text: str) -> None:
    """Print lines, with nothing in them that a terminal would obey; what the output's encoding does not have is shown
    escaped, too."""
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(shown(text, keeps="\n\t").encode(encoding, "backslashreplace").decode(encoding))


def has_colors(world: World) -> bool:
    """Whether the person who looks at standard output wants colours."""
    return wants_colors(world.environ, sys.stdout.isatty(), world.colors)


def _lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    table = [heads, *rows]
    widths = [max(map(columns_of, column)) for column in zip_longest(*table, fillvalue="")]
    return [_GAP.join(padded(cell, width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in table]


def console_at(world: World) -> Console:
    """What draws at the terminal that standard output is."""
    from rich.console import Console

    return Console(
        file=sys.stdout,
        force_terminal=True,
        color_system="auto" if has_colors(world) else None,
        highlight=False,
        _environ=world.environ,
    )


def drawn(heads: Sequence[str], rows: Sequence[Sequence[str]], status_column: int | None) -> Table:
    """Rows that are safe to show, for the console to draw."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    for place, head in enumerate(heads):
        # The last column is the one with sentences in it: it is folded before any other is.
        table.add_column(Text(head), overflow="fold", no_wrap=place == 0)
    for row in rows:
        styles = [STYLES.get(cell, "") if place == status_column else "" for place, cell in enumerate(row)]
        table.add_row(*map(Text, row, styles))
    return table
