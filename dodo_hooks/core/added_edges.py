"""Edges that are added to a plan when a hook fires (HOT).

Two kinds of edges depend on the firing. The module is imported only if there may be some.

Edges that bypass skipped jobs (R2, R3, C5). A job that does not apply satisfies every job that needs it. But that job
has needs of its own, and its dependents rely on those, too: in a chain of three whose middle does not apply, the third
job still waits for the first, and is skipped when the first fails. So the needs of a skipped job are passed on to its
dependents.

Edges between jobs that conflict over files (G7, P6). Jobs that change files must not run at the same time as jobs that
read or change the same files. The lists of files are known only when a hook fires. Two jobs share files if their lists
do; a job that changes files and has no list may change any file. A job that is known to read files beside its list
waits for all that change some, and one of which nothing is known runs alone. The jobs run in the plan's order, which is
the order of the file where needs and `after` do not say otherwise.

An edge is left out only if another edge always has the same effect. A chain of edges does not always have it: its
middle may be skipped because a need failed, while its beginning still runs, and then its end may start. A need is safe,
since its failure skips its dependents. A job without needs is safe, since it is not skipped early.
"""

from dodo_hooks.core.dependency_graph import dependents_of
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import ANYTHING, FILES_VARIABLE, FOREGROUND, GIVEN, NO_FILES
from dodo_hooks.core.statuses import satisfies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dodo_hooks.core.plan import Hook, Job
    from dodo_hooks.core.plan_parts import Conduct
    from dodo_hooks.core.statuses import Outcome

    Files = Mapping[int, "tuple[bytes, ...] | None"]


class Others(Record):
    """The jobs that are not about their lists alone."""

    readers: "set[int] | frozenset[int]" = frozenset()  # may read any file
    alone: "set[int] | frozenset[int]" = frozenset()


NO_OTHERS = Others()


def bypass_skipped(hook: "Hook", left_out: "Mapping[int, Outcome]") -> "Hook":
    """Return the hook with edges that bypass the jobs in `left_out`; these jobs stay in the hook.

    A need on a job that does not apply becomes a need on the needs of that job. An `after` on a job that is left out
    for any reason becomes an `after` on everything that this job would have waited for. The order of the hook stays
    valid.
    """
    needs = {job.number: job.order.needs for job in hook.jobs}
    after = {job.number: job.order.after for job in hook.jobs}
    for number in hook.order:  # a need comes before its dependents
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
    jobs = []
    for number, job in enumerate(hook.jobs):
        order = job.order._replace(
            needs=needs[number],
            after=after[number],
            dependents=tuple(dependents[number]),
            followers=tuple(followers[number]),
        )
        jobs.append(job._replace(order=order))
    return hook._replace(jobs=tuple(jobs))


def _alive(numbers: "Iterable[int]", left_out: "Mapping[int, Outcome]") -> "list[int]":
    """Return the jobs that still have to be waited for.

    A job that does not apply has passed on its own needs already. A skipped job that does not satisfy its dependents
    stays, since it stops them.
    """
    return [number for number in numbers if number not in left_out or not satisfies(left_out[number])]


def serialize_conflicts(hook: "Hook", running: "Sequence[int]", files: "Mapping[int, tuple[bytes, ...]]") -> "Hook":
    """Return the hook with the edges between jobs that conflict over files (G7, P6).

    `running` has the jobs that are going to run. `files` has the lists of the jobs that are about files, relative to
    their roots.
    """
    jobs = [hook.jobs[number] for number in running if hook.jobs[number].phase == FOREGROUND]
    lists = {job.number: _from_top(job, files.get(job.number, ())) for job in jobs}
    conducts = {job.number: job.changes.conduct for job in jobs if job.changes.conduct}
    writers = [number for number, conduct in conducts.items() if conduct.writes == GIVEN]
    changers = [*(job.number for job in jobs if job.changes.stage_fixed), *writers]
    others = Others(
        {number for number, conduct in conducts.items() if conduct.reads == ANYTHING},
        {number for number, conduct in conducts.items() if _runs_alone(conduct, hook)},
    )
    needs, after = [job.order.needs for job in hook.jobs], [list(job.order.after) for job in hook.jobs]
    for first, then in conflict_edges(lists, changers, hook.order, needs, after, others):
        after[then].append(first)
    followers = dependents_of(after)
    orders = (
        job.order._replace(after=tuple(after[job.number]), followers=tuple(followers[job.number])) for job in hook.jobs
    )
    changed = tuple(job._replace(order=order) for job, order in zip(hook.jobs, orders, strict=True))
    return hook._replace(jobs=changed)


