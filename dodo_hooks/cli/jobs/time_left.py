"""An estimate of the time until a run ends, from how long its jobs usually take."""

from dodo_hooks.cli.measures import elapsed_s
from dodo_hooks.core import statuses
from dodo_hooks.core.dependency_graph import topological_order
from dodo_hooks.core.schedule import UNKNOWN_S
from dodo_hooks.host.posix import processors
from dodo_hooks.store import layout
from dodo_hooks.store.durations import usual_durations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.store.read_records import InvocationRecord, JobRecord

_LEAST_S = 1.0  # that is worth a word


def time_left(invocation: "InvocationRecord", jobs: "Sequence[JobRecord]") -> "float | None":
    """Return the seconds until the run ends; None where nobody can tell, or it is about to end.

    That is the longest chain of open jobs, or all of them shared out among the processors, whichever takes longer.
    """
    left_jobs = [job for job in jobs if not job.has_ended]
    usual_s = usual_durations(layout.repository_of(invocation.directory), invocation.hook) if left_jobs else {}
    if not any(job.name in usual_s for job in left_jobs):
        return None
    left_s = {job.name: max(0.0, usual_s.get(job.name, UNKNOWN_S) - _ran_s(job)) for job in left_jobs}
    slots = max(processors(), sum(job.status == statuses.RUNNING for job in left_jobs))
    whole_s = max(sum(left_s.values()) / slots, _longest_chain(left_jobs, left_s))
    return whole_s if whole_s >= _LEAST_S else None


def _ran_s(job: "JobRecord") -> float:
    return (elapsed_s(job.started_at) or 0.0) if job.status == statuses.RUNNING and job.started_at is not None else 0.0


def _longest_chain(jobs: "Sequence[JobRecord]", left_s: "dict[str, float]") -> float:
    """Return how long the chain takes that takes longest; 0 for records that wait for each other in a circle."""
    numbers = {job.name: number for number, job in enumerate(jobs)}
    before = [[numbers[one] for one in (*job.needs, *job.after) if one in numbers] for job in jobs]
    ends_s = [0.0] * len(jobs)
    try:
        for number in topological_order(before):
            ends_s[number] = left_s[jobs[number].name] + max((ends_s[one] for one in before[number]), default=0.0)
    except ValueError:
        pass
    return max(ends_s, default=0.0)
