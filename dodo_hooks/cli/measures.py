"""Sizes, durations and ages as people read them."""

from dodo_hooks.core.text.terminal_text import escape
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store.read_records import unix_s

_STEP = 1024


def format_size(size_bytes: int) -> str:
    """Return a size in the units of hook files, such as `1.5MB`."""
    amount = float(size_bytes)
    for unit in ("B", "KB", "MB"):
        if amount < _STEP:
            return f"{amount:.0f}{unit}" if unit == "B" or amount >= 10 else f"{amount:.1f}{unit}"
        amount /= _STEP
    return f"{amount:.1f}GB"


def format_age(started_at: str) -> str:
    """Return how long ago that was, such as `3m ago`; a time in the future (the clock was set) as it is."""
    seconds_ago = elapsed_s(started_at)
    if seconds_ago is None or seconds_ago < 0:
        return escape(started_at)
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds_ago >= seconds:
            return f"{seconds_ago // seconds:.0f}{unit} ago"
    return f"{seconds_ago:.0f}s ago"


def elapsed_s(timestamp: str) -> "float | None":
    """Return how many seconds ago that was; None where it is no time of a record."""
    try:
        return wall_ns() / 1e9 - unix_s(timestamp)
    except ValueError:
        return None
