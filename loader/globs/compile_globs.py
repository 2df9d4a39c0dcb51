"""The compiler from patterns to matchers (C8), used when a file is loaded. docs/files.md describes the patterns.

The components of a glob are compared with the few shapes that need no regular expression; any other glob becomes one.
The patterns of other tools are in loader/globs/go_globs.py.
"""

import _sre  # type: ignore[import-not-found]
import re
import sys
import warnings
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module

from dodo_hooks.core.matching import BELOW, BETWEEN, EITHER, EVERYTHING, NAME, PATH, SEARCH, SUFFIX, WHOLE
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.globs.glob_regex import group_names, path_regex
from dodo_hooks.loader.globs.glob_syntax import LITERAL, SPAN, STAR, Component, components_of, expand_braces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan_parts import Matcher

Shape = tuple[str, tuple[bytes, ...]]  # the kind of a matcher, and what it needs to know


def compile_glob(pattern: str, ignores_case: bool = False, folder: str = "") -> "Matcher":
    """Return the matcher of a glob (C8) that is relative to a folder; "" is the top.

    Raises:
        ValueError: it is not a glob; the message says why, and what would be one.
    """
    return _path_matcher(pattern, ignores_case, folder)


@lru_cache(maxsize=10_000)  # it is called to check the models and to compile them, and many jobs have the same glob
def _path_matcher(pattern: str, ignores_case: bool, folder: str) -> "Matcher":
    above: list[Component] = [[(LITERAL, letter) for letter in name] for name in folder.split("/") if name]
    return _compiled([above + _rooted(components_of(one), one) for one in expand_braces(pattern)], ignores_case)


def compile_branch_glob(pattern: str, ignores_case: bool = False) -> "Matcher":
    """Return the matcher of a glob for a branch: as for a path, but without a `/` it is the whole name.

    Raises:
        ValueError: as for `compile_glob`.
    """
    return _compiled([components_of(one) for one in expand_braces(pattern)], ignores_case)


@lru_cache(maxsize=10_000)  # likewise
def compile_regex(pattern: str) -> "Matcher":
    """Return the matcher of a regular expression, which may match any part of the path.

    Raises:
        ValueError: it is not a regular expression; the message says why.
    """
    return _expression(SEARCH, pattern)


def _rooted(components: list[Component], pattern: str) -> list[Component]:
    """Prefix a pattern without `/` so that it matches in any folder."""
    is_rooted = len(components) > 1 or components == [SPAN] or pattern.startswith(("/", "./"))
    return components if is_rooted else [SPAN, *components]


def _compiled(alternatives: Sequence[list[Component]], ignores_case: bool) -> "Matcher":
    shapes: dict[str, list[tuple[bytes, ...]]] = {}
    odd: list[list[Component]] = []
    for components in alternatives:
        shape = _shape(components)
        if shape is None or (ignores_case and shape[0] != EVERYTHING):
            odd.append(components)
        else:
            shapes.setdefault(shape[0], []).append(shape[1])
    if EVERYTHING in shapes:
        return (EVERYTHING,)
    matchers = [_simple(kind, found) for kind, found in shapes.items()]
    if odd:
        names = group_names()
        flags = "(?is)" if ignores_case else "(?s)"
        matchers.append(_expression(WHOLE, flags + "|".join(path_regex(components, names) for components in odd)))
    return matchers[0] if len(matchers) == 1 else (EITHER, *matchers)


# Shapes that need no regular expression


def _shape(components: list[Component]) -> Shape | None:
    texts = [_text(component) for component in components]
    *folders, last = texts
    if None not in texts:
        return PATH, (_bytes(texts),)
    if components[-1] == SPAN and None not in folders:
        return (BELOW, (_bytes([*folders, ""]),)) if folders else (EVERYTHING, ())
    if len(components) < 2 or components[-2] != SPAN or None in folders[:-1]:
        return None
    below = _bytes([*folders[:-1], ""])
    if last is not None:
        return None if below else (NAME, (_bytes([last]),))
    end = _text(components[-1][1:]) if components[-1][0][0] == STAR else None
    if end is None:
        return None
    if not below:
        return (SUFFIX, (_bytes([end]),)) if end else (EVERYTHING, ())
    return (BETWEEN, (below, _bytes([end]))) if end else (BELOW, (below,))


def _text(component: Component) -> str | None:
    """Return the text of a component without wildcards; None for any other."""
    is_plain = all(kind == LITERAL for kind, _ in component)
    return "".join(character for _, character in component) if is_plain else None


def _bytes(texts: "Sequence[str | None]") -> bytes:
    return "/".join(text or "" for text in texts).encode("utf-8", "surrogateescape")


def _simple(kind: str, found: list[tuple[bytes, ...]]) -> "Matcher":
    if kind == BETWEEN:
        return (BETWEEN, *found)
    firsts = tuple(first for (first,) in found)
    return (NAME, firsts, tuple(b"/" + name for name in firsts)) if kind == NAME else (kind, firsts)


# Regular expressions


def _expression(kind: str, text: str) -> "Matcher":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what may mean something else in a later Python
        try:
            return (kind, text, *(_code(text) or _without_code(text)))
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"{quote(text)} is not a regular expression: {error}") from None


def _code(text: str) -> "tuple[int, int, tuple[int, ...], int] | None":
    """Return the flags of the expression, the version of its code and the code that `_sre` runs, and its groups.

    None where Python hides it.
    """
    parser, compiler = ("re._parser", "re._compiler") if sys.version_info >= (3, 11) else ("sre_parse", "sre_compile")
    try:
        parsed = import_module(parser).parse(text)
        code = tuple(map(int, import_module(compiler)._code(parsed, 0)))
        return parsed.state.flags, _sre.MAGIC, code, parsed.state.groups - 1
    except (ImportError, AttributeError):
        return None


def _without_code(text: str) -> "tuple[int, int, tuple[int, ...], int]":
    compiled = re.compile(text)
    return compiled.flags, 0, (), compiled.groups
