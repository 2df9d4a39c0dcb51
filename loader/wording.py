"""How problems are said: quoted texts, nearest names (C2)."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 60


def quoted(text: str) -> str:
    """The text in double quotes, cut where it is long, with nothing in it that a terminal would obey."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: _LONGEST + 1])
    return f'"{shown[:_LONGEST]}..."' if len(shown) > _LONGEST else f'"{shown}"'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The rest of a sentence, `, did you mean "needs"?`; empty when nothing known is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name[:200].lower(), by_lower, n=1, cutoff=0.6)
    return f", did you mean {quoted(by_lower[near[0]])}?" if near else ""


def listed(names: Iterable[str]) -> str:
    """`a, b or c`"""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
