"""Models -> the plan's hooks: names, needs, modes, phases (C4, C5, R4, R8, R9).

Everything that can be decided before a hook fires is decided here, so that the prompt only counts integers.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import dodo_hooks
from dodo_hooks.core.commands import argv_of
from dodo_hooks.core.graph import dependents_of, promoted, topological_order
from dodo_hooks.core.names import directory_name, job_names
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Group, Hook, Job
from dodo_hooks.loader.checks import check_modes, check_names, checked_needs
from dodo_hooks.loader.schema import ConcurrencyBody, HookBody, HookFile, JobBody
from dodo_hooks.loader.tree import Finding, Node, mark_at

BACKGROUND_TIMEOUT_S = 3600.0  # of a job that names none; in the foreground there is no limit (R15)


def compile_hooks(file: HookFile, tree: Node) -> tuple[tuple[Hook, ...], list[Finding]]:
    """The hooks in the order of the file, and what is wrong with the graph; with findings, only the whole hooks.

    `tree` is what `file` was read from, and knows the places.
    """
    names = {hook: _names(body) for hook, body in file.hooks.items()}
    findings = _version_findings(file, tree)
    hooks: list[Hook] = []
    for hook, body in file.hooks.items():
        needs, wrong = checked_needs(hook, body, names, tree)
        wrong += check_names(hook, body, tree) + check_modes(hook, body, tree)
        findings += wrong
        if not wrong:
            hooks.append(_hook(hook, body, names[hook], needs, file.env))
    return tuple(hooks), findings


def _names(body: HookBody) -> list[str]:
    return job_names([job.name for job in body.jobs], [_command(job) for job in body.jobs])


def _command(job: JobBody) -> str:
    return job.run if isinstance(job.run, str) else ":"  # other commands are not compiled yet


def _version_findings(file: HookFile, tree: Node) -> list[Finding]:
    here = dodo_hooks.__version__
    if file.min_version is None or _numbers(file.min_version) <= _numbers(here):
        return []
    message = (
        f"this file needs dodo-hooks {file.min_version} or newer, and this is {here}: "
        "upgrade it (pip install --upgrade dodo-hooks)"
    )
    return [Finding(mark_at(tree, ["min_version"]), message)]


def _numbers(version: str) -> list[int]:
    """`1.2.0.dev1` -> [1, 2]: without trailing zeros, so that 1.2 and 1.2.0 are equal, and without a suffix."""
    match = re.match(r"[0-9]+(\.[0-9]+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def _hook(
    name: str, body: HookBody, names: Sequence[str], written: list[list[int]], file_env: Mapping[str, str]
) -> Hook:
    background = [body.background if job.background is None else job.background for job in body.jobs]
    needs, after = _chained(body, written, background)
    in_front = promoted(needs, background)
    phases = [FOREGROUND if number in in_front or not late else BACKGROUND for number, late in enumerate(background)]
    dependents, followers = dependents_of(needs), dependents_of(after)
    jobs = tuple(
        Job(
            number=number,
            name=names[number],
            description=job.description,
            command=_command(job),
            argv=argv_of(_command(job)),
            root=job.root,
            env=_merged(file_env, body.env, job.env),
            tags=tuple(job.tags),
            needs=tuple(needs[number]),
            after=tuple(after[number]),
            dependents=tuple(dependents[number]),
            followers=tuple(followers[number]),
            phase=phases[number],
            declared_background=background[number],
            timeout_s=_timeout_s(job.timeout, phases[number]),
            nice=job.nice,
            priority=0,
            directory=directory_name(number, names[number]),
            record=b"",  # the plan cache has it from the store's own encoder
            groups=_groups(body.concurrency, job.concurrency),
        )
        for number, job in enumerate(body.jobs)
    )
    order = topological_order([[*job.needs, *job.after] for job in jobs])
    return Hook(name=name, jobs=jobs, order=tuple(order), fail_fast=body.fail_fast, timeout_s=body.timeout)


def _chained(
    body: HookBody, written: list[list[int]], background: Sequence[bool]
) -> tuple[list[list[int]], list[list[int]]]:
    """The needs and the `after` of every job once the hook's mode has added its chain (C5)."""
    needs, after = [list(its_needs) for its_needs in written], [list[int]() for _ in written]
    if body.piped:
        for previous, job in pairwise(topological_order(written)):
            if previous not in needs[job]:
                needs[job].append(previous)
    elif body.follow or body.parallel is False:
        in_front = promoted(written, background)
        # The phases are in order anyway (R8); an edge between them would hold up nothing, or a foreground job for ever.
        late = [detached and number not in in_front for number, detached in enumerate(background)]
        order = topological_order(written)
        for phase in (False, True):
            for previous, job in pairwise(number for number in order if late[number] is phase):
                if previous not in needs[job]:
                    after[job].append(previous)
    return needs, after


def _merged(*layers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Each variable once, with its last value and at that one's place."""
    merged: dict[str, str] = {}
    for layer in layers:
        for variable, value in layer.items():
            merged.pop(variable, None)
            merged[variable] = value
    return tuple(merged.items())


def _groups(of_hook: ConcurrencyBody | None, of_job: ConcurrencyBody | None) -> tuple[Group, ...]:
    """In the order of their names, in which they are taken. A job's own group keeps out its siblings, too."""
    groups = {}
    for body, is_shared in ((of_hook, True), (of_job, False)):
        if body is not None:
            groups[body.group] = Group(body.group, body.on_conflict, is_shared, body.wait)
    return tuple(groups[name] for name in sorted(groups))


def _timeout_s(written: float | None, phase: str) -> float | None:
    return BACKGROUND_TIMEOUT_S if written is None and phase == BACKGROUND else written
