"""The patterns of other tools in the tree: an equal glob of ours where there is one, else a regular expression (C8).

loader/globs/go_globs.py has their meanings. lefthook's globs are those of gobwas unless its file says `glob_matcher:
doublestar`; daft's are like doublestar's. lefthook's `glob:` also ignores upper and lower case (its `exclude:` does
not), which a pattern that is a map can express.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dodo_hooks.loader.formats.translation import flag, text
from dodo_hooks.loader.globs.go_globs import (
    doublestar_glob,
    doublestar_regex,
    gobwas_branch_glob,
    gobwas_glob,
    gobwas_regex,
)
from dodo_hooks.loader.read.nodes import Entry, MapNode, Node, Scalar


@dataclass(frozen=True, slots=True)
class GlobRules:
    """The rules of a tool's globs."""

    star_crosses: bool = False  # `*` matches `/`, too
    ignores_case: bool = False


def pattern_node(node: Node, rules: GlobRules) -> Node:
    """Return the pattern that is equal to `node`, a glob of another tool.

    Raises:
        ValueError: it is not a glob.
    """
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node  # the models report the error
    glob = (gobwas_glob if rules.star_crosses else doublestar_glob)(node.value)
    if glob is None or not rules.ignores_case or not any(map(str.isalpha, glob)):
        return _as_node(node, glob, lambda: regex_of(node.text, rules))
    ignore_case = Entry(node.mark, "ignore_case", flag(node.mark, True))
    return MapNode(node.mark, (Entry(node.mark, "glob", text(node.mark, glob)), ignore_case))


def ref_node(node: Node) -> Node:
    """Return the pattern that is equal to a glob for branches, in whose names `*` matches `/` in every tool.

    Raises:
        ValueError: it is not a glob.
    """
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node
    return _as_node(node, gobwas_branch_glob(node.value), lambda: gobwas_regex(node.text))


def regex_node(node: Scalar, regex: str) -> MapNode:
    return MapNode(node.mark, (Entry(node.mark, "regex", text(node.mark, regex)),))


def regex_of(glob: str, rules: GlobRules) -> str:
    """Return a regular expression that is found where the glob matches the whole path."""
    read = gobwas_regex if rules.star_crosses else doublestar_regex
    return read(glob, ignores_case=rules.ignores_case)


def _as_node(node: Scalar, glob: str | None, regex: Callable[[], str]) -> Node:
    if glob is None:
        return regex_node(node, regex())
    return node if glob == node.value else text(node.mark, glob)
