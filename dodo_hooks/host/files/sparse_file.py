"""Holes in files: parts that take no room on the disk and read as zeros (HOT; only Linux makes them)."""

import sys

from dodo_hooks.host.posix import os

_KEEP_SIZE_AND_PUNCH_HOLE = 1 | 2  # FALLOC_FL_*, fallocate(2)


def punch_hole(descriptor: int, start: int, length: int) -> bool:
    """Give the room of this part of a file back to the disk; return whether that could be done.

    The size stays, and with it the position of the next appended byte.
    """
    if not sys.platform.startswith("linux"):
        return False
    from dodo_hooks.host.libc import libc_function

    # glibc's name for one that takes 64 bits everywhere; musl has only that kind.
    call = libc_function("fallocate64", "iiqq") or libc_function("fallocate", "iiqq")
    return call is not None and call(descriptor, _KEEP_SIZE_AND_PUNCH_HOLE, start, length) == 0


def first_hole(descriptor: int) -> "tuple[int, int] | None":
    """Return where the first hole of a file begins and ends (lseek(2)); None without one, or where nobody can know.

    The call moves the position in the file.
    """
    if not hasattr(os, "SEEK_HOLE"):
        return None
    size = os.fstat(descriptor).st_size
    try:
        start = os.lseek(descriptor, 0, os.SEEK_HOLE)
        if start >= size:
            return None
    except OSError:  # an empty file, or a file system that does not know
        return None
    try:
        return start, os.lseek(descriptor, start, os.SEEK_DATA)
    except OSError:  # ENXIO: nothing comes behind it
        return start, size
