"""Copies of files that share their blocks with the original, where the file system can do that (HOT)."""

import sys

from dodo_hooks.host.posix import S_ISREG, decode_path, os, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _hashlib import HASH

    from dodo_hooks.core.digests import Hasher

REFLINK = "reflink"  # shared blocks, else a copy
COPY = "copy"
HARDLINK = "hardlink"  # the same file under two names, else a copy
LINKS = (REFLINK, COPY, HARDLINK)
_FICLONE = 0x40049409  # ioctl_ficlone(2), as most machines number it; others answer ENOTTY
_PIECE = 1 << 20
_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKING = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def clone_file(source: bytes, target: bytes, mode: int, link: str, hasher: "Hasher") -> bytes:
    """Make the new file `target` with the bytes of `source`; return the digest of the bytes that it has, in hex.

    `mode` is not for hard links: those have the mode of the original.

    Raises:
        OSError: one of the two cannot be used. ValueError: the source is no regular file.
    """
    if link == HARDLINK and _link(source, target):
        return digest_of(target, hasher)
    original, size = _open_regular(source)
    try:
        copy = os.open(target, _MAKING, 0o600)
        try:
            if link != COPY and _share_blocks(original, copy):
                digest = _digest(copy, size, hasher)
            else:
                digest = _digest(original, size, hasher, copy)
            os.fchmod(copy, mode)
        finally:
            os.close(copy)
    finally:
        os.close(original)
    return digest


def copy_file(source: bytes, target: bytes, mode: int) -> None:
    """Make the new file `target` with the bytes of `source`, which share its blocks where that can be.

    Raises the same as `clone_file`.
    """
    original, size = _open_regular(source)
    try:
        copy = os.open(target, _MAKING, 0o600)
        try:
            if not _share_blocks(original, copy):
                while piece := os.read(original, min(size, _PIECE) + 1):
                    write_all(copy, piece)
            os.fchmod(copy, mode)
        finally:
            os.close(copy)
    finally:
        os.close(original)


def digest_of(path: bytes, hasher: "Hasher") -> bytes:
    """Return the digest of a file, in hex. Raises the same as `clone_file`."""
    descriptor, size = _open_regular(path)
    try:
        return _digest(descriptor, size, hasher)
    finally:
        os.close(descriptor)


def read_unchanged(path: bytes, size: int) -> bytes:
    """Return the bytes of a small file. Raises OSError, or ValueError: it is no regular file, or has another size."""
    descriptor, _ = _open_regular(path)
    try:
        content = os.read(descriptor, size + 1)
    finally:
        os.close(descriptor)
    if len(content) != size:
        raise ValueError(f"{decode_path(path)} changes while it is read")
    return content


def _open_regular(path: bytes) -> "tuple[int, int]":
    """Return a descriptor, and the size."""
    descriptor = os.open(path, _READING)
    status = os.fstat(descriptor)
    if not S_ISREG(status.st_mode):
        os.close(descriptor)
        raise ValueError("not a regular file")
    return descriptor, status.st_size


def _digest(descriptor: int, size: int, hasher: "Hasher", copy: "int | None" = None) -> bytes:
    """Read to the end, and write what is read to `copy`."""
    digest = hasher()
    size = min(size, _PIECE) + 1  # a large buffer for each small file would take time
    while piece := os.read(descriptor, size):
        digest.update(piece)
        while copy is not None and piece:
            piece = piece[os.write(copy, piece) :]
    return hex_of(digest)


def hex_of(digest: "HASH") -> bytes:
    return bytes(digest.hexdigest(), "ascii")


def _share_blocks(original: int, copy: int) -> bool:
    if sys.platform != "linux":
        return False
    from fcntl import ioctl

    try:
        ioctl(copy, _FICLONE, original)
    except OSError:  # another file system, or one that cannot do it
        return False
    return True


def _link(source: bytes, target: bytes) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # another file system, one without links, too many of them, or somebody else's file
        return False
    return True
