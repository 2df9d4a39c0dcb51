"""How `dodo-hooks jobs` prints runs for people: a row for each job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dodo_hooks.cli.table import print_table, say, shown
from dodo_hooks.core import status
from dodo_hooks.host.world import World
from dodo_hooks.store.reader import InvocationRecord, JobRecord

HEADS = ("INVOCATION", "HOOK", "JOB", "STATUS", "TOOK", "WHY")
WORKTREE_HEAD = "WORKTREE"
REPOSITORY_HEAD = "REPOSITORY"
STATUS_COLUMN = HEADS.index("STATUS")


@dataclass(frozen=True, slots=True)
class Run:
    """An invocation, and those of its jobs that are to be shown."""

    repository: str | None  # where it is; None where its place in the store does not tell
    invocation: InvocationRecord
    jobs: tuple[JobRecord, ...]


def print_runs(runs: Sequence[Run], world: World) -> None:
    """A row for each job; repository and working tree are columns where there are several. What went wrong with a run
    as a whole stands below."""
    places: list[str] = []
    if len({run.repository for run in runs}) > 1:
        places.append(REPOSITORY_HEAD)
    if len({run.invocation.worktree for run in runs}) > len({run.repository for run in runs}):
        places.append(WORKTREE_HEAD)
    rows = [row for run in runs for row in _rows(run, places)]
    heads = (*HEADS[:-1], *places, HEADS[-1])
    print_table(heads, rows, world, status_column=STATUS_COLUMN)
    for run in runs:
        if run.invocation.error is not None:
            say(f"{run.invocation.id}: {shown(run.invocation.error)}")


def why(job: JobRecord) -> str:
    """Why a job stands as it does, in a few words; for one that a failure elsewhere skipped also where that began."""
    if job.status in (status.PENDING, status.RUNNING, status.COMPLETED):
        return ""
    words = job.reason or _ending(job) or job.cause or ""
    if job.cause == status.NEED and job.root_cause is not None:
        words += f" (root cause: {job.root_cause})"
    return words


def standing(job: JobRecord) -> str:
    """`failed, exit code 7`"""
    because = shown(why(job))
    return f"{job.status}, {because}" if because else job.status


def _rows(run: Run, places: Sequence[str]) -> Iterator[list[str]]:
    one = run.invocation
    names = {REPOSITORY_HEAD: _last_part(run.repository or "?"), WORKTREE_HEAD: _last_part(one.worktree)}
    where = [names[place] for place in places]
    for job in run.jobs:
        yield [one.id, one.hook, job.name, job.status, took(job.duration_s), *where, why(job)]
    if not run.jobs:  # none of them failed, but the run did; or no record of a job can be read
        how = "-" if one.error is None else status.FAILED
        yield [one.id, one.hook, "-", how, "", *where, ""]


def _last_part(path: str) -> str:
    return path.rpartition("/")[2] or path


def _ending(job: JobRecord) -> str:
    if job.signal is not None:
        return f"signal {job.signal}"
    return f"exit code {job.exit_code}" if job.exit_code else ""


def took(duration_s: float | None) -> str:
    if duration_s is None:
        return ""
    if duration_s < 60:
        return f"{duration_s:.1f}s"
    minutes, seconds = divmod(round(duration_s), 60)
    return f"{minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{minutes}m{seconds:02}s"
