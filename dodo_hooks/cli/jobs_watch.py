"""`dodo-hooks jobs watch`: what runs now, as it changes.

At a terminal a table is drawn again and again, by this one process (rich would start a thread to do it). Everywhere
else each change is a line.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone

import click

from dodo_hooks.cli.jobs_listing import HEADS, STATUS_COLUMN, standing, took, why
from dodo_hooks.cli.place import repository_option, store_here, teller
from dodo_hooks.cli.table import console_at, drawn, say, shown
from dodo_hooks.core import status
from dodo_hooks.host.waiting import Pause
from dodo_hooks.host.world import World, monotonic_s, wall_ns
from dodo_hooks.store.follow import Watched
from dodo_hooks.store.reader import JobRecord, Report, list_alive

LOOK_EVERY_S = 0.1
DRAW_EVERY_S = 0.5  # when nothing has changed but the time
STAY = 3  # runs that have ended and are still shown
NOTHING = "nothing runs here; the next run will show up"


class Board:
    """The runs that are alive, the newest first, and the last few that were."""

    def __init__(self, repository_dir: str, report: Report) -> None:
        self._repository_dir = repository_dir
        self._report = report
        self._runs: dict[str, Watched] = {}

    def look(self) -> None:
        for one in list_alive(self._repository_dir, self._report):
            if one.directory not in self._runs:
                self._runs[one.directory] = Watched(one, self._report, monotonic_s)
        for run in self._runs.values():
            run.look()
        ended = sorted(one for one, run in self._runs.items() if run.has_ended)
        for directory in ended[:-STAY]:
            del self._runs[directory]

    def runs(self) -> Iterator[Watched]:
        for directory in sorted(self._runs, reverse=True):
            yield self._runs[directory]

    def jobs(self) -> Iterator[tuple[Watched, JobRecord]]:
        for run in self.runs():
            for job in run.jobs:
                yield run, job


@click.command()
@repository_option
@click.pass_context
def watch(ctx: click.Context, repo: str | None) -> None:
    """Show what runs now, as it changes, until you press Ctrl-C. That ends the watching and no job."""
    world: World = ctx.obj
    tell = teller()
    board = Board(store_here(world, repo), tell)
    with suppress(KeyboardInterrupt):
        if sys.stdout.isatty() and world.environ.get("TERM") != "dumb":
            _draw_changes(board, world)
        else:
            _print_changes(board, tell)


def _print_changes(board: Board, tell: Report) -> None:
    pause = Pause(sys.stdout.fileno())
    known: dict[str, str] = {}
    while True:
        board.look()
        for run, job in board.jobs():
            if known.get(job.directory) != job.status:
                known[job.directory] = job.status
                say(f"{run.invocation.id} {run.invocation.hook} {shown(job.name)}: {standing(job)}")
        if not known:
            tell(NOTHING)
        sys.stdout.flush()
        pause.wait(LOOK_EVERY_S)


def _draw_changes(board: Board, world: World) -> None:
    from rich.live import Live

    pause = Pause(sys.stdout.fileno())
    console = console_at(world)
    with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        before, drawn_s = None, 0.0
        while True:
            board.look()
            standings = [(job.directory, job.status) for _, job in board.jobs()]
            if standings != before or monotonic_s() - drawn_s >= DRAW_EVERY_S:
                rows = _rows(board)
                live.update(drawn(HEADS, rows, STATUS_COLUMN) if rows else NOTHING, refresh=True)
                before, drawn_s = standings, monotonic_s()
            pause.wait(LOOK_EVERY_S)


def _rows(board: Board) -> list[list[str]]:
    return [
        [shown(cell) for cell in (run.invocation.id, run.invocation.hook, job.name, job.status, _time(job), why(job))]
        for run, job in board.jobs()
    ]


def _time(job: JobRecord) -> str:
    """How long it took, or how long it has been running."""
    if job.status == status.RUNNING and job.started_at is not None:
        with suppress(ValueError):
            started = datetime.fromisoformat(job.started_at.rstrip("Z")).replace(tzinfo=timezone.utc)
            return took(max(0.0, wall_ns() / 1e9 - started.timestamp()))
    return took(job.duration_s)
