"""Trees as plain data, for comparing what was read with what was meant."""

from typing import Any

from dodo_hooks.loader.source import parse
from dodo_hooks.loader.tree import ListNode, MapNode, Node


def plain(node: Node) -> Any:
    """The values of a tree, without their places."""
    if isinstance(node, MapNode):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def tree_of(text: str, file: str = "") -> MapNode:
    """The tree of a YAML text that is a mapping."""
    document = parse(text.encode(), file)
    assert not document.findings, document.findings
    assert isinstance(document.root, MapNode), text
    return document.root
