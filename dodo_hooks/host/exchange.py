"""Putting a file in the place of another so that neither of the two can be lost, whatever others do meanwhile.

`rename` destroys what stood at its target, and between a look at the target and the call somebody may have written
there. renameat2(2) on Linux and renameatx_np(2) on macOS exchange two names in one step instead: what stood there is in
our hands afterwards and can be looked at. Where the file system cannot do that, the old file is moved away first, and
the new one put there only if the name is still free; the name is missing for a moment then.
"""

import ctypes
import errno
import os
import sys

_IS_MACOS = sys.platform == "darwin"
_NAME = "renameatx_np" if _IS_MACOS else "renameat2"
_HERE = -2 if _IS_MACOS else -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_SWAP, RENAME_EXCHANGE
_ONLY_IF_FREE = 4 if _IS_MACOS else 1  # RENAME_EXCL, RENAME_NOREPLACE
_UNABLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
AWAY = b".away"  # appended to the name of ours, while what it replaces has been moved away


def put_in_place(ours: bytes, path: bytes) -> bool:
    """Move the file `ours` to `path`. If anything stood there it is at `ours` afterwards: then the answer is True.

    Raises:
        FileExistsError: somebody wrote a file there while what stood there had been moved away: that is at `ours` +
            AWAY, where it may also be after a kill. OSError: nothing was moved. EXDEV: these are two file systems.
    """
    while True:
        try:
            return _exchange(ours, path) or _put_in_place_in_steps(ours, path)
        except FileNotFoundError:  # nothing stands there
            pass
        try:
            move_if_free(ours, path)
            return False
        except FileExistsError:  # but now
            continue


def _put_in_place_in_steps(ours: bytes, path: bytes) -> bool:
    os.rename(path, ours + AWAY)
    move_if_free(ours, path)
    os.rename(ours + AWAY, ours)
    return True


def move_if_free(source: bytes, target: bytes) -> None:
    """Rename, but never onto something.

    Raises:
        FileExistsError: there is something. OSError: as for `os.rename`.
    """
    if _call(source, target, _ONLY_IF_FREE):
        return
    os.link(source, target, follow_symlinks=False)
    os.unlink(source)


def _exchange(one: bytes, other: bytes) -> bool:
    """False where this cannot be done."""
    return _call(one, other, _EXCHANGE)


def _call(one: bytes, other: bytes, flags: int) -> bool:
    function = getattr(ctypes.CDLL(None, use_errno=True), _NAME, None)
    if function is None:
        return False
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    if function(_HERE, one, _HERE, other, flags) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNABLE:
        return False
    raise OSError(number, os.strerror(number), os.fsdecode(other))
