"""The meaning of errors of the file system: it has no `flock` (R18), or no room (R21; HOT).

Some network file systems have no locks. A lock that cannot be taken there is not one that somebody else holds.
"""

from fcntl import LOCK_NB, LOCK_SH, flock

from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


def is_unsupported(error: OSError) -> bool:
    """Return whether this error of `flock` says that the file cannot be locked by anybody (flock(2), fcntl(2))."""
    from errno import ENOLCK, ENOSYS, EOPNOTSUPP

    return error.errno in (ENOLCK, ENOSYS, EOPNOTSUPP)


def is_disk_full(error: OSError) -> bool:
    """Return whether the disk, or its owner's share of it, is full (write(2))."""
    from errno import EDQUOT, ENOSPC

    return error.errno in (ENOSPC, EDQUOT)


def is_locked(path: str, *, if_unknown: bool = True) -> bool:
    """Return whether somebody holds the lock at `path` exclusively; one that is not there is not held (R18).

    `if_unknown`: the result on a file system without locks, where only the record itself can show it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        flock(descriptor, LOCK_SH | LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return if_unknown
    finally:
        os.close(descriptor)
