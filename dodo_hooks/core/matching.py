"""Matching of paths against compiled patterns (C8; HOT). `loader/globs/compile_globs.py` compiles them.

A matcher is a tuple of texts, bytes and numbers, so that the plan can be stored as marshal bytes. For most patterns
`bytes.endswith` is enough. The others are regular expressions as the code of `_sre`, the C module under `re`: that is
ready in 0.4 us, where `import re` takes 7 ms. The code is valid for one `_sre.MAGIC`; elsewhere `re` compiles the text
again. A path is any bytes; a regular expression sees it as UTF-8, and each invalid byte as one character.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.core.plan_parts import Matcher

    Predicate = Callable[[bytes], bool]

# The kinds: a matcher's first item.
EVERYTHING = "all"  # ("all",)
SUFFIX = "suffix"  # ("suffix", suffixes): the path ends with one of them; none holds a "/"
NAME = "name"  # ("name", names, "/" + each name): the last component is one of them
PATH = "path"  # ("path", paths): the path is one of them
BELOW = "below"  # ("below", prefixes): the path begins with one of them; each ends with a "/"
BETWEEN = "between"  # ("between", (prefix, suffix), ...): it begins and ends like one of the pairs
WHOLE = "whole"  # ("whole", text, flags, magic, code, groups): an expression for the whole path
SEARCH = "search"  # the same for any part of it
EITHER = "either"  # ("either", matcher, ...): one of them matches


def matches(matcher: "Matcher", path: bytes) -> bool:
    """Return whether the pattern matches this path, which is relative to the top of the working tree."""
    return predicate(matcher)(path)


def matches_any(matchers: "tuple[Matcher, ...]") -> "Predicate":
    """Return a predicate that is true where one of the patterns matches."""
    predicates = [predicate(matcher) for matcher in matchers]
    if len(predicates) == 1:
        return predicates[0]
    return lambda path: any(holds(path) for holds in predicates)


def predicate(matcher: "Matcher") -> "Predicate":
    """Return the predicate of a matcher, to be called for several paths."""
    kind = matcher[0]
    if kind == SUFFIX:
        suffixes = matcher[1]
        return lambda path: path.endswith(suffixes)
    if kind == BELOW:
        prefixes = matcher[1]
        return lambda path: path.startswith(prefixes)
    if kind == NAME:
        _, names, ends = matcher
        return lambda path: path.endswith(ends) or path in names
    if kind == PATH:
        paths = matcher[1]
        return lambda path: path in paths
    if kind == BETWEEN:
        pairs = matcher[1:]
        return lambda path: any(path.startswith(start) and path.endswith(end) for start, end in pairs)
    if kind == EITHER:
        return matches_any(matcher[1:])
    if kind in (WHOLE, SEARCH):
        return _regex_predicate(matcher)
    return lambda path: True


def _regex_predicate(matcher: "Matcher") -> "Predicate":
    kind, text, flags, magic, code, groups = matcher
    import _sre  # type: ignore[import-not-found,unused-ignore]

    if magic == _sre.MAGIC:
        expression = _sre.compile(text, flags, list(code), groups, {}, (None,) * (groups + 1))
    else:  # written by another Python, or by one that hides its code
        import re

        expression = re.compile(text)
    test = expression.fullmatch if kind == WHOLE else expression.search
    return lambda path: test(path.decode("utf-8", "surrogateescape")) is not None
