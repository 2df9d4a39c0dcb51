"""Names that are moved without destroying what others have put at the new name meanwhile (HOT).

`rename` destroys its target, and between a check of the target and the call somebody may have written there. link(2)
fails if its target is there. Where a file cannot be linked, renameat2(2) on Linux and renameatx_np(2) on macOS rename
to a free name alone. They also exchange two names in one step.
"""

import errno
import sys

from dodo_hooks.host.posix import decode_path, os

_IS_MACOS = sys.platform == "darwin"
_NAME = "renameatx_np" if _IS_MACOS else "renameat2"
_HERE = -2 if _IS_MACOS else -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_SWAP, RENAME_EXCHANGE
_ONLY_IF_FREE = 4 if _IS_MACOS else 1  # RENAME_EXCL, RENAME_NOREPLACE
_UNABLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
_UNABLE_TO_LINK = (*_UNABLE, errno.EPERM, errno.EMLINK)  # link(2): EPERM where the file system has no hard links
AWAY = b".away"  # appended to the name of ours, while what it replaces has been moved away


def exchange_tree(ours: bytes, path: bytes) -> bool:
    """Move the folder, file or link `ours` to `path`; return whether anything stood there, which is at `ours` then.

    Where names cannot be exchanged, what stood there is at `ours` + AWAY for a moment, and after a kill. What others
    put at the path in that moment may be replaced.

    Raises:
        OSError: nothing was moved.
    """
    try:
        if _call(ours, path, _EXCHANGE):
            return True
        os.rename(path, ours + AWAY)
    except FileNotFoundError:  # nothing stands there
        os.rename(ours, path)
        return False
    try:
        os.rename(ours, path)
    except OSError:
        os.rename(ours + AWAY, path)
        raise
    os.rename(ours + AWAY, ours)
    return True


def move_if_free(source: bytes, target: bytes) -> None:
    """Rename, but never onto something.

    A kill may leave the file under both names; another call finishes it.

    Raises:
        FileExistsError: there is something. OSError: as for `os.rename`.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not _is_same(source, target):
            raise
    except OSError as error:
        if error.errno not in _UNABLE_TO_LINK:
            raise
        if not _call(source, target, _ONLY_IF_FREE):
            _reserve_and_rename(source, target)
        return
    os.unlink(source)


def _is_same(one: bytes, other: bytes) -> bool:
    """Return whether these are two names of one file."""
    first, second = os.lstat(one), os.lstat(other)
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def _reserve_and_rename(source: bytes, target: bytes) -> None:
    """Make an empty file first, so that others find the name taken. Raises FileExistsError."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        os.rename(source, target)
    except OSError:
        os.unlink(target)
        raise


def _call(one: bytes, other: bytes, flags: int) -> bool:
    """Exchange the two names, or rename one to the other if that is free; return False where it cannot be done."""
    from dodo_hooks.host.libc import last_errno, libc_function  # which loads `_ctypes`, and a link needs none

    function = libc_function(_NAME, "izizI")
    if function is None:
        return False
    if function(_HERE, one, _HERE, other, flags) == 0:
        return True
    number = last_errno()
    if number in _UNABLE:
        return False
    raise OSError(number, os.strerror(number), decode_path(other))
