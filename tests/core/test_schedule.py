"""The counting source, against a plain reading of the rules (R1 to R6)."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GraphError
from dodo_hooks.core.plan import Hook
from dodo_hooks.core.schedule import UNKNOWN_S, CountingSource, in_order, remaining_paths
from dodo_hooks.core.statuses import Outcome
from engine.graphs import (
    COMPLETED,
    FAILED,
    OUTCOMES,
    beginnings,
    hooks,
    is_unsatisfied,
    make_hook,
    naive_ready,
    naive_skips,
    root_of,
)
from kit.changed_job import changed_job

INTERRUPTED = Outcome(statuses.SKIPPED, statuses.INTERRUPTED, "interrupted (Ctrl-C)")


@given(st.data())
def test_r1_r6_what_is_ready_and_what_is_skipped_is_what_the_rules_say(data: st.DataObject) -> None:
    hook = data.draw(hooks())
    selected, decided = data.draw(beginnings(hook))
    source = CountingSource(hook, selected, decided)
    outcomes, to_do, given_out = dict(decided), set(selected), set[int]()
    ready, skipped = source.start()
    while True:
        assert sorted(job for job, _ in skipped) == sorted(naive_skips(hook, to_do, outcomes))
        outcomes.update(skipped)
        to_do -= outcomes.keys()
        assert ready == [job for job in naive_ready(hook, to_do) if job not in given_out]
        given_out.update(ready)
        assert source.open_jobs() == to_do
        _check_causes(hook, skipped, outcomes)
        if not to_do:
            break
        job = data.draw(st.sampled_from(sorted(to_do)))  # one that runs, or one that is cancelled before it could
        outcome = (
            data.draw(st.sampled_from(OUTCOMES)) if job in given_out else Outcome(statuses.CANCELLED, statuses.USER)
        )
        outcomes[job] = outcome
        ready, skipped = source.ended(job, outcome)
        to_do.discard(job)


def _check_causes(hook: Hook, skipped: "list[tuple[int, Outcome]]", outcomes: Mapping[int, Outcome]) -> None:
    """Check that each job was stopped by a need that failed before it, and names the root cause (R3)."""
    still_open = {job for job, _ in skipped}
    for job, outcome in skipped:
        still_open.discard(job)
        assert (outcome.status, outcome.cause) == (statuses.SKIPPED, statuses.NEED)
        assert outcome.need in set(hook.jobs[job].order.needs) - still_open - {job}
        assert is_unsatisfied(outcomes[outcome.need])
        assert outcome.root_cause == root_of(outcomes, job)
        assert hook.jobs[outcome.need].name in (outcome.reason or "")


@given(st.data())
def test_r17_a_stop_leaves_only_what_runs(data: st.DataObject) -> None:
    hook = data.draw(hooks())
    selected, decided = data.draw(beginnings(hook))
    source = CountingSource(hook, selected, decided)
    ready, _ = source.start()
    running = data.draw(st.lists(st.sampled_from(ready), unique=True)) if ready else []
    waiting = source.open_jobs() - set(running)
    assert source.stop(running, INTERRUPTED) == [(job, INTERRUPTED) for job in sorted(waiting)]
    assert source.open_jobs() == set(running)
    for job in running:
        assert source.ended(job, data.draw(st.sampled_from(OUTCOMES))) == ([], [])
    assert not source.open_jobs()


def test_r6_ready_jobs_come_by_priority_and_then_in_the_order_of_the_file() -> None:
    hook = make_hook([[], [], [], [], [0], [0]], priorities=[0, 1, 0, -1, 0, -1])
    source = CountingSource(hook, range(6), {})
    assert source.start() == ([3, 0, 2, 1], [])
    assert source.ended(0, COMPLETED) == ([5, 4], [])


def test_r3_the_need_and_the_root_cause_of_a_cascade() -> None:
    source = CountingSource(make_hook([[], [0], [1], [1, 2]]), range(4), {})
    source.start()
    ready, skipped = source.ended(0, FAILED)
    assert not ready
    assert [(job, outcome.need, outcome.root_cause) for job, outcome in skipped] == [(1, 0, 0), (2, 1, 0), (3, 1, 0)]
    assert skipped[0][1].reason == "dependency job 0* failed"
    assert skipped[1][1].reason == "dependency job 1* was skipped"


def test_r3_a_cascade_of_the_foreground_continues_with_its_own_root_cause() -> None:
    hook = make_hook([[], [0], [1]])
    by_need = Outcome(statuses.SKIPPED, statuses.NEED, need=0, root_cause=0)
    source = CountingSource(hook, [2], {0: FAILED, 1: by_need})
    ready, [(job, outcome)] = source.start()
    assert not ready and (job, outcome.need, outcome.root_cause) == (2, 1, 0)


def test_r6_what_an_end_skips_counts_as_ended_for_those_that_only_come_after_it() -> None:
    source = CountingSource(make_hook([[], [0], []], after=[[], [], [1]]), range(3), {})
    assert source.start() == ([0], [])
    ready, [(skipped, _)] = source.ended(0, FAILED)
    assert (ready, skipped) == ([2], 1)


CHAIN = make_hook([[], [0], [1]])


@pytest.mark.parametrize(
    ("hook", "selected", "named"),
    [
        (CHAIN._replace(order=(2, 1, 0)), range(3), ["job 1*", "job 2*"]),
        (CHAIN._replace(order=(0, 1)), range(3), ["job 2*"]),
        (CHAIN, [1, 2], ["job 1*", "job 2*"]),
        (
            CHAIN._replace(jobs=(changed_job(CHAIN.jobs[0], needs=(2,)), *CHAIN.jobs[1:])),
            range(3),
            ["job 0*", "job 1*"],
        ),
    ],
    ids=["wrong order", "missing in the order", "needs what is not run", "cycle"],
)
def test_r4_a_damaged_plan_is_refused_before_anything_runs(hook: Hook, selected: "list[int]", named: list[str]) -> None:
    with pytest.raises(GraphError) as raised:
        CountingSource(hook, selected, {}).start()
    assert all(name in str(raised.value) for name in ["post-commit", *named])


def naive_left(hook: Hook, number: int, to_do: "set[int]", usual_s: "Mapping[str, float]") -> float:
    """Return the longest way from a job to the end, by walking all ways."""
    job = hook.jobs[number]
    behind = to_do & {*job.order.dependents, *job.order.followers}
    own_s = usual_s.get(job.name, UNKNOWN_S)
    return own_s + max((naive_left(hook, other, to_do, usual_s) for other in behind), default=0.0)


@given(st.data())
def test_r6_slots_go_to_the_longest_way_that_is_left(data: st.DataObject) -> None:
    hook = data.draw(hooks())
    to_do, _ = data.draw(beginnings(hook))
    durations = st.dictionaries(st.sampled_from([job.name for job in hook.jobs]), st.integers(0, 9).map(float))
    usual_s = data.draw(durations)
    left_s = remaining_paths(hook, to_do, usual_s)
    assert all(abs(left_s[number] - naive_left(hook, number, to_do, usual_s)) < 1e-9 for number in to_do)
    in_file = sorted(to_do, key=lambda number: (hook.jobs[number].order.priority, number))
    assert in_order(hook, to_do) == in_file
    ordered = in_order(hook, data.draw(st.permutations(sorted(to_do))), left_s)
    for one, other in pairwise(ordered):
        first, second = hook.jobs[one].order.priority, hook.jobs[other].order.priority
        assert (first, -left_s[one], one) < (second, -left_s[other], other)


def test_r6_jobs_that_take_about_as_long_keep_their_order() -> None:
    hook = make_hook([(), (), ()])
    left_s = remaining_paths(hook, {0, 1, 2}, {"job 0*": 0.501, "job 1*": 0.504, "job 2*": 0.6})
    assert in_order(hook, {0, 1, 2}, left_s) == [2, 0, 1]
