"""Checks that concern several keys: names, needs, cycles, modes and keys that exclude each other (R4, C4, C5)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise

import dodo_hooks
from dodo_hooks.core.dependency_graph import find_cycle
from dodo_hooks.core.diagnostics import Diagnostic, Location
from dodo_hooks.core.file_sets import STAGING
from dodo_hooks.core.text.names import name_error
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.compile.flatten import Flat, Member, Unit, is_background
from dodo_hooks.loader.compile.job_files import FileNeed
from dodo_hooks.loader.compile.order_edges import HookEdges, mode_of
from dodo_hooks.loader.read.nodes import Node, Path, key_mark_at, mark_at
from dodo_hooks.loader.schema.file_models import HookFile
from dodo_hooks.loader.schema.job_models import HookBody, JobBody

_MOST_CYCLES = 20  # reported in one run; each costs a walk through the graph
_MOST_HINTS = 100  # errors that name the nearest
_MOST_NEIGHBOURS = 500  # names among which the nearest is sought, for each unknown one

# The keys of a group: the others belong to its jobs (C5).
_OF_GROUPS = frozenset(
    (
        *("group", "name", "description", "needs", "background", "root", "env", "tags", "priority", "timeout"),
        *("glob", "exclude", "files", "file_types", "skip", "only", "arch", "concurrency"),
        *("types", "types_or", "exclude_types"),
        *("workspace", "share", "clean", "supersede"),
    )
)

# What keys belong to: its path, its body (None: the hook's), the numbers of its jobs, and its name in messages.
Owner = tuple[Path, JobBody | None, tuple[int, ...], str]


def check_version(file: HookFile, tree: Node) -> list[Diagnostic]:
    """Return an error if the file needs a newer dodo-hooks."""
    here = dodo_hooks.__version__
    if file.min_version is None or _numbers(file.min_version) <= _numbers(here):
        return []
    message = f"this file needs dodo-hooks {file.min_version} or newer (this is {here})"
    return [Diagnostic(mark_at(tree, ["min_version"]), message, fix="run `pip install --upgrade dodo-hooks`")]


def _numbers(version: str) -> list[int]:
    """Return the numbers of a version: `1.2.0.dev1` is [1, 2].

    Trailing zeros are dropped, so that 1.2 and 1.2.0 are equal, and so is a suffix.
    """
    match = re.match(r"[0-9]+(\.[0-9]+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def check_names(every: Iterable[Owner], tree: Node) -> Iterator[Diagnostic]:
    """Yield errors about names that are not allowed, and names that two jobs or groups have (C4, R4)."""
    first: dict[str, Location] = {}
    for path, body, _, _ in _in_order(every):
        if body.name is None:
            continue
        mark, subject = mark_at(tree, [*path, "name"]), subject_of_job(body.name)
        if reason := name_error(body.name):
            yield Diagnostic(mark, f"a name {reason}", subject)
        elif body.name in first:
            message = f"duplicate name, first used at line {first[body.name].line}"
            yield Diagnostic(mark, message, subject, fix="rename one of them")
        first.setdefault(body.name, mark)


def check_modes(name: str, body: HookBody, flat: Flat, tree: Node) -> Iterator[Diagnostic]:
    """Yield errors about two modes at once, and about a mode of a hook that is all in the background (C5)."""
    for unit in flat.whole.inside():
        path = unit.path if unit.body is None else [*unit.path, "group"]
        mode = unit.mode
        assert mode is not None
        modes = [key for key, is_on in (("piped", mode.piped), ("follow", mode.follow)) if is_on]
        written = [*modes, *(["parallel"] if mode.parallel is not None else [])]
        subject = subject_of_unit(unit, name)
        if modes and len(written) > 1:
            mark = max((key_mark_at(tree, [*path, key]) for key in written), key=lambda mark: mark.line)
            both = " and ".join(map(quote, written))
            yield Diagnostic(mark, f"{both} cannot be combined", subject, fix="keep one of them")
        if modes and unit.body is None and body.background:
            mark, fix = key_mark_at(tree, [*path, "background"]), 'set "background: true" on its jobs'
            message = f"a {quote(modes[0])} hook cannot run in the background as a whole"
            yield Diagnostic(mark, message, subject, fix=fix)


def check_keys(hook: str, body: HookBody, flat: Flat, tree: Node) -> Iterator[Diagnostic]:
    """Yield errors about keys that exclude each other."""
    for unit in flat.whole.inside():
        if unit.body is not None:
            for key in sorted(unit.body.given - _OF_GROUPS):
                mark, message = key_mark_at(tree, [*unit.path, key]), f"{quote(key)} has no effect on a group"
                yield Diagnostic(mark, message, subject_of_unit(unit, hook), fix="set it on its jobs")
    for number, member in enumerate(flat.members):
        subject = subject_of_job(flat.names[number])
        clashes = _clashes(hook, body, member)
        # In a snapshot the tree is an input anyway (V1).
        for key, why, fix in clashes if number in flat.snapshots else chain(clashes, _without_input(member.body)):
            yield Diagnostic(key_mark_at(tree, [*member.path, key]), why, subject, fix=fix)


def _clashes(hook: str, body: HookBody, member: Member) -> Iterator[tuple[str, str, str]]:
    """Yield the key, the message and the fix."""
    job, late = member.body, is_background(member, body)
    if job.interactive and late:
        yield "interactive", "a background job cannot be interactive: it has no terminal", ""
    if job.interactive and job.use_stdin:
        yield "use_stdin", "an interactive job cannot use git's input: it reads the terminal", ""
    if job.stage_fixed and late:
        yield "stage_fixed", "a background job cannot stage files: the commit does not wait for it", ""
    if job.fail_on_changes and late:
        yield "fail_on_changes", "a background job cannot fail on changed files: nothing waits for it", ""
    if job.stage_fixed and hook not in STAGING:
        yield "stage_fixed", f"nothing to stage in {quote(hook)}", f"use it in {STAGING[0]}"
    if job.requires and late:
        yield "requires", "a background job cannot hold a push: the push does not wait for it", ""


def _without_input(job: JobBody) -> Iterator[tuple[str, str, str]]:
    if job.cache and not (job.outputs and (job.inputs or job.uptodate)):
        yield "cache", '"cache" needs "outputs", and "inputs" or "uptodate"', ""
    if job.env_inputs and not (job.inputs or job.uptodate or job.incremental):
        yield "env_inputs", '"env_inputs" has no effect without "inputs" or "uptodate": the job runs each time', ""
    selectors = (job.glob, job.files, job.file_types, job.types, job.types_or, job.exclude_types)
    is_selective = any(selectors) and "files}" not in f"{job.run} {job.args}"
    if job.uptodate and is_selective and "inputs" not in job.given:
        # Else a change of the very files that the job is about would not make it run (K1).
        message = "the files that the job gets are not its inputs"
        yield "uptodate", message, 'add them as "inputs", or "inputs: []"'


def check_needs(
    hook: str,
    flat: Flat,
    every: Iterable[Owner],
    others: Mapping[str, Flat],
    tree: Node,
    from_files: Sequence[FileNeed],
) -> tuple[list[list[int]], list[Diagnostic]]:
    """Return the needs of each job as numbers, each once, and the errors about them.

    `from_files` are needs that nobody wrote (K10). The errors are unknown needs, needs of a job on itself, and cycles
    (R4). A need on a group is a need on all its jobs, and a need of a group is a need of all its jobs. `others` has
    every hook.
    """
    needs: list[list[int]] = [[] for _ in flat.members]
    errors: list[Diagnostic] = []
    written: dict[tuple[int, int], Path] = {}  # which need is behind an edge
    for path, body, numbers, subject in _in_order(every):
        for place, need in enumerate(body.needs):
            where = (*path, "needs", place)
            needed = flat.numbers_of(need)
            if not needed and need not in flat.groups:
                message = _unknown(need, hook, flat, others, body, has_hint=len(errors) < _MOST_HINTS)
                errors.append(Diagnostic(mark_at(tree, where), message, subject))
            elif not set(needed).isdisjoint(numbers):
                what = _own(need) if body.group is not None or need in flat.groups else "a job cannot need itself"
                errors.append(Diagnostic(mark_at(tree, where), what, subject))
            else:
                for number in numbers:
                    for other in needed:
                        written.setdefault((number, other), where)
                    needs[number] += [other for other in needed if other not in needs[number]]
    files: dict[tuple[int, int], str] = {}
    for one in from_files:
        if one.need not in needs[one.job]:
            needs[one.job].append(one.need)
            written[one.job, one.need], files[one.job, one.need] = one.path, one.output
    return needs, errors + _cycles(flat, needs, written, files, tree)


def _in_order(every: Iterable[Owner]) -> list[tuple[Path, JobBody, tuple[int, ...], str]]:
    """Return the groups and the jobs in the order of the file."""
    found = [(path, body, numbers, who) for path, body, numbers, who in every if body is not None]
    return sorted(found, key=lambda one: [step for step in one[0] if isinstance(step, int)])


def _own(need: str) -> str:
    return f"cannot need {quote(need)}: one of them contains the other"


def _unknown(need: str, hook: str, flat: Flat, others: Mapping[str, Flat], body: JobBody, *, has_hint: bool) -> str:
    elsewhere = [name for name, other in others.items() if name != hook and other.numbers_of(need)]
    if elsewhere:
        return f"unknown job {quote(need)} in needs: {quote(elsewhere[0])} has it, but needs are within one hook"
    own = (name for name in (*flat.names, *flat.groups) if name != body.name) if has_hint else ()
    near = did_you_mean(need, [*islice(own, _MOST_NEIGHBOURS)])
    return f"unknown job {quote(need)} in needs{near}"


def _cycles(
    flat: Flat,
    needs: list[list[int]],
    written: Mapping[tuple[int, int], Path],
    files: Mapping[tuple[int, int], str],
    tree: Node,
) -> list[Diagnostic]:
    """Return an error for each cycle; no two of them share an edge. It names the files that make edges (K10)."""
    errors: list[Diagnostic] = []
    left = [list(its_needs) for its_needs in needs]
    while len(errors) < _MOST_CYCLES and (cycle := find_cycle(left)):
        path = flat.names[cycle[0]]
        for edge in pairwise(cycle):
            path += (f" -({files[edge]})-> " if edge in files else " -> ") + flat.names[edge[1]]
        mark = mark_at(tree, written[cycle[0], cycle[1]])
        subject = subject_of_job(flat.names[cycle[0]])
        errors.append(Diagnostic(mark, f"needs form a cycle: {path}", subject, fix="remove one of them"))
        for job, need in pairwise(cycle):
            left[job].remove(need)
    return errors


def check_mode_cycles(hook: str, chains: HookEdges, flat: Flat, tree: Node) -> Iterator[Diagnostic]:
    """Yield errors about groups that a mode cannot order, because their parts need each other (C5)."""
    for unit, circle in chains.tangles:
        path = " -> ".join(_part_name(flat, part) for part in circle)
        mode = mode_of(unit.mode)
        message = f"{quote(str(mode))} cannot order jobs that need each other: {path}"
        where = [*unit.path, str(mode)] if unit.body is None else [*unit.path, "group", str(mode)]
        yield Diagnostic(key_mark_at(tree, where), message, subject_of_unit(unit, hook))


def _part_name(flat: Flat, part: Unit) -> str:
    first = flat.names[part.numbers[0]]
    if part.mode is None:  # a job
        return first
    return part.body.name if part.body is not None and part.body.name else f"the group of {first}"


def owners(hook: str, flat: Flat) -> list[Owner]:
    """Return the hook, its groups, and then its jobs."""
    groups = [(unit.path, unit.body, unit.numbers, subject_of_unit(unit, hook)) for unit in flat.whole.inside()]
    jobs = zip(flat.members, flat.names, strict=True)
    return [
        *groups,
        *((member.path, member.body, (number,), subject_of_job(name)) for number, (member, name) in enumerate(jobs)),
    ]


def subject_of_unit(unit: Unit, hook: str) -> str:
    if unit.body is None:
        return f"hook {quote(hook)}"
    return subject_of_job(unit.body.name) if unit.body.name else f"a group of {quote(hook)}"


def subject_of_job(name: str) -> str:
    return f"job {quote(name)}"
