"""The rules of retention: which invocations may be deleted (section 7).

The ids alone give the order of invocations: they only ever grow, also when the clock is set back. The clock gives only
an id's age, and is not trusted fully: an id from the future has age 0, and when the clock leaps ahead, the trusted time
follows in steps. To delete a few days late does no harm.
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
    """An invocation on disk."""

    id: str
    worktree: str | None  # None: it is not there any more, or the record cannot be read
    size_bytes: int
    is_alive: bool = False
    retention_s: float | None = None  # its own; None: as the rules say


def to_delete(kept: Sequence[StoredRun], now_s: float, rules: Retention) -> list[str]:
    """Return the ids to delete, the oldest first; never one that is alive.

    The last invocations of each working tree outlive their age, but not the bound on the size. Only the very newest of
    each, and those alive, stay whatever their size. `now_s`: seconds since 1970.
    """
    newest_first = sorted(kept, key=lambda one: one.id, reverse=True)
    newer = _count_newer(newest_first)
    outdated = {one.id for one in newest_first if _is_outdated(one, newer[one.id], now_s, rules)}
    total = sum(one.size_bytes for one in newest_first if one.id not in outdated)
    for one in reversed(newest_first):
        if total <= rules.max_total_bytes:
            break
        if one.id not in outdated and not one.is_alive and newer[one.id] > 0:
            outdated.add(one.id)
            total -= one.size_bytes
    return sorted(outdated)


def trusted_now(last_s: float | None, now_s: float) -> float:
    """Return the time to prune by, in seconds since 1970. `last_s`: that of the last pruning; None: never pruned."""
    return now_s if last_s is None else min(now_s, last_s + CATCH_UP_S)


def age_s(identity: str, now_s: float) -> float:
    """Return the age of an invocation by its id, in seconds; 0 for an id from the future, or one that is no time."""
    try:
        began_s = calendar.timegm(time.strptime(identity[:15], "%Y%m%d-%H%M%S"))
    except ValueError:
        return 0.0
    return max(0.0, now_s - began_s)


def _count_newer(newest_first: Sequence[StoredRun]) -> dict[str, int]:
    """Return, for each id, how many of the same working tree are newer; without one, more than any rule keeps."""
    seen: Counter[str] = Counter()
    newer: dict[str, int] = {}
    for one in newest_first:
        if one.worktree is None:
            newer[one.id] = sys.maxsize
        else:
            newer[one.id] = seen[one.worktree]
            seen[one.worktree] += 1
    return newer


def _is_outdated(one: StoredRun, newer: int, now_s: float, rules: Retention) -> bool:
    kept_s = rules.retention_s if one.retention_s is None else one.retention_s
    return not one.is_alive and newer >= rules.keep_last and age_s(one.id, now_s) > kept_s
