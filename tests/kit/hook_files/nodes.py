"""Trees for tests: from YAML, and as plain values."""

from collections.abc import Sequence
from typing import Any

from dodo_hooks.core.diagnostics import ERROR, Diagnostic, Location, with_fix
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar
from dodo_hooks.loader.read.yaml_reader import parse

NOWHERE = Location()


def describe_diagnostics(found: Sequence[Diagnostic]) -> list[str]:
    """Return notes (N), warnings (W) and errors (E) with their locations; errors with their subject."""
    return [f"{one.severity[0].upper()} {one.location.line}:{one.location.column} {_said(one)}" for one in found]


def _said(one: Diagnostic) -> str:
    text = with_fix(one.message, one.fix)
    return f"{one.subject}: {text}" if one.severity == ERROR else text


def tree(text: str, file: str = "") -> MapNode:
    document = parse(text.encode(), file)
    assert not document.errors
    assert isinstance(document.root, MapNode)
    return document.root


def plain(node: Node) -> Any:
    """Return the tree as plain values, without locations; keys in their order."""
    if isinstance(node, MapNode):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def node_of(value: Any, file: str = "") -> Node:
    """Return a tree with this value; every location in it is in `file`."""
    mark = Location(file, 1, 1)
    if isinstance(value, dict):
        return MapNode(mark, tuple(Entry(mark, key, node_of(child, file)) for key, child in value.items()))
    if isinstance(value, list):
        return ListNode(mark, tuple(node_of(child, file) for child in value))
    if isinstance(value, str):
        return Scalar(mark, value, value)
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return Scalar(mark, text, value, plain=True)


def root(value: dict[str, Any], file: str = "") -> MapNode:
    node = node_of(value, file)
    assert isinstance(node, MapNode)
    return node


def marks(node: Node) -> set[Location]:
    """Return the marks of all keys and values."""
    found = {node.mark}
    if isinstance(node, MapNode):
        found |= {mark for entry in node.entries for mark in (entry.mark, *marks(entry.value))}
    if isinstance(node, ListNode):
        found |= {mark for item in node.items for mark in marks(item)}
    return found
