"""The nearest known name for a misspelt one (C2).

It is one or two edits away, so that "include" is not taken for "exclude".
"""

from collections.abc import Iterable
from functools import lru_cache

from dodo_hooks.core.text.terminal_text import quote

_LONGEST = 60  # of a name that is compared
_LETTERS_PER_EDIT = 4
_MOST_EDITS = 2
_MOST_LISTED = 12


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the nearest of the known names, whatever their case; None where none is near.

    Names of less than eight letters may differ by one edit: a letter more, less, another one, or two swapped.
    """
    word = name.lower()
    if len(word) > _LONGEST:
        return None
    found, fewest = None, min(_MOST_EDITS, max(1, len(word) // _LETTERS_PER_EDIT)) + 1
    for candidate in known:
        edits = count_edits(word, candidate.lower(), fewest)
        if edits < fewest:
            found, fewest = candidate, edits
    return found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a suffix for a message, ` (did you mean "needs"?)`; empty when no known name is near."""
    near = _nearest(name, tuple(known))
    return f" (did you mean {quote(near)}?)" if near is not None else ""


def choose_from(name: str, known: Iterable[str]) -> str:
    """Return a suffix for a message: the nearest known name or, where none is near, the first of them."""
    names = list(dict.fromkeys(known))
    near = did_you_mean(name, names)
    if near or not names:
        return near
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"; choose from {', '.join(names[:_MOST_LISTED])}{more}"


_nearest = lru_cache(maxsize=1000)(nearest)  # an alias may bring one mistake to thousands of jobs


def count_edits(one: str, other: str, enough: int) -> int:
    """Return how many edits apart two words are (the optimal string alignment distance), at most `enough`."""
    if abs(len(one) - len(other)) >= enough:
        return enough
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, its_letter in enumerate(other, 1):
            if abs(row - column) >= enough:
                line.append(enough)
                continue
            edits = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != its_letter))
            if row > 1 and column > 1 and one[row - 2] == its_letter and other[column - 2] == letter:
                edits = min(edits, before[column - 2] + 1)
            line.append(edits)
        if min(line) >= enough:
            return enough
        before, last = last, line
    return min(last[-1], enough)
