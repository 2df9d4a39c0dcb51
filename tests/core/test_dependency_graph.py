"""Graphs of integers against simple versions of the algorithms (R3, R4, R9)."""

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.dependency_graph import cascade, dependents_of, find_cycle, promoted, topological_order

Graph = list[list[int]]
LONG = 20_000


def graphs(most: int = 8) -> st.SearchStrategy[Graph]:
    """Draw any needs, including cycles and needs of a job on itself, each need once."""
    return st.integers(0, most).flatmap(
        lambda count: st.lists(
            st.lists(st.integers(0, count - 1), unique=True, max_size=4) if count else st.just([]),
            min_size=count,
            max_size=count,
        )
    )


@st.composite
def acyclic_graphs(draw: st.DrawFn) -> Graph:
    order = draw(st.permutations(range(draw(st.integers(0, 8)))))
    needs: Graph = [[] for _ in order]
    for place, job in enumerate(order):
        if place:
            needs[job] = draw(st.lists(st.sampled_from(order[:place]), unique=True, max_size=4))
    return needs


def reached_from(start: int, edges: Graph) -> set[int]:
    """Return everything that can be reached over at least one edge."""
    reached: set[int] = set()
    while True:
        more = {other for job in {start, *reached} for other in edges[job] if job == start or job in reached} - reached
        if not more:
            return reached
        reached |= more


@given(graphs())
def test_r4_a_cycle_is_found_exactly_when_a_job_reaches_itself(needs: Graph) -> None:
    cycle = find_cycle(needs)
    assert (cycle is not None) == any(job in reached_from(job, needs) for job in range(len(needs)))
    if cycle is not None:
        assert all(need in needs[job] for job, need in pairwise(cycle))
        assert cycle[0] == cycle[-1] == min(cycle)
        assert len(set(cycle)) == len(cycle) - 1


def test_r4_the_whole_path_of_a_cycle_is_reported() -> None:
    assert find_cycle([[1], [2], [3], [1]]) == [1, 2, 3, 1]
    assert find_cycle([[], [1]]) == [1, 1]
    assert find_cycle([[1, 2], [2], []]) is None


def test_r4_a_graph_that_doit_finds_no_cycle_in_has_one() -> None:
    assert find_cycle([[1, 2], [2], [1]]) == [1, 2, 1]


def test_r4_long_chains_and_long_cycles_need_no_stack() -> None:
    chain = [[job + 1] for job in range(LONG - 1)]
    assert find_cycle([*chain, []]) is None
    assert find_cycle([*chain, [0]]) == [*range(LONG), 0]
    assert topological_order([*chain, []]) == list(range(LONG))[::-1]
    assert promoted([*chain, []], [False] + [True] * (LONG - 1)) == set(range(1, LONG))
    assert cascade(dependents_of([*chain, []]), range(LONG), LONG - 1)[-1] == (0, 1)


def test_r4_a_wide_graph_is_walked_edge_by_edge() -> None:
    hub = [*range(1, LONG)]
    assert find_cycle([hub, *([] for _ in hub)]) is None
    assert topological_order([hub, *([] for _ in hub)]) == [*hub, 0]


@given(acyclic_graphs())
def test_c5_of_the_jobs_that_could_come_next_the_smallest_number_comes(needs: Graph) -> None:
    order: list[int] = []
    while len(order) < len(needs):
        order.append(min(job for job in range(len(needs)) if job not in order and set(needs[job]) <= set(order)))
    assert topological_order(needs) == order


def test_c5_there_is_no_order_of_a_cycle() -> None:
    with pytest.raises(ValueError, match="cycle"):
        topological_order([[], [2], [1]])


@given(graphs())
def test_dependents_are_the_needs_from_the_other_side(needs: Graph) -> None:
    assert dependents_of(needs) == [
        [job for job in range(len(needs)) if need in needs[job]] for need in range(len(needs))
    ]


@given(acyclic_graphs(), st.data())
def test_r9_promoted_is_what_a_foreground_job_reaches(needs: Graph, data: st.DataObject) -> None:
    background = data.draw(st.lists(st.booleans(), min_size=len(needs), max_size=len(needs)))
    foreground = [job for job, detached in enumerate(background) if not detached]
    reached = {need for job in foreground for need in reached_from(job, needs)}
    assert promoted(needs, background) == {job for job in reached if background[job]}


@given(acyclic_graphs(), st.data())
def test_r3_a_cascade_is_what_reaches_the_failure_each_once_with_a_need_that_was_stopped_before(
    needs: Graph, data: st.DataObject
) -> None:
    if not needs:
        return
    failed = data.draw(st.integers(0, len(needs) - 1))
    decided = cascade(dependents_of(needs), range(len(needs)), failed)
    assert sorted(job for job, _ in decided) == [job for job in range(len(needs)) if failed in reached_from(job, needs)]
    stopped = [failed]
    for job, need in decided:
        assert need in needs[job]
        assert need == next(other for other in stopped if other in needs[job])  # the one that was stopped first
        stopped.append(job)


def test_r3_a_cascade_goes_breadth_first_and_by_number() -> None:
    needs = [[], [0], [1], [0], [2, 3]]
    assert cascade(dependents_of(needs), range(5), 0) == [(1, 0), (3, 0), (2, 1), (4, 3)]


def test_r3_a_cascade_stops_at_what_was_decided_before() -> None:
    needs = [[], [0], [1], [0, 1]]
    assert cascade(dependents_of(needs), {3}, 0) == [(3, 0)]
    assert cascade(dependents_of(needs), {2}, 0) == []


def test_hot_files_may_import_it_because_it_imports_nothing() -> None:
    module = "dodo_hooks.core.dependency_graph"
    program = f"import sys; old = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - old))"
    added = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert added == ["dodo_hooks", "dodo_hooks.core", module]
