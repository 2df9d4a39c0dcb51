"""`dodo-hooks jobs wait`: wait until jobs or runs have ended. The exit code shows how they ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import click

from dodo_hooks.cli.jobs.addresses import Found, find_addressed
from dodo_hooks.cli.jobs.live_invocation import LiveInvocation
from dodo_hooks.cli.jobs.run_table import status_text
from dodo_hooks.cli.options.click_options import read_by, repository_option
from dodo_hooks.cli.options.completion_words import known_addresses
from dodo_hooks.cli.repository import print_once, store_here
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core import statuses
from dodo_hooks.core.errors import JOB_FAILED, RUN_ERROR, HooksError, UsageError
from dodo_hooks.core.statuses import Outcome, satisfies
from dodo_hooks.core.text.units import seconds_of
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.read_records import JobRecord
from dodo_hooks.store.reader import list_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.store.read_records import Report


FIRST_LOOK_S = 0.01
MOST_NAMES = 8  # of the jobs that are waited for
SELDOM_S = 0.2  # a poll costs a stat or two, so this is some 0.1 % of a processor


@dataclass(frozen=True, slots=True)
class Target:
    """The jobs to wait for: those of these names, or with None the whole run."""

    watched: LiveInvocation
    names: frozenset[str] | None

    def jobs(self) -> tuple[JobRecord, ...]:
        return tuple(job for job in self.watched.jobs if self.names is None or job.name in self.names)

    def has_ended(self) -> bool:
        if self.watched.has_ended:
            return True
        return self.names is not None and all(job.has_ended for job in self.jobs())

    def failures(self) -> list[JobRecord]:
        """Return the jobs that did not succeed.

        Of a whole run, jobs that were skipped because of a failure are not returned. A job that was waited for by name
        and never ran is returned.
        """
        if self.names is None:
            return [job for job in self.jobs() if job.status in (statuses.FAILED, statuses.CRASHED, statuses.CANCELLED)]
        return [job for job in self.jobs() if not satisfies(Outcome(job.status, job.cause))]


@click.command()
@click.argument("where", metavar="[ADDRESS]...", nargs=-1, shell_complete=known_addresses)
@click.option(
    "--timeout",
    "timeout_s",
    callback=read_by(seconds_of),
    metavar="DURATION",
    help="Stop waiting after DURATION (exit code 2).",
)
@repository_option
@click.pass_context
def wait(ctx: click.Context, where: tuple[str, ...], timeout_s: float | None, repo: str | None) -> int:
    """Wait until jobs, or whole runs (@INVOCATION), have ended.

    Without an address, wait for all that are running.

    Exit code 0: all succeeded. 1: a job failed, crashed or was cancelled, or was skipped because of such a job.
    2: timed out, or a run failed as a whole.
    """
    report = print_once()
    repository_dir, own = store_here(ctx.obj, repo), ctx.obj.environ.get("DODO_INVOCATION")
    found = find_addressed(ctx.obj, repository_dir, where, report) if where else _alive(repository_dir, own, report)
    for one in found:
        if one.invocation.id == own:
            raise UsageError("a job cannot wait for its own run; use `needs:` in the hook file")
    targets = [_target(one, report) for one in found]
    if still_open := [one for one in targets if not one.has_ended()]:
        report(f"waiting for {_open_jobs(still_open)}")
    _wait(targets, timeout_s)
    return _verdict(targets)


def _alive(repository_dir: str, own: str | None, report: Report) -> list[Found]:
    return [Found(one, (), True) for one in list_alive(repository_dir, report) if one.id != own]


def _target(found: Found, report: Report) -> Target:
    names = None if found.has_all_jobs else frozenset(job.name for job in found.jobs)
    return Target(LiveInvocation(found.invocation, report, monotonic_s), names)


def _wait(targets: Sequence[Target], timeout_s: float | None) -> None:
    """Wait until all targets have ended. Raises HooksError on a timeout."""
    began_s, pause_s = monotonic_s(), FIRST_LOOK_S
    left = list(targets)
    while left := [one for one in left if not one.has_ended()]:
        if timeout_s is not None:
            left_s = began_s + timeout_s - monotonic_s()
            if left_s <= 0:
                raise HooksError(f"timed out waiting for {_open_jobs(left)}")
            pause_s = min(pause_s, left_s)
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, SELDOM_S)
        for one in left:
            one.watched.look()


def _open_jobs(targets: Sequence[Target]) -> str:
    names = [f"{escape(job.name)} ({job.status})" for one in targets for job in one.jobs() if not job.has_ended]
    rest = len(names) - MOST_NAMES
    if rest > 1:
        return f"{', '.join(names[:MOST_NAMES])} and {rest} more"
    return ", ".join(names) or "the end of a run"


def _verdict(targets: Sequence[Target]) -> int:
    code = 0
    for one in targets:
        failures = one.failures()
        for job in failures:
            say(f"{escape(job.name)}: {status_text(job)}")
            code = code or JOB_FAILED
        run = one.watched.invocation
        if not failures and one.names is None and run.error is not None:  # the run failed as a whole
            say(f"{run.id}: {escape(run.error)}")
            code = RUN_ERROR
    return code
