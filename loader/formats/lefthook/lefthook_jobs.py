"""The jobs of a lefthook file: `jobs:` with their groups, `commands:` and `scripts:`.

It also reads durations in Go's syntax: `1m30s` (https://pkg.go.dev/time#ParseDuration).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.formats.env import Moving, export_variables, split_env
from dodo_hooks.loader.formats.lefthook.lefthook_files import FileRules, Inherited
from dodo_hooks.loader.formats.skip_only import lefthook_conditions
from dodo_hooks.loader.formats.translation import (
    DiagnosticCollector,
    as_flag,
    as_list,
    as_text,
    each_item,
    fields_of,
    flag,
    is_true,
    subject_of,
    text,
    text_of,
    with_value,
)
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, describe, is_empty, items_of

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_MILLISECONDS = {
    "ns": Fraction(1, 1_000_000),
    "us": Fraction(1, 1000),
    "µs": Fraction(1, 1000),
    "μs": Fraction(1, 1000),
    "ms": Fraction(1),
    "s": Fraction(1000),
    "m": Fraction(60_000),
    "h": Fraction(3_600_000),
}


def our_duration(node: Node) -> Node:
    """Return the same duration with one number and one unit; the models reject a text that is not a duration."""
    if not isinstance(node, Scalar) or re.fullmatch(r"\d+(ms|s|m|h)", node.text):
        return node
    parts = _PART.findall(node.text)
    if not parts or "".join(number + unit for number, unit in parts) != node.text:
        return node
    milliseconds = -(-sum(Fraction(number) * _MILLISECONDS[unit] for number, unit in parts) // 1)
    is_complete = milliseconds % 1000 == 0
    return text(node.mark, f"{milliseconds // 1000}s" if is_complete else f"{milliseconds}ms")


_TEXTS = ("args", "fail_text", "files", "name", "root", "run", "runner", "script", "tags", "timeout")
_FLAGS = ("interactive", "parallel", "piped", "stage_fixed", "use_stdin")
_SAME = ("fail_text", "interactive", "use_stdin", "stage_fixed")
_OF_GROUP = ("env", "exclude", "file_types", "files", "glob", "group", "name", "only", "root", "skip", "tags")
_JOB_KEYS = (*_OF_GROUP, *_SAME, "args", "run", "runner", "script", "timeout")
_COMMAND_KEYS = ("priority", *(key for key in _JOB_KEYS if key not in ("group", "name", "script")))
_GROUP_KEYS = ("jobs", "parallel", "piped", "root")


def has_scripts(body: Node) -> bool:
    """Return whether a translated hook, or a group, contains a script."""
    jobs = body.entry("jobs") if isinstance(body, MapNode) else None
    for job in items_of(jobs.value) if jobs else ():
        if isinstance(job, MapNode):
            group = job.entry("group")
            if job.entry("script") or (group and has_scripts(group.value)):
                return True
    return False


class Jobs:
    """A translator for the jobs of one hook."""

    def __init__(self, diagnostics: DiagnosticCollector, rules: FileRules, hook: str, excluded: Sequence[str]) -> None:
        self._diagnostics, self._rules, self._hook = diagnostics, rules, hook
        self._excluded = excluded  # `exclude_tags:`, which in lefthook may contain names, too
        self._names: set[str] = set()

    def translate(self, fields: dict[str, Entry]) -> Entry | None:
        """Return `jobs:` first, then the commands, then the scripts, in lefthook's order."""
        inherited = Inherited().extend(fields)
        jobs = fields.get("jobs")
        if jobs and not isinstance(jobs.value, ListNode):
            return jobs
        nodes = [self._job(node, inherited) for node in items_of(jobs.value)] if jobs else []
        for key in ("commands", "scripts"):
            nodes += self._named(fields[key], inherited) if key in fields else []
        mark = next((fields[key].mark for key in ("jobs", "commands", "scripts") if key in fields), None)
        return Entry(mark, "jobs", ListNode(mark, tuple(nodes))) if mark else None

    def _named(self, entry: Entry, inherited: Inherited) -> list[Node]:
        """Return the jobs in `commands:` or `scripts:`, in lefthook's order."""
        if not isinstance(entry.value, MapNode):
            found = f"expected a mapping of names to what they run, found {describe(entry.value)}"
            self._diagnostics.error(entry.value.mark, f"{quote(entry.key)}: {found}", f"hook {quote(self._hook)}")
            return []
        jobs: list[Node] = []
        for one in sorted(entry.value.entries, key=_order):
            body = MapNode(one.mark, ()) if is_empty(one.value) else one.value
            if isinstance(body, MapNode):
                kept = self._known(body, _COMMAND_KEYS, entry.key)
                keys = ("name", "script") if entry.key == "scripts" else ("name",)
                title = [Entry(one.mark, key, text(one.mark, one.key)) for key in keys]
                body = self._leaf(replace(kept, entries=(*title, *kept.entries)), inherited)
            jobs.append(body)  # the models reject what is not a mapping
        return jobs

    def _known(self, node: MapNode, keys: Sequence[str], where: str) -> MapNode:
        is_job = where in ("jobs", "commands")
        kept = self._diagnostics.keep_known(node, keys, f'lefthook\'s "{where}"', is_job=is_job)
        return replace(kept, entries=tuple(map(_typed, kept.entries)))

    def _job(self, node: Node, inherited: Inherited) -> Node:
        """Translate an item of `jobs:`."""
        if not isinstance(node, MapNode):
            return node
        known = self._known(node, _JOB_KEYS, "jobs")
        group = fields_of(known).get("group")
        if group and isinstance(group.value, MapNode):
            return self._group(known, group, group.value, inherited)
        return self._leaf(known, inherited)

    def _group(self, node: MapNode, entry: Entry, group: MapNode, inherited: Inherited) -> Node:
        fields, inside = fields_of(node), fields_of(self._known(group, _GROUP_KEYS, "group"))
        for key in fields:
            if key not in _OF_GROUP:
                self._diagnostics.note_ignored(fields[key], "lefthook does not pass it to the jobs of a group")
        env, moving = split_env(fields.get("env"), _is_moving)
        modes = [inside[key] for key in ("parallel", "piped") if is_true(inside.get(key))]
        made = modes or [Entry(entry.mark, "parallel", flag(entry.mark, False))]
        if "jobs" in inside:
            outer = replace(inherited, root=inside.get("root", inherited.root))
            below = replace(outer.extend(fields), variables=_overridden(inherited.variables, fields, moving))
            made.append(each_item(inside["jobs"], lambda item: self._job(item, below)))
        out = [*self._title(fields), *lefthook_conditions(fields, self._diagnostics), *env]
        return replace(node, entries=(*out, with_value(entry, replace(group, entries=tuple(made)))))

    def _leaf(self, node: MapNode, inherited: Inherited) -> Node:
        """Translate a job that runs something."""
        fields = fields_of(node)
        subject = subject_of(fields, self._hook)
        env, own = split_env(fields.get("env"), _is_moving)
        moving = _overridden(inherited.variables, fields, own)
        if "script" in fields and "run" not in fields:
            for one in moving:
                why = f"{quote(one.name)}: placeholders in a variable of a script are not replaced"
                self._diagnostics.refuse(node.mark, one.mark, why, "set it in the script")
        out = [*self._title(fields), *self._command(fields, node.mark, subject)]
        if self._hook != "pre-commit" and "stage_fixed" in fields:
            self._diagnostics.note_ignored(fields.pop("stage_fixed"), "lefthook stages fixes in pre-commit alone")
        out += [fields[key] for key in _SAME if key in fields]
        out += lefthook_conditions(fields, self._diagnostics)
        out += [with_value(fields["timeout"], our_duration(fields["timeout"].value))] if "timeout" in fields else []
        out += [*self._rules.of_job(fields, inherited.extend(fields), self._hook, subject), *env]
        return export_variables(replace(node, entries=tuple(out)), moving, expands=True)

    def _title(self, fields: dict[str, Entry]) -> list[Entry]:
        """Return the name, which is made unique in the hook, and the tags."""
        name = fields.get("name")
        out = [self._unique(name, name.value)] if name and isinstance(name.value, Scalar) else []
        tags = [as_list(fields["tags"])] if "tags" in fields else []
        if name and isinstance(name.value, Scalar) and name.value.text in self._excluded:
            as_tag = text(name.value.mark, name.value.text)
            others = items_of(tags[0].value) if tags else ()
            tags = [Entry(name.mark, "tags", ListNode(name.mark, (*others, as_tag)))]
        return [*out, *tags]

    def _unique(self, entry: Entry, written: Scalar) -> Entry:
        wanted = re.sub("[@=]", "-", written.text).lstrip("-") or "job"
        name, count = wanted, 1
        while name in self._names:
            count += 1
            name = f"{wanted} {count}"
        self._names.add(name)
        if name == written.value:
            return entry
        why = "is taken" if wanted == written.text and count > 1 else "cannot be a name here"
        if name != written.text:
            self._diagnostics.note(written.mark, f"{quote(written.text)} {why}: the job is named {quote(name)}")
        return with_value(entry, text(written.mark, name))

    def _command(self, fields: dict[str, Entry], job: Location, subject: str) -> list[Entry]:
        run, script, args = fields.get("run"), fields.get("script"), fields.get("args")
        if run and not isinstance(run.value, Scalar):
            self._diagnostics.error(
                run.value.mark, f'"run": lefthook takes one text, found {describe(run.value)}', subject
            )
            return [run]
        for one in (run, fields.get("runner"), args):
            if one and "{cmd}" in text_of(one):
                why = "{cmd} stands for the overridden command, and there is none"
                self._diagnostics.refuse(job, one.value.mark, why, "write it out")
        runner = fields.get("runner")
        if runner and not script:
            self._diagnostics.note_ignored(runner, "it needs a script")
        if run and args and not script:
            return [with_value(run, text(run.value.mark, f"{text_of(run).rstrip()} {text_of(args)}"))]
        return [one for one in (run, script, runner if script else None, args if script else None) if one]


def _typed(entry: Entry) -> Entry:
    if entry.key in _TEXTS:
        return with_value(entry, as_text(entry.value))
    return with_value(entry, as_flag(entry.value)) if entry.key in _FLAGS else entry


def _overridden(outer: Sequence[Moving], fields: dict[str, Entry], own: Sequence[Moving]) -> tuple[Moving, ...]:
    """Return the inherited variables that the `env:` here does not override, then its own."""
    env = fields["env"].value if "env" in fields else None
    names = [one.key for one in env.entries] if isinstance(env, MapNode) else []
    return (*(one for one in outer if one.name not in names), *own)


def _is_moving(value: str) -> bool:
    return "$" in value


def _order(entry: Entry) -> tuple[bool, int, bool, int, str]:
    """Return the sort key of a command: priority (none is last), then the number at the start of its name, its name."""
    fields = fields_of(entry.value) if isinstance(entry.value, MapNode) else {}
    priority = fields["priority"].value if "priority" in fields else None
    rank = priority.value if isinstance(priority, Scalar) and isinstance(priority.value, int) else 0
    digits = re.match(r"\d{1,18}", entry.key)
    return (rank == 0, int(rank), digits is None, int(digits[0]) if digits else 0, entry.key)
