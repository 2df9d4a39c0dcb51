"""Braces in a translated tree that are no placeholders, written so that they are none in a hooks.dodo.

Another tool's file may hold a word that almost is a placeholder, as `{staged_file}`, or a placeholder where none is
replaced. There it stays as it is, and here it is an error (C6). So a tree that becomes a file of ours has `{lbrace}` in
place of such a brace.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from dodo_hooks.loader.formats.translation import text, with_value
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, node_at
from dodo_hooks.loader.shell.quoting import escape_braces

_Escape = Callable[[str], str]

_COMMANDS = ("run", "runner", "args")
_PARTS = ("jobs", "group", "setup")
_CONDITIONS = ("skip", "only")


def with_escaped_braces(root: MapNode) -> MapNode:
    """Return the tree of a translation in which all commands mean the same in a file of ours."""
    templates = node_at(root, ["templates"])
    macros = {one.key: "" for one in templates.entries} if isinstance(templates, MapNode) else {}
    command, query = partial(escape_braces, macros=macros), partial(escape_braces, macros=macros, is_query=True)

    def entry_of_body(entry: Entry) -> Entry:
        if entry.key in _COMMANDS:
            return with_value(entry, _each_text(entry.value, command))
        if entry.key == "files":
            return with_value(entry, _each_text(entry.value, query))
        if entry.key in _CONDITIONS:
            return with_value(entry, _each_condition(entry.value, query))
        return with_value(entry, _each_entry(entry.value, entry_of_body)) if entry.key in _PARTS else entry

    def entry_of_file(entry: Entry) -> Entry:
        if entry.key == "templates":
            return with_value(entry, _each_text(entry.value, command))
        if entry.key in ("hooks", "tasks"):
            bodies = partial(_each_entry, change=entry_of_body)
            return with_value(entry, _each_entry(entry.value, lambda one: with_value(one, bodies(one.value))))
        return entry

    return replace(root, entries=tuple(map(entry_of_file, root.entries)))


def _each_entry(node: Node, change: Callable[[Entry], Entry]) -> Node:
    """Return a mapping, or each mapping of a list, with its entries changed."""
    if isinstance(node, ListNode):
        return replace(node, items=tuple(_each_entry(item, change) for item in node.items))
    return replace(node, entries=tuple(map(change, node.entries))) if isinstance(node, MapNode) else node


def _each_text(node: Node, escape: _Escape) -> Node:
    """Return a text, or all texts of a list or a mapping, escaped; what does not change is the same node."""
    if isinstance(node, Scalar):
        escaped = escape(node.value) if isinstance(node.value, str) else node.value
        return node if escaped == node.value else text(node.mark, str(escaped))
    if isinstance(node, ListNode):
        return replace(node, items=tuple(_each_text(item, escape) for item in node.items))
    return _each_entry(node, lambda entry: with_value(entry, _each_text(entry.value, escape)))


def _each_condition(node: Node, escape: _Escape) -> Node:
    """Return `skip` or `only` with the commands in it escaped."""

    def changed(entry: Entry) -> Entry:
        if entry.key == "run":
            return with_value(entry, _each_text(entry.value, escape))
        return with_value(entry, _each_condition(entry.value, escape)) if entry.key == "all" else entry

    return _each_entry(node, changed)
