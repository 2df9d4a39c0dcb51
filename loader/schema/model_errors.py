"""The diagnostics about keys and values, found while a hook file is read (C2).

A value that cannot be used raises ValueError with the rest of a sentence that begins with its key. Whatever holds the
value notes that and continues, so that a file gets all of its errors at once. The path of an error grows from the
inside: each list and each mapping adds its step, each body its name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dodo_hooks.core.diagnostics import Diagnostic, Location, parts_of
from dodo_hooks.core.git_hooks import known_hooks
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Path, Scalar, key_mark_at, node_at

Reader: TypeAlias = "Callable[[Node, ModelErrors], Any]"  # of a kind, in kinds.py; it raises ValueError

_MAIN = ("file", "hook", "job")  # the most likely owners of a key that several bodies have
_NAMED = ("hook", "setup", "job")  # what a message says an error is about
_OF_LEFTHOOK = ("commands", "scripts")  # maps of jobs; lefthook's own files are converted before
_TRACKS = "tracks"  # a key of daft's jobs: they run again when a worktree was moved, of which git says nothing
_MOST_ERRORS = 1000  # of a file: each takes a search for what was meant

VALUE, KEY, UNKNOWN = "value", "key", "unknown"  # what an error is about; the message of the last is the key


class Dropped(ValueError):
    """A value cannot be used, and what is wrong with it is noted already."""


DROPPED: Any = object()  # instead of such a value


@dataclass(slots=True)
class ModelError:
    """One error."""

    about: str  # VALUE, KEY or UNKNOWN
    mark: Location
    message: str
    fix: str
    steps: list[str | int]  # from the error outwards
    bodies: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])  # those around it: its depth in each

    @property
    def path(self) -> tuple[str | int, ...]:
        return tuple(reversed(self.steps))

    @property
    def level(self) -> str:
        """The body that it is in."""
        return self.bodies[0][1]


class ModelErrors:
    """The errors that have been found while a tree is read."""

    def __init__(self) -> None:
        self.all: list[ModelError] = []
        self._dropped: set[tuple[int, str | int]] = set()  # lists and mappings, by id, and what they have lost

    def read(self, reader: Reader, node: Node, parent: Node, step: str | int) -> Any:
        """Return the value of a node, which `parent` has at `step`, or DROPPED."""
        known = len(self.all)
        try:
            return reader(node, self)
        except ValueError as error:
            self.note(node.mark, error)
            self._dropped.add((id(parent), step))
            return DROPPED
        finally:
            for one in self.all[known:]:
                one.steps.append(step)

    def note(self, mark: Location, error: ValueError, about: str = VALUE, *steps: str | int) -> None:
        if not isinstance(error, Dropped):
            self.all.append(ModelError(about, mark, *parts_of(error), [*steps]))

    def refuse(self, entry: Entry, parent: Node, error: ValueError, about: str = KEY) -> None:
        """Note an error about a key, whose value is dropped."""
        self.note(entry.mark, error, about, entry.key)
        self._dropped.add((id(parent), entry.key))

    def inside(self, level: str, known: int) -> None:
        """Note that the errors from number `known` on are in a body of this level."""
        for one in self.all[known:]:
            one.bodies.append((len(one.steps), level))

    def without_dropped(self, node: Node) -> Node:
        """Return the tree with the values that the models have."""
        if isinstance(node, ListNode):
            kept = [item for place, item in enumerate(node.items) if (id(node), place) not in self._dropped]
            return ListNode(node.mark, tuple(map(self.without_dropped, kept)))
        if not isinstance(node, MapNode):
            return node
        entries = [entry for entry in node.entries if (id(node), entry.key) not in self._dropped]
        return MapNode(
            node.mark, tuple(Entry(entry.mark, entry.key, self.without_dropped(entry.value)) for entry in entries)
        )

    def diagnostics(self, root: Node, keys: Mapping[str, Sequence[str]]) -> Iterator[Diagnostic]:
        """Yield the diagnostics; `keys` are the known keys of a `file`, its `log`, a `hook` and so on.

        An error that an alias repeats in several jobs is reported for the first one: a file may hold thousands of
        aliases.
        """
        said: set[object] = set()
        for one in self.all:
            path = one.path
            about = (one.about, one.message, one.level, path[-1:], one.mark, key_mark_at(root, path))
            if about not in said and len(said) < _MOST_ERRORS:
                said.add(about)
                yield _diagnostic_of(one, path, root, keys)


def _diagnostic_of(one: ModelError, path: Path, root: Node, keys: Mapping[str, Sequence[str]]) -> Diagnostic:
    subject = _subject_of(one, path, root)
    if one.about == UNKNOWN:
        message, fix = _unknown_key(one.message, one.level, keys)
        return Diagnostic(one.mark, message, subject, fix=fix)
    if one.about == KEY:
        is_named_here = len(path) == 2 and path[0] in ("hooks", "tasks")  # the sentence has its name already
        return Diagnostic(one.mark, one.message, "" if is_named_here else subject, fix=one.fix)
    return Diagnostic(one.mark, _key_of(one, path) + one.message, subject, fix=one.fix)


def _key_of(one: ModelError, path: Path) -> str:
    """Return the beginning of a message that names the key; "" for a hook or a job as a whole."""
    depth, level = one.bodies[0]
    if not path or (depth == 0 and level in _NAMED):
        return ""
    name = next(step for step in one.steps if isinstance(step, str))
    kind = {"env": "variable ", "templates": "template "}.get(str(path[-2]), "") if len(path) > 1 else ""
    return f"{kind}{quote(name)}: "


def _subject_of(one: ModelError, path: Path, root: Node) -> str:
    """Return `job "lint"`, `job 3 of "pre-commit"`, `hook "pre-commit"`, or "" for the file itself."""
    owners = [(len(path) - depth, level) for depth, level in reversed(one.bodies) if level in _NAMED]
    return _called(root, path, owners) if owners else ""


def _called(root: Node, path: Path, owners: list[tuple[int, str]]) -> str:
    *outer, (length, level) = owners
    if level == "hook":
        return f"{'task' if path[0] == 'tasks' else 'hook'} {quote(str(path[1]))}"
    name = node_at(root, [*path[:length], "name"])
    if isinstance(name, Scalar) and isinstance(name.value, str):
        return f"{level} {quote(name.value)}"
    number = path[length - 1]
    whose = quote(str(path[1])) if outer[-1][1] == "hook" else _group_called(root, path, outer)
    return f"{level} {number + 1} of {whose}" if isinstance(number, int) else f"{level} of {whose}"


def _group_called(root: Node, path: Path, owners: list[tuple[int, str]]) -> str:
    kind, _, called = _called(root, path, owners).partition(" ")
    return f"group {called}" if called.startswith('"') else f"the group in {kind} {called}"


def _unknown_key(key: str, level: str, keys: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Return the message and the fix."""
    owners = [other for other, known in keys.items() if key in known]
    owners = [other for other in owners if other in _MAIN] or owners
    if key == _TRACKS and "job" in keys:
        return f"{quote(key)} is not supported, since git fires no hook when a working tree is moved", "remove it"
    if owners:
        return f"unknown key {quote(key)} in a {level}: it is a key of a {join_or(owners)}", ""
    near = did_you_mean(key, keys[level])
    if near:
        return f"unknown key {quote(key)}{near}", ""
    if key in known_hooks():
        return f"unknown key {quote(key)}", 'write the hook below "hooks:"'
    if key in _OF_LEFTHOOK and level == "hook":
        return f"unknown key {quote(key)}", 'list them below "jobs:", each with its name'
    return f"unknown key {quote(key)}, expected {join_or(keys[level])}", ""
