"""A hook's jobs and groups as one list of jobs, each with what its groups add (C5).

A group is no job, and is not in the graph. It leaves its members, for needs on its name and for its order, and the keys
that its jobs inherit. Of some keys the nearest value counts (root, glob, files, background, timeout); the values of
others are combined (exclude, tags, needs, variables, conditions).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dodo_hooks.core.plan import SNAPSHOT
from dodo_hooks.core.plan_parts import TagRule
from dodo_hooks.core.text.names import job_names, label_of
from dodo_hooks.loader.read.nodes import Path
from dodo_hooks.loader.schema.job_models import GroupBody, HookBody, JobBody
from dodo_hooks.loader.schema.part_models import ConcurrencyBody, SetupBody
from dodo_hooks.loader.shell.quoting import with_literal_braces

SETUP = "setup"  # the name of an unnamed command before all jobs


@dataclass(frozen=True)
class Member:
    """A job of the flattened hook."""

    path: Path  # its path in the tree
    body: JobBody
    around: tuple[JobBody, ...] = ()  # the groups that it is in, the outermost first
    is_setup: bool = False

    @cached_property
    def levels(self) -> tuple[JobBody, ...]:
        """The bodies whose keys the job inherits, the nearest last."""
        return (*self.around, self.body)


@dataclass(frozen=True, slots=True)
class Unit:
    """A job or a group of units, which a mode orders. The hook itself is the outermost group."""

    path: Path
    body: JobBody | None  # None: the hook
    mode: HookBody | GroupBody | None  # None: a job
    parts: "tuple[Unit, ...]"
    numbers: tuple[int, ...]  # of its jobs, in the order of the file

    def inside(self) -> "Iterator[Unit]":
        """Yield this group and all groups in it."""
        if self.mode is not None:
            yield self
            for part in self.parts:
                yield from part.inside()


@dataclass(frozen=True, slots=True)
class Flat:
    """A flattened hook."""

    members: tuple[Member, ...]
    names: tuple[str, ...]  # of the members
    labels: tuple[str, ...]  # what people see instead of the name; "": the name
    whole: Unit
    groups: Mapping[str, tuple[int, ...]]  # the jobs of each group that has a name
    number_of: Mapping[str, int]  # each name -> the first member of this name
    snapshots: frozenset[int]  # the members that run in a snapshot

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """Return the jobs that a need on this name refers to; none where the name is unknown."""
        number = self.number_of.get(name)
        return self.groups.get(name, ()) if number is None else (number,)


_EXPORTS = re.compile(r"\A(?:export [A-Za-z_][A-Za-z0-9_]*=.*\n)+(?=.)")  # an `env` of lefthook's becomes such lines


def flatten(path: Path, hook: HookBody) -> Flat:
    """Flatten a hook; `path` is its path in the tree."""
    builder = _Builder()
    for place, setup in enumerate(hook.setup):
        builder.members.append(Member((*path, SETUP, place), _as_job(setup), (), True))
    whole = builder.unit(path, None, hook, (), [(*path, "jobs", place) for place in range(len(hook.jobs))])
    members = tuple(builder.members)
    written, commands = [member.body.name for member in members], [_names_itself(member) for member in members]
    labels = ["" if name else label_of(command) for name, command in zip(written, commands, strict=True)]
    names = tuple(job_names(written, commands))
    number_of = {name: number for number, name in reversed([*enumerate(names)])}
    snapshots = frozenset(number for number, member in enumerate(members) if _is_in_snapshot(member, hook))
    return Flat(members, names, tuple(labels), whole, builder.groups, number_of, snapshots)


def _as_job(setup: SetupBody) -> JobBody:
    return JobBody(run=setup.run, name=setup.name, env=setup.env, root=setup.root, timeout=setup.timeout)


def _names_itself(member: Member) -> str:
    """Return the text from which the name of an unnamed job is derived (C4)."""
    body = member.body
    if member.is_setup:
        return SETUP
    if body.script is not None:
        return body.script
    if body.pre_commit is not None:
        return body.pre_commit
    if isinstance(body.run, str):
        return with_literal_braces(_EXPORTS.sub("", body.run))
    if isinstance(body.run, list):
        return with_literal_braces(" ".join(body.run))
    first = next(iter((body.run or {}).values()), "job")  # on any system: names are the same everywhere
    return with_literal_braces(first if isinstance(first, str) else " ".join(first))


@dataclass(slots=True)
class _Builder:
    members: list[Member] = field(default_factory=list[Member])
    groups: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])

    def unit(
        self,
        path: Path,
        body: JobBody | None,
        mode: HookBody | GroupBody,
        around: tuple[JobBody, ...],
        paths: Sequence[Path],
    ) -> Unit:
        """Return a group; its jobs are appended to the members."""
        parts = tuple(self._part(place, job, around) for place, job in zip(paths, mode.jobs, strict=True))
        unit = Unit(path, body, mode, parts, tuple(number for part in parts for number in part.numbers))
        if body is not None and body.name is not None:
            self.groups.setdefault(body.name, unit.numbers)
        return unit

    def _part(self, path: Path, job: JobBody, around: tuple[JobBody, ...]) -> Unit:
        if job.group is not None:
            inner = (*path, "group", "jobs")
            paths = [(*inner, place) for place in range(len(job.group.jobs))]
            return self.unit(path, job, job.group, (*around, job), paths)
        self.members.append(Member(path, job, around))
        return Unit(path, job, None, (), (len(self.members) - 1,))


# The keys that a job inherits from its groups


def root_of(member: Member) -> str:
    return next((body.root for body in reversed(member.levels) if body.root), "")


def timeout_of(member: Member) -> float | None:
    return next((body.timeout for body in reversed(member.levels) if body.timeout is not None), None)


def is_background(member: Member, hook: HookBody) -> bool:
    return next((body.background for body in reversed(member.levels) if body.background is not None), hook.background)


def around(member: Member, hook: HookBody) -> "list[JobBody | HookBody]":
    """Return the bodies that hand keys down to the job, its own first and the hook's last."""
    return [*reversed(member.levels), hook]


