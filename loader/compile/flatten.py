"""A hook's jobs and groups as one list of jobs, each with what its groups give it (C5).

A group is no job: it disappears in the graph. What is left of it is who belongs to it, for a need on its name and for
the order inside it, and what its jobs take from it. The nearest word counts for what can be said once (root, glob,
files, background, timeout); what can be said together is said together (exclude, tags, needs, variables, conditions).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dodo_hooks.core.names import job_names, label_of
from dodo_hooks.loader.read.nodes import Path
from dodo_hooks.loader.schema.models import ConcurrencyBody, GroupBody, HookBody, JobBody, SetupBody

SETUP = "setup"  # what an unnamed command before all jobs is called


@dataclass(frozen=True, slots=True)
class Member:
    """A job of the flattened hook."""

    path: Path  # where it stands in the tree
    body: JobBody
    around: tuple[JobBody, ...] = ()  # the groups that it is in, the outermost first
    is_setup: bool = False

    @property
    def levels(self) -> tuple[JobBody, ...]:
        """Whose words count for it, the nearest last."""
        return (*self.around, self.body)


@dataclass(frozen=True, slots=True)
class Unit:
    """What a mode puts in order: a job, or a group of units. The hook itself is the outermost group."""

    path: Path
    body: JobBody | None  # None: the hook
    mode: HookBody | GroupBody | None  # None: a job
    parts: "tuple[Unit, ...]"
    numbers: tuple[int, ...]  # of its jobs, in the order of the file

    def inside(self) -> "Iterator[Unit]":
        """This group and the groups in it."""
        if self.mode is not None:
            yield self
            for part in self.parts:
                yield from part.inside()


@dataclass(frozen=True, slots=True)
class Flat:
    """A hook, flattened."""

    members: tuple[Member, ...]
    names: tuple[str, ...]  # of the members
    labels: tuple[str, ...]  # what people see instead of the name; "": the name
    whole: Unit
    groups: Mapping[str, tuple[int, ...]]  # the jobs of each group that has a name

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """The jobs that a need on this name is about; none where nobody is called so."""
        if name in self.names:
            return (self.names.index(name),)
        return self.groups.get(name, ())


_EXPORTS = re.compile(r"\A(?:export [A-Za-z_][A-Za-z0-9_]*=.*\n)+(?=.)")  # an `env` of lefthook's becomes such lines


def flatten(path: Path, hook: HookBody) -> Flat:
    """`path`: where the hook stands in the tree."""
    builder = _Builder()
    for place, setup in enumerate(hook.setup):
        builder.members.append(Member((*path, SETUP, place), _as_job(setup), (), True))
    whole = builder.unit(path, None, hook, (), [(*path, "jobs", place) for place in range(len(hook.jobs))])
    members = tuple(builder.members)
    written, commands = [member.body.name for member in members], [_names_itself(member) for member in members]
    labels = ["" if name else label_of(command) for name, command in zip(written, commands, strict=True)]
    return Flat(members, tuple(job_names(written, commands)), tuple(labels), whole, builder.groups)


def _as_job(setup: SetupBody) -> JobBody:
    return JobBody.model_construct(
        run=setup.run, name=setup.name, env=setup.env, root=setup.root, timeout=setup.timeout
    )


def _names_itself(member: Member) -> str:
    """What an unnamed job is called after (C4)."""
    body = member.body
    if member.is_setup:
        return SETUP
    if body.script is not None:
        return body.script
    if isinstance(body.run, str):
        return _EXPORTS.sub("", body.run)
    if isinstance(body.run, list):
        return " ".join(body.run)
    first = next(iter((body.run or {}).values()), "job")  # whatever system this is: names are the same everywhere
    return first if isinstance(first, str) else " ".join(first)


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
        """A group, with its jobs appended to the members."""
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


# What a job takes from the groups around it


def root_of(member: Member) -> str:
    return next((body.root for body in reversed(member.levels) if body.root), "")


def timeout_of(member: Member) -> float | None:
    return next((body.timeout for body in reversed(member.levels) if body.timeout is not None), None)


def is_background(member: Member, hook: HookBody) -> bool:
    return next((body.background for body in reversed(member.levels) if body.background is not None), hook.background)


def tags_of(member: Member) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for body in member.levels for tag in body.tags))


def files_of(member: Member, hook: HookBody) -> str | None:
    """The command that lists its files."""
    return next((body.files for body in reversed(member.levels) if body.files is not None), hook.files)


def concurrency_of(member: Member, hook: HookBody) -> list[tuple[ConcurrencyBody, bool]]:
    """Its concurrency groups, and whether the jobs that have one in common may run at once: they do not keep out each
    other where the group was given to all of them."""
    around: list[HookBody | JobBody] = [hook, *member.around]
    shared = [(body.concurrency, True) for body in around if body.concurrency is not None]
    own = member.body.concurrency
    return shared if own is None else [*shared, (own, False)]


def env_of(member: Member, *outer: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Each variable once, with its last value and at that one's place."""
    merged: dict[str, str] = {}
    for layer in (*outer, *(body.env for body in member.levels)):
        for variable, value in layer.items():
            merged.pop(variable, None)
            merged[variable] = value
    return tuple(merged.items())
