"""What an error of the file system means: that it has no `flock` (R18), or no room (R21; HOT).

Some network file systems have no locks. A lock that cannot be taken there is not one that somebody else holds.
"""


def is_unsupported(error: OSError) -> bool:
    """Whether this error of `flock` says that the file cannot be locked by anybody (flock(2), fcntl(2))."""
    from errno import ENOLCK, ENOSYS, EOPNOTSUPP

    return error.errno in (ENOLCK, ENOSYS, EOPNOTSUPP)


def is_disk_full(error: OSError) -> bool:
    """Whether the disk, or its owner's share of it, is full (write(2))."""
    from errno import EDQUOT, ENOSPC

    return error.errno in (ENOSPC, EDQUOT)
