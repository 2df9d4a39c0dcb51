"""Commands that run before a job has its files: those of `files`, and of conditions (C6, C7).

They run before the files of any job are known, so no placeholder is replaced in them. An unreplaced placeholder would
name a file that does not exist, and the job would be skipped silently.
"""

from collections.abc import Iterable, Iterator

from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.compile.job_commands import Setting
from dodo_hooks.loader.compile.validation import Owner
from dodo_hooks.loader.read.nodes import ListNode, MapNode, Node, Scalar, mark_inside, node_at
from dodo_hooks.loader.shell.placeholders import LISTS, variable_of
from dodo_hooks.loader.shell.quoting import placeholders_in

# What such a command has; fire/select/event_files.py gives it.
_THERE = frozenset(("DODO_HOOK", "DODO_WORKTREE", "DODO_GIT_DIR", "DODO_BRANCH"))
_KEYS = ("files", "skip", "only")
_OF_A_PUSH = {"DODO_REMOTE": "DODO_ARG1", "DODO_REMOTE_URL": "DODO_ARG2"}


def check_query_commands(setting: Setting, every: Iterable[Owner], tree: Node, severity: str) -> Iterator[Diagnostic]:
    """Yield diagnostics of this severity about placeholders in the commands of `files`, `skip` and `only`."""
    for path, body, _, subject in every:
        if body is not None and body.given.isdisjoint(_KEYS):
            continue
        node = node_at(tree, path)
        for key, scalar in _questions(node) if isinstance(node, MapNode) else ():
            for offset, name in placeholders_in(scalar.text, setting.template)[:1]:
                mark = mark_inside([scalar], scalar.mark, scalar.text, offset)
                why, fix = _parts(name, key, setting)
                message = f"{quote(key)}: {{{name}}} cannot be used here{why}"
                yield Diagnostic(mark, message, subject, severity, fix)


def _questions(body: MapNode) -> Iterator[tuple[str, Scalar]]:
    for entry in body.entries:
        if entry.key == "files" and isinstance(entry.value, Scalar):
            yield entry.key, entry.value
        elif entry.key in ("skip", "only"):
            yield from ((entry.key, scalar) for scalar in _commands_asked(entry.value))


def _commands_asked(node: Node) -> Iterator[Scalar]:
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _commands_asked(item)
    elif isinstance(node, MapNode):
        for entry in node.entries:
            if entry.key == "run" and isinstance(entry.value, Scalar):
                yield entry.value
            elif entry.key == "all":
                yield from _commands_asked(entry.value)


def _parts(name: str, key: str, setting: Setting) -> tuple[str, str]:
    """Return why a placeholder cannot be used, as the end of the message, and the fix."""
    if name in setting.file.templates:
        return "", "write out what the template stands for"
    if name in LISTS and key == "files":
        return ", since this command lists the files", "have it ask git, as in git diff --cached --name-only"
    if name in LISTS:
        return ", since no job has its files yet", 'write "changed:" and a pattern, or ask git'
    variable = variable_of(name)
    if setting.hook == "pre-push":
        variable = _OF_A_PUSH.get(variable, variable)
    if variable in _THERE or variable.startswith("DODO_ARG"):
        return "", f'read the variable "${variable}"'
    return ", and has no value yet", "have the command find it out"
