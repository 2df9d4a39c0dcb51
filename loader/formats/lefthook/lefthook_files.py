"""The files of lefthook's jobs.

A job of lefthook's inherits from its groups and its hook in other ways than ours: patterns add up, the nearest folder
and the nearest `files:` win, and none of it applies to a script. So each job is given all rules that apply to it, and
groups and hooks keep none.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from dodo_hooks.core.diagnostics import InvalidValue, parts_of
from dodo_hooks.core.files.file_types import FILE_TYPES
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.formats.env import Moving
from dodo_hooks.loader.formats.lefthook.go_regex import python_regex
from dodo_hooks.loader.formats.patterns import GlobRules, pattern_node, regex_node
from dodo_hooks.loader.formats.translation import DiagnosticCollector, text, text_of, with_items, with_value
from dodo_hooks.loader.read.nodes import Entry, ListNode, Node, Scalar, items_of

FILE_HOOKS = ("pre-commit", "pre-push")  # where lefthook filters files even for a command that names none
FILE_KEYS = ("glob", "exclude", "file_types", "files")
_ADDED = ("glob", "exclude", "file_types")
_FILE_LIST = re.compile(r"\{(staged_files|push_files|all_files|files)\}")


@dataclass(frozen=True, slots=True)
class Inherited:
    """The rules for the jobs of a hook or a group, as they were written there."""

    added: tuple[Entry, ...] = ()  # patterns and types of all levels, the outermost first
    files: Entry | None = None
    root: Entry | None = None
    variables: tuple[Moving, ...] = ()  # what the environments of groups set in each command

    def extend(self, fields: dict[str, Entry]) -> "Inherited":
        """Return the rules with those of one more level."""
        added = (*self.added, *(fields[key] for key in _ADDED if key in fields))
        files, root = fields.get("files", self.files), fields.get("root", self.root)
        return replace(self, added=added, files=files, root=root)


class FileRules:
    """A reader of the patterns of one file, by its `glob_matcher` and its version."""

    def __init__(self, diagnostics: DiagnosticCollector, *, is_doublestar: bool, is_version_2: bool) -> None:
        self._diagnostics = diagnostics
        self._glob_rules = GlobRules(star_crosses=not is_doublestar, ignores_case=True)
        self._exclude_rules = GlobRules(star_crosses=not is_doublestar)
        self._is_version_2 = is_version_2

    def of_job(self, fields: dict[str, Entry], inherited: Inherited, hook: str, subject: str) -> list[Entry]:
        """Return `root`, `files` and the patterns of a job; `inherited` includes the job's own."""
        is_script = "script" in fields and "run" not in fields
        command = text_of(fields.get("args")) + ("" if is_script else text_of(fields.get("run")))
        names_files = _FILE_LIST.search(command) is not None
        is_asked = names_files or (not is_script and (hook in FILE_HOOKS or inherited.files is not None))
        root = self._root(inherited.root)
        if not is_asked:
            whom = "a script without a list" if is_script else f"a command of {quote(hook)} that names none"
            of_groups = (*inherited.added, *([inherited.files] if inherited.files else []))
            for entry in dict.fromkeys((*(fields[key] for key in FILE_KEYS if key in fields), *of_groups)):
                self._diagnostics.note_ignored(entry, f"lefthook does not filter files for {whom}")
            return root
        rules = [*([inherited.files] if inherited.files else []), *self._patterns(inherited, subject)]
        if root and not rules and not names_files:  # only files in the folder count
            rules.append(Entry(root[0].mark, "glob", text(root[0].mark, "**")))
        return [*root, *rules]

    def _root(self, entry: Entry | None) -> list[Entry]:
        """Return the folder below the top of the repository, as in lefthook, even if it begins with a `/`."""
        if entry is None or not text_of(entry).startswith("/"):
            return [entry] if entry else []
        inside = text_of(entry).lstrip("/")
        meant = quote(inside) if inside else "the top"
        self._diagnostics.note(
            entry.value.mark, f"{quote(text_of(entry))} is read as {meant}: below the top of the repository"
        )
        return [with_value(entry, text(entry.value.mark, inside))] if inside else []

    def _patterns(self, inherited: Inherited, subject: str) -> list[Entry]:
        made: list[Entry] = []
        for key, read in (("glob", self._glob), ("exclude", self._exclude), ("file_types", self._file_type)):
            entries = [entry for entry in inherited.added if entry.key == key]
            nodes = [node for entry in entries for node in self._read(entry, read, subject)]
            if nodes:
                made.append(with_items(entries[-1], nodes))
        return made

    def _read(self, entry: Entry, read: Callable[[Node, Entry], list[Node]], subject: str) -> list[Node]:
        made: list[Node] = []
        for node in items_of(entry.value):
            if isinstance(node, Scalar) and node.value == "":
                continue  # lefthook ignores an empty pattern
            try:
                made += read(node, entry)
            except ValueError as error:
                self._diagnostics.reject(node.mark, entry.key, error, subject)
        return made

    def _glob(self, node: Node, _: Entry) -> list[Node]:
        return [pattern_node(node, self._glob_rules)]

    def _file_type(self, node: Node, _: Entry) -> list[Node]:
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value not in FILE_TYPES:
            who = "dodo-hooks" if "/" in node.value else "lefthook"
            self._diagnostics.note(node.mark, f"{quote(node.value)} is ignored: {who} has no such file type")
            return []
        return [node]

    def _exclude(self, node: Node, entry: Entry) -> list[Node]:
        """Return the patterns of one `exclude`.

        The items of a list are globs. A single text is a glob for version 2 and a regular expression for version 1.
        """
        if isinstance(entry.value, ListNode) or not isinstance(node, Scalar) or not isinstance(node.value, str):
            return [pattern_node(node, self._exclude_rules)]
        is_regex = _looks_like_a_regex(node.value)
        if is_regex and not self._is_version_2:
            try:
                return [regex_node(node, python_regex(node.value))]
            except ValueError as error:
                message, fix = parts_of(error)
                raise InvalidValue(f"{quote(node.value)} cannot be used here: {message}", fix) from error
        if is_regex or (not self._is_version_2 and _is_regex(node.value)):
            why = "is read as a glob, as by lefthook 2, not as a regular expression, as by lefthook 1"
            self._diagnostics.note(node.mark, f"{quote(node.value)} {why}", "write a list to be sure")
        return [pattern_node(node, self._exclude_rules)]


def _is_regex(value: str) -> bool:
    try:
        python_regex(value)
    except ValueError:
        return False
    return True


def _looks_like_a_regex(value: str) -> bool:
    """Return whether the text has syntax of regular expressions only, and none that only globs have."""
    says_more = re.search(r"[\^$|()+\\]|\.\*", value) is not None
    return says_more and re.search(r"\*\*|(^|[/{,])\*", value) is None