def _runs_alone(conduct: "Conduct", hook: "Hook") -> bool:
    """Return whether nothing may run beside a job: it may write anything, or its failure stops what comes later."""
    return conduct.writes == ANYTHING or conduct.fails_fast or (hook.fail_fast and conduct.is_judged_by_diff)


def _from_top(job: "Job", files: "tuple[bytes, ...]") -> "tuple[bytes, ...] | None":
    """Return the files that a job is given, relative to the top; None without a list: it may read any file."""
    if job.execution.files_at == NO_FILES and FILES_VARIABLE not in job.execution.command:
        return None
    below = job.below
    return tuple(below + path for path in files)


def conflict_edges(
    files: "Files",
    changers: "Iterable[int]",
    order: "Iterable[int]",
    needs: "Sequence[Iterable[int]]",
    after: "Sequence[Iterable[int]]",
    others: "Others" = NO_OTHERS,
) -> "list[tuple[int, int]]":
    """Return the edges to add, as pairs (the job that ends first, the job that waits for it).

    `files` has the jobs that will run, each with its list, or None where it has none. `changers` are the jobs that
    change their files. `order` is a topological order of all jobs; `needs` and `after` are their edges by number.
    `others`: those whose files are not in a list.
    """
    conflicts = _conflicts(files, {job for job in changers if job in files})
    if others.readers or others.alone:
        _add_conflicts(conflicts, {job for job in changers if job in files}, others)
    edges: list[tuple[int, int]] = []
    before: dict[int, int] = {}  # job -> those that have ended when it starts, whatever happens, as bits
    done: list[int] = []
    for job in order:
        if job not in files:
            continue
        ended = 0
        its_needs = [other for other in needs[job] if other in files]
        for other in (*its_needs, *(other for other in after[job] if other in files)):
            ended |= _with(other, before, needs, files, is_need=other in its_needs)
        wanted = conflicts[job]
        for other in reversed(done) if wanted & ~ended else ():
            if wanted >> other & 1 and not ended >> other & 1:
                edges.append((other, job))
                ended |= _with(other, before, needs, files, is_need=False)
        before[job] = ended
        done.append(job)
    return edges


def _with(
    other: int, before: "dict[int, int]", needs: "Sequence[Iterable[int]]", files: "Files", *, is_need: bool
) -> int:
    """Return the jobs that have certainly ended when `other` has ended, as bits."""
    is_certain = is_need or not any(need in files for need in needs[other])
    return 1 << other | (before[other] if is_certain else 0)


def _add_conflicts(conflicts: "dict[int, int]", changers: "set[int]", others: "Others") -> None:
    every = sum(1 << job for job in conflicts)
    changing, reading, alone = (sum(1 << job for job in some) for some in (changers, others.readers, others.alone))
    for job in conflicts:
        more = alone
        if job in others.alone:
            more = every
        elif job in changers:
            more |= reading | (changing if job in others.readers else 0)
        elif job in others.readers:
            more |= changing
        conflicts[job] |= more & every & ~(1 << job)


def _conflicts(files: "Files", changers: "set[int]") -> "dict[int, int]":
    """Return for each job the jobs that it must not overlap, as bits."""
    alike: dict[tuple[bytes, ...], int] = {}  # most jobs have one of a few lists
    for job, names in files.items():
        if names is not None:
            alike[names] = alike.get(names, 0) | 1 << job
    changing = sum(1 << job for job in changers)
    changing_all = sum(1 << job for job in changers if files[job] is None)
    listed = sum(1 << job for job, names in files.items() if names is not None)
    holders: dict[bytes, int] = {}
    for names, jobs in alike.items():
        for name in names:
            holders[name] = holders.get(name, 0) | jobs
    sharing: dict[tuple[bytes, ...], int] = {}
    for names in alike:
        shared = 0
        for name in names:
            shared |= holders[name]
        sharing[names] = shared
    found = {}
    for job, names in files.items():
        if names is None:
            others = listed | changing if job in changers else 0
        else:
            others = sharing[names] if job in changers else sharing[names] & changing
            others |= changing_all
        found[job] = others & ~(1 << job)
    return found
