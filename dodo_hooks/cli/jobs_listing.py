"""How `dodo-hooks jobs` prints runs: a row for each job, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from dodo_hooks.cli.table import print_table, say, shown
from dodo_hooks.core import status
from dodo_hooks.host.world import World
from dodo_hooks.store.reader import InvocationRecord, JobRecord

HEADS = ("INVOCATION", "HOOK", "JOB", "STATUS", "TOOK", "WHY")
WORKTREE_HEAD = "WORKTREE"
STATUS_COLUMN = HEADS.index("STATUS")


@dataclass(frozen=True, slots=True)
class Run:
    """An invocation, and those of its jobs that are to be shown."""

    invocation: InvocationRecord
    jobs: tuple[JobRecord, ...]


def print_runs(runs: Sequence[Run], world: World) -> None:
    """A row for each job; the working tree is a column where there are several. What went wrong with a run as a whole
    stands below."""
    with_worktree = len({run.invocation.worktree for run in runs}) > 1
    rows = [row for run in runs for row in _rows(run, with_worktree)]
    heads = (*HEADS[:-1], WORKTREE_HEAD, HEADS[-1]) if with_worktree else HEADS
    print_table(heads, rows, world, status_column=STATUS_COLUMN)
    for run in runs:
        if run.invocation.error is not None:
            say(f"{run.invocation.id}: {shown(run.invocation.error)}")


def print_json(runs: Sequence[Run]) -> None:
    """Every field of the records, and `writer_died`. ASCII, so bytes that are no text survive as lone surrogates."""
    say(json.dumps([{**asdict(run.invocation), "jobs": [_fields(job) for job in run.jobs]} for run in runs], indent=2))


def why(job: JobRecord) -> str:
    """Why a job stands as it does, in a few words; for one that a failure elsewhere skipped also where that began."""
    if job.status in (status.PENDING, status.RUNNING, status.COMPLETED):
        return ""
    words = job.reason or _ending(job) or job.cause or ""
    if job.cause == status.NEED and job.root_cause is not None:
        words += f" (root cause: {job.root_cause})"
    return words


def _rows(run: Run, with_worktree: bool) -> Iterator[list[str]]:
    one = run.invocation
    worktree = [one.worktree.rpartition("/")[2]] if with_worktree else []
    for job in run.jobs:
        yield [one.id, one.hook, job.name, job.status, _took(job.duration_s), *worktree, why(job)]
    if not run.jobs:  # no record of a job can be read; the run itself is still one
        yield [one.id, one.hook, "-", "-", "", *worktree, ""]


def _ending(job: JobRecord) -> str:
    if job.signal is not None:
        return f"signal {job.signal}"
    return f"exit code {job.exit_code}" if job.exit_code else ""


def _took(duration_s: float | None) -> str:
    if duration_s is None:
        return ""
    if duration_s < 60:
        return f"{duration_s:.1f}s"
    minutes, seconds = divmod(round(duration_s), 60)
    return f"{minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{minutes}m{seconds:02}s"


def _fields(job: JobRecord) -> dict[str, object]:
    return {**asdict(job), "env": dict(job.env)}
