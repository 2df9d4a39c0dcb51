"""Timing two things in turn, A B A B ..., so that a machine whose speed drifts drifts for both."""

import statistics
import time
from collections.abc import Callable


def ratio(one: Callable[[], object], other: Callable[[], object], rounds: int) -> float:
    """Print the median of `one` over the median of `other`, with both."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for spent, act in zip(seconds, (one, other), strict=True):
            begin = time.perf_counter()
            act()
            spent.append(time.perf_counter() - begin)
    first, second = (statistics.median(spent) for spent in seconds)
    print(f"  {first * 1000:8.2f} ms against {second * 1000:8.2f} ms: {first / second:.2f}")
    return first / second
