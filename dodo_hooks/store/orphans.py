"""The outcomes of the jobs of an invocation whose writer died (R18, R3).

There is one rule for both: readers show these outcomes, and a repair writes them.
"""

import os

from dodo_hooks.core import dependency_graph, statuses
from dodo_hooks.core.statuses import Outcome, satisfies
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.store.read_records import JobRecord

WRITER_DIED = "the process that ran this invocation died"


def close_orphans(jobs: "Sequence[JobRecord]") -> "list[JobRecord]":
    """Return the jobs with an outcome for each.

    A job that ran has crashed, its dependents are skipped because of that, and a job that merely waited for its turn is
    skipped because nobody is left to start it. A job with an outcome keeps it, so a repair that was killed half-way can
    be done once more.
    """
    result = [_crashed(job) if _has_run(job) else job for job in jobs]
    waiting = {number for number, job in enumerate(result) if job.status == statuses.PENDING}
    dependents = dependency_graph.dependents_of(_needs(jobs))
    # Jobs that had ended go before those that crashed, in the order in which a living writer would have recorded them.
    for number in sorted(range(len(jobs)), key=lambda number: result[number].cause == statuses.WRITER_DIED):
        if not _stops_others(result[number]):
            continue
        for dependent, need in dependency_graph.cascade(dependents, waiting, number):
            result[dependent] = _stopped(result[dependent], result[need])
            waiting.discard(dependent)
    for number in waiting:
        reason = f"never started: {WRITER_DIED}"
        result[number] = result[number]._replace(status=statuses.SKIPPED, cause=statuses.WRITER_DIED, reason=reason)
    return result


def _has_run(job: "JobRecord") -> bool:
    """Return whether this open job had begun: its log is made just before, and its writer may have died in between."""
    if job.status == statuses.PENDING:
        return os.path.exists(layout.log_file(job.directory))
    return job.status == statuses.RUNNING


def _needs(jobs: "Sequence[JobRecord]") -> list[list[int]]:
    """Return the needs of each job as numbers; a need whose record cannot be read is left out, and stops no job."""
    numbers = {job.name: number for number, job in enumerate(jobs)}
    return [[numbers[need] for need in job.needs if need in numbers] for job in jobs]


def _stops_others(job: "JobRecord") -> bool:
    if not job.has_ended or (job.status == statuses.SKIPPED and job.cause == statuses.WRITER_DIED):
        return False
    return not satisfies(Outcome(job.status, job.cause))


def _crashed(job: "JobRecord") -> "JobRecord":
    return job._replace(status=statuses.CRASHED, cause=statuses.WRITER_DIED, reason=WRITER_DIED)


def _stopped(job: "JobRecord", need: "JobRecord") -> "JobRecord":
    was = "" if need.status in (statuses.FAILED, statuses.CRASHED) else "was "
    return job._replace(
        status=statuses.SKIPPED,
        cause=statuses.NEED,
        reason=f"dependency {need.name} {was}{need.status}",
        need=need.name,
        root_cause=need.root_cause or need.name,
    )
