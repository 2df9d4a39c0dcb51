"""The tree of a hook file. Its nodes know their locations, so that every message has line and column (C2).

Aliases share nodes: the mark of a node is where it was written, not where it is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.core.text.terminal_text import quote

# Nodes are not changed once they are made. They are not `frozen` all the same: that takes three times as long to
# make, and a file of 10,000 jobs has 100,000.

# Keys and positions from the root down: ("hooks", "pre-commit", "jobs", 0, "run").
Path: TypeAlias = Sequence[str | int]


_FEW = 20  # entries, among which a search is as quick as a dict: a job has five, a file may have thousands of tasks


@dataclass(slots=True, unsafe_hash=True)
class Scalar:
    """A single value. `text` is the value as written, without quotes; `value` is its meaning."""

    mark: Location
    text: str
    value: str | int | float | bool | None
    plain: bool = False  # written without quotes and without a tag
    source: str = field(default="", compare=False, repr=False)  # as it stands in the file, with its quotes


@dataclass(slots=True, unsafe_hash=True)
class ListNode:
    mark: Location
    items: "tuple[Node, ...]"


@dataclass(slots=True, unsafe_hash=True)
class Entry:
    """A key, which is always a text, and its value. The mark is the location of the key."""

    mark: Location
    key: str
    value: "Node"


@dataclass(slots=True, unsafe_hash=True)
class MapNode:
    """Keys in the order of the file, each once; keys merged by `<<` come last."""

    mark: Location
    entries: tuple[Entry, ...]
    _by_key: dict[str, Entry] | None = field(default=None, init=False, compare=False, repr=False)

    def entry(self, key: object) -> Entry | None:
        if len(self.entries) < _FEW:
            return next((entry for entry in self.entries if entry.key == key), None)
        if self._by_key is None:
            self._by_key = {entry.key: entry for entry in self.entries}
        return self._by_key.get(key) if isinstance(key, str) else None


Node: TypeAlias = Scalar | ListNode | MapNode


def is_empty(node: object) -> bool:
    """Return whether it is the value of a key that has none."""
    return isinstance(node, Scalar) and node.value is None


def items_of(node: Node) -> "tuple[Node, ...]":
    """Return the items of a list; any other value is its own only item."""
    return node.items if isinstance(node, ListNode) else (node,)


def node_at(root: Node, path: Path) -> Node | None:
    """Return the node at the end of the path; None where the tree ends before."""
    node: Node | None = root
    for step in path:
        node = _child(node, step)
    return node


def mark_at(root: Node, path: Path) -> Location:
    """Return the location of the value at `path`, or of the last node on the path that the tree has."""
    node = root
    for step in path:
        child = _child(node, step)
        if child is None:
            break
        node = child
    return node.mark


def key_mark_at(root: Node, path: Path) -> Location:
    """Return the location of the last key of `path`; that of the value for a step without a key, as a list item."""
    parent = node_at(root, path[:-1])
    entry = parent.entry(path[-1]) if isinstance(parent, MapNode) else None
    return entry.mark if entry else mark_at(root, path)


def mark_inside(scalars: Sequence[Scalar], mark: Location, text: str, offset: int) -> Location:
    """Return the location of the braces at `offset` of a text made of these scalars; `mark` where it is unknown."""
    braces = text[offset : text.find("}", offset) + 1]
    number = text.count(braces, 0, offset) if braces else 0  # of the same ones before
    for scalar in scalars:
        count = scalar.source.count(braces) if braces else 0
        if number < count:
            before = braces.join(scalar.source.split(braces)[: number + 1])
            lines = before.split("\n")
            column = len(lines[-1]) + (1 if len(lines) > 1 else scalar.mark.column)
            return Location(scalar.mark.file, scalar.mark.line + len(lines) - 1, column)
        number -= count
    return mark


def _child(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, MapNode):
        entry = node.entry(step)
        return entry.value if entry else None
    if isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def describe(node: Node | None) -> str:
    """Return how a message names a node: `the text "yes"`, `the number 3`, `a list`."""
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MapNode):
        return "a mapping"
    if node is None or node.value is None:
        return "nothing"
    if isinstance(node.value, str):
        return f"the text {quote(node.value)}"
    kind = "boolean" if isinstance(node.value, bool) else "number"
    return f"the {kind} {node.text}"
