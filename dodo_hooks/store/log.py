"""A job's log: bytes as they were written, and never much more of them than `max_log_size` (section 7; HOT).

A log that grows too large keeps its head and its tail. On Linux the middle is punched out of the file while the job
writes: the file keeps its size, so a process that appends to it notices nothing, and the hole takes no room. Where that
does not work, the middle is cut out when the job has ended, and a line takes its place. Readers put the same line where
they find a hole.
"""

from dodo_hooks.host.files.sparse_file import first_hole, punch_hole
from dodo_hooks.host.posix import os

_BLOCK = 4096  # a hole begins and ends where a block of the file system does
_PIECE = 65536


def trim_log(descriptor: int, most_bytes: int) -> None:
    """Remove the middle of a log that takes more than `most_bytes` of the disk; best effort."""
    stat = os.fstat(descriptor)
    if stat.st_size > most_bytes and stat.st_blocks * 512 > most_bytes:
        start, end = _middle(stat.st_size, most_bytes)
        punch_hole(descriptor, start, end - start)


def trim_log_file(path: str, most_bytes: int) -> int:
    """Trim the log at this path, and return how many bytes were written to it; a missing log is an empty one."""
    return close_log(path, most_bytes, cuts=False)[0]


def close_log(path: str, most_bytes: int, *, cuts: bool = True) -> "tuple[int, int]":
    """Trim the log of a job that has ended. Not `cuts`: it still writes, so nothing is moved.

    Returns:
        The bytes that the job has written, and how many of them are not kept.
    """
    try:
        size = os.stat(path).st_size
        if size <= most_bytes:
            return size, 0
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return 0, 0
    try:
        trim_log(descriptor, most_bytes)
        left_out = hole_bytes(descriptor)
        if cuts and not left_out and os.fstat(descriptor).st_blocks * 512 > most_bytes:
            left_out = cut_middle(descriptor, size, most_bytes)
        return size, left_out
    except OSError:  # the log stays too long, and is complete
        return size, 0
    finally:
        os.close(descriptor)


def hole_bytes(descriptor: int) -> int:
    """Return the size of a log's hole in bytes; 0 if it has none."""
    hole = first_hole(descriptor)
    return hole[1] - hole[0] if hole else 0


def marker(left_out: int) -> bytes:
    """Return the line that replaces bytes that were left out."""
    return f"... {left_out} bytes left out ...\n".encode("ascii")


def read_piece(descriptor: int, start: int, count: int) -> "tuple[bytes, int]":
    """Return the next bytes of a log from `start` on, and the offset behind them; for a hole, the line in its place.

    No bytes: `start` is the end of the log.
    """
    data = os.pread(descriptor, count, start)
    if b"\0" not in data:
        return data, start + len(data)
    hole = first_hole(descriptor)
    if hole is None or not hole[0] < start + len(data) or start >= hole[1]:
        return data, start + len(data)
    begins, ends = hole
    if start < begins:
        return data[: begins - start], begins
    before = os.pread(descriptor, 1, start - 1) if start else b"\n"
    return (b"" if before == b"\n" else b"\n") + marker(ends - start), ends


def _middle(size: int, most_bytes: int) -> "tuple[int, int]":
    """Return the start and the end of the part to remove.

    Half of `most_bytes` is the head. The tail is a little shorter than the rest, so that it may grow again.
    """
    head = most_bytes // 2 // _BLOCK * _BLOCK
    tail = (most_bytes - head) * 3 // 4
    return head, (size - tail) // _BLOCK * _BLOCK


def cut_middle(descriptor: int, size: int, most_bytes: int) -> int:
    """Move the tail up to the head, in place, and return how many bytes are left out.

    A process that the job has left behind may still append to this very file.
    """
    head, tail = _middle(size, most_bytes)
    line = b"\n" + marker(tail - head)
    os.pwrite(descriptor, line, head)
    target = head + len(line)
    while piece := os.pread(descriptor, _PIECE, tail):
        os.pwrite(descriptor, piece, target)
        target, tail = target + len(piece), tail + len(piece)
    os.ftruncate(descriptor, target)
    return _middle(size, most_bytes)[1] - head
