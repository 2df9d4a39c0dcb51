"""Starting a program and reading all that it prints, without `subprocess` (12 ms to import; HOT).

There are two kinds. git is read to the end of its output, in our own process group, so that a Ctrl-C reaches it. A
command of the hook file is the leader of a group of its own, has ended when its first process has (R16), and may have a
limit: then, and when we are interrupted, its whole group is killed.
"""

import select

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.posix import os, signal
from dodo_hooks.host.process import has_ended, kill_group, reap, spawn_with
from dodo_hooks.host.world import monotonic_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_READ_BYTES = 1 << 16
_TICK_MS = 20  # how often a command's end is polled where no descriptor signals it
_LAST_READS = 64  # of what a command left in its pipe: a grandchild may never stop writing


class Captured(Record):
    """The result of a program: its exit code and what it printed."""

    exit_code: int  # negative: the number of the signal that ended it, as in `os.waitstatus_to_exitcode`
    output: bytes
    said: bytes  # on standard error
    is_late: bool = False  # it was killed because its time was over

    @property
    def last_words(self) -> str:
        """The last line on standard error, for an error of one sentence."""
        return self.said.decode(errors="replace").strip().rpartition("\n")[2]


class How(Record):
    """The options of a program that is run."""

    is_led: bool = False  # in a group of its own, which is killed with it: it is a command of the hook file
    is_shielded: bool = False  # in a group of its own, where a Ctrl-C at the terminal does not reach it
    keeps: bool = True  # what it prints; else that is dropped
    lock: "int | None" = None  # a descriptor that it has too: a lock that it holds, should we be killed before it
    take: "Callable[[bytes], object] | None" = None  # gets its output piece by piece, of which nothing is kept


_PLAIN = How()


def capture(
    argv: "tuple[str, ...]",
    environ: "Mapping[str, str]",
    stdin: bytes = b"",
    *,
    lock: "int | None" = None,
    is_shielded: bool = False,
    limit_s: "float | None" = None,
    take: "Callable[[bytes], object] | None" = None,
) -> Captured:
    """Run a program, give it `stdin`, and return when it has ended and its output is closed.

    The options are those of `How`. It is killed when it has taken `limit_s`.

    Raises:
        OSError: it cannot be started.
    """
    return _run(argv, environ, stdin, How(is_shielded=is_shielded, lock=lock, take=take), limit_s)


def capture_command(
    command: str, top: str, environ: "Mapping[str, str]", limit_s: "float | None" = None, keeps: bool = True
) -> Captured:
    """Run a shell command in the folder `top`, without input. Without `keeps` what it prints is dropped.

    Raises:
        OSError: no process can be started (R21).
    """
    argv = ("sh", "-c", 'cd -- "$0" && exec /bin/sh -c "$1"', top, command)
    return _run(argv, environ, b"", How(is_led=True, keeps=keeps), limit_s)


def _run(
    argv: "tuple[str, ...]", environ: "Mapping[str, str]", stdin: bytes, how: How, limit_s: "float | None"
) -> Captured:
    # A Ctrl-C that came between the start and the `try` would leave the program behind.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    program = None
    try:
        program = Pending(argv, environ, stdin, how)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return program.result(limit_s)
    except BaseException:
        if program is not None:
            program.abort()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        raise


