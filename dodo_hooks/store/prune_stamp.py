"""The time of a repository's last pruning, by which it is pruned at most once a day (section 7; HOT)."""

from dodo_hooks.host.posix import read_file
from dodo_hooks.store import layout

EVERY_S = 86_400.0


def is_due(repository_dir: str, now_s: float) -> bool:
    """Return whether a day has passed since the last pruning, or the clock was set back behind it."""
    try:
        last_s, _ = parse_stamp(read_file(layout.prune_stamp(repository_dir)))
    except OSError:
        return True
    return last_s is None or not 0 <= now_s - last_s < EVERY_S


def parse_stamp(text: bytes) -> "tuple[float | None, float | None]":
    """Return the time of the last pruning in seconds since 1970, by the clock and as trusted; None: never pruned."""
    try:
        last_s, trusted_s = map(float, text.split())
    except ValueError:  # the first time
        return None, None
    return last_s, trusted_s
