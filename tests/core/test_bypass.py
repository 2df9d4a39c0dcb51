"""Dependents of a left-out job wait for the needs of that job (R2, R3, C5)."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core import statuses
from dodo_hooks.core.added_edges import bypass_skipped
from dodo_hooks.core.plan import Hook
from dodo_hooks.core.schedule import CountingSource
from dodo_hooks.core.statuses import Outcome, satisfies
from engine.graphs import COMPLETED, FAILED, hooks, make_hook

NOT_HERE = Outcome(statuses.SKIPPED, statuses.CONDITION, "no file matches")
NOT_ASKED = Outcome(statuses.SKIPPED, statuses.SELECTION, "not selected")


def run(hook: Hook, left_out: Mapping[int, Outcome], fails: "set[int]") -> tuple[list[int], dict[int, set[int]]]:
    """Run the jobs one at a time; return them in order, and the jobs that had ended when each became ready."""
    source = CountingSource(hook, [job.number for job in hook.jobs], dict(left_out))
    ready, _ = source.start()
    ran: list[int] = []
    known = {number: set[int]() for number in ready}
    while ready:
        number = ready.pop(0)
        ran.append(number)
        more, _ = source.ended(number, FAILED if number in fails else COMPLETED)
        known |= {other: set(ran) for other in more}
        ready += more
    return ran, known


def live(hook: Hook, number: int, left_out: Mapping[int, Outcome]) -> set[int]:
    """Return the jobs that must end before this one: those it waits for and, through left-out ones, theirs."""
    found: set[int] = set()
    for other in (*hook.jobs[number].order.needs, *hook.jobs[number].order.after):
        found |= live(hook, other, left_out) if other in left_out else {other}
    return found


def is_well(hook: Hook, number: int, left_out: Mapping[int, Outcome], fails: "set[int]") -> bool:
    """Return whether a need on this job would be satisfied, by a plain reading of the rule.

    The job is not deselected, does not fail, and the same holds for all that it needs.
    """
    if number in fails or not satisfies(left_out.get(number, COMPLETED)):
        return False
    return all(is_well(hook, need, left_out, fails) for need in hook.jobs[number].order.needs)


@given(st.data())
def test_c5_r3_a_left_out_job_hands_on_what_it_waited_for(data: st.DataObject) -> None:
    hook = data.draw(hooks())
    numbers = st.sampled_from([job.number for job in hook.jobs])
    left_out = {number: data.draw(st.sampled_from((NOT_HERE, NOT_ASKED))) for number in data.draw(st.sets(numbers))}
    fails = data.draw(st.sets(numbers)) - left_out.keys()
    ran, known = run(bypass_skipped(hook, left_out), left_out, fails)
    wanted = {
        job.number
        for job in hook.jobs
        if job.number not in left_out and all(is_well(hook, need, left_out, fails) for need in job.order.needs)
    }
    assert set(ran) == wanted
    for number in ran:
        assert live(hook, number, left_out) & wanted <= known[number]


def test_c5_the_third_of_a_chain_stays_behind_the_first() -> None:
    chain = make_hook([[], [0], [1]])
    assert run(bypass_skipped(chain, {1: NOT_HERE}), {1: NOT_HERE}, {0})[0] == [0]
    row = make_hook([[], [], []], [[], [0], [1]])
    assert run(bypass_skipped(row, {1: NOT_ASKED}), {1: NOT_ASKED}, {0}) == ([0, 2], {0: set(), 2: {0}})