class Pending:
    """A program that runs, and our ends of its pipes."""

    def __init__(
        self, argv: "tuple[str, ...]", environ: "Mapping[str, str]", stdin: bytes = b"", how: How = _PLAIN
    ) -> None:
        """Start the program. Raises OSError: it cannot be started."""
        self._stdin = stdin
        self._how = how
        self._pieces: list[list[bytes]] = [[], []]  # of output and of errors
        self._read_ends: dict[int, Callable[[bytes], object]] = {}
        self._writer = self._watch = -1
        self._poll = select.poll()
        try:
            self._pid = self._start(argv, environ)
        except OSError:
            self._close()
            raise
        self._listen()

    def has_answered(self) -> bool:
        """Return whether it has printed something, or has ended."""
        return bool(self._poll.poll(0))

    def abort(self) -> None:
        """Leave the program, which has had a Ctrl-C as well as we have, and is killed where it leads a group."""
        self._end()
        reap(self._pid)

    def result(self, limit_s: "float | None" = None) -> Captured:
        """Wait for its end, and return its result. Call it once."""
        is_late = not self._exchange(None if limit_s is None else monotonic_s() + limit_s)
        if is_late:
            if not self._how.is_led:
                os.kill(self._pid, signal.SIGKILL)
            self._end()
        self._close()
        status = os.waitpid(self._pid, 0)[1]
        output, said = (b"".join(pieces) for pieces in self._pieces)
        return Captured(os.waitstatus_to_exitcode(status), output, said, is_late)

    def _start(self, argv: "tuple[str, ...]", environ: "Mapping[str, str]") -> int:
        # Whoever started us may ignore SIGCHLD; then the exit status of every child would be lost (waitpid(2)).
        if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        reader, self._writer = os.pipe() if self._stdin else (os.open("/dev/null", os.O_RDONLY), -1)
        ends = [reader]
        try:
            for take in (self._how.take or self._pieces[0].append, self._pieces[1].append):
                read_end, end = os.pipe() if self._how.keeps else (-1, os.open("/dev/null", os.O_WRONLY))
                ends.append(end)
                if read_end >= 0:
                    self._read_ends[read_end] = take
            actions = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(ends)]
            if (lock := self._how.lock) is not None:  # another number: dup2 onto itself may leave it closed on exec
                actions.append((os.POSIX_SPAWN_DUP2, lock, 4 if lock == 3 else 3))
            return spawn_with(actions, argv, environ, leads=self._how.is_led or self._how.is_shielded)
        finally:
            for end in ends:
                os.close(end)

    def _end(self) -> None:
        if self._how.is_led:
            kill_group(self._pid)
        self._close()

    def _listen(self) -> None:
        for end in self._read_ends:
            self._poll.register(end, select.POLLIN)
        if self._writer >= 0:
            os.set_blocking(self._writer, False)
            self._poll.register(self._writer, select.POLLOUT)
        if self._how.is_led and hasattr(os, "pidfd_open"):
            try:
                self._watch = os.pidfd_open(self._pid)  # readable when it has ended: pidfd_open(2)
                self._poll.register(self._watch, select.POLLIN)
            except OSError:  # an old kernel, or a sandbox that refuses the call
                pass

    def _exchange(self, deadline_s: "float | None") -> bool:
        """Write and read until there is nothing more to come; return False when the time was over first."""
        last_reads = 0
        while self._how.is_led or self._read_ends or self._writer >= 0:
            has_ended_now = self._how.is_led and has_ended(self._pid)
            if not has_ended_now and deadline_s is not None and monotonic_s() >= deadline_s:
                return False
            events = self._poll.poll(0 if has_ended_now else self._wait_ms(deadline_s))
            for descriptor, _ in events:
                if descriptor == self._writer:
                    self._write()
                elif descriptor in self._read_ends:
                    self._read(descriptor)
            last_reads += has_ended_now
            is_empty = not any(descriptor in self._read_ends for descriptor, _ in events)
            if has_ended_now and (is_empty or last_reads > _LAST_READS):
                break
        return True

    def _wait_ms(self, deadline_s: "float | None") -> "int | None":
        wait_ms = None if self._watch >= 0 or not self._how.is_led else _TICK_MS
        if deadline_s is None:
            return wait_ms
        left_ms = max(int((deadline_s - monotonic_s()) * 1000) + 1, 0)
        return left_ms if wait_ms is None else min(wait_ms, left_ms)

    def _write(self) -> None:
        try:
            self._stdin = self._stdin[os.write(self._writer, self._stdin) :]
        except BlockingIOError:
            return
        except OSError:  # it does not want to hear more
            self._stdin = b""
        if not self._stdin:
            self._poll.unregister(self._writer)
            os.close(self._writer)
            self._writer = -1

    def _read(self, descriptor: int) -> None:
        piece = os.read(descriptor, _READ_BYTES)
        if piece:
            self._read_ends[descriptor](piece)
            return
        self._poll.unregister(descriptor)
        del self._read_ends[descriptor]
        os.close(descriptor)

    def _close(self) -> None:
        for descriptor in (*self._read_ends, self._writer, self._watch):
            if descriptor >= 0:
                os.close(descriptor)
        self._read_ends, self._writer, self._watch = {}, -1, -1
