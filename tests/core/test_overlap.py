"""Jobs that change files and jobs that read them, against a simulation of all possible orders of events (G7)."""

import time

from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.added_edges import Others, conflict_edges
from dodo_hooks.core.dependency_graph import topological_order

Files = dict[int, "tuple[bytes, ...] | None"]
NAMES = (b"a", b"b", b"c")


@st.composite
def hooks(draw: st.DrawFn) -> tuple[Files, set[int], list[list[int]], list[list[int]]]:
    """Draw files of the jobs that run, the jobs that change theirs, and needs and after of all jobs; some do not."""
    count = draw(st.integers(1, 7))
    place = draw(st.permutations(range(count)))
    needs: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for index, job in enumerate(place):
        earlier = st.lists(st.sampled_from(place[:index]), unique=True, max_size=2) if index else st.just([])
        needs[job], after[job] = draw(earlier), draw(earlier)
    lists = st.none() | st.lists(st.sampled_from(NAMES), unique=True, min_size=1).map(tuple)
    files = {job: draw(lists) for job in range(count) if draw(st.integers(0, 5))}
    return files, draw(st.sets(st.integers(0, count - 1))), needs, after


def must_not_overlap(files: Files, changers: set[int], one: int, other: int) -> bool:
    """Apply the rule as it is written."""
    ours, theirs = files[one], files[other]
    shares = ours is None or theirs is None or bool(set(ours) & set(theirs))
    if one in changers and other in changers:
        return shares
    if one in changers or other in changers:
        reader = theirs if one in changers else ours
        return reader is not None and shares
    return False


def overlaps(files: Files, needs: list[list[int]], waits: list[set[int]], data: st.DataObject) -> set[tuple[int, int]]:
    """Run the jobs in a drawn order of events, with drawn failures; return the jobs that ran at the same time."""
    open_jobs, running, good, seen = set(files), set[int](), set[int](), set[tuple[int, int]]()
    ended: set[int] = set()

    def skip_dependents() -> None:
        while True:
            lost = {j for j in open_jobs if any(n in ended and n not in good for n in needs[j] if n in files)}
            if not lost:
                return
            open_jobs.difference_update(lost)
            ended.update(lost)

    while open_jobs or running:
        ready = sorted(j for j in open_jobs if all(o in ended for o in (*needs[j], *waits[j]) if o in files))
        assert ready or running, "nothing can start any more"
        choice = data.draw(st.sampled_from([*ready, *(~job for job in sorted(running))]))
        if choice >= 0:
            seen.update((min(choice, other), max(choice, other)) for other in running)
            open_jobs.discard(choice)
            running.add(choice)
        else:
            running.discard(~choice)
            ended.add(~choice)
            if data.draw(st.booleans()):
                good.add(~choice)
            skip_dependents()
    return seen


@given(hooks(), st.data())
def test_g7_no_two_jobs_overlap_that_must_not_however_the_others_end(
    hook: tuple[Files, set[int], list[list[int]], list[list[int]]], data: st.DataObject
) -> None:
    files, changers, needs, after = hook
    order = topological_order([[*n, *a] for n, a in zip(needs, after, strict=True)])
    edges = conflict_edges(files, changers, order, needs, after)
    waits = [set(one) for one in after]
    for first, then in edges:
        waits[then].add(first)
        assert must_not_overlap(files, changers, first, then)
        assert order.index(first) < order.index(then)
        assert first not in needs[then] and first not in after[then]
    topological_order([[*n, *w] for n, w in zip(needs, waits, strict=True)])  # no cycle
    for one, other in overlaps(files, needs, waits, data):
        assert not must_not_overlap(files, changers, one, other)


@given(hooks(), st.sets(st.integers(0, 6)), st.sets(st.integers(0, 6), max_size=2), st.data())
def test_p6_a_reader_of_all_files_waits_for_each_change_and_an_unknown_job_runs_alone(
    hook: tuple[Files, set[int], list[list[int]], list[list[int]]],
    readers: set[int],
    alone: set[int],
    data: st.DataObject,
) -> None:
    files, changers, needs, after = hook

    def must_not(one: int, other: int) -> bool:
        is_read = (one in readers and other in changers) or (other in readers and one in changers)
        return is_read or bool({one, other} & alone) or must_not_overlap(files, changers, one, other)

    order = topological_order([[*n, *a] for n, a in zip(needs, after, strict=True)])
    waits = [set(one) for one in after]
    for first, then in conflict_edges(files, changers, order, needs, after, Others(readers, alone)):
        waits[then].add(first)
        assert must_not(first, then)
        assert order.index(first) < order.index(then)
    for one, other in overlaps(files, needs, waits, data):
        assert not must_not(one, other)


def test_g7_jobs_go_in_the_order_of_the_file_and_each_waits_for_the_last_alone() -> None:
    files: Files = {0: (b"a",), 1: (b"a", b"b"), 2: (b"b",), 3: (b"c",), 4: None}
    none: list[list[int]] = [[] for _ in files]
    assert conflict_edges(files, {0, 1, 2}, range(5), none, none) == [(0, 1), (1, 2)]


def test_g7_a_job_without_a_list_that_changes_files_shares_all_and_one_that_reads_is_not_held_up() -> None:
    files: Files = {0: (b"a",), 1: None, 2: (b"c",), 3: None}
    none: list[list[int]] = [[] for _ in files]
    assert conflict_edges(files, {1}, range(4), none, none) == [(0, 1), (1, 2)]


def test_g7_nothing_is_added_where_needs_say_it_already() -> None:
    files: Files = {0: (b"a",), 1: (b"a",), 2: (b"a",)}
    assert conflict_edges(files, {0, 1, 2}, range(3), [[], [0], [1]], [[], [], []]) == []
    assert conflict_edges(files, {0, 1, 2}, [2, 1, 0], [[1], [2], []], [[], [], []]) == []


def test_g7_a_chain_whose_middle_may_be_skipped_is_not_relied_on() -> None:
    """Job 3 waits for 2, which waits for 0; 2 is skipped as soon as 1 has failed, while 0 is running."""
    files: Files = {0: (b"a",), 1: None, 2: None, 3: (b"a",)}
    assert conflict_edges(files, {0, 3}, range(4), [[], [], [1], []], [[], [], [0], [2]]) == [(0, 3)]


def test_g7_five_hundred_jobs_that_share_everything() -> None:
    names = tuple(b"file %d" % n for n in range(10_000))
    files: Files = {job: names[job % 3 :] for job in range(500)}
    none: list[list[int]] = [[] for _ in files]
    begun = time.process_time()
    edges = conflict_edges(files, range(500), range(500), none, none)
    assert edges == [(job, job + 1) for job in range(499)]
    assert time.process_time() - begun < 0.5
