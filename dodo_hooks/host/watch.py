"""Noticing that another process has ended, in a form that poll(2) can wait for (HOT).

Linux has pidfd_open(2). Elsewhere the caller polls with a timeout and asks `getppid` (R17).
"""

from dodo_hooks.host.posix import os

POLL_PARENT_S = 1.0  # how often getppid is asked where there is no pidfd


def watch_parent(parent: int) -> "int | None":
    """A descriptor that becomes readable when the parent ends; None where the system has none.

    Raises:
        ProcessLookupError: it has ended already.
    """
    if os.getppid() != parent:
        raise ProcessLookupError
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(parent)
    except ProcessLookupError:
        raise
    except OSError:  # an old kernel, or a sandbox that refuses the call
        return None


def parent_is_gone(parent: int) -> bool:
    return os.getppid() != parent
