"""Other tools' patterns in the tree: a glob where one of ours means the same, else a regular expression (C8).

What they mean is in loader/globs/go_globs.py. lefthook's globs are those of gobwas unless its file says `glob_matcher:
doublestar`, daft's are like doublestar's. lefthook's `glob:` also takes no notice of upper and lower case (its
`exclude:` does), which a pattern that is a map can say.
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
    """How a tool reads its globs."""

    star_crosses: bool = False  # `*` also stands for `/`
    ignores_case: bool = False


def pattern_node(node: Node, rules: GlobRules) -> Node:
    """The pattern that means here what `node`, a glob, means there. Raises ValueError for a glob that is none."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node  # the models say what is wrong with it
    glob = glob_of(node.value, rules)
    if glob is None or not rules.ignores_case or not any(map(str.isalpha, glob)):
        return _as_node(node, glob, lambda: regex_of(node.text, rules))
    ignore_case = Entry(node.mark, "ignore_case", flag(node.mark, True))
    return MapNode(node.mark, (Entry(node.mark, "glob", text(node.mark, glob)), ignore_case))


def ref_node(node: Node) -> Node:
    """The same for a branch, in whose name `*` crosses `/` in every tool."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node
    return _as_node(node, gobwas_branch_glob(node.value), lambda: gobwas_regex(node.text))


def regex_node(node: Scalar, regex: str) -> MapNode:
    return MapNode(node.mark, (Entry(node.mark, "regex", text(node.mark, regex)),))


def regex_of(glob: str, rules: GlobRules) -> str:
    """A regular expression to be searched for, which is found where the glob matches the whole path."""
    read = gobwas_regex if rules.star_crosses else doublestar_regex
    return read(glob, ignores_case=rules.ignores_case)


def glob_of(glob: str, rules: GlobRules) -> str | None:
    """The glob of ours that means the same, where there is one."""
    read = gobwas_glob if rules.star_crosses else doublestar_glob
    return read(glob)


def _as_node(node: Scalar, glob: str | None, regex: Callable[[], str]) -> Node:
    if glob is None:
        return regex_node(node, regex())
    return node if glob == node.value else text(node.mark, glob)
