"""Random hooks, and naive versions of the rules for them (R1, R2, R3, R6)."""

from collections.abc import Iterable, Mapping, Sequence

from hypothesis import strategies as st

from dodo_hooks.core import statuses
from dodo_hooks.core.dependency_graph import dependents_of, topological_order
from dodo_hooks.core.plan import Execution, Hook, Job
from dodo_hooks.core.statuses import Outcome
from kit.changed_job import changed_job

Edges = Sequence[Sequence[int]]

# How a job may have ended that ran, or that was left out for a reason of its own.
OUTCOMES = (
    Outcome(statuses.COMPLETED, exit_code=0),
    Outcome(statuses.UP_TO_DATE),
    Outcome(statuses.SKIPPED, statuses.CONDITION, "no file matches"),
    Outcome(statuses.FAILED, statuses.EXIT, exit_code=7),
    Outcome(statuses.CANCELLED, statuses.USER),
    Outcome(statuses.CRASHED, statuses.WAVE_DIED),
    Outcome(statuses.SKIPPED, statuses.SELECTION, "not selected"),
)
SATISFYING = OUTCOMES[:3]
COMPLETED, FAILED = OUTCOMES[0], OUTCOMES[3]


def make_job(number: int, **fields: object) -> Job:
    job = Job(
        number=number,
        name=f"job {number}*",  # a blank, and what doit would take for a wildcard
        directory=f"{number}-job",
        execution=Execution("true", ("sh", "-c", "true")),
        record=b"{",
    )
    return changed_job(job, **fields)


def make_hook(needs: Edges, after: "Edges | None" = None, priorities: "Sequence[int] | None" = None) -> Hook:
    """Return a hook of as many jobs as `needs` has entries."""
    behind = after or [()] * len(needs)
    dependents, followers = dependents_of(needs), dependents_of(behind)
    jobs = tuple(
        make_job(
            number,
            needs=tuple(needs[number]),
            after=tuple(behind[number]),
            dependents=tuple(dependents[number]),
            followers=tuple(followers[number]),
            priority=priorities[number] if priorities else 0,
        )
        for number in range(len(needs))
    )
    order = topological_order([[*job.order.needs, *job.order.after] for job in jobs])
    return Hook("post-commit", jobs, tuple(order), False, None)


@st.composite
def hooks(draw: st.DrawFn, most: int = 8) -> Hook:
    """Draw any acyclic needs and `after`, and any priorities; the order in the file is independent of the graph."""
    order = draw(st.permutations(range(draw(st.integers(1, most)))))
    needs: list[list[int]] = [[] for _ in order]
    after: list[list[int]] = [[] for _ in order]
    for place, job in enumerate(order[1:], 1):
        needs[job] = draw(st.lists(st.sampled_from(order[:place]), unique=True, max_size=3))
        others = [other for other in order[:place] if other not in needs[job]]
        after[job] = draw(st.lists(st.sampled_from(others), unique=True, max_size=2)) if others else []
    priorities = draw(st.lists(st.integers(-1, 1), min_size=len(order), max_size=len(order)))
    return make_hook(needs, after, priorities)


@st.composite
def beginnings(draw: st.DrawFn, hook: Hook) -> tuple[set[int], dict[int, Outcome]]:
    """Draw the jobs to run, closed under needs, and the outcomes of those among them that are decided before."""
    numbers = st.sampled_from(range(len(hook.jobs)))
    part = needed_by(hook, draw(st.sets(numbers, min_size=1)))
    decided = {number: draw(st.sampled_from(OUTCOMES)) for number in draw(st.sets(numbers, max_size=3))}
    return part - decided.keys(), decided


def needed_by(hook: Hook, jobs: Iterable[int]) -> set[int]:
    """Return these jobs and their needs, direct or through others."""
    waiting, seen = list(jobs), set[int]()
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            waiting.extend(hook.jobs[number].order.needs)
    return seen


# The rules themselves


def is_unsatisfied(outcome: "Outcome | None") -> bool:
    return outcome is not None and outcome not in SATISFYING


def naive_skips(hook: Hook, to_do: Iterable[int], outcomes: Mapping[int, Outcome]) -> set[int]:
    """Return the jobs that will never run because of ended ones: apply R3 until nothing is added."""
    known: dict[int, Outcome | None] = dict(outcomes)
    while True:
        stopped = {job for job in to_do if job not in known and _is_stopped(hook, job, known)}
        if not stopped:
            return known.keys() - outcomes.keys()
        known |= dict.fromkeys(stopped, FAILED)


def naive_ready(hook: Hook, to_do: "set[int]") -> list[int]:
    """Return the jobs that may run, in slot order; `to_do`: the jobs that have not ended, none of them stopped."""
    jobs = [
        hook.jobs[number]
        for number in to_do
        if not to_do & {*hook.jobs[number].order.needs, *hook.jobs[number].order.after}
    ]
    return [number for _, number in sorted((job.order.priority, job.number) for job in jobs)]


def root_of(outcomes: Mapping[int, Outcome], job: int) -> int:
    """Return the job that began the cascade in which this one was skipped, by going up from need to need."""
    need = outcomes[job].need
    return job if need is None else root_of(outcomes, need)


def _is_stopped(hook: Hook, job: int, outcomes: "Mapping[int, Outcome | None]") -> bool:
    return any(is_unsatisfied(outcomes.get(need)) for need in hook.jobs[job].order.needs)
