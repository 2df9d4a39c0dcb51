"""A hook whose left-out jobs hold nobody up, and let nobody slip through (R2, R3, C5; HOT, imported only if there are
such jobs).

A job that does not apply satisfies whoever needs it. But it needs others itself, and who waits for it meant to come
behind those as well: in a chain of three whose middle does not apply, the third still comes behind the first, and is
skipped when that fails. So what a left-out job waits for is handed on to those who wait for it.
"""

from dodo_hooks.core.graph import dependents_of
from dodo_hooks.core.status import satisfies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dodo_hooks.core.plan import Hook
    from dodo_hooks.core.status import Outcome


def without_gaps(hook: "Hook", left_out: "Mapping[int, Outcome]") -> "Hook":
    """The hook with the edges that bypass `left_out`, whose jobs stay in it.

    A need on a job that does not apply is also one on what that needs. An `after` on a job that is left out for
    whatever reason is also one on all that it would have waited for. The order of the hook stays right.
    """
    needs = {job.number: job.needs for job in hook.jobs}
    after = {job.number: job.after for job in hook.jobs}
    for number in hook.order:  # whoever is waited for comes first
        its_needs, its_after = list(needs[number]), list(after[number])
        for need in needs[number]:
            if need in left_out and satisfies(left_out[need]):
                its_needs += _alive(needs[need], left_out)
                its_after += _alive(after[need], left_out)
        for other in after[number]:
            if other in left_out:
                its_after += _alive((*needs[other], *after[other]), left_out)
        needs[number] = tuple(dict.fromkeys(its_needs))
        after[number] = tuple(other for other in dict.fromkeys(its_after) if other not in its_needs)
    dependents, followers = dependents_of(list(needs.values())), dependents_of(list(after.values()))
    jobs = tuple(
        job._replace(
            needs=needs[job.number],
            after=after[job.number],
            dependents=tuple(dependents[job.number]),
            followers=tuple(followers[job.number]),
        )
        for job in hook.jobs
    )
    return hook._replace(jobs=jobs)


def _alive(numbers: "Iterable[int]", left_out: "Mapping[int, Outcome]") -> "list[int]":
    """What is still to be waited for. A job that does not apply has handed on its own already; one that does not
    satisfy stays, since it stops whoever comes behind."""
    return [number for number in numbers if number not in left_out or not satisfies(left_out[number])]
