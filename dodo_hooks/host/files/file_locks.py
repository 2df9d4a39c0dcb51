"""The meaning of errors of the file system: it has no `flock` (R18), or no room (R21; HOT).

Some network file systems have no locks. A lock that cannot be taken there is not one that somebody else holds.
"""

from fcntl import LOCK_NB, LOCK_SH, flock

from dodo_hooks.host.posix import os


def is_unsupported(error: OSError) -> bool:
    """Return whether this error of `flock` says that the file cannot be locked by anybody (flock(2), fcntl(2))."""
    from errno import ENOLCK, ENOSYS, EOPNOTSUPP

    return error.errno in (ENOLCK, ENOSYS, EOPNOTSUPP)


def try_lock(descriptor: int, how: int) -> bool:
    """Take the lock without waiting; return whether that succeeded. Raises OSError: there can be no lock."""
    try:
        flock(descriptor, how | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock(descriptor: int, how: int) -> None:
    """Lock what is open, if its file system has locks.

    Raises:
        BlockingIOError: somebody else has it, and `how` has LOCK_NB. OSError: it cannot be locked.
    """
    try:
        flock(descriptor, how)
    except OSError as error:
        if not is_unsupported(error):
            raise


def lock_directory(path: "str | bytes", how: int) -> int:
    """Open a directory and lock it; return the descriptor. On a file system without locks it is only opened.

    Raises:
        BlockingIOError: somebody else has it, and `how` has LOCK_NB. OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        lock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


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
        return not try_lock(descriptor, LOCK_SH)
    except OSError:
        return if_unknown
    finally:
        os.close(descriptor)
