"""Stamps of files, which tell later whether a file was changed (HOT).

Two changes in one tick of a file system's clock have one stamp, if they leave the size. A tick may be long: 2 s on FAT,
1 s on ext3 with small inodes, HFS+ and some network file systems. So a file that is not older is compared by its bytes.
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.content.file_state import read_state, stamp_of
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_TICK_NS = 2_000_000_000


class Stamp(Record):
    status: "tuple[int, ...]"  # () where there is no file
    digest: str  # of the bytes, where the status does not show each change


def stamps_of(top: bytes, git_dir: str, paths: "Iterable[bytes]") -> "dict[bytes, Stamp]":
    """Return the stamps of files, relative to `top`. Raises OSError: one cannot be read."""
    stamps: dict[bytes, Stamp] = {}
    device = now_ns = None
    for path in paths:
        if now_ns is None:
            device, now_ns = _clock(git_dir)
        status = stamp_of(top + b"/" + path)
        is_old = bool(status) and status[0] == device and max(status[-2:]) <= now_ns - _TICK_NS
        stamps[path] = Stamp(status, _digest(top + b"/" + path) if status and not is_old else "")
    return stamps


def differs(top: bytes, path: bytes, before: Stamp) -> bool:
    """Return whether a file was changed since its stamp. Raises OSError: it cannot be read."""
    if stamp_of(top + b"/" + path) != before.status:
        return True
    return bool(before.digest) and _digest(top + b"/" + path) != before.digest


def _digest(path: bytes) -> str:
    return read_state(path).digest


def _clock(git_dir: str) -> "tuple[int, int]":
    """Return a device, and the time there, as its file system counts it: that of a file just written.

    A server's clock may be another than ours. Without such a file no time is known, and no file old.
    """
    path = f"{git_dir}/dodo-hooks-clock"
    try:
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600
        )
    except OSError:
        return -1, 0
    try:
        os.write(descriptor, b"0")
        status = os.fstat(descriptor)
        os.unlink(path)
    except OSError:
        return -1, 0
    finally:
        os.close(descriptor)
    return status.st_dev, status.st_mtime_ns
