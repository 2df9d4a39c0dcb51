"""The regular expression of a glob (C8), where one is needed.

It must not take exponential time on a long path. Between two stars the first match of the text in between is as good as
any later one, so each such step matches once, without backtracking: `(?=(?P<a>...))(?P=a)` is how Python 3.10 writes
the atomic groups of later versions.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import count

from dodo_hooks.loader.globs.glob_syntax import CLASS, LITERAL, SPAN, STAR, Component, Item

RECONSIDERED_AT_MOST = 1  # steps between stars: two stars can be tried in all ways in the time of a square


def group_names() -> Iterator[str]:
    return (f"s{number}" for number in count())


def starred_regex(items: Iterable[Item], wild: str, names: Iterator[str]) -> str:
    """Return the expression of some items; `?` matches one `wild`, and a star any number of them."""
    steps = [""]
    has_star = False  # right before: more of them are no more than one
    for kind, text in items:
        if kind == STAR and not has_star:
            steps.append("")
        has_star = kind == STAR
        if kind == LITERAL:
            steps[-1] += re.escape(text)
        elif kind == CLASS:
            steps[-1] += text if wild == "." else f"(?!/){text}"
        elif kind != STAR:
            steps[-1] += wild
    first, *middle, last = steps if len(steps) > 1 else ("", steps[0])
    if len(steps) == 1:
        return last
    if len(middle) <= RECONSIDERED_AT_MOST:
        return f"{wild}*".join(steps)
    return first + "".join(_once(f"{wild}*?{step}", names) for step in middle) + f"{wild}*{last}"


def path_regex(components: list[Component], names: Iterator[str]) -> str:
    """Return the expression of a whole path."""
    runs: list[list[str]] = [[]]
    for component in components:
        if component == SPAN:
            runs.append([])
        else:
            runs[-1].append(starred_regex(component, "[^/]", names))
    first, *middle, last = ["/".join(run) for run in runs] if len(runs) > 1 else ("", "/".join(runs[0]))
    if len(runs) == 1:
        return last
    text = f"{first}/" if first else ""
    for run in middle:
        is_free = len(middle) <= RECONSIDERED_AT_MOST
        text += f"(?:.+/)?{run}/" if is_free else _once(f"(?:.+?/)??{run}/", names)
    return text + (f"(?:.+/)?{last}" if last else ".+")


def _once(regex: str, names: Iterator[str]) -> str:
    name = next(names)
    return f"(?=(?P<{name}>{regex}))(?P={name})"
