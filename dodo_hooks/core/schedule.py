"""The source of ready jobs that counts needs on the plan's integers (R1, R2, R3, R5, R6; HOT).

Each time a job ends, a source says which jobs became ready and which will never run. The loop in engine/loop.py starts
and records them. The other source, doit_runner/runner.py, uses doit; a property test compares the two.
"""

from dodo_hooks.core.dependency_graph import cascade
from dodo_hooks.core.errors import GraphError
from dodo_hooks.core.statuses import NEED, SKIPPED, Outcome, satisfies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Protocol

    from dodo_hooks.core.plan import Hook

    Change = tuple[list[int], list[tuple[int, Outcome]]]  # ready, in the order to start them; ended without running

    class Source(Protocol):
        """An origin of ready jobs for the loop."""

        def start(self) -> Change:
            """Return the first changes.

            Raises:
                GraphError: the graph cannot be run to its end (R4).
            """
            ...

        def ended(self, number: int, outcome: Outcome) -> Change:
            """Record the end of one job, whether it ran or not. It is called once for each job."""
            ...

        def stop(self, running: Iterable[int], outcome: Outcome) -> list[tuple[int, Outcome]]:
            """Give every open job that is not running this outcome; nothing becomes ready any more."""
            ...

        def open_jobs(self) -> set[int]:
            """Return the jobs without an outcome, including those that run."""
            ...


UNKNOWN_S = 1.0  # what a job counts whose duration is not known


class Ledger:
    """The open jobs of a run and the outcomes of the others: the state that every source needs."""

    def __init__(self, hook: "Hook", selected: "Iterable[int]", outcomes: "dict[int, Outcome]") -> None:
        """Take the jobs of a run and the outcomes that are decided already, such as by the foreground phase.

        Every need of a selected job is either selected or decided.
        """
        self.hook = hook
        self.outcomes = dict(outcomes)
        self.open = {number for number in selected if number not in outcomes}

    def close(self, number: int, outcome: Outcome) -> "tuple[int, Outcome]":
        self.open.discard(number)
        self.outcomes[number] = outcome
        return number, outcome

    def skip_what_cannot_run(self) -> "list[tuple[int, Outcome]]":
        """Close the open jobs whose needs are unsatisfied already, and their dependents, in topological order."""
        skipped = []
        for number in self.hook.order:
            if number in self.open:
                bad = next((need for need in self.hook.jobs[number].order.needs if self._is_unsatisfied(need)), None)
                if bad is not None:
                    skipped.append(self._skip(number, bad))
        return skipped

    def cascade_from(self, number: int) -> "list[tuple[int, Outcome]]":
        """Close every open job that an ended one keeps from running (R3)."""
        if satisfies(self.outcomes[number]):
            return []
        dependents = [job.order.dependents for job in self.hook.jobs]
        return [self._skip(job, need) for job, need in cascade(dependents, self.open, number)]

    def close_all_but(self, running: "Iterable[int]", outcome: Outcome) -> "list[tuple[int, Outcome]]":
        return [self.close(number, outcome) for number in sorted(self.open.difference(running))]

    def _skip(self, number: int, need: int) -> "tuple[int, Outcome]":
        return self.close(number, skipped_by(self.hook, need, self.outcomes[need]))

    def _is_unsatisfied(self, need: int) -> bool:
        outcome = self.outcomes.get(need)
        return outcome is not None and not satisfies(outcome)


class CountingSource:
    """A source that counts, for each open job, needs that have not succeeded and `after` jobs that have not ended."""

    def __init__(self, hook: "Hook", selected: "Iterable[int]", outcomes: "dict[int, Outcome]") -> None:
        """Take the same arguments as `Ledger`."""
        self._hook = hook
        self._ledger = Ledger(hook, selected, outcomes)
        self._waits: dict[int, int] = {}

    def start(self) -> "Change":
        ledger = self._ledger
        check_order(self._hook, ledger.open, ledger.outcomes)
        skipped = ledger.skip_what_cannot_run()
        for number in ledger.open:
            job = self._hook.jobs[number]
            self._waits[number] = sum(other in ledger.open for other in (*job.order.needs, *job.order.after))
        ready = [number for number, waits in self._waits.items() if not waits]
        return in_order(self._hook, ready), skipped

    def ended(self, number: int, outcome: Outcome) -> "Change":
        self._ledger.close(number, outcome)
        skipped = self._ledger.cascade_from(number)
        ended = [number, *(job for job, _ in skipped)]
        return in_order(self._hook, [job for one in ended for job in self._released_by(one)]), skipped

    def stop(self, running: "Iterable[int]", outcome: Outcome) -> "list[tuple[int, Outcome]]":
        return self._ledger.close_all_but(running, outcome)

    def open_jobs(self) -> "set[int]":
        return self._ledger.open

    def _released_by(self, number: int) -> "list[int]":
        """Return the jobs that waited for the end of this one, and for nothing else any more."""
        job = self._hook.jobs[number]
        released = []
        for other in (*job.order.dependents, *job.order.followers):
            if other in self._ledger.open:
                self._waits[other] -= 1
                if not self._waits[other]:
                    released.append(other)
        return released


def skipped_by(hook: "Hook", need: int, outcome: Outcome) -> Outcome:
    """Return the outcome of a job that is skipped because of the outcome of a need (R3)."""
    root = outcome.root_cause if outcome.root_cause is not None else need
    verb = "" if outcome.status in ("failed", "crashed") else "was "
    reason = f"dependency {hook.jobs[need].title} {verb}{outcome.status}"
    return Outcome(SKIPPED, NEED, reason, need=need, root_cause=root)


def in_order(hook: "Hook", numbers: "Iterable[int]", left_s: "Sequence[float]" = ()) -> "list[int]":
    """Sort ready jobs in the order in which they get slots.

    That is by priority, then those first that most is left to do after, then by position in the file. `left_s`: by job,
    of `remaining_paths`; empty: nothing is known.
    """
    jobs = hook.jobs
    if not left_s:
        return sorted(numbers, key=lambda number: (jobs[number].order.priority, number))
    return sorted(numbers, key=lambda number: (jobs[number].order.priority, -left_s[number], number))


def remaining_paths(hook: "Hook", open_jobs: "set[int]", usual_s: "Mapping[str, float]") -> "list[float]":
    """Return, for each job, the seconds that it and the longest chain of open jobs behind it usually take.

    `usual_s`: by name of the job. Jobs that are alike should keep their order in the file, so hundredths count.
    """
    left_s = [0.0] * len(hook.jobs)
    for number in reversed(hook.order):
        if number in open_jobs:
            job = hook.jobs[number]
            behind_s = max([left_s[other] for other in (*job.order.dependents, *job.order.followers)], default=0.0)
            left_s[number] = round(usual_s.get(job.name, UNKNOWN_S), 2) + behind_s
    return left_s


def check_order(hook: "Hook", open_jobs: "set[int]", outcomes: "dict[int, Outcome]") -> None:
    """Check that every open job can be reached in the plan's order (R4).

    Raises:
        GraphError: it names the jobs that wait for each other, or for a job that is not part of the run.
    """
    reached = set(outcomes)
    for number in hook.order:
        job = hook.jobs[number]
        if number in open_jobs and reached.issuperset(job.order.needs):
            reached.add(number)
    stuck = sorted(open_jobs.difference(reached))
    if stuck:
        names = ", ".join(hook.jobs[number].name for number in stuck)
        raise GraphError(f"{hook.name}: the needs of these jobs form a cycle, or are not part of the run: {names}")
