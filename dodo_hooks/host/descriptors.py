"""Making, closing and waiting for descriptors (HOT)."""

import select

from dodo_hooks.host.posix import os, write_all
from dodo_hooks.host.process import IS_LINUX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_HIGHEST_DESCRIPTOR = 1 << 20  # Linux's default limit (proc(5), nr_open); to try them all takes 0.1 s


def spool(data: bytes, directory: str) -> int:
    """Return a descriptor to read this data from, of any length, that leaves no file behind.

    `directory`: a directory to write in.

    Raises:
        OSError: there is no room for it.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("dodo-hooks")
    else:
        path = f"{directory}/.spool-{os.getpid()}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.unlink(path)
    write_all(descriptor, data)
    os.lseek(descriptor, 0, 0)  # SEEK_SET, which `posix` has no name for
    return descriptor


def close_all_but(keep: "set[int]") -> None:
    """Close every descriptor above 2 that is not in `keep` (R10)."""
    try:
        names = os.listdir("/proc/self/fd" if IS_LINUX else "/dev/fd")
    except OSError:  # neither /proc nor /dev/fd: all numbers that there can be
        first = 3
        for descriptor in sorted(keep):
            os.closerange(first, descriptor)
            first = max(first, descriptor + 1)
        os.closerange(first, min(os.sysconf("SC_OPEN_MAX"), _HIGHEST_DESCRIPTOR))
        return
    for descriptor in map(int, names):
        if descriptor > 2 and descriptor not in keep:
            try:
                os.close(descriptor)
            except OSError:  # the one that listed the directory
                pass


def redirect_to_null(descriptors: "Iterable[int]") -> None:
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(null, descriptor, inheritable=True)
    os.close(null)


def can_write(descriptor: int) -> bool:
    """Return whether a line can be written without waiting for a reader.

    True also where nobody reads any more, and the write fails at once.
    """
    return _wait(descriptor, select.POLLOUT, 0)


def wait_to_read(descriptor: int, timeout_ms: int) -> None:
    """Wait until there is something to read, or the time is over."""
    _wait(descriptor, select.POLLIN, timeout_ms)


def wait_for_reader_to_leave(pipe: int, timeout_ms: int) -> None:
    """Wait until nobody has the reading end of this pipe open any more (poll(2), POLLERR), or the time is over."""
    _wait(pipe, 0, timeout_ms)


def _wait(descriptor: int, events: int, timeout_ms: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, events)
    return bool(poll.poll(timeout_ms))
