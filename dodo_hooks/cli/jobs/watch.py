"""`dodo-hooks jobs watch`: the running jobs, as they change.

At a terminal the runs are redrawn in their place. Everywhere else each change is a line.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress

import click

from dodo_hooks.cli.jobs.live_invocation import LiveInvocation
from dodo_hooks.cli.jobs.run_table import INDENT, Run, lines_of, status_text, style_lines
from dodo_hooks.cli.jobs.time_left import time_left
from dodo_hooks.cli.options.click_options import repository_option
from dodo_hooks.cli.repository import print_once, store_here
from dodo_hooks.cli.terminal_table import LEAST_COLUMNS, escape, print_safe, say
from dodo_hooks.core.text.terminal_text import knows_escapes
from dodo_hooks.host.pause import Pause
from dodo_hooks.host.world import World, monotonic_s
from dodo_hooks.store.read_records import JobRecord
from dodo_hooks.store.reader import list_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.store.read_records import Report

LOOK_EVERY_S = 0.1
DRAW_EVERY_S = 0.5  # when nothing has changed but the time
STAY = 3  # runs that have ended and are still shown
NOTHING = "nothing is running; waiting for the next run"


class Board:
    """The running runs, the newest first, and the last few that have ended."""

    def __init__(self, repository_dir: str, report: Report) -> None:
        self._repository_dir = repository_dir
        self._report = report
        self._runs: dict[str, LiveInvocation] = {}

    def look(self) -> None:
        for one in list_alive(self._repository_dir, self._report):
            if one.directory not in self._runs:
                self._runs[one.directory] = LiveInvocation(one, self._report, monotonic_s)
        for run in self._runs.values():
            run.look()
        ended = sorted(one for one, run in self._runs.items() if run.has_ended)
        for directory in ended[:-STAY]:
            del self._runs[directory]

    def runs(self) -> Iterator[LiveInvocation]:
        for directory in sorted(self._runs, reverse=True):
            yield self._runs[directory]

    def jobs(self) -> Iterator[tuple[LiveInvocation, JobRecord]]:
        for run in self.runs():
            for job in run.jobs:
                yield run, job


@click.command()
@repository_option
@click.pass_context
def watch(ctx: click.Context, repo: str | None) -> None:
    """Show the running jobs, as they change, until you press Ctrl-C. Ctrl-C ends no job."""
    world: World = ctx.obj
    report = print_once()
    board = Board(store_here(world, repo), report)
    with suppress(KeyboardInterrupt):
        if sys.stdout.isatty() and knows_escapes(world.environ):
            _draw_changes(board, world)
        else:
            _print_changes(board, report)


def _print_changes(board: Board, report: Report) -> None:
    pause = Pause(sys.stdout.fileno())
    known: dict[str, str] = {}
    while True:
        board.look()
        for run, job in board.jobs():
            if known.get(job.directory) != job.status:
                known[job.directory] = job.status
                say(f"{run.invocation.id} {run.invocation.hook} {escape(job.name)}: {status_text(job)}")
        if not known:
            report(NOTHING)
        sys.stdout.flush()
        pause.wait(LOOK_EVERY_S)


def _draw_changes(board: Board, world: World) -> None:
    pause = Pause(sys.stdout.fileno())
    canvas = Canvas()
    before, drawn_s = None, 0.0
    while True:
        board.look()
        standings = [(job.directory, job.status) for _, job in board.jobs()]
        if standings != before or monotonic_s() - drawn_s >= DRAW_EVERY_S:
            canvas.draw(board_lines(board, world, *shutil.get_terminal_size()))
            before, drawn_s = standings, monotonic_s()
        pause.wait(LOOK_EVERY_S)


class Canvas:
    """Lines at the end of a terminal, drawn again in their place.

    The cursor stays visible: Ctrl-Z and SIGTERM leave nothing to restore.
    """

    def __init__(self) -> None:
        self._drawn = 0

    def draw(self, lines: list[str]) -> None:
        sys.stdout.write(f"\x1b[{self._drawn}A\r\x1b[J" if self._drawn else "\r\x1b[J")
        self._drawn = len(lines)
        for line in lines:
            print_safe(line)
        sys.stdout.flush()


def board_lines(board: Board, world: World, columns: int, rows: int) -> list[str]:
    """Return the lines of the board. If it does not fit the terminal, return those around the running jobs."""
    lines = lines_of([Run(None, run.invocation, run.jobs, time_left(run.invocation, run.jobs)) for run in board.runs()])
    if not lines:
        return [NOTHING]
    room = max(rows - 1, 3)  # the cursor stands below
    printed = list(style_lines(lines, world, max(columns, LEAST_COLUMNS)))
    if len(printed) <= room:
        return printed
    room -= 2
    first_open = next((place for place, line in enumerate(lines) if line.is_open), 0)
    start = max(0, min(first_open - room // 3, len(printed) - room))
    below = len(printed) - start - room
    return [_more(start, "above"), *printed[start : start + room], _more(below, "below")]


def _more(count: int, where: str) -> str:
    return f"{INDENT}({count} more {where})" if count else ""
