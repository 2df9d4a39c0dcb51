"""The display of an attached phase (R23; HOT).

One process prints: the runner. Each job's output is in its log. The display is a queue of pieces of logs and of our own
lines. A piece is written only when the terminal or the pipe can take it, so a reader that has stopped (a pager, `^S`)
delays neither the jobs nor a Ctrl-C.

The output of a job that runs alone is shown live. The output of all others is shown whole, in the order of their ends.
A line after each output reports the job's end.
"""

import select

from dodo_hooks.core import statuses
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import EXECUTION, FAILURE, SKIPS, SUMMARY
from dodo_hooks.core.text.terminal_text import BOLD, escape, paint, truncate
from dodo_hooks.engine.job_line import job_line, name_columns
from dodo_hooks.host.console import STDOUT
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.log import read_piece

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Job
    from dodo_hooks.core.statuses import Outcome
    from dodo_hooks.engine.job_line import Look
    from dodo_hooks.engine.protocols import Watching

_CHUNK = 4096  # PIPE_BUF: as much as poll(2) promises that a ready pipe takes without blocking
_TICK_S = 1.0
_ERASE = b"\r\x1b[K"
_LEAST_COLUMNS = 10
_WORDS = {
    statuses.COMPLETED: SUMMARY,
    statuses.UP_TO_DATE: SUMMARY,
    statuses.SKIPPED: SKIPS,
}  # of `output:`; else FAILURE


class Display(Record):
    """The settings of the display of a run."""

    knows_escapes: bool  # it is a terminal on which lines can be erased
    look: "Look"
    title: str  # printed above the lines
    jobs: "Sequence[Job]"  # those that may get a line
    output: "Sequence[str]"  # of plan.OUTPUTS
    has_lines: bool = True  # False: another reporter prints the ends of jobs
    is_quiet: bool = False  # nothing is shown at all


