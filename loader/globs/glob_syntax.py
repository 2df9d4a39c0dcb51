"""The syntax of globs (C8): braces are expanded, then each alternative is split into components.

The tools whose files we read have the same syntax with other meanings; loader/globs/compile_globs.py and
loader/globs/go_globs.py define the meanings.
"""

import re
from collections.abc import Iterator

from dodo_hooks.core.diagnostics import InvalidValue

ALTERNATIVES_AT_MOST = 1024  # of the braces of one pattern
CHARACTERS_AT_MOST = 4096  # of one pattern: a path has no more (PATH_MAX)
NESTED_AT_MOST = 50  # braces in braces

# What a component is made of.
LITERAL, STAR, ONE, CLASS = "literal", "star", "one", "class"
Item = tuple[str, str]  # one of these, and the character or, in the words of `re`, the class
Component = list[Item]
_STAR: Item = (STAR, "")
_DOT: Component = [(LITERAL, ".")]
SPAN: Component = [_STAR, _STAR]  # `**` as a whole component


# Braces


def expand_braces(pattern: str) -> list[str]:
    """Return the patterns without braces that a pattern stands for, one for each choice of alternatives.

    Raises:
        InvalidValue: it is not a pattern, or stands for too many; the message says why, and what would be one.
    """
    if not pattern:
        raise InvalidValue("an empty pattern matches nothing", "write `**` for all files, or leave it out")
    if len(pattern) > CHARACTERS_AT_MOST:
        raise InvalidValue(f"a pattern has {CHARACTERS_AT_MOST} characters at most", "split it")
    found, _ = _alternatives(pattern, 0, 0)
    return list(dict.fromkeys(found))


def _alternatives(pattern: str, at: int, depth: int) -> tuple[list[str], int]:
    """Expand the text from `at` to its end or, inside of braces, to the next `,` or `}`; return that position, too."""
    found, start = [""], at
    while at < len(pattern) and not (depth and pattern[at] in ",}"):
        if pattern[at] == "{":
            before = pattern[start:at]
            options, at = _options(pattern, at, depth + 1)
            if len(found) * len(options) > ALTERNATIVES_AT_MOST:
                raise InvalidValue(
                    f"{pattern!r} expands to more than {ALTERNATIVES_AT_MOST} patterns", "use fewer braces, or `*`"
                )
            found = [one + before + option for one in found for option in options]
            start = at
        else:
            at = _after(pattern, at)
    return [one + pattern[start:at] for one in found], at


def _options(pattern: str, at: int, depth: int) -> tuple[list[str], int]:
    """Return the alternatives of the braces that open at `at`, and the position behind them."""
    if depth > NESTED_AT_MOST:
        raise InvalidValue(f"{pattern!r} has more than {NESTED_AT_MOST} nested braces", "use fewer")
    options: list[str] = []
    opened = at
    while at < len(pattern) and (at == opened or pattern[at] == ","):
        some, at = _alternatives(pattern, at + 1, depth)
        options += some
    if at >= len(pattern):
        raise InvalidValue(f"{pattern!r} has a {{ without its }}", "add it, or write \\{ for the character")
    return options, at + 1


def _after(pattern: str, at: int) -> int:
    """Return the position behind the character or the class at `at`."""
    if pattern[at] == "\\":
        if at + 1 == len(pattern):
            raise InvalidValue(f"{pattern!r} ends with a single backslash", "write \\\\ for the character")
        return at + 2
    return _end_of_class(pattern, at) + 1 if pattern[at] == "[" else at + 1


def _end_of_class(pattern: str, at: int) -> int:
    """Return the position of the `]` of the class that opens at `at`."""
    if pattern.startswith("[[:", at):
        raise InvalidValue(f"{pattern!r} has a class such as [:alpha:], which is not known", "write [a-zA-Z]")
    end = at + 2 if pattern[at + 1 : at + 2] in ("!", "^") else at + 1
    first = end
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    if end >= len(pattern):
        raise InvalidValue(f"{pattern!r} has a [ without its ]", "add it, or write \\[ for the character")
    if end == first:
        raise InvalidValue(f"{pattern!r} has an empty class", "write \\[ and \\] for the characters")
    return end


# Components


def components_of(pattern: str) -> list[Component]:
    """Return the components of a pattern without braces; a `/` at its end matches everything below."""
    parts: list[Component] = [[]]
    for item in items_of(pattern, negators="!^"):
        if item == (LITERAL, "/"):
            parts.append([])
        else:
            parts[-1].append(item)
    if _DOT * 2 in parts:
        raise InvalidValue(f"{pattern!r} leads out of the folder that it begins in", "write it without `..`")
    if parts[-1] in ([], _DOT):
        parts[-1] = SPAN
    kept = [part for part in parts if part and part != _DOT]
    return [part for place, part in enumerate(kept) if part != SPAN or kept[place - 1 : place] != [SPAN]]


def items_of(pattern: str, negators: str) -> Iterator[Item]:
    """Yield the characters, wildcards and classes of a pattern without braces.

    `negators` are the characters that negate a class at its start.
    """
    at = 0
    while at < len(pattern):
        end = _after(pattern, at)
        character = pattern[at]
        if character == "[":
            yield CLASS, _class(pattern[at + 1 : end - 1], negators, pattern)
        elif character in "*?":
            yield (_STAR if character == "*" else (ONE, ""))
        else:
            yield LITERAL, pattern[end - 1]
        at = end


def _class(body: str, negators: str, pattern: str) -> str:
    """Return a class in the syntax of `re`."""
    negates = body[0] in negators
    members: list[str] = []
    characters = _unescaped(body[1:] if negates else body)
    while characters:
        low, is_range = characters[0][0], characters[1:2] == [("-", False)] and len(characters) > 2
        high = characters[2][0] if is_range else low
        if high < low:
            raise InvalidValue(f"{pattern!r} has the range {low}-{high}, which is empty", f"write {high}-{low}")
        members.append(re.escape(low) + (f"-{re.escape(high)}" if is_range else ""))
        characters = characters[3 if is_range else 1 :]
    return f"[{'^' if negates else ''}{''.join(members)}]"


def _unescaped(body: str) -> list[tuple[str, bool]]:
    """Return each character, and whether a backslash stood before it."""
    return [(found[-1], len(found) > 1) for found in re.findall(r"(?s)\\.|.", body)]
