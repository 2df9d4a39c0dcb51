"""The state of a path, as far as git is concerned: bytes, a link or nothing (G5; HOT).

Files are read and written in pieces: a partially staged file may be larger than the memory.
"""

import errno
import sys

from dodo_hooks.core.digests import sha256, sha256_for
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.files.file_owner import inherit_owner
from dodo_hooks.host.posix import S_ISDIR, S_ISLNK, S_ISREG, decode_path, is_link, os, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FILE = "file"
LINK = "link"
NOTHING = "nothing"
OTHER = "other"  # a directory, a pipe, ...: nothing that we move, or put something in the place of
KINDS = (FILE, LINK, NOTHING, OTHER)

_PIECE = 1 << 20
_MAKING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FileState(Record):
    """A file, a link, nothing, or something else at a path, known by the digest of its bytes."""

    kind: str  # one of the four above
    mode: int = 0  # the permission bits of a FILE
    digest: str = ""  # of its bytes, or of where the link leads
    size: int = 0

    def is_same_as(self, other: "FileState") -> bool:
        """Return whether git would treat the two as equal."""
        same_bit = self.kind != FILE or bool(self.mode & 0o100) == bool(other.mode & 0o100)
        return self.has_bytes_of(other) and same_bit

    def is_one_of(self, others: "Iterable[FileState]") -> bool:
        return any(self.is_same_as(one) for one in others)

    def has_bytes_of(self, other: "FileState") -> bool:
        return self.kind == other.kind and self.digest == other.digest


ABSENT = FileState(NOTHING)


def read_state(path: bytes, copy_to: "Callable[[bytes], object] | None" = None) -> FileState:
    """Return the state of the path; pass its bytes, of which the digest is made, to `copy_to`.

    What we may not read is OTHER: it cannot be distinguished from anything else, so nothing is put in its place.

    Raises:
        OSError: it cannot be read, for a reason that may pass.
    """
    try:
        status = os.lstat(path)
        if S_ISLNK(status.st_mode):
            return _read_link(path, copy_to)
        if not S_ISREG(status.st_mode):
            return FileState(OTHER)
        # If it becomes a pipe or a link in this moment we neither wait for a writer nor follow.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except PermissionError:
        return FileState(OTHER)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return read_state(path, copy_to)
        raise
    try:
        digest, size = sha256_for(status.st_size)(), 0
        while piece := os.read(descriptor, _PIECE):
            digest.update(piece)
            size += len(piece)
            if copy_to is not None:
                copy_to(piece)
        return FileState(FILE, os.fstat(descriptor).st_mode & 0o777, digest.hexdigest(), size)
    finally:
        os.close(descriptor)


def stamp_of(path: bytes) -> "tuple[int, ...]":
    """Return what differs once a file is changed or replaced, its device first, its times last; () where none is."""
    try:
        status = os.lstat(path)
    except OSError:
        return ()
    about = status.st_dev, status.st_mode, status.st_size, status.st_ino
    return *about, status.st_mtime_ns, status.st_ctime_ns


def write_state(path: bytes, version: FileState, pieces: "Iterator[bytes]") -> None:
    """Make a new file or link at the path.

    Raises:
        OSError: it cannot be written.
    """
    if version.kind == LINK:
        os.symlink(_target(b"".join(pieces), path), path)
        return
    descriptor = os.open(path, _MAKING, 0o600)
    try:
        inherit_owner(descriptor, path)
        for piece in pieces:
            write_all(descriptor, piece)
        os.fchmod(descriptor, version.mode)
    finally:
        os.close(descriptor)


def copy_state(source: bytes, target: bytes) -> FileState:
    """Copy a file or link to a new one; return the state of the copy.

    Raises:
        OSError: it cannot be read or written.
    """
    if is_link(source):
        os.symlink(os.readlink(source), target)
        return read_state(target)
    descriptor = os.open(target, _MAKING, 0o600)
    try:
        inherit_owner(descriptor, target)
        state = read_state(source, lambda piece: write_all(descriptor, piece))
        os.fchmod(descriptor, state.mode)
    finally:
        os.close(descriptor)
    return state


def _target(data: bytes, path: bytes) -> bytes:
    if not data or b"\0" in data:
        raise OSError(errno.EINVAL, "no link can lead there", decode_path(path))
    return data


def reader_of(path: bytes) -> "Callable[[], Iterator[bytes]]":
    """Return what yields `pieces_of` the file, as they are then."""
    return lambda: pieces_of(path)


def pieces_of(path: bytes, offset: int = 0, size: int = sys.maxsize) -> "Iterator[bytes]":
    """Yield the bytes of a file, or the target of a link; `size` of them from `offset` on."""
    if is_link(path):
        yield os.readlink(path)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.lseek(descriptor, offset, 0)  # SEEK_SET
        while piece := os.read(descriptor, min(size, _PIECE)):
            size -= len(piece)
            yield piece
    finally:
        os.close(descriptor)


def _read_link(path: bytes, copy_to: "Callable[[bytes], object] | None") -> FileState:
    target = os.readlink(path)
    if copy_to is not None:
        copy_to(target)
    return FileState(LINK, 0, sha256(target).hexdigest(), len(target))


def parents_of(path: bytes) -> list[bytes]:
    """Return the folders of a relative path, the outermost first."""
    parts = path.split(b"/")[:-1]
    return [b"/".join(parts[: end + 1]) for end in range(len(parts))]


def obstacle_of(top: bytes, path: bytes) -> "bytes | None":
    """Return the outermost folder of the path that exists and is no folder.

    A link is no folder: we do not write through it.
    """
    for parent in parents_of(path):
        try:
            status = os.lstat(top + b"/" + parent)
        except FileNotFoundError:
            return None
        if not S_ISDIR(status.st_mode):
            return parent
    return None