class Screen:
    """The queue of pending output, and the line about the running jobs."""

    def __init__(self, display: Display) -> None:
        self.is_terse = EXECUTION not in display.output  # show only the output of failed jobs
        self._display = display
        self._look = display.look
        self._name_columns = name_columns((job.title for job in display.jobs), display.look)
        self._queue: list[bytes | tuple[str, int]] = []  # text, or (log, to)
        self._loop: Watching | None = None
        self._running: dict[str, float] = {}  # title -> when it started
        self._live: int | None = None
        self._shown: dict[str, int] = {}  # log -> bytes of it that were queued
        self._printed: dict[str, int] = {}  # log -> where to read on: also behind a hole that is longer than the queue
        self._line_is_drawn = False
        self._has_title = not display.has_lines
        self._is_closed = display.is_quiet  # or the reader of our output is gone
        self.lines: set[int] = set()  # the jobs that have their line

    def attach(self, loop: "Watching") -> None:
        self._loop = loop
        if self._display.knows_escapes:
            loop.clocks.every(_TICK_S, self._draw_line)

    def started(self, job: "Job") -> None:
        self._running[job.title] = monotonic_s()

    def say(self, sentence: str) -> None:
        """Queue a line of ours between the outputs of the jobs."""
        self._push_line(f"dodo-hooks: {escape(sentence)}")

    def show_live(self, job: "Job") -> None:
        self._live = job.number
        self._erase_line()

    def ended(self, job: "Job", log: str, outcome: "Outcome", duration_s: "float | None" = None) -> None:
        """Queue the rest of the job's output, and a line about its end."""
        self._running.pop(job.title, None)
        if job.is_judged_by_diff:
            self._ended_hook(job, log, outcome, duration_s)
            return
        if outcome.status in (statuses.FAILED, statuses.CRASHED) or not self.is_terse:
            self.queue_log(job, log)
        if self._shown.get(log) and not _ends_a_line(log):
            self._push(b"\n")
        if self._shown.get(log) and self._display.knows_escapes:
            self._push(b"\x1b[0m")  # reset the colour that the job may have left
        if self._live == job.number:
            self._live = None
        if self._display.has_lines and _WORDS.get(outcome.status, FAILURE) in self._display.output:
            self.lines.add(job.number)
            self._begin()
            self._push_line(job_line(job.title, self._name_columns, outcome, duration_s, self._look))

    def _ended_hook(self, job: "Job", log: str, outcome: "Outcome", duration_s: "float | None") -> None:
        """Queue the lines of a hook of pre-commit, and its output below them, if that is shown (P8)."""
        from dodo_hooks.engine.hook_lines import hook_columns, hook_lines, shows_output

        is_shown = shows_output(job, outcome)
        if self._display.has_lines and _WORDS.get(outcome.status, FAILURE) in self._display.output:
            self.lines.add(job.number)
            self._begin()
            columns = hook_columns(one for one in self._display.jobs if one.is_judged_by_diff)
            for line in hook_lines(job, columns, outcome, duration_s, self._look):
                self._push_line(line)
        size = _size_of(log) if is_shown else 0
        if size:
            self._push(b"\n")
            self._push((log, size))
            if not _ends_a_line(log):
                self._push(b"\n")
            self._push(b"\x1b[0m\n" if self._display.knows_escapes else b"\n")

    def drain(self, signals: int, *, waits: bool = True) -> None:
        """Print the pending output, until a signal comes while the reader takes nothing.

        Not `waits`: a signal has come already, so print only what the reader takes at once. Our own lines are never
        waited for: no record is late because of them (`take_rest`).
        """
        self._erase_line()
        poll = select.poll()
        poll.register(STDOUT, select.POLLOUT)
        poll.register(signals, select.POLLIN)
        while self._queue:
            is_output_left = not all(isinstance(piece, bytes) for piece in self._queue)
            ready = dict(poll.poll(None if waits and is_output_left else 0))
            if signals in ready or STDOUT not in ready:
                return
            self._print_some()

    def take_rest(self) -> bytes:
        """Return our own lines that are still pending; the caller prints them once the records are closed."""
        rest = b"".join(piece for piece in self._queue if isinstance(piece, bytes))
        self._queue.clear()
        return rest

    def _begin(self) -> None:
        """Queue the title before the first line."""
        if not self._has_title:
            self._has_title = True
            self._push_line(self._bold(escape(self._display.title)))

    def queue_log(self, job: "Job", log: str) -> None:
        """Queue what the log of a job has gained."""
        printed = self._shown.get(log, 0)
        size = _size_of(log)
        if size > printed:
            if not printed:
                self._begin()
                self._push_line(self._bold(f"[{escape(job.title)}]"))
            self._push((log, size))
            self._shown[log] = size

    def _bold(self, text: str) -> str:
        return paint(text, BOLD) if self._look.has_colors else text

    def _push_line(self, line: str) -> None:
        self._push(f"{line}\n".encode("utf-8", "backslashreplace"))

    def _push(self, piece: "bytes | tuple[str, int]") -> None:
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
                self._print_log(*piece)
        except OSError:  # the reader is gone; the records have all of the output
            self._is_closed = True
            self._queue.clear()
        if not self._queue and self._loop is not None:
            self._loop.unwatch(STDOUT)

    def _print_log(self, log: str, end: int) -> None:
        start = self._printed.get(log, 0)
        if start >= end:
            return
        data, behind = _read_from(log, start, min(end - start, _CHUNK))
        if behind - start != len(data):  # a line about what was left out of the log
            self._printed[log] = behind
            self._queue[:0] = [data, (log, end)]
            return
        written = os.write(STDOUT, data)
        self._printed[log] = start + written
        if written and start + written < end:
            self._queue.insert(0, (log, end))

    def _draw_line(self) -> None:
        """Draw the line about the running jobs and their time."""
        if self._live is not None or self._queue or not self._running or self._is_closed:
            return
        oldest_s = monotonic_s() - min(self._running.values())
        if oldest_s < _TICK_S:
            return
        time = f"{oldest_s:.0f} s" if oldest_s < 60 else f"{oldest_s // 60:.0f}m{oldest_s % 60 // 1:02.0f}s"
        names = escape(", ".join(self._running))
        room = max(self._look.columns - 1, _LEAST_COLUMNS) - len(time) - len(": ")
        os.write(STDOUT, _ERASE + f"{truncate(names, room, '...')}: {time}".encode("utf-8", "backslashreplace"))
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


def _size_of(log: str) -> int:
    try:
        return os.stat(log).st_size
    except OSError:  # no log: the job has printed nothing
        return 0


def _ends_a_line(log: str) -> bool:
    return _read_from(log, os.stat(log).st_size - 1, 1)[0] == b"\n"
