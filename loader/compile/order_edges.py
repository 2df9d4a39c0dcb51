"""The edges that a mode adds to the written needs: `piped`, `follow` and `parallel: false` (C5).

A mode puts the parts of its group, jobs or whole groups, in a row: in the topological order of the needs between them,
ties by priority and position. In a `piped` row each part needs the one before it; in the other two modes it only waits
for its end. The groups are ordered one by one. Each takes into account the edges that were added before, including
those by way of jobs outside of the group, so that the modes create no cycle that is not in the file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from operator import or_

from dodo_hooks.core.dependency_graph import find_cycle, promoted, topological_order
from dodo_hooks.loader.compile.flatten import Flat, Unit
from dodo_hooks.loader.schema.job_models import GroupBody, HookBody

Edges = list[list[int]]

PIPED, FOLLOW, ONE_BY_ONE = "piped", "follow", "parallel"  # the keys of these modes


@dataclass(slots=True)
class HookEdges:
    """The edges of a hook, by job: the written ones and those of the modes."""

    needs: Edges
    after: Edges
    in_front: set[int] = field(default_factory=set[int])  # background jobs that are promoted (R9)
    # Groups whose parts need each other, so that no order of them exists. A circle has its first part at its end, too.
    tangles: list[tuple[Unit, list[Unit]]] = field(default_factory=list[tuple[Unit, list[Unit]]])


def add_mode_edges(flat: Flat, needs: Edges, background: Sequence[bool]) -> HookEdges:
    """Return the edges of a hook with those of its modes.

    `needs` are the written needs, which have no cycle. `background` says which jobs are declared in the background.
    """
    chains = HookEdges([list(its_needs) for its_needs in needs], [[] for _ in needs])
    groups = list(flat.whole.inside())
    for group in groups:
        if mode_of(group.mode) == PIPED:
            for before, behind in pairwise(_in_row(group, chains)):
                _pipe(before, behind, chains.needs)
    chains.in_front = promoted(chains.needs, background)
    is_late = [late and number not in chains.in_front for number, late in enumerate(background)]
    for group in groups:
        if mode_of(group.mode) in (FOLLOW, ONE_BY_ONE):
            _follow(_in_row(group, chains), is_late, chains)
    return chains


def mode_of(body: "HookBody | GroupBody | None") -> str | None:
    """Return the mode of a body; None where all parts may run at once."""
    if body is None:
        return None
    if body.piped:
        return PIPED
    if body.follow:
        return FOLLOW
    return ONE_BY_ONE if body.parallel is False else None


def _pipe(before: Unit, behind: Unit, needs: Edges) -> None:
    """Make the first jobs of `behind` need the last jobs of `before`; these succeed only after all jobs of `before`."""
    needed, own = {need for job in before.numbers for need in needs[job]}, set(behind.numbers)
    last_ones = [job for job in before.numbers if job not in needed]
    first_ones = [job for job in behind.numbers if own.isdisjoint(needs[job])]
    for job in first_ones:
        needs[job] += [other for other in last_ones if other not in needs[job]]


def _follow(row: Sequence[Unit], is_late: Sequence[bool], chains: HookEdges) -> None:
    """Make each part of a row wait for the one before it, in each phase separately.

    The phases are in order anyway: an edge between them would have no effect, or would block a foreground job for ever
    (R8).
    """
    for phase in (False, True):
        in_phase = [[job for job in part.numbers if is_late[job] is phase] for part in row]
        for before, behind in pairwise(part for part in in_phase if part):
            for job in behind:
                known = {*chains.needs[job], *chains.after[job]}
                chains.after[job] += [other for other in before if other not in known]


def _in_row(group: Unit, chains: HookEdges) -> list[Unit]:
    """Return the parts that have jobs, in their order; none where they form a cycle, which is noted."""
    parts = sorted((part for part in group.parts if part.numbers), key=_priority)
    edges = _between(parts, chains)
    if cycle := find_cycle(edges):
        chains.tangles.append((group, [parts[place] for place in cycle]))
        return []
    return [parts[place] for place in topological_order(edges)]


def _priority(part: Unit) -> int:
    return part.body.priority if part.body is not None else 0


def _between(parts: Sequence[Unit], chains: HookEdges) -> Edges:
    """Return for each part the parts that come before it, by way of jobs that are in none of the parts.

    A part that is before by way of another one is before that one: leaving it out keeps the edges few.
    """
    edges = [[*needs, *after] for needs, after in zip(chains.needs, chains.after, strict=True)]
    part_of = {number: place for place, part in enumerate(parts) for number in part.numbers}
    reached = [0] * len(edges)  # by each job: a bit for each part
    for job in topological_order(edges):
        for other in edges[job]:
            reached[job] |= 1 << part_of[other] if other in part_of else reached[other]
    before = []
    for place, part in enumerate(parts):
        bits = reduce(or_, (reached[number] for number in part.numbers))
        before.append([one.start() for one in re.finditer("1", f"{bits:b}"[::-1]) if one.start() != place])
    return before