def _is_in_snapshot(member: Member, hook: HookBody) -> bool:
    for body in around(member, hook):
        if body.workspace is not None:
            return body.workspace == SNAPSHOT
    return False


def tags_of(member: Member) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for body in member.levels for tag in body.tags))


def files_of(member: Member, hook: HookBody) -> str | None:
    """Return the command that lists the files of a job."""
    return next((body.files for body in reversed(member.levels) if body.files is not None), hook.files)


def type_rule_of(member: Member) -> TagRule | None:
    """Return the tags that the files of a job must have; None where it asks for none."""
    levels = member.levels[::-1]
    for body in levels:
        if body.types or body.types_or or body.exclude_types:
            break
    else:
        return None
    types = next((body.types for body in levels if body.types), [])
    types_or = next((body.types_or for body in levels if body.types_or), [])
    exclude_types = next((body.exclude_types for body in levels if body.exclude_types), [])
    return TagRule(tuple(types), tuple(types_or), tuple(exclude_types))


def concurrency_of(member: Member, hook: HookBody) -> list[tuple[ConcurrencyBody, bool]]:
    """Return the concurrency groups of a job, each with whether it is shared.

    Jobs that share a group, because it was given to all of them, may run at the same time.
    """
    around: list[HookBody | JobBody] = [hook, *member.around]
    shared = [(body.concurrency, True) for body in around if body.concurrency is not None]
    own = member.body.concurrency
    return shared if own is None else [*shared, (own, False)]


def env_of(member: Member, *outer: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return each variable once, with its last value and at the position of that one."""
    merged: dict[str, str] = {}
    for layer in (*outer, *(body.env for body in member.levels)):
        for variable, value in layer.items():
            merged.pop(variable, None)
            merged[variable] = value
    return tuple(merged.items())
