"""The translation of daft.yml: the file, its hooks and its tasks. `daft_jobs.py` has the jobs, docs/daft.md the guide.

The facts are from daft's own documentation (docs/hooks), and its source where that is silent. Our schema grew from its
schema, so most of a file stays as it is.
"""

from dodo_hooks.core.git_hooks import CLIENT_HOOKS, is_gate, known_hooks
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.formats.daft.daft_jobs import Body, Jobs, translate_log
from dodo_hooks.loader.formats.skip_only import daft_conditions
from dodo_hooks.loader.formats.translation import (
    DiagnosticCollector,
    Translation,
    as_list,
    changes_entry,
    fields_of,
    is_true,
    text,
    text_of,
    with_value,
)
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node

_SAME = ("colors", "rc", "templates")
# Resolved before (extends), about the tool itself, or used up in the translation of scripts.
_OWN = ("extends", "min_version", "skip_lfs", "source_dir", "source_dir_local")
_NOT_DONE = {
    "copy": ("nothing is copied into a new working tree", "use a job of worktree-post-create"),
    "env": ("jobs get no values that are derived for each working tree",),
    "layout": ("hook files do not configure where working trees are",),
    "merge": ("hook files do not configure merges of branches",),
    "no_tty": ("terminals are detected automatically",),
    "relations": ("hook files do not configure other repositories",),
    "shared": ("no files are shared among working trees", "use a job of worktree-post-create"),
}
_TOP_KEYS = (*_SAME, *_OWN, *_NOT_DONE, "hooks", "log", "output", "tasks")
_LOG_KEYS = ("keep_last", "max_log_size", "max_total_size", "retention")

_HOOK_SAME = ("background", "follow", "parallel", "piped")
_HOOK_KEYS = (
    *_HOOK_SAME,
    "commands",
    "exclude",
    "exclude_tags",
    "fail_mode",
    "fail_on_changes",
    "files",
    "jobs",
    "only",
    "setup",
    "skip",
)

_RENAMED_HOOKS = {"git-post-merge": "post-merge"}
# Hooks that daft itself fires, in its own commands.
_FIRED_BY_DAFT = {
    "post-init": "only daft fires it",
    "post-merge": 'in a daft.yml this is the hook of "daft merge"; that of git is "git-post-merge" there',
    "pre-merge": 'only "daft merge" fires it',
    "worktree-post-remove": "nothing fires it here",
    "worktree-pre-create": "git fires nothing before it makes a working tree",
    "worktree-pre-remove": "nothing fires it here",
}
_ABORTS = ("worktree-post-create",)  # fails its command although it is no gate of git's


def translate(root: MapNode) -> Translation:
    """Translate a daft file to our format."""
    return _File(root).translate()


class _File:
    def __init__(self, root: MapNode) -> None:
        self._root = root
        self._fields = fields_of(root)
        self._diagnostics = DiagnosticCollector()
        self._source_dir = text_of(self._fields.get("source_dir")).rstrip("/") or ".daft"

    def translate(self) -> Translation:
        entries: list[Entry] = []
        for entry in self._root.entries:
            if entry.key.startswith("x-"):
                continue  # only holds anchors for aliases
            if entry.key not in _TOP_KEYS:
                self._diagnostics.note_unknown(entry, _TOP_KEYS, "daft")
            elif entry.key in self._fields:
                entries += self._setting(entry)
        return self._diagnostics.translation(MapNode(self._root.mark, tuple(entries)))

    def _setting(self, entry: Entry) -> list[Entry]:
        if entry.key in _SAME:
            return [entry]
        if entry.key in ("hooks", "tasks"):
            return [with_value(entry, self._bodies(entry.value, is_task=entry.key == "tasks"))]
        if entry.key == "log":
            return [translate_log(entry, _LOG_KEYS, self._diagnostics)]
        if entry.key in _NOT_DONE:
            if not (entry.key == "no_tty" and not is_true(entry)):
                self._diagnostics.note_ignored(entry, *_NOT_DONE[entry.key])
        elif entry.key == "output":
            if not isinstance(entry.value, ListNode):
                return [entry]
            self._diagnostics.note_ignored(entry, "the output cannot be configured for a single hook")
        return []

    def _bodies(self, node: Node, *, is_task: bool) -> Node:
        if not isinstance(node, MapNode):
            return node
        kept = []
        for entry in node.entries:
            name = entry.key if is_task else self._hook_name(entry)
            if name is not None:
                kept.append(Entry(entry.mark, name, self._body(entry, name, is_task=is_task)))
        return MapNode(node.mark, tuple(kept))

    def _hook_name(self, entry: Entry) -> str | None:
        """Return the name of the hook here; None if it never fires here."""
        name = _RENAMED_HOOKS.get(entry.key, entry.key)
        if entry.key in _FIRED_BY_DAFT and (entry.key not in known_hooks() or entry.key == "post-merge"):
            self._diagnostics.note_ignored(entry, f"this hook never fires here: {_FIRED_BY_DAFT[entry.key]}")
            return None
        if name in known_hooks() or did_you_mean(name, known_hooks()):
            return name  # a misspelt one may be a gate: the models refuse it
        self._diagnostics.note_ignored(entry, "neither git nor daft has a hook of this name")
        return None

    def _body(self, entry: Entry, name: str, *, is_task: bool) -> Node:
        if not isinstance(entry.value, MapNode):
            return entry.value
        fields = fields_of(self._diagnostics.keep_known(entry.value, _HOOK_KEYS, "daft's hooks"))
        out = [fields[key] for key in _HOOK_SAME if key in fields]
        out += [as_list(fields["exclude_tags"])] if "exclude_tags" in fields else []
        out += self._fail_mode(entry, fields, name, is_task=is_task)
        out += daft_conditions(fields, self._diagnostics)
        out += [as_list(fields["setup"])] if "setup" in fields else []
        subject = f"{'task' if is_task else 'hook'} {quote(name)}"
        out += changes_entry(fields.get("fail_on_changes"), subject, self._diagnostics)
        jobs = Jobs(self._diagnostics, Body(name, self._source_dir, fields.get("files"), fields.get("exclude")))
        return MapNode(entry.value.mark, (*out, *jobs.translate(fields)))

    def _fail_mode(self, entry: Entry, fields: dict[str, Entry], name: str, *, is_task: bool) -> list[Entry]:
        """Return the `fail_mode`: by default only gates fail git, and the creation of a working tree."""
        written = fields.get("fail_mode")
        if is_task:
            if written:
                self._diagnostics.note_ignored(written, "a task fails when one of its jobs fails")
            return []
        if written:
            return [with_value(written, text(written.value.mark, text_of(written).lower()))]
        if name in _ABORTS or name not in known_hooks() or (name in CLIENT_HOOKS and is_gate(name, ("prepared",))):
            return []
        return [Entry(entry.mark, "fail_mode", text(entry.mark, "warn"))]
