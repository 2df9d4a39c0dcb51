"""`dodo-hooks jobs cancel`: end background jobs that run or wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from dodo_hooks.cli.jobs.addresses import find_here
from dodo_hooks.cli.options.click_options import repository_option
from dodo_hooks.cli.options.completion_words import known_addresses
from dodo_hooks.cli.repository import print_once, store_here
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core import statuses
from dodo_hooks.core.errors import RUN_ERROR, HooksError, UsageError
from dodo_hooks.core.plan import FOREGROUND
from dodo_hooks.host.world import World
from dodo_hooks.store.read_records import InvocationRecord, JobRecord
from dodo_hooks.store.reader import list_alive, read_jobs

if TYPE_CHECKING:
    from dodo_hooks.engine.control_client import CancelRequest


@dataclass(slots=True)
class Target:
    """The jobs of one invocation to cancel."""

    invocation: InvocationRecord
    jobs: dict[str, JobRecord] = field(default_factory=dict[str, JobRecord])


@click.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=known_addresses)
@click.option("--all", "everything", is_flag=True, help="Cancel every background job of this repository.")
@repository_option
@click.pass_context
def cancel(ctx: click.Context, addresses: tuple[str, ...], everything: bool, repo: str | None) -> int:
    """Cancel background jobs, or whole runs.

    ADDRESS is JOB or JOB@INVOCATION; @INVOCATION means all open jobs of a run. The command returns when the
    processes of the jobs are gone. Jobs that need a cancelled job are skipped.
    """
    if everything == bool(addresses):
        raise click.UsageError("give either addresses or --all", ctx)
    report = print_once()
    repository_dir = store_here(ctx.obj, repo)
    targets = _alive(repository_dir, report) if everything else _addressed(ctx.obj, repository_dir, addresses, report)
    return _cancel([target for target in targets if target.jobs], report)


def _alive(repository_dir: str, report: Callable[[str], None]) -> list[Target]:
    targets = []
    for invocation in list_alive(repository_dir, report):
        jobs = {job.name: job for job in read_jobs(invocation, report) if not job.has_ended}
        if in_front := _open_foreground(jobs.values()):  # somebody waits for it
            report(_foreground(invocation, in_front))
        else:
            targets.append(Target(invocation, jobs))
    if not any(target.jobs for target in targets):
        report("no background jobs are running")
    return targets


def _addressed(
    world: World, repository_dir: str, addresses: Sequence[str], report: Callable[[str], None]
) -> list[Target]:
    """Return the jobs of all addresses, before any is cancelled. Raises UsageError."""
    targets: dict[str, Target] = {}
    for where in addresses:
        found = find_here(world, repository_dir, where, report)
        target = targets.setdefault(found.invocation.id, Target(found.invocation))
        open_jobs = [job for job in found.jobs if not job.has_ended]
        if open_jobs and (in_front := _open_foreground(read_jobs(found.invocation, report))):
            raise UsageError(_foreground(found.invocation, in_front))
        target.jobs.update({job.name: job for job in open_jobs})
        if not found.has_all_jobs:
            for job in found.jobs:
                if job.has_ended:
                    _say(escape(job.name), job.status)
        elif not open_jobs:
            say(f"{found.invocation.id}: already ended")
    return list(targets.values())


def _cancel(targets: Sequence[Target], report: Callable[[str], None]) -> int:
    """Send all requests before waiting for the first answer, so that grace periods run in parallel."""
    from dodo_hooks.engine import control_client

    code, first_error = 0, None
    requests: list[tuple[Target, CancelRequest]] = []
    for target in targets:
        try:
            run = target.invocation
            has_coordinator = run.coordinator is not None
            request = control_client.ask_to_cancel(run.directory, list(target.jobs), waits=has_coordinator)
            requests.append((target, request))
        except control_client.ControlError as error:
            first_error = _note(error, first_error, target, report)
    for target, request in requests:
        answers: dict[str, str] = {}
        try:
            answers.update(request.answers())
        except control_client.ControlError as error:
            first_error = _note(error, first_error, target, report)
        for name in target.jobs:
            _say(escape(name) if len(targets) == 1 else f"{escape(name)}@{target.invocation.id}", answers.get(name))
            code = code if answers.get(name) in statuses.ENDED else RUN_ERROR
    if first_error is not None:
        raise first_error
    return code


def _note(error: HooksError, first: HooksError | None, target: Target, report: Callable[[str], None]) -> HooksError:
    """Return the first error, which is raised at the end; print a later one."""
    if first is None:
        return error
    report(f"{target.invocation.id}: {error}")
    return first


def _open_foreground(jobs: Iterable[JobRecord]) -> JobRecord | None:
    """Return a foreground job that has not ended; until it has, the background jobs have no coordinator."""
    return next((job for job in jobs if job.phase == FOREGROUND and not job.has_ended), None)


def _foreground(invocation: InvocationRecord, job: JobRecord) -> str:
    """Return the refusal for a foreground job: a person waits for it, and it has no control socket."""
    return (
        f"{escape(job.name)} is a foreground job of {invocation.hook} in {escape(invocation.worktree)} "
        f"(process {invocation.pid}); press Ctrl-C in its terminal"
    )


def _say(name: str, status: str | None) -> None:
    if status is None:  # the coordinator died during the wait; the next command repairs the records
        say(f"{name}: no answer, its coordinator is gone")
    elif status == statuses.CANCELLED:
        say(f"{name}: cancelled")
    elif status in statuses.ENDED:
        say(f"{name}: already ended ({status})")
    else:
        say(f"{name}: still running after the request to end")
