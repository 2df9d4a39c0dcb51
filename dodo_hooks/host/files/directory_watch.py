"""A watch of a directory: a signal from the kernel at its next change (Linux; HOT).

fcntl(2) has F_NOTIFY for it. Its successor, inotify(7), says more, but Python has no function for that, and ctypes
would be one more thing to be right on each machine.
"""

import fcntl

from dodo_hooks.host.posix import os

WRITES = 0x2  # DN_MODIFY
REMOVALS = 0x8 | 0x10  # DN_DELETE, DN_RENAME
_F_NOTIFY = getattr(fcntl, "F_NOTIFY", None)


def open_directory(path: str) -> "int | None":
    """Return a descriptor for `notify_once`; None where it cannot be had."""
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None


def notify_once(directory: int, changes: int) -> bool:
    """Have SIGIO sent to this process at the next of these changes (WRITES, REMOVALS) of a file in the directory.

    The caller has to handle SIGIO, which ends a process otherwise. Return whether it will be sent: not on other
    systems, nor in some sandboxes. Nobody notifies of what another machine does to a network file system.
    """
    if _F_NOTIFY is None:
        return False
    try:
        fcntl.fcntl(directory, _F_NOTIFY, changes)
        return True
    except OSError:
        return False
