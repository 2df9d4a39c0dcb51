"""What a person sees while a phase runs attached (R23; HOT).

One process prints: the runner. Each job's output is in its log; what is to be shown is a queue of pieces of logs and
of lines of ours. A piece is written only when the terminal or the pipe can take it, so a reader that has stopped (a
pager, `^S`) holds up neither the jobs nor a Ctrl-C.

A job that runs alone is shown as it goes. All others are shown whole, in the order of their ends.
"""

import select

from dodo_hooks.host.posix import os
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.log import read_piece

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Job
    from dodo_hooks.engine.loop import Loop

STDOUT = 1
_CHUNK = 4096  # PIPE_BUF: as much as poll(2) promises that a ready pipe takes without blocking
_TICK_S = 1.0
_ERASE = b"\r\x1b[K"


class Screen:
    def __init__(
        self, is_terminal: bool, columns: int, has_colors: bool, is_quiet: bool = False, is_terse: bool = False
    ) -> None:
        """`is_quiet`: nothing is shown. `is_terse`: only what a job has printed that failed."""
        self.is_terse = is_terse
        self._is_terminal = is_terminal
        self._columns = columns
        self._has_colors = has_colors
        self._queue: list[bytes | tuple[str, int, int]] = []  # text, or (log, from, to)
        self._loop: Loop | None = None
        self._running: dict[str, float] = {}  # name -> when it started
        self._live: str | None = None
        self._shown: dict[str, int] = {}  # log -> bytes of it that were queued
        self._line_is_drawn = False
        self._is_closed = is_quiet  # or nobody reads any more

    def attach(self, loop: "Loop") -> None:
        self._loop = loop
        if self._is_terminal:
            loop.every(_TICK_S, self._draw_line)

    def started(self, job: "Job") -> None:
        self._running[job.name] = monotonic_s()

    def say(self, sentence: str) -> None:
        """A line of ours, at its place between the outputs of the jobs."""
        self._push(f"dodo-hooks: {sentence}\n".encode("utf-8", "replace"))

    def alone(self, job: "Job") -> None:
        self._live = job.name
        self._erase_line()

    def grown(self, job: "Job", log: str) -> None:
        """The log of the job that is shown live has more."""
        self._queue_log(job, log)

    def ended(self, job: "Job", log: str, has_failed: bool) -> None:
        self._running.pop(job.name, None)
        if has_failed or not self.is_terse:
            self._queue_log(job, log)
        if self._shown.get(log) and not _ends_a_line(log):
            self._push(b"\n")
        if self._shown.get(log) and self._is_terminal:
            self._push(b"\x1b[0m")  # whatever colour the job left behind
        if self._live == job.name:
            self._live = None

    def drain(self, signals: int, *, waits: bool = True) -> None:
        """Print what is left, unless the reader does not take it and a signal comes, or has come (not `waits`)."""
        self._erase_line()
        poll = select.poll()
        poll.register(STDOUT, select.POLLOUT)
        poll.register(signals, select.POLLIN)
        while self._queue:
            ready = dict(poll.poll(None if waits else 0))
            if signals in ready or STDOUT not in ready:
                return
            self._print_some()

    def _queue_log(self, job: "Job", log: str) -> None:
        shown = self._shown.get(log, 0)
        try:
            size = os.stat(log).st_size
        except OSError:  # it has printed nothing
            return
        if size > shown:
            if not shown:
                self._push(self._heading(job))
            self._push((log, shown, size))
            self._shown[log] = size

    def _heading(self, job: "Job") -> bytes:
        text = f"[{job.name}]".encode("utf-8", "replace")
        return b"\x1b[1m" + text + b"\x1b[0m\n" if self._has_colors else text + b"\n"

    def _push(self, piece: "bytes | tuple[str, int, int]") -> None:
        if self._is_closed:
            return
        self._erase_line()
        self._queue.append(piece)
        if self._loop is not None:
            self._loop.unwatch(STDOUT)
            self._loop.watch(STDOUT, lambda _: self._print_some(), select.POLLOUT)

    def _print_some(self) -> None:
        piece = self._queue.pop(0)
        try:
            if isinstance(piece, bytes):
                written = os.write(STDOUT, piece[:_CHUNK])
                if written < len(piece):
                    self._queue.insert(0, piece[written:])
            else:
                log, start, end = piece
                self._print_log(log, start, end)
        except OSError:  # nobody reads any more: the records have it all
            self._is_closed = True
            self._queue.clear()
        if not self._queue and self._loop is not None:
            self._loop.unwatch(STDOUT)

    def _print_log(self, log: str, start: int, end: int) -> None:
        data, behind = _read_from(log, start, min(end - start, _CHUNK))
        if behind - start != len(data):  # a line about what was left out of the log
            self._queue[:0] = [data, (log, behind, end)] if behind < end else [data]
            return
        written = os.write(STDOUT, data)
        if written and start + written < end:
            self._queue.insert(0, (log, start + written, end))

    def _draw_line(self) -> None:
        """One line that says what is running, and for how long."""
        if self._live is not None or self._queue or not self._running or self._is_closed:
            return
        now_s = monotonic_s()
        oldest_s = now_s - min(self._running.values())
        if oldest_s < _TICK_S:
            return
        text = f"{', '.join(self._running)}: {oldest_s:.0f} s"
        os.write(STDOUT, _ERASE + text[: max(self._columns - 1, 10)].encode("utf-8", "replace"))
        self._line_is_drawn = True

    def _erase_line(self) -> None:
        if self._line_is_drawn:
            self._line_is_drawn = False
            self._queue.insert(0, _ERASE)


def _read_from(log: str, start: int, count: int) -> "tuple[bytes, int]":
    descriptor = os.open(log, os.O_RDONLY)
    try:
        return read_piece(descriptor, start, count)
    finally:
        os.close(descriptor)


def _read_at(log: str, start: int, count: int) -> bytes:
    descriptor = os.open(log, os.O_RDONLY)
    try:
        return os.pread(descriptor, count, start)
    finally:
        os.close(descriptor)


def _ends_a_line(log: str) -> bool:
    size = os.stat(log).st_size
    return _read_at(log, size - 1, 1) == b"\n"
