"""The jobs of a daft file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.core.file_sets import BEFORE_A_COMMIT, STAGING
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.formats.env import export_variables, split_env, with_line
from dodo_hooks.loader.formats.patterns import GlobRules, pattern_node
from dodo_hooks.loader.formats.skip_only import daft_conditions
from dodo_hooks.loader.formats.translation import (
    DiagnosticCollector,
    as_list,
    each_item,
    fields_of,
    subject_of,
    text,
    text_of,
    with_items,
    with_value,
)
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, describe, items_of

_SAME = (
    "description",
    "needs",
    "background",
    "background_output",
    "fail_text",
    "interactive",
    "priority",
    "arch",
    "use_stdin",
    "stage_fixed",
)
_LOG_KEYS = ("max_log_size", "retention")
_LOG_NOT_DONE = {
    "keep_last": ("it is a key of all jobs together", 'set it in the "log" of the file'),
    "max_total_size": ("it is a key of all jobs together", 'set it in the "log" of the file'),
    "stale_running_after": ("a dead run is detected by its lock, not by its age", ""),
}
_FILE_KEYS = ("glob", "exclude", "file_types", "files")
_JOB_KEYS = (
    *_SAME,
    *_FILE_KEYS,
    "log",
    "args",
    "env",
    "group",
    "name",
    "only",
    "os",
    "root",
    "run",
    "runner",
    "script",
    "skip",
    "tags",
    "tracks",
)
_COMMAND_KEYS = tuple(key for key in _JOB_KEYS if key not in ("group", "name"))
_GROUP_KEYS = ("jobs", "parallel", "piped")
_SYSTEMS = ("linux", "macos", "windows")

_FILE_LIST = re.compile(r"\{(files|changed_files|staged_files|push_files|all_files)\}")
_OWN_LIST = re.compile(r"\{(?:changed_)?files\}")
_COMMIT_HOOKS = (*BEFORE_A_COMMIT, "applypatch-msg", "pre-applypatch")

# Of daft's placeholders those that have no value here. Without one daft leaves the text as it is.
_ONLY_IN_MOVES = re.compile(r"\{(old_branch|old_worktree_path|commit)\}")
_WITHOUT_VALUE = re.compile(r"\{(worktree_slug|merge_source_path|merge_target_path)\}")
_IN_ENV = re.compile(
    r"\{(branch|worktree_(path|root|branch)|source_worktree|git_dir|remote|job_name|base_branch|repository_url|default_branch)\}"
)


@dataclass(frozen=True, slots=True)
class Body:
    """The hook, or the task, of some jobs."""

    name: str
    source_dir: str
    files: Entry | None
    exclude: Entry | None

    @property
    def own_list(self) -> str:
        """The list that `{files}` stands for in this hook."""
        if self.name in _COMMIT_HOOKS:
            return "{staged_files}"
        return "{push_files}" if self.name == "pre-push" else "{changed_files}"


class Jobs:
    """A translator for the jobs of one hook."""

    def __init__(self, diagnostics: DiagnosticCollector, body: Body) -> None:
        self._diagnostics, self._body = diagnostics, body

    def translate(self, fields: dict[str, Entry]) -> list[Entry]:
        """Return `jobs:`, followed by the jobs of the older `commands:`."""
        jobs, commands = fields.get("jobs"), fields.get("commands")
        if jobs and not isinstance(jobs.value, ListNode):
            return [jobs]
        nodes = [self._job(node) for node in items_of(jobs.value)] if jobs else []
        if commands and not isinstance(commands.value, MapNode):
            found = f"expected a mapping of names to what they run, found {describe(commands.value)}"
            self._diagnostics.error(commands.value.mark, f'"commands": {found}', f"hook {quote(self._body.name)}")
        elif commands and isinstance(commands.value, MapNode):
            nodes += [self._command(one) for one in commands.value.entries]
        first = jobs or commands
        return [Entry(first.mark, "jobs", ListNode(first.mark, tuple(nodes)))] if first else []

    def _command(self, entry: Entry) -> Node:
        if not isinstance(entry.value, MapNode):
            return entry.value
        kept = self._diagnostics.keep_known(entry.value, _COMMAND_KEYS, 'daft\'s "commands"', is_job=True)
        name = Entry(entry.mark, "name", text(entry.mark, entry.key))
        return self._leaf(replace(kept, entries=(name, *kept.entries)))

    def _job(self, node: Node) -> Node:
        if not isinstance(node, MapNode):
            return node
        known = self._diagnostics.keep_known(node, _JOB_KEYS, 'daft\'s "jobs"', is_job=True)
        group = fields_of(known).get("group")
        if group and isinstance(group.value, MapNode):
            return self._group(known, group, group.value)
        return self._leaf(known)

    def _group(self, node: MapNode, entry: Entry, group: MapNode) -> Node:
        inside = fields_of(self._diagnostics.keep_known(group, _GROUP_KEYS, 'daft\'s "group"'))
        made = [inside[key] for key in ("parallel", "piped") if key in inside]
        made += [each_item(inside["jobs"], self._job)] if "jobs" in inside else []
        for one in split_env(fields_of(node).get("env"), _is_moving)[1]:
            self._diagnostics.note(one.mark, f"{quote(one.name)} is ignored: its placeholder has no value in a group")
        leaf = self._leaf(replace(node, entries=tuple(one for one in node.entries if one is not entry)))
        return replace(leaf, entries=(*leaf.entries, with_value(entry, replace(group, entries=tuple(made)))))

    def _leaf(self, node: MapNode) -> MapNode:
        """Translate a job that runs something, or a group without its jobs."""
        fields = fields_of(node)
        subject = subject_of(fields, self._body.name)
        if "tracks" in fields:
            self._diagnostics.note_ignored(fields["tracks"], "jobs do not run again after a working tree was moved")
        env, moving = split_env(fields.get("env"), _is_moving)
        command = self._run(fields, subject)
        is_about_files = _is_about_files(fields, command)
        if "stage_fixed" in fields and self._body.name not in STAGING:
            self._diagnostics.note_ignored(fields.pop("stage_fixed"), f"nothing to stage in {quote(self._body.name)}")
        out = [fields[key] for key in ("name", *_SAME) if key in fields]
        out += [translate_log(fields["log"], _LOG_KEYS, self._diagnostics)] if "log" in fields else []
        out += [as_list(fields["tags"])] if "tags" in fields else []
        out += daft_conditions(fields, self._diagnostics)
        out += [self._with_own_list(one, fields) for one in command]
        out += self._files(fields, subject) if is_about_files else []
        root = fields.get("root")
        enters = root is not None and command and (is_about_files or "{" in text_of(root))
        out += [root] if root and not enters else []
        job = export_variables(replace(node, entries=(*out, *env)), moving, expands=False)
        for entry in (root, fields.get("env"), *command):
            self._check_placeholders(entry.value if entry else None, node.mark)
        return with_line(job, f'cd "{text_of(root)}" || exit') if enters else job

    def _run(self, fields: dict[str, Entry], subject: str) -> list[Entry]:
        """Return the command of the job; a script becomes the command that daft runs for it."""
        run, script, only_on = fields.get("run"), fields.get("script"), fields.get("os")
        if script and not run and isinstance(script.value, Scalar):
            words = [
                text_of(fields.get("runner")),
                f"{self._body.source_dir}/{text_of(script)}",
                text_of(fields.get("args")),
            ]
            run = Entry(script.mark, "run", text(script.value.mark, " ".join(word for word in words if word)))
            script = None
        if run and only_on:
            run = self._on_systems(run, only_on, subject)
        elif only_on:
            self._diagnostics.error(only_on.mark, '"os" needs a job with a command', subject)
        return [one for one in (run, script) if one]

    def _on_systems(self, run: Entry, only_on: Entry, subject: str) -> Entry:
        """Turn `os:`, which older versions of daft had, into keys of `run:`."""
        systems = [item.text for item in items_of(only_on.value) if isinstance(item, Scalar)]
        if isinstance(run.value, MapNode):
            return with_value(
                run, replace(run.value, entries=tuple(one for one in run.value.entries if one.key in systems))
            )
        for item in items_of(only_on.value):
            if not isinstance(item, Scalar) or item.text not in _SYSTEMS:
                self._diagnostics.error(
                    item.mark, f'"os": expected linux, macos or windows, found {describe(item)}', subject
                )
        entries = tuple(Entry(only_on.mark, name, run.value) for name in systems)
        return with_value(run, MapNode(run.value.mark, entries))

    def _with_own_list(self, run: Entry, fields: dict[str, Entry]) -> Entry:
        """Replace `{files}` and `{changed_files}`, which are the same in daft: the list of the hook, or of `files:`."""
        has_command = "files" in fields or self._body.files is not None
        return with_value(run, _replaced(run.value, "{files}" if has_command else self._body.own_list))

    def _files(self, fields: dict[str, Entry], subject: str) -> list[Entry]:
        made = []
        for key in _FILE_KEYS:
            of_job, of_hook = fields.get(key), {"files": self._body.files, "exclude": self._body.exclude}.get(key)
            if key in ("files", "file_types") and (of_job or of_hook):
                made.append(of_job or of_hook)
            elif key in ("glob", "exclude"):
                made.append(self._patterns([one for one in (of_job, of_hook) if one], subject))
        return [one for one in made if one]

    def _patterns(self, written: list[Entry], subject: str) -> Entry | None:
        nodes: list[Node] = []
        for entry in written:
            for node in items_of(entry.value):
                try:
                    nodes.append(pattern_node(node, GlobRules()))
                except ValueError as error:
                    self._diagnostics.reject(node.mark, entry.key, error, subject)
        return with_items(written[0], nodes) if nodes else None

    def _check_placeholders(self, node: Node | None, job: Location) -> None:
        for scalar in _scalars(node):
            for match in _WITHOUT_VALUE.finditer(scalar.text):
                message = f"{match[0]} has no value here"
                self._diagnostics.refuse(job, scalar.mark, message, "compute it in the command")
            for match in _ONLY_IN_MOVES.finditer(scalar.text):
                self._diagnostics.note(scalar.mark, f"{quote(match[0])} has no value here and stays unchanged")


def translate_log(entry: Entry, keys: Sequence[str], diagnostics: DiagnosticCollector) -> Entry:
    """Return the `log` of a file or a job, of which these keys are kept."""
    if not isinstance(entry.value, MapNode):
        return entry
    kept = []
    for one in entry.value.entries:
        if one.key in keys:
            kept.append(one)
        elif one.key in _LOG_NOT_DONE:
            diagnostics.note_ignored(one, *_LOG_NOT_DONE[one.key])
        else:
            diagnostics.note_unknown(one, (*keys, *_LOG_NOT_DONE), 'daft\'s "log"')
    return with_value(entry, replace(entry.value, entries=tuple(kept)))


def _is_moving(value: str) -> bool:
    return _IN_ENV.search(value) is not None


def _is_about_files(fields: dict[str, Entry], command: list[Entry]) -> bool:
    """Return whether the job is about files; only then does daft apply the patterns of the hook, too."""
    return any(key in fields for key in _FILE_KEYS) or any(
        _FILE_LIST.search(scalar.text) for one in command for scalar in _scalars(one.value)
    )


def _replaced(run: Node, own_list: str) -> Node:
    if isinstance(run, MapNode):
        return replace(run, entries=tuple(with_value(one, _replaced(one.value, own_list)) for one in run.entries))
    if isinstance(run, ListNode):
        return replace(run, items=tuple(_replaced(item, own_list) for item in run.items))
    if not isinstance(run.value, str) or not _OWN_LIST.search(run.value):
        return run
    return text(run.mark, _OWN_LIST.sub(own_list, run.value))


def _scalars(node: Node | None) -> list[Scalar]:
    if isinstance(node, MapNode):
        return [scalar for one in node.entries for scalar in _scalars(one.value)]
    if isinstance(node, ListNode):
        return [scalar for item in node.items for scalar in _scalars(item)]
    return [node] if node else []
