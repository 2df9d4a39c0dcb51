"""Graphs of jobs as lists of integers (R3, R4, R9; HOT: imports nothing).

Job `n` of a hook is the integer n, and `needs[n]` are the jobs that it needs. Nothing here recurses: a chain of
100,000 jobs is as good as a chain of three.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence
    from typing import TypeVar

    Node = TypeVar("Node", bound=Hashable)

_NEW, _OPEN, _DONE = 0, 1, 2


def find_cycle(needs: "Sequence[Sequence[int]]") -> "list[int] | None":
    """Return a cycle as a path: each job before the job it needs, the first job again at the end. None without a cycle.

    The path begins with the smallest number in it, so that a message reads in the order of the file (R4).
    """
    state = [_NEW] * len(needs)
    for start in range(len(needs)):
        path: list[int] = []  # the jobs that are open, outermost first
        ahead: list[Iterator[int]] = [iter((start,))]  # one entry longer than the path: what is still to be visited
        while ahead:
            job = next(ahead[-1], None)
            if job is None:
                ahead.pop()
                if path:
                    state[path.pop()] = _DONE
            elif state[job] == _OPEN:
                return _closed(path[path.index(job) :])
            elif state[job] == _NEW:
                state[job] = _OPEN
                path.append(job)
                ahead.append(iter(needs[job]))
    return None


def _closed(cycle: "list[int]") -> "list[int]":
    first = cycle.index(min(cycle))
    return [*cycle[first:], *cycle[: first + 1]]


def topological_order(edges: "Sequence[Sequence[int]]") -> "list[int]":
    """Return all jobs, each behind those in its `edges`; of several candidates the smallest number comes first.

    Raises:
        ValueError: there is a cycle.
    """
    from heapq import heappop, heappush  # here, since a plan is ordered when it is compiled and never at the prompt

    missing = [len(set(before)) for before in edges]
    behind = dependents_of(edges)
    ready = [job for job, count in enumerate(missing) if count == 0]  # ascending, so it is a heap
    order: list[int] = []
    while ready:
        job = heappop(ready)
        order.append(job)
        for other in behind[job]:
            missing[other] -= 1
            if missing[other] == 0:
                heappush(ready, other)
    if len(order) != len(edges):
        raise ValueError("the graph has a cycle")
    return order


def dependents_of(needs: "Sequence[Sequence[int]]") -> "list[list[int]]":
    """Return the reversed edges: for each job the jobs that need it, ascending and each once."""
    dependents: list[list[int]] = [[] for _ in needs]
    for job, its_needs in enumerate(needs):
        for need in set(its_needs):
            dependents[need].append(job)
    return dependents


def closure(start: "Iterable[Node]", edges: "Callable[[Node], Iterable[Node]]") -> "set[Node]":
    """Return these nodes and all that can be reached from them. `edges` returns the next ones of a node."""
    found: set[Node] = set()
    waiting = list(start)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(edges(node))
    return found


def promoted(needs: "Sequence[Sequence[int]]", background: "Sequence[bool]") -> "set[int]":
    """Return the background jobs that a foreground job needs, directly or through others (R9)."""
    foreground = [job for job, detached in enumerate(background) if not detached]
    return closure(foreground, lambda job: [need for need in needs[job] if background[need]]).difference(foreground)


def cascade(dependents: "Sequence[Sequence[int]]", open_jobs: "Container[int]", failed: int) -> "list[tuple[int, int]]":
    """Return the jobs that the failure of `failed` skips, as pairs (job, the need that stopped it), in order (R3).

    The order is breadth first, by number among the dependents of one job. Each job comes once, with the need that
    reached it first. A job that is not in `open_jobs` has been decided before, and its dependents with it.
    """
    decided: list[tuple[int, int]] = []
    seen: set[int] = set()
    stopped = [failed]
    for need in stopped:  # grows while it is walked
        for job in sorted(dependents[need]):
            if job in open_jobs and job not in seen:
                seen.add(job)
                stopped.append(job)
                decided.append((job, need))
    return decided
