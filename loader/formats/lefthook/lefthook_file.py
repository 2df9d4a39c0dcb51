"""The translation of lefthook.yml: the file and its hooks. `lefthook_jobs.py` has the jobs, docs/lefthook.md the guide.

The facts are from lefthook's own documentation (docs/configuration), and its source where that is silent. Keys of
version 1 that version 2 no longer has are read as in version 1.
"""

import re
from dataclasses import replace

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.core.git_hooks import CLIENT_HOOKS, SERVER_HOOKS
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.formats.lefthook.lefthook_files import FileRules
from dodo_hooks.loader.formats.lefthook.lefthook_jobs import Jobs, has_scripts
from dodo_hooks.loader.formats.skip_only import lefthook_conditions
from dodo_hooks.loader.formats.translation import (
    DiagnosticCollector,
    Translation,
    as_flag,
    as_list,
    as_text,
    changes_entry,
    fields_of,
    flag,
    is_true,
    text,
    text_of,
    with_value,
)
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, describe, is_empty, items_of

_SAME = ("rc", "source_dir", "source_dir_local")
# Settings of lefthook itself, for its installation and updates, and keys that are resolved before.
_OWN = (
    "$schema",
    "assert_lefthook_installed",
    "extends",
    "glob_matcher",
    "lefthook",
    "min_version",
    "no_auto_install",
    "skip_lfs",
)
_NOT_DONE = {
    "ai": "no settings of other programs are written; its jobs can be run as a task",
    "install_non_git_hooks": "a hook that git does not fire is a task here",
    "no_tty": "terminals are detected automatically",
}
_ALWAYS_ON = {
    "fail_on_changes_diff": "the diff is always shown",
    "stash_unstaged_changes": "unstaged changes are hidden whenever jobs change files",
}
_REMOTES = ("remote", "remotes")
_TOP_KEYS = (*_SAME, *_OWN, *_NOT_DONE, *_REMOTES, "colors", "output", "skip_output", "templates")

_HOOK_KEYS = (
    "commands",
    "exclude",
    "exclude_tags",
    "fail_on_changes",
    "fail_on_changes_diff",
    "files",
    "follow",
    "jobs",
    "only",
    "parallel",
    "piped",
    "scripts",
    "setup",
    "skip",
    "stash_unstaged_changes",
)

# Words of `output:`, and ours for them.
_OUTPUT = {
    "execution": "execution",
    "execution_out": "execution",
    "execution_output": "execution",
    "execution_info": "",
    "empty_summary": "",
    "failure": "failure",
    "meta": "",
    "setup": "",
    "skips": "skips",
    "success": "summary",
    "summary": "summary",
}


def translate(root: MapNode) -> Translation:
    """Translate a lefthook file to our format."""
    return _File(root).translate()


