"""How problems are said: quoted texts, nearest names (C2)."""

from collections.abc import Iterable
from functools import lru_cache

from dodo_hooks.core.nearest import nearest

_LONGEST = 60


def quoted(text: str) -> str:
    """The text in double quotes, cut where it is long, with nothing in it that a terminal would obey."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: _LONGEST + 1])
    return f'"{shown[:_LONGEST]}..."' if len(shown) > _LONGEST else f'"{shown}"'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The rest of a sentence, `, did you mean "needs"?`; empty when nothing known is near."""
    near = _nearest(name, tuple(known))
    return f", did you mean {quoted(near)}?" if near is not None else ""


_nearest = lru_cache(maxsize=1000)(nearest)  # an alias may bring one mistake to thousands of jobs


def listed(names: Iterable[str]) -> str:
    """`a, b or c`"""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
