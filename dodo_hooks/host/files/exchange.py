"""Putting a file in the place of another so that neither of the two can be lost, whatever others do meanwhile (HOT).

`rename` destroys its target, and between a check of the target and the call somebody may have written there.
renameat2(2) on Linux and renameatx_np(2) on macOS exchange two names in one step instead: the old file is in our hands
afterwards and can be read. Where the file system cannot do that, the old file is moved away first, and the new one put
there only if the name is still free; the name is missing for a moment then. And where it cannot do that either, since
it has no hard links, which is tried with a file of ours first, a synced copy is made of the old file before it is
replaced.
"""

import errno
import sys

from dodo_hooks.host.files.atomic_files import try_unlink
from dodo_hooks.host.libc import last_errno, libc_function
from dodo_hooks.host.posix import S_ISLNK, S_ISREG, decode_path, os

_IS_MACOS = sys.platform == "darwin"
_NAME = "renameatx_np" if _IS_MACOS else "renameat2"
_HERE = -2 if _IS_MACOS else -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_SWAP, RENAME_EXCHANGE
_ONLY_IF_FREE = 4 if _IS_MACOS else 1  # RENAME_EXCL, RENAME_NOREPLACE
_UNABLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
_UNABLE_TO_LINK = (*_UNABLE, errno.EPERM, errno.EMLINK)  # link(2): EPERM where the file system has no hard links
_ATTEMPTS = 5  # to copy what is being written to
AWAY = b".away"  # appended to the name of ours, while what it replaces has been moved away
PART = b".part"  # a file of ours that is not whole
_PROBES = (b".probe", b".probed")


def put_in_place(ours: bytes, path: bytes) -> bool:
    """Move the file `ours` to `path`; return whether anything stood there, which is at `ours` afterwards.

    Raises:
        FileExistsError: somebody wrote a file there while what stood there had been moved away: that is at `ours` +
            AWAY, where it may also be after a kill. OSError: nothing was moved. EXDEV: these are two file systems.
    """
    while True:
        try:
            if _call(ours, path, _EXCHANGE):
                return True
            (_move_in_steps if _can_move_if_free(ours) else _copy_and_replace)(ours, path)
            os.rename(ours + AWAY, ours)
            return True
        except FileNotFoundError:  # nothing stands there
            pass
        try:
            move_if_free(ours, path)
            return False
        except FileExistsError:  # but now
            continue


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


def _move_in_steps(ours: bytes, path: bytes) -> None:
    os.rename(path, ours + AWAY)
    try:
        move_if_free(ours, path)
    except FileExistsError:
        raise
    except OSError:  # a full disk, for example
        move_if_free(ours + AWAY, path)
        raise


def _copy_and_replace(ours: bytes, path: bytes) -> None:
    _copy_away(path, ours)
    try:
        os.replace(ours, path)
    except OSError:
        os.unlink(ours + AWAY)
        raise


def move_if_free(source: bytes, target: bytes) -> None:
    """Rename, but never onto something.

    Raises:
        FileExistsError: there is something. OSError: as for `os.rename`.
    """
    if _call(source, target, _ONLY_IF_FREE):
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _UNABLE_TO_LINK:
            raise
        _reserve(target)
        try:
            os.rename(source, target)
        except OSError:
            os.unlink(target)
            raise
        return
    os.unlink(source)


def _reserve(target: bytes) -> None:
    """Make an empty file, so that others find the name taken. Raises FileExistsError."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _can_move_if_free(ours: bytes) -> bool:
    """Return whether `move_if_free` works here, by trying it with files of ours before anybody else's is moved."""
    one, other = (ours + suffix for suffix in _PROBES)
    for name in (one, other):
        try_unlink(name)
    _reserve(one)
    try:
        if not _call(one, other, _ONLY_IF_FREE):
            os.link(one, other)
        return True
    except OSError:
        return False
    finally:
        for name in (one, other):
            try_unlink(name)


def _copy_away(path: bytes, ours: bytes) -> None:
    """Copy what stands at `path` to `ours` + AWAY; the copy is on the disk when this returns."""
    for _ in range(_ATTEMPTS):
        status = os.lstat(path)
        try_unlink(ours + PART)
        if S_ISLNK(status.st_mode):
            os.symlink(os.readlink(path), ours + PART)
        elif S_ISREG(status.st_mode):
            _copy_file(path, ours + PART)
        else:
            break
        after = os.lstat(path)
        if _look(after) == _look(status):
            os.rename(ours + PART, ours + AWAY)
            return
    try_unlink(ours + PART)
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), decode_path(path))


def _copy_file(path: bytes, target: bytes) -> None:
    with open(path, "rb") as source, open(target, "xb") as copy:
        while piece := source.read(1 << 20):
            copy.write(piece)
        copy.flush()
        os.fchmod(copy.fileno(), os.fstat(source.fileno()).st_mode & 0o7777)
        os.fsync(copy.fileno())


def _look(status: os.stat_result) -> "tuple[int, ...]":
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _call(one: bytes, other: bytes, flags: int) -> bool:
    """Exchange the two names, or rename one to the other if that is free; return False where it cannot be done."""
    function = libc_function(_NAME, "izizI")
    if function is None:
        return False
    if function(_HERE, one, _HERE, other, flags) == 0:
        return True
    number = last_errno()
    if number in _UNABLE:
        return False
    raise OSError(number, os.strerror(number), decode_path(other))