class _File:
    def __init__(self, root: MapNode) -> None:
        self._root = root
        self._fields = fields_of(root)
        self._diagnostics = DiagnosticCollector()
        self._rules = FileRules(
            self._diagnostics,
            is_doublestar=text_of(self._fields.get("glob_matcher")) == "doublestar",
            is_version_2=_is_version_2(self._fields),
        )

    def translate(self) -> Translation:
        entries: list[Entry] = []
        hooks: list[Entry] = []
        tasks: list[Entry] = []
        for entry in self._root.entries:
            if entry.key in _TOP_KEYS:
                entries += self._setting(entry) if entry.key in self._fields else []
            elif entry.key in CLIENT_HOOKS:
                hooks.append(with_value(entry, self._hook(entry, is_task=False)))
            elif entry.key in SERVER_HOOKS:
                self._diagnostics.note_ignored(entry, "only client-side hooks of git are run")
            elif isinstance(entry.value, MapNode) and any(
                entry.value.entry(key) for key in ("commands", "jobs", "scripts")
            ):
                self._note_if_misspelt(entry)
                tasks.append(with_value(entry, self._hook(entry, is_task=True)))
            elif entry.key.startswith("x-"):
                continue  # only holds anchors for aliases
            elif entry.key in _HOOK_KEYS:
                self._diagnostics.note_ignored(entry, "it is a key of hooks", "move it below the name of a hook")
            else:
                self._diagnostics.note_unknown(entry, (*CLIENT_HOOKS, *_TOP_KEYS), "lefthook")
        mark = self._root.mark
        entries += self._default_folders(mark, hooks + tasks)
        for key, bodies in (("hooks", hooks), ("tasks", tasks)):
            if bodies:
                entries.append(Entry(bodies[0].mark, key, MapNode(bodies[0].mark, tuple(bodies))))
        return self._diagnostics.translation(MapNode(mark, tuple(entries)))

    def _note_if_misspelt(self, entry: Entry) -> None:
        """Note a name that may be a misspelt hook.

        lefthook accepts any name for a hook that is run manually, so a misspelt gate would go unnoticed.
        """
        near = did_you_mean(entry.key, CLIENT_HOOKS)
        if near:
            self._diagnostics.note(entry.mark, f"{quote(entry.key)} is not a git hook and runs only as a task{near}")

    def _default_folders(self, mark: Location, bodies: list[Entry]) -> list[Entry]:
        if not any(has_scripts(body.value) for body in bodies):
            return []
        defaults = {"source_dir": ".lefthook", "source_dir_local": ".lefthook-local"}
        return [Entry(mark, key, text(mark, value)) for key, value in defaults.items() if key not in self._fields]

    def _setting(self, entry: Entry) -> list[Entry]:
        if entry.key in _SAME:
            return [entry]
        if entry.key == "glob_matcher" and text_of(entry) not in ("gobwas", "doublestar"):
            self._diagnostics.note_ignored(entry, "expected gobwas or doublestar")
        if entry.key in _OWN:
            return []
        if entry.key in _NOT_DONE:
            if not _is_false(entry.value):
                self._diagnostics.note_ignored(entry, _NOT_DONE[entry.key])
            return []
        if entry.key in _REMOTES:
            if entry.value != ListNode(entry.value.mark, ()):
                why = "remotes are not fetched, and their hooks do not run"
                self._diagnostics.warn(entry.mark, f"{quote(entry.key)} is not checked here: {why}")
            return []
        if entry.key == "colors":
            return self._colors(entry)
        return [_templates(entry)] if entry.key == "templates" else self._output(entry)

    def _colors(self, entry: Entry) -> list[Entry]:
        if isinstance(entry.value, MapNode):
            self._diagnostics.note_ignored(entry, "the colors themselves cannot be configured")
            return []
        word = text_of(entry)
        if word in ("on", "off"):
            return [with_value(entry, flag(entry.value.mark, word == "on"))]
        return [] if word == "auto" else [entry]

    def _output(self, entry: Entry) -> list[Entry]:
        """Translate `output:`, which lists what is shown, or the older `skip_output:`, which lists what is hidden."""
        is_skip = entry.key == "skip_output"
        if is_skip and "output" in self._fields:
            self._diagnostics.note_ignored(entry, '"output" takes precedence')
            return []
        if isinstance(entry.value, Scalar) and isinstance(entry.value.value, bool):
            return [Entry(entry.mark, "output", flag(entry.value.mark, entry.value.value is not is_skip))]
        if not isinstance(entry.value, ListNode):
            return [replace(entry, key="output")]
        words: list[Scalar] = []
        for item in entry.value.items:
            if not isinstance(item, Scalar) or item.text not in _OUTPUT:
                self._diagnostics.note(item.mark, f"{describe(item)} is ignored: {quote(entry.key)} has no such value")
            elif _OUTPUT[item.text] and _OUTPUT[item.text] not in [word.text for word in words]:
                words.append(text(item.mark, _OUTPUT[item.text]))
        if is_skip:
            skipped = [item.text for item in entry.value.items if isinstance(item, Scalar)]
            remaining = [word for word in ("execution", "summary", "failure", "skips") if word not in skipped]
            words = [text(entry.value.mark, word) for word in remaining]
        return [Entry(entry.mark, "output", ListNode(entry.value.mark, tuple(words)))]

    def _hook(self, entry: Entry, *, is_task: bool) -> Node:
        if not isinstance(entry.value, MapNode):
            return entry.value
        subject = f"{'task' if is_task else 'hook'} {quote(entry.key)}"
        known = self._diagnostics.keep_known(entry.value, _HOOK_KEYS, f"lefthook's hooks, in {subject}")
        fields = {key: _typed(one) for key, one in fields_of(known).items()}
        out = [*_modes(entry.mark, fields, self._diagnostics)]
        out += lefthook_conditions(fields, self._diagnostics)
        out += [as_list(fields["exclude_tags"])] if "exclude_tags" in fields else []
        out += [as_list(fields["setup"])] if "setup" in fields else []
        out += changes_entry(fields.get("fail_on_changes"), subject, self._diagnostics)
        self._note_unsupported(fields)
        jobs = Jobs(self._diagnostics, self._rules, entry.key, _words(fields.get("exclude_tags"))).translate(fields)
        return MapNode(entry.value.mark, (*out, *([jobs] if jobs else [])))

    def _note_unsupported(self, fields: dict[str, Entry]) -> None:
        for key, why in _ALWAYS_ON.items():
            if key in fields and not is_true(fields[key]):
                self._diagnostics.note_ignored(fields[key], why)


def _is_version_2(fields: dict[str, Entry]) -> bool:
    """Return whether the file asks for lefthook 2: it names that version, or uses a key that came with it."""
    return "glob_matcher" in fields or re.match(r"v?([2-9]|\d\d)", text_of(fields.get("min_version"))) is not None


def _is_false(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is False


def _templates(entry: Entry) -> Entry:
    """Return templates as texts: one without a value is empty, and a number is kept as it is written."""
    if not isinstance(entry.value, MapNode):
        return entry
    filled = [
        with_value(one, text(one.value.mark, "") if is_empty(one.value) else as_text(one.value))
        for one in entry.value.entries
    ]
    return with_value(entry, MapNode(entry.value.mark, tuple(filled)))


def _modes(mark: Location, fields: dict[str, Entry], diagnostics: DiagnosticCollector) -> list[Entry]:
    """Return the modes of a hook.

    Jobs run one by one unless the hook says otherwise. lefthook's `follow` is about output and not about order.
    """
    follow, parallel, piped = fields.get("follow"), fields.get("parallel"), fields.get("piped")
    if is_true(follow) and is_true(parallel) and follow:
        diagnostics.note_ignored(follow, "the output of parallel jobs is shown one job after the other")
    parallel = parallel or Entry(mark, "parallel", flag(mark, False))
    pipes = [piped] if piped and not _is_false(piped.value) else []
    return pipes if pipes and _is_false(parallel.value) else [parallel, *pipes]


def _typed(entry: Entry) -> Entry:
    if entry.key in ("parallel", "piped", "follow"):
        return with_value(entry, as_flag(entry.value))
    return with_value(entry, as_text(entry.value)) if entry.key in ("exclude_tags", "files") else entry


def _words(entry: Entry | None) -> list[str]:
    return [item.text for item in items_of(entry.value) if isinstance(item, Scalar)] if entry else []
