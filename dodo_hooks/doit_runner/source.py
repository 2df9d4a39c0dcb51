"""The dispatcher of doit as a source of ready jobs for the loop (HOT)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dodo_hooks.core.dependency_graph import closure
from dodo_hooks.core.plan import Hook
from dodo_hooks.core.schedule import Ledger, check_order, in_order
from dodo_hooks.core.statuses import Outcome, satisfies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dodo_hooks.core.schedule import Change


# A node's run_status, by which doit decides for its dependents (ExecNode.parent_status).
_SATISFIED = "up-to-date"
_UNSATISFIED = "failure"


class DispatchSource:
    """The dispatcher of doit in the form of core/schedule's `Source`."""

    def __init__(
        self,
        nodes: dict[int, Any],
        choose: Callable[[Any], Outcome | None],
        dispatcher: Any,
        hook: Hook,
        outcomes: Mapping[int, Outcome],
    ) -> None:
        """Wrap the dispatcher. `nodes` gets the node of each job that has to run; `choose` decides which do."""
        names = {f"{hook.name}:{job.name}": job.number for job in hook.jobs}
        for number in outcomes:  # a decided job waits for nothing, and neither do its dependents through it (R1)
            dispatcher.tasks[f"{hook.name}:{hook.jobs[number].name}"].task_dep = []
        self._nodes = nodes
        self._choose = choose
        self._hook = hook
        self._numbers = names
        self._generator = dispatcher.generator
        self._ledger = Ledger(hook, _reachable(dispatcher, names), dict(outcomes))
        self._held: set[int] = set()  # jobs that doit would run, and that wait for an `after`
        self._to_send: list[Any] = []

    def start(self) -> Change:
        check_order(self._hook, self._ledger.open, self._ledger.outcomes)
        skipped = self._ledger.skip_what_cannot_run()
        return self._advance(skipped)

    def ended(self, number: int, outcome: Outcome) -> Change:
        self._close(number, outcome)
        return self._advance(self._ledger.cascade_from(number))

    def stop(self, running: Iterable[int], outcome: Outcome) -> list[tuple[int, Outcome]]:
        stopped = self._ledger.close_all_but(running, outcome)
        for number, its_outcome in stopped:
            self._close(number, its_outcome)
        return stopped

    def open_jobs(self) -> set[int]:
        return self._ledger.open

    def _close(self, number: int, outcome: Outcome) -> None:
        self._ledger.close(number, outcome)
        self._held.discard(number)
        node = self._nodes.get(number)
        if node is not None and node not in self._to_send:
            node.run_status = _SATISFIED if satisfies(outcome) else _UNSATISFIED
            self._to_send.append(node)

    def _advance(self, ended: list[tuple[int, Outcome]]) -> Change:
        """Take all nodes that the dispatcher has, and return the jobs that wait for no `after` any more as ready."""
        ended = ended + self._drain()
        ready = [number for number in self._held if self._ledger.open.isdisjoint(self._hook.jobs[number].order.after)]
        self._held.difference_update(ready)
        return in_order(self._hook, ready), ended

    def _drain(self) -> list[tuple[int, Outcome]]:
        ended: list[tuple[int, Outcome]] = []
        while True:
            sent = self._to_send.pop(0) if self._to_send else None
            try:
                node = self._generator.send(sent)
            except StopIteration:
                return ended
            if node != "hold on":
                ended += self._sort(node)
            elif not self._to_send:
                return ended

    def _sort(self, node: Any) -> list[tuple[int, Outcome]]:
        """Send a node from doit back at once, or hold its job as ready; return the ends that follow."""
        number = self._numbers.get(node.task.name)
        if number is None or number not in self._ledger.open:
            node.run_status = self._status_of(node, number)
            self._to_send.append(node)
            return []
        outcome = self._choose(node)
        if outcome is None:
            self._nodes[number] = node
            self._held.add(number)
            return []
        node.run_status = _SATISFIED if satisfies(outcome) else _UNSATISFIED
        self._to_send.append(node)
        return [self._ledger.close(number, outcome), *self._ledger.cascade_from(number)]

    def _status_of(self, node: Any, number: int | None) -> str:
        """Return the run_status of a group, whose members have ended, or of a job that has its outcome already."""
        if number is None:
            return _UNSATISFIED if node.bad_deps or node.ignored_deps else _SATISFIED
        return _SATISFIED if satisfies(self._ledger.outcomes[number]) else _UNSATISFIED


def _reachable(dispatcher: Any, numbers: Mapping[str, int]) -> set[int]:
    """Return the jobs that are selected or needed by a selected one, directly or through groups and other jobs."""
    selected: list[str] = dispatcher.selected_tasks
    seen = closure(selected, lambda name: dispatcher.tasks[name].task_dep)
    return {numbers[name] for name in seen if name in numbers}
