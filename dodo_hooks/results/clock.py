"""Moments as people read them (HOT)."""

import time


def local_time(at_ns: int) -> str:
    """Return a moment in local time: `14:02`, or with its date where that is another day."""
    then, now = time.localtime(at_ns // 1_000_000_000), time.localtime()
    is_today = then[:3] == now[:3]
    return time.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M", then)
