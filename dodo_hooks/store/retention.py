"""Which invocations may be deleted (section 7).

What is newer is decided by the ids alone, which only ever grow, also when the clock is set back. The time is asked for
one thing, an id's age, and is not trusted with more: what comes from the future has no age, and when the clock leaps
ahead, trust follows it in steps. To delete a few days late does no harm.
"""

from __future__ import annotations

import calendar
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dodo_hooks.core.plan import Retention

CATCH_UP_S = 2 * 86_400.0  # how far trust follows the clock from one pruning to the next, which is a day later


@dataclass(frozen=True, slots=True)
class StoredRun:
    """An invocation that is on disk."""

    id: str
    worktree: str | None  # None: it is not there any more, or the record cannot be read
    size_bytes: int
    is_alive: bool = False
    retention_s: float | None = None  # its own; None: as the rules say


def to_delete(kept: Sequence[StoredRun], now_s: float, rules: Retention) -> list[str]:
    """The ids to delete, the oldest first; one that is alive is never among them.

    The last of each working tree outlive their age, but not the bound on the size: only the very newest of each, and
    what is alive, stay whatever that costs. `now_s`: seconds since 1970.
    """
    newest_first = sorted(kept, key=lambda one: one.id, reverse=True)
    places = _places(newest_first)
    outdated = {one.id for one in newest_first if _is_outdated(one, places[one.id], now_s, rules)}
    total = sum(one.size_bytes for one in newest_first if one.id not in outdated)
    for one in reversed(newest_first):
        if total <= rules.max_total_bytes:
            break
        if one.id not in outdated and not one.is_alive and places[one.id] > 0:
            outdated.add(one.id)
            total -= one.size_bytes
    return sorted(outdated)


def trusted_now(last_s: float | None, now_s: float) -> float:
    """The time to prune by. `last_s`: that of the last pruning; None: there was none."""
    return now_s if last_s is None else min(now_s, last_s + CATCH_UP_S)


def age_s(identity: str, now_s: float) -> float:
    """How old an invocation is by its id; 0 for one that comes from the future, or that is no time."""
    try:
        began_s = calendar.timegm(time.strptime(identity[:15], "%Y%m%d-%H%M%S"))
    except ValueError:
        return 0.0
    return max(0.0, now_s - began_s)


def _places(newest_first: Sequence[StoredRun]) -> dict[str, int]:
    """How many of the same working tree are newer; for those of none more than any rule keeps."""
    seen: Counter[str] = Counter()
    places: dict[str, int] = {}
    for one in newest_first:
        if one.worktree is None:
            places[one.id] = sys.maxsize
        else:
            places[one.id] = seen[one.worktree]
            seen[one.worktree] += 1
    return places


def _is_outdated(one: StoredRun, place: int, now_s: float, rules: Retention) -> bool:
    kept_s = rules.retention_s if one.retention_s is None else one.retention_s
    return not one.is_alive and place >= rules.keep_last and age_s(one.id, now_s) > kept_s
