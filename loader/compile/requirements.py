"""`requires` -> the requirements of the plan, and the jobs that a gate requires (V1, V3).

A push is the one event that has commits which are finished, so `requires` is for `pre-push`. What is required has to
have the same result wherever it runs: in a snapshot, without the data of an event, and so does all that it needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dodo_hooks.core.diagnostics import WARNING, Diagnostic
from dodo_hooks.core.git_hooks import NEW_COMMIT
from dodo_hooks.core.plan import ALL, COMMAND, SNAPSHOT, Hook
from dodo_hooks.core.plan_parts import Requirement
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.loader.compile.flatten import Flat
from dodo_hooks.loader.compile.validation import subject_of_job
from dodo_hooks.loader.read.nodes import Node, Path, key_mark_at, mark_at
from dodo_hooks.loader.schema.job_models import HookBody, JobBody

_GATE = "pre-push"
_KEYS = frozenset(("requires", "wait", "each"))


@dataclass(slots=True)
class _Requirements:
    """The requirements of a file, as they are found."""

    hooks: Mapping[str, Hook]  # those without errors
    flats: Mapping[str, Flat]
    tree: Node
    diagnostics: list[Diagnostic]  # more of them are put in
    found: list[Requirement] = field(default_factory=list[Requirement])
    jobs: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])  # that the tips have to pass
    on_each: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])  # that each commit has to pass

    def read(self, hook: str, path: Path, body: HookBody | JobBody, by: int, subject: str) -> None:
        """Read the `requires` of a hook or a job and the keys beside it."""
        for key in ("wait", "each"):
            if key in body.given and not body.requires:
                message = f'{quote(key)} has no effect without "requires"'
                self.diagnostics.append(Diagnostic(key_mark_at(self.tree, [*path, key]), message, subject))
        if body.requires and hook != _GATE:
            mark = key_mark_at(self.tree, [*path, "requires"])
            message = f'"requires" is for {_GATE}, which has the commits that must have passed'
            self.diagnostics.append(Diagnostic(mark, message, subject, fix=f"move it to {_GATE}"))
            return
        for place, text in enumerate(body.requires):
            its_hook, _, name = text.partition(":")
            message, fix = self._unknown(its_hook, name), ""
            for number in () if message else self.flats[its_hook].numbers_of(name):
                if not message:
                    message, fix = self._why_not(text, its_hook, number, body.each)
                job = self.flats[its_hook].names[number]
                self.found.append(Requirement(its_hook, job, body.wait, body.each, by, self._checks(hook, body, by)))
            mark = mark_at(self.tree, [*path, "requires", place])
            if message:
                self.diagnostics.append(Diagnostic(mark, message, subject, fix=fix))
            elif not body.each and (partial := self._partial(its_hook, name)):
                message = f"{quote(partial)} checks only what one commit changes"
                fix = 'add "each: true", or the push of several commits passes where the last one does'
                self.diagnostics.append(Diagnostic(mark, message, subject, WARNING, fix))

    def _partial(self, hook: str, name: str) -> str:
        """Return the first of these jobs that is about changed files and not about the whole commit; "" for none."""
        numbers = self.flats[hook].numbers_of(name) if hook in self.hooks else ()
        jobs = (self.hooks[hook].jobs[number] for number in numbers)
        return next(
            (job.name for job in jobs if job.selection.files is not None and job.selection.files.source != ALL), ""
        )

    def _checks(self, hook: str, body: HookBody | JobBody, by: int) -> tuple[int, ...]:
        """Return the numbers of the gate's checks that leave the requirement out; those of the hook come first."""
        if hook not in self.hooks:  # it has errors of its own
            return ()
        if by >= 0:
            return self.hooks[hook].jobs[by].selection.checks
        return tuple(range((body.skip is not None) + (body.only is not None)))

    def _unknown(self, hook: str, name: str) -> str:
        """Return why there is no such job that can be required, or ""."""
        if hook not in NEW_COMMIT:
            near = did_you_mean(hook, NEW_COMMIT) if hook not in self.flats else ""
            return f"cannot require a job of {quote(hook)}{near}: a job of {join_or(NEW_COMMIT)} can be required"
        if hook not in self.flats:
            return f"cannot require {quote(name)} of {quote(hook)}: the file has no such hook"
        flat = self.flats[hook]
        if flat.numbers_of(name):
            return ""
        return f"unknown job {quote(name)} of {quote(hook)}{did_you_mean(name, (*flat.names, *flat.groups))}"

    def _why_not(self, text: str, hook: str, number: int, each: bool) -> tuple[str, str]:
        """Note the job and all that it needs; return why it cannot be required, or "", and the fix."""
        if hook not in self.hooks:  # it has errors of its own
            return "", ""
        jobs, waiting = self.hooks[hook].jobs, [number]
        noted = self.on_each if each else self.jobs
        while waiting:
            job = jobs[waiting.pop()]
            if (hook, job.number) in noted:
                continue
            noted.add((hook, job.number))
            waiting += job.order.needs
            who = "it" if job.number == number else f"its need {quote(job.name)}"
            if job.workspace != SNAPSHOT:  # then the job itself: a job in a snapshot needs no other ones
                return f"{quote(text)} cannot be required: it has no snapshot", 'set "workspace: snapshot" on it'
            if job.selection.files is not None and job.selection.files.source == COMMAND:
                why = "has a command for its files, which sees the working tree and not the commit"
                return f"{quote(text)} cannot be required: {who} {why}", 'set "glob" instead'
            if used := "standard input" if job.execution.use_stdin else job.selection.needs_event:
                return f"{quote(text)} cannot be required: {who} uses {used}, which no other event has", ""
        return "", ""


def add_requirements(
    hooks: Sequence[Hook],
    sections: Mapping[str, Mapping[str, HookBody]],
    flats: Mapping[str, Mapping[str, Flat]],
    tree: Node,
    diagnostics: list[Diagnostic],
) -> list[Hook]:
    """Return the hooks with what they require, and with their required jobs marked; put errors into `diagnostics`."""
    fired = {hook.name: hook for hook in hooks if not hook.is_task}
    found = _Requirements(fired, flats["hooks"], tree, diagnostics)
    for section, bodies in sections.items():
        for name, body in bodies.items():
            found.read(name, (section, name), body, -1, f"{section[:-1]} {quote(name)}")
            flat = flats[section][name]
            for number, member in enumerate(flat.members):
                if not _KEYS.isdisjoint(member.body.given):
                    found.read(name, member.path, member.body, number, subject_of_job(flat.names[number]))
    return [hook if hook.is_task else _with_requirements(hook, found) for hook in hooks]


def _with_requirements(hook: Hook, found: _Requirements) -> Hook:
    requires = tuple(found.found) if hook.name == _GATE else ()
    jobs = list(hook.jobs)
    for name, number in found.jobs | found.on_each:
        if name == hook.name:
            job = jobs[number]
            supersedes = job.results.supersedes and (name, number) not in found.on_each  # V6
            results = job.results._replace(is_required=True, supersedes=supersedes)
            jobs[number] = job._replace(results=results)
    return hook._replace(jobs=tuple(jobs), requires=requires)
