"""An invocation, and the logs of its jobs, read while it runs (R18, R19).

A follower polls files: it holds no lock and has no connection to the coordinator. So no number of followers, and no
slow or stopped one, can hold up a job. A poll costs one stat per open job. A record is read again when its file has
changed. Once a second the follower checks whether the writer is still alive.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from dodo_hooks.store import layout, orphans
from dodo_hooks.store.log import read_piece
from dodo_hooks.store.read_records import InvocationRecord, JobRecord
from dodo_hooks.store.reader import read_invocation, read_job, read_jobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.store.read_records import Report

LOOK_EVERY_S = 0.05
ASK_FOR_WRITER_EVERY_S = 1.0
_PIECE = 1 << 16
_Stamp = tuple[int, int, int]  # which file it is, when it was written, and its size, since a tick of the clock is long

Clock = Callable[[], float]  # monotonic seconds


class LiveInvocation:
    """An invocation and its jobs as last read; `look` brings them up to date."""

    def __init__(self, invocation: InvocationRecord, report: Report, clock: Clock) -> None:
        self.invocation = invocation
        self.jobs = read_jobs(invocation, report)
        self._report = report
        self._clock = clock
        self._stamps: dict[str, _Stamp | None] = {}
        self._asked_s = clock()

    @property
    def has_ended(self) -> bool:
        """True if the records will not change any more, except by a repair."""
        return not self.invocation.is_alive

    def look(self) -> None:
        """Read the records that have changed since the last call."""
        if self.has_ended:
            return
        self.jobs = tuple(job if job.has_ended else self._again(job) for job in self.jobs)
        now_s = self._clock()
        if now_s - self._asked_s >= ASK_FOR_WRITER_EVERY_S or all(job.has_ended for job in self.jobs):
            self._asked_s = now_s
            self._ask_for_writer()

    def job(self, name: str) -> JobRecord | None:
        """Return the job of this name; None if its record is gone, or was never readable."""
        return next((job for job in self.jobs if job.name == name), None)

    def _again(self, job: JobRecord) -> JobRecord:
        stamp = _stamp(layout.meta_file(job.directory))
        if stamp is not None and stamp == self._stamps.get(job.name):
            return job
        self._stamps[job.name] = stamp
        return read_job(job.directory, self._report) or job

    def _ask_for_writer(self) -> None:
        invocation = read_invocation(self.invocation.directory, self._report)
        if invocation is None:  # pruned or broken: it counts as ended
            invocation = self.invocation._replace(writer_died=True)
        if not invocation.is_alive:  # everything is on disk now, so this is the last read of the jobs
            last = read_jobs(invocation, self._report)
            self.jobs = last or tuple(orphans.close_orphans(self.jobs))
        self.invocation = invocation


class LogTail:
    """The log of a job, read from an offset on, until the job has ended."""

    def __init__(self, job_dir: str) -> None:
        self._path = layout.log_file(job_dir)
        self._offset = 0
        self._end: int | None = None  # None: not known yet
        self._descriptor: int | None = None

    def skip_to_last(self, lines: int) -> None:
        """Skip everything before the last `lines` lines; a line without a newline counts."""
        descriptor = self._opened()
        if descriptor is not None:
            self._offset = _start_of_last(descriptor, lines)

    def end_here(self) -> None:
        """Read nothing beyond the present end: the job has ended, and later bytes are not its own (R16)."""
        descriptor = self._opened()
        if self._end is None:
            self._end = 0 if descriptor is None else os.fstat(descriptor).st_size

    def read(self) -> bytes:
        """Return the next piece; b"" where there is none yet, or no more."""
        descriptor = self._opened()
        if descriptor is None:
            return b""
        wanted = _PIECE if self._end is None else min(_PIECE, self._end - self._offset)
        if wanted <= 0:
            return b""
        piece, self._offset = read_piece(descriptor, self._offset, wanted)
        return piece

    @property
    def has_read_anything(self) -> bool:
        return self._offset > 0

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int | None:
        if self._descriptor is None:
            with suppress(FileNotFoundError):  # made at the first byte
                self._descriptor = os.open(self._path, os.O_RDONLY)
        return self._descriptor


def _start_of_last(descriptor: int, lines: int) -> int:
    """Return the offset of the last `lines` lines, searched from the end, since a log may be large."""
    end = os.fstat(descriptor).st_size
    if not lines:
        return end
    offset, missing = end, lines + (1 if end and os.pread(descriptor, 1, end - 1) == b"\n" else 0)
    while offset > 0:
        start = max(0, offset - _PIECE)
        piece = os.pread(descriptor, offset - start, start)
        while (found := piece.rfind(b"\n")) >= 0:
            missing -= 1
            if missing == 0:
                return start + found + 1
            piece = piece[:found]
        offset = start
    return 0


def _stamp(path: str) -> _Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
