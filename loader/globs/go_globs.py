"""The patterns of other tools, as globs and regular expressions of ours (C8).

Their syntax is ours, with two sets of meanings. *gobwas* (lefthook, by default) has no separator: `*`, `**` and `?`
match `/`, and the pattern is for the whole path. *doublestar* (daft, and lefthook with `glob_matcher: doublestar`) is
ours but for patterns without a `/`, which match at the top alone. lefthook compares its `glob` in lower case, its
`exclude` case-sensitively. Sources: lefthook's internal/run/controller/filter, and the readmes and sources of
github.com/gobwas/glob and github.com/bmatcuk/doublestar.
"""

from collections.abc import Iterable

from dodo_hooks.loader.globs.glob_regex import group_names, path_regex, starred_regex
from dodo_hooks.loader.globs.glob_syntax import LITERAL, STAR, components_of, expand_braces, items_of

_ANY = ".*"
NEVER = "(?!)"  # an expression that matches nothing


def gobwas_regex(pattern: str, *, ignores_case: bool = False) -> str:
    """Return the regular expression of a pattern of gobwas.

    Raises:
        ValueError: it is not a pattern; the message says why, and what would be one.
    """
    names = group_names()
    return _whole([starred_regex(items_of(one, "!"), ".", names) for one in expand_braces(pattern)], ignores_case)


def gobwas_glob(pattern: str) -> str | None:
    """Return the glob of ours that is equal to a pattern of gobwas; None where only an expression is.

    Raises:
        ValueError: as for `gobwas_regex`.
    """
    alternatives = expand_braces(pattern)
    globs = [_of_gobwas(one) for one in alternatives]
    if globs == alternatives:
        return pattern
    if len(globs) == 1:
        return globs[0]
    is_at_top = all(
        glob in (one, f"/{one}") and "/" in glob for glob, one in zip(globs, alternatives, strict=True) if glob
    )
    return f"/{pattern}" if is_at_top and None not in globs else None


def gobwas_branch_glob(pattern: str) -> str | None:
    """Return the glob of ours that is equal to a pattern of gobwas for branches, which is compared with the whole name.

    Raises:
        ValueError: as for `gobwas_regex`.
    """
    glob = gobwas_glob(pattern)
    if glob is None or glob in ("*", "**"):
        return glob and "**"
    kinds = [kind for one in expand_braces(pattern) for kind, _ in items_of(one, "!")]
    if STAR not in kinds:
        return pattern
    return glob if glob.endswith("/**") else None


def _of_gobwas(pattern: str) -> str | None:
    kinds = [kind for kind, _ in items_of(pattern, "!")]
    stars = kinds.count(STAR)
    if stars + kinds.count(LITERAL) < len(kinds) or not kinds:
        return None
    if stars == len(kinds):
        return pattern[:2]  # one star is any name in any folder
    if not stars:
        at_top = pattern if "/" in pattern else f"/{pattern}"
        return at_top if _is_plain(pattern) else None
    if kinds[0] == STAR and stars == 1 and "/" not in pattern:
        return pattern
    folder = pattern.rstrip("*")
    is_below = stars == len(pattern) - len(folder) and folder.endswith("/")
    return f"{folder}**" if is_below and _is_plain(folder[:-1]) else None


def doublestar_regex(pattern: str, *, ignores_case: bool = False) -> str:
    """Return the regular expression of a pattern of doublestar.

    Raises:
        ValueError: it is not a pattern; the message says why, and what would be one.
    """
    names = group_names()
    usable = [one for one in expand_braces(pattern) if _is_plain(one)]
    return _whole([path_regex(components_of(one), names) for one in usable], ignores_case)


def doublestar_glob(pattern: str) -> str | None:
    """Return the glob of ours that is equal to a pattern of doublestar; None where only an expression is.

    Raises:
        ValueError: as for `doublestar_regex`.
    """
    alternatives = expand_braces(pattern)
    if not all(_is_plain(one) for one in alternatives):
        return None
    return pattern if all("/" in one for one in alternatives) else f"/{pattern}"


def _is_plain(pattern: str) -> bool:
    """Return whether each component can occur in a path.

    A pattern with other components never matches in doublestar, but may match here.
    """
    return not {"", ".", ".."} & set(pattern.removesuffix("/**").split("/"))


def _whole(alternatives: Iterable[str], ignores_case: bool) -> str:
    """Return an expression that is found where one of the alternatives matches the whole path.

    A wildcard for any text at an end is left out, since the search allows any text there.
    """
    found = list(dict.fromkeys(alternatives))
    if not found:
        return NEVER
    begin, end = "^", r"\Z"
    if all(one.startswith(_ANY) for one in found):
        begin, found = "", [one.removeprefix(_ANY) for one in found]
    if all(one.endswith(_ANY) for one in found):
        end, found = "", [one.removesuffix(_ANY) for one in found]
    inner = found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"
    has_dot = "." in inner.replace(r"\\", "").replace(r"\.", "")  # a wildcard, for which a line feed is nothing special
    has_letters = ignores_case and any(character.isalpha() for character in inner)
    flags = ("i" if has_letters else "") + ("s" if has_dot else "")
    return (f"(?{flags})" if flags else "") + begin + inner + end or "^"
