"""`os`, `signal` and kinds of files for hot files: the C modules alone (HOT).

`import os` takes 1.0 ms (2.3 on Python 3.13), the `posix` module inside it nothing: it is built in. What it lacks
against `os` is small: `environ` holds bytes, and there are no `path`, `makedirs`, `fsencode` and `exec*p`.
`import signal` takes 5 ms, since it imports `enum`; the C module under it has the same functions and plain numbers.
Hot files take both from here, so that the odd imports and their reason stand in one place. Checkers see the real ones.
The functions of `stat` are here as well: even the C module under it takes 0.05 ms.
"""

from dodo_hooks.core.errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    import signal
else:
    import _signal as signal
    import posix as os

_LINKS_AT_MOST = 40  # as Linux


def read_file(path: str) -> bytes:
    """Return all of a file; nothing of a FIFO.

    Raises:
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO, where a file should be, would keep git waiting
    try:
        return read_rest(descriptor)
    finally:
        os.close(descriptor)


def try_read(path: str) -> bytes:
    """Return all of a file; nothing where it cannot be read."""
    try:
        return read_file(path)
    except OSError:
        return b""


def read_rest(descriptor: int) -> bytes:
    """Return what is left to read of an open file."""
    data = b""
    while piece := os.read(descriptor, 1 << 20):
        data += piece
    return data


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything.

    Raises:
        OSError: the other end is closed, or the disk is full.
    """
    while data:
        data = data[os.write(descriptor, data) :]


def S_ISREG(mode: int) -> bool:
    return mode & 0o170000 == 0o100000


def S_ISDIR(mode: int) -> bool:
    return mode & 0o170000 == 0o040000


def S_ISLNK(mode: int) -> bool:
    return mode & 0o170000 == 0o120000


def S_ISFIFO(mode: int) -> bool:
    return mode & 0o170000 == 0o010000


def processors() -> int:
    """Return how many processors we may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def names_in(directory: str) -> "list[str]":
    """Return the names in a directory; none where it cannot be listed."""
    try:
        return os.listdir(directory)
    except OSError:
        return []


def lexists(path: "str | bytes") -> bool:
    """Return whether the path exists, as `os.path.lexists`: a dangling link does."""
    try:
        os.lstat(path)
    except OSError:
        return False
    return True


def is_link(path: "str | bytes") -> bool:
    """Return whether there is a symbolic link."""
    try:
        return S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False


def is_real_folder(path: "str | bytes") -> bool:
    """Return whether there is a folder, and no link to one."""
    try:
        return S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def encode_path(path: str) -> bytes:
    """Return the bytes of a path, as `os.fsencode`, which is not at hand here.

    This is UTF-8, as in a hook file, whatever the locale is: main.py sees to that.
    """
    return path.encode("utf-8", "surrogateescape")


def decode_path(path: bytes) -> str:
    """Return the text of a path, as `os.fsdecode`: what cannot be decoded becomes surrogates."""
    return path.decode("utf-8", "surrogateescape")


def joined(base: str, path: str) -> str:
    return path if path.startswith("/") else f"{base}/{path}"


def real(path: str) -> str:
    """Return the absolute path without links, `.` and `..`; what does not exist stays as it is written."""
    done, todo, links = "", path.split("/")[::-1], 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            done = done.rpartition("/")[0]
            continue
        try:
            target = os.readlink(f"{done}/{part}")
        except OSError:  # no link
            done = f"{done}/{part}"
            continue
        links += 1
        if links > _LINKS_AT_MOST:
            raise GitError(f"{path} is a loop of symbolic links")
        if target.startswith("/"):
            done = ""
        todo += target.split("/")[::-1]
    return done or "/"


def open_terminal() -> int:
    """Open the controlling terminal of this process, whatever its outputs are (tty(4)).

    Raises:
        OSError: there is none.
    """
    return os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)


__all__ = ["os", "signal"]  # of what is imported
