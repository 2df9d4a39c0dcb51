"""Other tools' globs, which mean the same here: as a glob where one of ours does, else as a regular expression.

Three dialects are read, and all of them compare the pattern with the whole path from the top of the repository:

- gobwas (lefthook unless told otherwise): `*` and `**` stand for anything, also for `/`;
- doublestar (lefthook with `glob_matcher: doublestar`) and globset (daft): `*` and `?` stop at `/`, and `**` as a whole
  step of the path spans any number of folders, also none.

Here a pattern without `/` is about the file's name, in whatever folder it is; `/NAME` is only the one at the top.
lefthook's `glob:` also takes no notice of upper and lower case (its `exclude:` does), which no glob of ours can say.
"""

import re
from dataclasses import dataclass

from dodo_hooks.loader.dialects.translation import text
from dodo_hooks.loader.tree import Entry, MapNode, Node, Scalar

_SPECIAL = "*?[{\\"
_ANY, _ANY_NAME, _FOLDERS, _END = ".*", "[^/]*", "(?:.*/)?", r"\Z"
_PLAIN, _PLAIN_PATH = r"[^*?\[\]{}\\/]*", r"[^*?\[\]{}\\]+"


@dataclass(frozen=True, slots=True)
class GlobRules:
    """How a tool reads its globs."""

    star_crosses: bool = False  # `*` also stands for `/`
    ignores_case: bool = False


def pattern_node(node: Node, rules: GlobRules) -> Node:
    """The pattern that means here what `node`, a glob, means there. Raises ValueError for a glob that is none."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node  # the models say what is wrong with it
    regex = regex_of(node.value, rules)
    glob = _glob_of(node.value, rules)
    if glob is None:
        return regex_node(node, regex)
    return node if glob == node.value else text(node.mark, glob)


def ref_node(node: Node) -> Node:
    """The same for a branch, in whose name `*` crosses `/` in every tool. A name stands for itself alone, here too."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not any(c in node.value for c in _SPECIAL):
        return node
    regex = regex_of(node.value, GlobRules(star_crosses=True))
    below = re.fullmatch(rf"({_PLAIN_PATH}/)\*+", node.value)
    return text(node.mark, f"{below[1]}**") if below else regex_node(node, regex)


def regex_node(node: Scalar, regex: str) -> MapNode:
    return MapNode(node.mark, (Entry(node.mark, "regex", text(node.mark, regex)),))


def regex_of(glob: str, rules: GlobRules) -> str:
    """A regular expression to be searched for, which is found where the glob matches the whole path."""
    body = _Reader(glob, rules).read()
    parts = [part for part in ("^" + body + _END).split("\0") if part]  # the reader sets \0 around each `.*`
    if parts[:2] == ["^", _ANY]:
        parts = parts[2:]
    if parts[-2:] == [_ANY, _END]:
        parts = parts[:-2]
    regex = "".join(parts)
    if regex in ("", _END):
        return "^"
    flags = ("i" if rules.ignores_case and _has_letters(glob) else "") + ("s" if ".*" in regex else "")
    return f"(?{flags}){regex}" if flags else regex


def _glob_of(glob: str, rules: GlobRules) -> str | None:
    """The glob of ours that means the same, where there is one."""
    if (rules.ignores_case and _has_letters(glob)) or {"", ".", ".."} & set(glob.split("/")):
        return None
    if not rules.star_crosses:
        is_in_folders = "/" in re.sub(r"\{.*\}", "", glob)  # `{a/b,c}` becomes two patterns, and one has no folder
        return glob if is_in_folders or glob == "**" else f"/{glob}"
    if re.fullmatch(r"\*+", glob):
        return glob[:2]  # one star is any name in any folder
    if re.fullmatch(_PLAIN_PATH, glob):
        return glob if "/" in glob else f"/{glob}"
    below = re.fullmatch(rf"({_PLAIN_PATH}/)\*+", glob)
    if below:
        return f"{below[1]}**"
    return glob if re.fullmatch(rf"\*{_PLAIN}(\{{{_PLAIN}\}}{_PLAIN})?", glob) else None


def _has_letters(glob: str) -> bool:
    return any(c.isalpha() for c in glob)


class _Reader:
    """Reads a glob from left to right."""

    def __init__(self, glob: str, rules: GlobRules) -> None:
        self._glob, self._rules, self._at = glob, rules, 0

    def read(self) -> str:
        return self._sequence(depth=0)

    def _sequence(self, depth: int) -> str:
        out = ""
        while self._at < len(self._glob):
            character = self._glob[self._at]
            if depth and character in ",}":
                break
            self._at += 1
            out += self._part(character, depth)
        return out

    def _part(self, character: str, depth: int) -> str:
        if character == "*":
            return self._stars(depth)
        if character == "?":
            return "." if self._rules.star_crosses else "[^/]"
        if character == "[":
            return self._class()
        if character == "{":
            return self._alternatives(depth)
        if character == "\\":
            if self._at == len(self._glob):
                raise ValueError("there is nothing behind the last backslash")
            character = self._glob[self._at]
            self._at += 1
        return re.escape(character)

    def _stars(self, depth: int) -> str:
        begin = self._at - 1
        while self._glob[self._at : self._at + 1] == "*":
            self._at += 1
        if self._rules.star_crosses:
            return f"\0{_ANY}\0"
        before, behind = self._glob[begin - 1 : begin] if begin else "", self._glob[self._at : self._at + 1]
        beside = ("", "/", "{", ",", "}") if depth else ("", "/")
        is_step = self._at - begin == 2 and before in beside and behind in beside
        if is_step and behind != "/":
            return f"\0{_ANY}\0"
        if is_step:
            self._at += 1
            return _FOLDERS
        return _ANY_NAME

    def _class(self) -> str:
        end = self._glob.find("]", self._at + 1)
        if end < 0:
            raise ValueError('a "[" is never closed')
        body = self._glob[self._at : end]
        self._at = end + 1
        negated = body[:1] == "!" or (body[:1] == "^" and not self._rules.star_crosses)
        escaped = re.sub(r"([\[\]^\\])", r"\\\1", body[1:] if negated else body)
        beside = "/" if negated and not self._rules.star_crosses else ""
        return f"[{'^' if negated else ''}{escaped}{beside}]"

    def _alternatives(self, depth: int) -> str:
        choices = []
        while True:
            choices.append(self._sequence(depth + 1))
            if self._at == len(self._glob):
                raise ValueError('a "{" is never closed')
            self._at += 1
            if self._glob[self._at - 1] == "}":
                return f"(?:{'|'.join(choices)})"
