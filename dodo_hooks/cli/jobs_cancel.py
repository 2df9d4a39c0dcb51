"""`dodo-hooks jobs cancel`: end background jobs that run, or wait for their turn."""

from __future__ import annotations

from contextlib import suppress

import click

from dodo_hooks.cli.place import repository_option, store_here, teller
from dodo_hooks.cli.table import say, shown
from dodo_hooks.core import status
from dodo_hooks.core.errors import RUN_ERROR, UsageError
from dodo_hooks.core.plan import FOREGROUND
from dodo_hooks.store import address
from dodo_hooks.store.reader import InvocationRecord, JobRecord


@click.command()
@click.argument("where", metavar="ADDRESS")
@repository_option
@click.pass_context
def cancel(ctx: click.Context, where: str, repo: str | None) -> int:
    """End a background job, JOB or JOB@INVOCATION, or with @INVOCATION all that are left of a run.

    Answers when its processes are gone.
    """
    found = address.find(store_here(ctx.obj, repo), where, teller())
    open_jobs = [job for job in found.jobs if not job.has_ended]
    for job in found.jobs:
        if job.has_ended and address.parse_address(where).job:
            _say(job.name, job.status)
    if not open_jobs:
        if not address.parse_address(where).job:
            say(f"{found.invocation.id}: had already ended")
        return 0
    return _cancel(found.invocation, open_jobs)


def _cancel(invocation: InvocationRecord, jobs: list[JobRecord]) -> int:
    from dodo_hooks.engine import control

    for job in jobs:
        _refuse_foreground(invocation, job)
    answers: dict[str, str] = {}
    with suppress(ConnectionError):  # it died while it was asked
        answers.update(control.cancel(invocation.directory, [job.name for job in jobs]))
    for job in jobs:
        _say(job.name, answers.get(job.name))
    return 0 if all(answers.get(job.name) in status.ENDED for job in jobs) else RUN_ERROR


def _refuse_foreground(invocation: InvocationRecord, job: JobRecord) -> None:
    """The foreground belongs to the person who waits for it, and has no control socket."""
    if job.phase == FOREGROUND:
        raise UsageError(
            f"{shown(job.name)} belongs to the foreground of {invocation.hook} in {shown(invocation.worktree)} "
            f"(process {invocation.pid}): press Ctrl-C where that was started, it ends there"
        )


def _say(name: str, standing: str | None) -> None:
    if standing is None:  # the coordinator died while we waited; the next look at the records ends them
        say(f"{shown(name)}: no answer, the process that ran it is gone")
    elif standing == status.CANCELLED:
        say(f"{shown(name)}: cancelled")
    elif standing in status.ENDED:
        say(f"{shown(name)}: had already ended ({standing})")
    else:
        say(f"{shown(name)}: was told to end, and is still there")
