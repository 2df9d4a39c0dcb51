"""Chance in tests: by default the same draws each time, and few; in the `nightly` profile free ones, and many.

`pytest --hypothesis-profile nightly` is the one switch for the property tests and for those that kill. Each number has
a variable of its own beside it, and TORTURE_SEED draws again what a test has printed.
"""

import os
import random

from hypothesis import settings

# No deadline: the machine may be busy.
settings.register_profile("nightly", max_examples=2000, deadline=None, derandomize=False)
settings.register_profile("default", max_examples=50, deadline=None, derandomize=True, database=None)
settings.load_profile("default")


def is_nightly() -> bool:
    """Return whether tests draw freely. Ask when a test file is imported, or later."""
    return not settings().derandomize


def how_many(by_default: int, nightly: int, variable: str = "") -> int:
    """Return how much a test draws: what `variable` says, or what the profile says."""
    return int(os.environ.get(variable) or (nightly if is_nightly() else by_default))


def draw_seed() -> int:
    """Return where a test's chance begins, and print it."""
    seed = os.environ.get("TORTURE_SEED") or (random.SystemRandom().randrange(1_000_000) if is_nightly() else 1)
    print(f"TORTURE_SEED={seed}")
    return int(seed)


def chance_of(test: str) -> random.Random:
    """Return the chance of one test, which differs from that of others with the same seed."""
    return random.Random(f"{draw_seed()} {test}")
