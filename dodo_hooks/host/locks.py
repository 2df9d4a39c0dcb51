"""File systems without `flock` (R18; HOT).

Some network file systems have none. A lock that cannot be taken there is not one that somebody else holds.
"""


def is_unsupported(error: OSError) -> bool:
    """Whether this error of `flock` says that the file cannot be locked by anybody (flock(2), fcntl(2))."""
    from errno import ENOLCK, ENOSYS, EOPNOTSUPP

    return error.errno in (ENOLCK, ENOSYS, EOPNOTSUPP)
