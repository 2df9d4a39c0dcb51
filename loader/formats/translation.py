"""The parts of every translation: its result, its diagnostics, and constructors of nodes.

A translation turns the merged tree of another tool's file into the tree of a hooks.dodo. It is pure, and every node
keeps the location where it was written. A generated node has the location of the node that it stands for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dodo_hooks.core.diagnostics import ERROR, NOTE, WARNING, Diagnostic, Location, parts_of, with_fix
from dodo_hooks.core.plan import CI, ELSEWHERE
from dodo_hooks.core.text.nearest import did_you_mean, nearest
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.loader.formats.pre_commit.config_hook import ConfigHook
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, is_empty, items_of

_COMMANDS = ("run", "script", "group")
_NEVER, _ALWAYS = ("never", "false", "0"), ("always", "true", "1")  # words of `fail_on_changes`
# The words that Go's strconv.ParseBool accepts.
_FLAGS = {**dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True)}
_FLAGS |= dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False)


@dataclass(frozen=True, slots=True)
class Translation:
    """A tree in our format. With errors it may only be used to look for more of them.

    A warning is about what runs in the other tool and not here, a note about what has less effect here.
    """

    root: MapNode
    diagnostics: list[Diagnostic]
    refused: Mapping[Location, str] = field(default_factory=dict[Location, str])  # jobs that cannot run here, and why
    config_hooks: Mapping[str, ConfigHook] = field(default_factory=dict[str, ConfigHook])  # by the names of their jobs
    file: str = ""  # that of pre-commit's, from the top
    installed: tuple[str, ...] | None = None  # the hooks that `install` installs; None: all that have jobs


@dataclass(slots=True)
class DiagnosticCollector:
    """A collector of diagnostics. One about a node that aliases share is kept once."""

    found: list[Diagnostic] = field(default_factory=list[Diagnostic])
    refused: dict[Location, str] = field(default_factory=dict[Location, str])

    @property
    def has_errors(self) -> bool:
        return any(one.severity == ERROR for one in self.found)

    def error(self, mark: Location, message: str, subject: str = "") -> None:
        self._add(Diagnostic(mark, message, subject))

    def reject(self, mark: Location, key: str, error: ValueError, subject: str = "") -> None:
        """Report the error of a value of this key."""
        message, fix = parts_of(error)
        self._add(Diagnostic(mark, f"{quote(key)}: {message}", subject, fix=fix))

    def warn(self, mark: Location, message: str, fix: str = "") -> None:
        self._add(Diagnostic(mark, message, severity=WARNING, fix=fix))

    def note(self, mark: Location, message: str, fix: str = "") -> None:
        self._add(Diagnostic(mark, message, severity=NOTE, fix=fix))

    def _add(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self.found:
            self.found.append(diagnostic)

    def refuse(self, job: Location, mark: Location, message: str, fix: str) -> None:
        """Let the job at `job` fail when it would run; the other jobs of the file are not affected."""
        self.refused.setdefault(job, with_fix(message, fix))
        self.warn(mark, f"the job fails without being run: {message}", fix)

    def translation(self, root: MapNode) -> Translation:
        """Return the result, with the diagnostics in the order of the files."""
        return Translation(root, sorted(self.found, key=lambda one: one.location), self.refused)

    def note_ignored(self, entry: Entry, why: str, fix: str = "") -> None:
        self.note(entry.mark, f"{quote(entry.key)} is ignored: {why}", fix)

    def note_unknown(self, entry: Entry, known: Iterable[str], owner: str) -> None:
        """Report a key that its own tool does not know either."""
        near = did_you_mean(entry.key, known)
        self.note(entry.mark, f"{quote(entry.key)} is ignored: unknown key of {owner}{near}")

    def keep_known(self, node: MapNode, known: Sequence[str], owner: str, *, is_job: bool = False) -> MapNode:
        """Return the mapping with its known keys alone, and report the others.

        A job without a command cannot run, so a misspelt one is an error. It is kept under its right name.
        """
        kept = [entry for entry in node.entries if entry.key in known]
        needs_command = is_job and not any(entry.key in _COMMANDS for entry in kept)
        for entry in node.entries:
            if entry.key in known:
                continue
            near = nearest(entry.key, known) if needs_command else None
            if near in _COMMANDS:
                self.error(entry.mark, f"unknown key {quote(entry.key)} of {owner} (did you mean {quote(near)}?)")
                kept.append(replace(entry, key=near))
            else:
                self.note_unknown(entry, known, owner)
        return replace(node, entries=tuple(kept))


def fields_of(node: MapNode) -> dict[str, Entry]:
    """Return the keys that have a value; a key without one is treated as absent."""
    return {entry.key: entry for entry in node.entries if not is_empty(entry.value)}


def text_of(entry: Entry | None) -> str:
    """Return the text, or a number as it was written; "" for a value that is not a scalar."""
    value = entry.value if entry else None
    return value.text if isinstance(value, Scalar) and value.value is not None else ""


def subject_of(fields: Mapping[str, Entry], hook: str) -> str:
    """Return how a message calls the job with these keys."""
    return f"job {quote(text_of(fields['name']))}" if "name" in fields else f"a job of {quote(hook)}"


def is_true(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.value, Scalar) and entry.value.value is True


def text(mark: Location, value: str) -> Scalar:
    return Scalar(mark, value, value)


def flag(mark: Location, value: bool) -> Scalar:
    return Scalar(mark, str(value).lower(), value, plain=True)


def with_value(entry: Entry, value: Node) -> Entry:
    return replace(entry, value=value)


def with_items(entry: Entry, items: Sequence[Node]) -> Entry:
    """Return the entry with these items in place of its own; one in place of a single value stays one."""
    is_single = len(items) == 1 and not isinstance(entry.value, ListNode)
    return with_value(entry, items[0] if is_single else ListNode(entry.value.mark, tuple(items)))


def each_item(entry: Entry, translate: Callable[[Node], Node]) -> Entry:
    """Return a list with each item translated; any other value as it is, which the models reject."""
    return with_items(entry, [*map(translate, entry.value.items)]) if isinstance(entry.value, ListNode) else entry


def as_text(node: Node) -> Node:
    """Return a number or a boolean as a text, as lefthook reads it; a list item by item."""
    if isinstance(node, ListNode):
        return replace(node, items=tuple(as_text(item) for item in node.items))
    is_other = isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, str)
    return text(node.mark, node.text) if is_other and isinstance(node, Scalar) else node


def as_flag(node: Node) -> Node:
    """Return a text or a number as a boolean, as lefthook reads it."""
    if isinstance(node, Scalar) and not isinstance(node.value, bool) and node.text in _FLAGS:
        return flag(node.mark, _FLAGS[node.text])
    return node


def as_list(entry: Entry) -> Entry:
    """Return `tags: a` as `tags: [a]`."""
    return with_value(entry, ListNode(entry.value.mark, items_of(entry.value)))


def changes_entry(entry: Entry | None, subject: str, diagnostics: DiagnosticCollector) -> list[Entry]:
    """Return `fail_on_changes`, which both tools have, in our format; nothing where it is absent."""
    if entry is None or (word := text_of(entry).lower()) in _NEVER:
        return []
    mark = entry.value.mark
    if word in _ALWAYS:
        return [with_value(entry, flag(mark, True))]
    if word in (CI, ELSEWHERE):
        return [with_value(entry, ListNode(mark, (text(mark, word),)))]
    words = join_or((_ALWAYS[0], _NEVER[0], CI, ELSEWHERE))
    diagnostics.error(mark, f"{quote(entry.key)}: expected {words}", subject)
    return []
