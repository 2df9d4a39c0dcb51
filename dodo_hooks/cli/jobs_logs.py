"""`dodo-hooks jobs logs`: what a job wrote, byte for byte."""

from __future__ import annotations

import os
import sys

import click

from dodo_hooks.cli.jobs_listing import why
from dodo_hooks.cli.place import repository_option, store_here, teller
from dodo_hooks.cli.table import shown
from dodo_hooks.store import address, layout
from dodo_hooks.store.log import read_piece
from dodo_hooks.store.reader import JobRecord

_PIECE = 65536


@click.command()
@click.argument("where", metavar="ADDRESS")
@repository_option
@click.pass_context
def logs(ctx: click.Context, where: str, repo: str | None) -> None:
    """Print what a job wrote: JOB, JOB@INVOCATION, WORKTREE:JOB or HOOK:JOB; @INVOCATION for all jobs of a run."""
    tell = teller()
    found = address.find(store_here(ctx.obj, repo), where, tell)
    if not address.parse_address(where).job:
        _print_all(found.jobs)
        return
    for job in found.jobs:
        if not _copy(job):
            tell(f"{shown(job.name)} has written nothing: {_standing(job)}")


def _print_all(jobs: tuple[JobRecord, ...]) -> None:
    """One log after the other, each below a line that names its job."""
    output = sys.stdout.buffer
    for place, job in enumerate(jobs):
        heading = f"==> {shown(job.name)}: {_standing(job)} <==\n"
        output.write(("\n" if place else "").encode() + heading.encode("utf-8", "backslashreplace"))
        if _copy(job) and not _ends_a_line(job):
            output.write(b"\n")


def _copy(job: JobRecord) -> bool:
    """Copy the log to standard output; whether there was any."""
    try:
        with open(layout.log_file(job.directory), "rb") as log:
            place = 0
            while data := os.read(log.fileno(), _PIECE):
                behind = place + len(data)
                if b"\0" in data:  # perhaps a hole
                    data, behind = read_piece(log.fileno(), place, _PIECE)
                    os.lseek(log.fileno(), behind, os.SEEK_SET)
                place = behind
                sys.stdout.buffer.write(data)
            return place > 0
    except FileNotFoundError:  # made when the job is begun
        return False


def _ends_a_line(job: JobRecord) -> bool:
    with open(layout.log_file(job.directory), "rb") as log:
        log.seek(-1, 2)
        return log.read(1) == b"\n"


def _standing(job: JobRecord) -> str:
    because = shown(why(job))
    return f"{job.status}, {because}" if because else job.status
