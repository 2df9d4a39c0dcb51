"""A wave process: starts jobs on a grant, reports each start and end, and ends jobs on request (R7, HOT).

A wave is a fork of the runner with a session of its own. It has one thread, and waits in one `poll`. It leaves when it
is dismissed and nothing runs any more, or when the runner is gone: then it first ends its jobs (R20).

To end a job (R14), a wave sends SIGTERM and SIGCONT to its group, and SIGKILL when the grace period is over. The job's
process is not reaped before the group is otherwise empty or SIGKILL was sent: until then no other group can have its
id.
"""

import select

from dodo_hooks.engine.waves import wire
from dodo_hooks.engine.waves.job import (
    CLOSED,
    Context,
    Started,
    StartError,
    close_writer,
    log_path,
    max_log_of,
    nice_of,
    start,
    start_next_batch,
)
from dodo_hooks.host import descriptors, process, signals
from dodo_hooks.host.posix import os, signal, write_all
from dodo_hooks.host.world import monotonic_s, wall_ns
from dodo_hooks.store.log import trim_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Job
    from dodo_hooks.host.prepared_process import Refusal
    from dodo_hooks.host.terminal import Terminal

    End = tuple[int | None, int | None]  # exit code, signal

BROKEN_EXIT = 70  # EX_SOFTWARE of sysexits.h
_PROBE_MS = 20  # how often the group of a job that was asked to end is checked, for which SIGKILL may be due
_READ_BYTES = 65536
# How often a job's output is read after its end: a pipe holds 1 MiB at most (pipe(7), pipe-max-size). Without a limit
# a grandchild that never stops writing would keep the job from ending (R16).
_LAST_READS = 16


class Running:
    """A running job, as its wave knows it."""

    __slots__ = ("job", "kill_at_s", "killed", "live", "log", "number", "started", "started_s", "unchecked", "worst")

    def __init__(self, number: int, job: "Job", started: Started, started_s: float) -> None:
        self.number = number
        self.job = job
        self.started = started
        self.started_s = started_s
        self.log: int | None = None
        self.unchecked = 0  # bytes that went into the log since its length was checked
        self.live = False
        self.kill_at_s: float | None = None  # set once the job was asked to end
        self.killed = False
        self.worst: End = (0, None)  # of the batches that have ended

    @property
    def pid(self) -> int:
        return self.started.pid


def run_wave(context: Context, commands: int, reports: int, keep: "Sequence[int]", has_terminal: bool = False) -> None:
    """Be the wave process, and never return.

    `keep`: further descriptors that stay open, the share of `alive` (R18). `has_terminal`: the wave is for one
    interactive job, and stays in the terminal's session.
    """
    exit_code = BROKEN_EXIT
    wave = None
    try:
        # First of all: a wave that held `lock` would make a dead coordinator look alive (R18).
        descriptors.close_all_but({commands, reports, *keep})
        terminal = None
        if has_terminal:
            from dodo_hooks.host.terminal import Terminal

            terminal = Terminal()  # a group of its own: keys are for the job
        else:
            os.setsid()
        wave = Wave(context, commands, reports, terminal)
        wave.run()
        exit_code = 0
    except BaseException as error:  # any error is reported to the runner, and no job may be left running
        _break(wave, reports, error)
    finally:
        os._exit(exit_code)


def _break(wave: "Wave | None", reports: int, error: BaseException) -> None:
    for running in list(wave.running.values()) if wave else ():
        process.kill_group(running.pid)
    unsent = wave.unsent if wave else b""
    try:
        os.write(reports, unsent + wire.line_of(wire.BROKEN, text=f"{type(error).__name__}: {error}"))
    except OSError:
        pass


class Wave:
    """The jobs of a wave process, and its one wait."""

    def __init__(self, context: Context, commands: int, reports: int, terminal: "Terminal | None" = None) -> None:
        self.running: dict[int, Running] = {}  # by the job's number
        self._context = context
        self._commands = wire.Inbox(commands)
        self._reports = reports
        self._terminal = terminal
        self._leaving = False
        self.unsent = b""  # reports
        self._is_seen = process.sees_sessions()
        self._has_priority = False
        self._outputs: dict[int, Running] = {}  # by descriptor
        self._preparing: dict[int, Running] = {}  # by descriptor
        self._poll = select.poll()
        # A system that shuts down sends SIGTERM, and so does Linux when the runner has died.
        self._signals = signals.take_signals((signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT))
        for descriptor in (self._signals, commands):
            self._poll.register(descriptor, select.POLLIN)

    def run(self) -> None:
        while self.running or not self._leaving:
            is_ending = any(running.kill_at_s is not None for running in self.running.values())
            has_signal = False
            for descriptor, _ in self._poll.poll(_PROBE_MS if is_ending else None):
                if descriptor == self._signals:
                    self._take_signals()
                    has_signal = True
                elif descriptor == self._commands.descriptor:
                    self._obey()
                elif descriptor in self._preparing:
                    self._note_prepared(descriptor)
                elif descriptor in self._outputs:
                    self._read(self._outputs[descriptor])
            if has_signal or is_ending:
                self._check_jobs(is_ending=is_ending)
            if self.unsent:
                self._send()

    def _take_signals(self) -> None:
        if any(number != signal.SIGCHLD for number in signals.read_signals(self._signals)):
            self._leave()

    def _leave(self) -> None:
        self._leaving = True
        for running in self.running.values():
            self._ask_to_end(running, self._context.grace_s)

    def _obey(self) -> None:
        messages = self._commands.receive()
        if messages is None:  # the runner is gone
            self._poll.unregister(self._commands.descriptor)
            self._leave()
            return
        for kind, numbers, _ in messages:
            if kind == wire.GRANT:
                self._start(*numbers)
            elif kind == wire.DISMISS:
                self._leaving = True
            elif numbers[0] in self.running:  # else the job has ended meanwhile
                running = self.running[numbers[0]]
                if kind == wire.END:
                    self._ask_to_end(running, numbers[1] / 1000)
                elif kind == wire.LIVE:
                    running.live = True
                    self._report(wire.OUTPUT, running.number)

    def _start(self, number: int, processes: int) -> None:
        job = self._context.hook.jobs[number]
        self._take_priority(job)
        at_ns, started_s = wall_ns(), monotonic_s()
        try:
            started = start(self._context, job, processes)
        except StartError as refused:
            self._report(wire.REFUSED, number, refused.exit_code, at_ns, text=refused.reason)
            return
        running = self.running[number] = Running(number, job, started, started_s)
        if started.output is not None:
            os.set_blocking(started.output, False)
            self._outputs[started.output] = running
            self._poll.register(started.output, select.POLLIN)
        self._report(wire.STARTED, number, started.pid, at_ns)
        if not self._is_seen:  # should we be killed, the runner can end only the groups that it knows (R20)
            self._send()
        if started.refusal != CLOSED:
            self._preparing[started.refusal] = running
            self._poll.register(started.refusal, select.POLLIN)
        if started.no_terminal:
            self._report(wire.PIPED, number, started.no_terminal)

    def _note_prepared(self, descriptor: int) -> None:
        """Report that a job's process has come to an end of its preparations; what came of them is read at its end."""
        self._poll.unregister(descriptor)
        running = self._preparing.pop(descriptor)
        self._report(wire.PREPARED, running.number, running.pid)

    def _take_priority(self, job: "Job") -> None:
        """Take the priority of this wave's jobs, which is one for all, before the first job (R13).

        In the background, also ask for a signal when the coordinator dies (R20).
        """
        nice = nice_of(self._context, job)
        if not self._has_priority and (nice or self._context.is_background):
            from dodo_hooks.host.priority import end_with_parent, lower_priority

            lower_priority(nice, idle_io=self._context.is_background)
            if self._context.is_background:
                end_with_parent(signal.SIGTERM)
        self._has_priority = True

    def _read(self, running: Running) -> bool:
        """Move a job's output into its log; return whether there may be more."""
        assert running.started.output is not None
        try:
            data = os.read(running.started.output, _READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:  # EIO: the last holder of a pseudo-terminal has closed it
            data = b""
        if not data:
            self._close_output(running)
            return False
        self._keep(running, data)
        if running.live:
            self._report(wire.OUTPUT, running.number)
        return True

    def _keep(self, running: Running, data: bytes) -> None:
        try:
            if running.log is None:  # most jobs that go well print nothing
                flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
                running.log = os.open(log_path(self._context, running.job), flags, 0o600)
            write_all(running.log, data)
            running.unchecked += len(data)
            most_bytes = max_log_of(self._context, running.job)
            if running.unchecked > most_bytes // 4:
                trim_log(running.log, most_bytes)
                running.unchecked = 0
        except OSError as error:  # the job continues: its output is read and lost, and the runner reports that
            self._report(wire.UNLOGGED, running.number, error.errno or 0)

    def _close_output(self, running: Running) -> None:
        output, running.started.output = running.started.output, None
        if output is not None:
            self._poll.unregister(output)
            del self._outputs[output]
            os.close(output)

    def _ask_to_end(self, running: Running, grace_s: float) -> None:
        """Send SIGTERM at the first call; a second one can only shorten the grace period (R17)."""
        kill_at_s = monotonic_s() + grace_s
        if running.kill_at_s is None:
            process.terminate_group(running.pid)
            running.kill_at_s = kill_at_s
        running.kill_at_s = min(running.kill_at_s, kill_at_s)

    def _check_jobs(self, *, is_ending: bool) -> None:
        """Check the jobs whose process has ended; all of them while one is being ended, or where the system names none.

        With fifty jobs at once, checking each of them at each end would take longer than short jobs do.
        """
        unchecked = {running.pid: running for running in self.running.values()}
        while unchecked and not is_ending:
            pid = process.ended_child()
            if pid is None:
                return
            running = unchecked.pop(pid, None)
            if running is None:  # the system does not say which, or it is not reaped since its group is being ended
                break
            self._check(running)
        for running in list(self.running.values()):
            self._check(running)

    def _check(self, running: Running) -> None:
        """Send SIGKILL when it is due; reap the job when it has ended.

        A shell that was killed left no process on purpose, unlike one that ended by itself: its group is ended (R16,
        R20). A snapshot is somebody else's next: what a job has left there is ended too (S5).
        """
        if running.kill_at_s is None and self._ends_group(running) and process.group_has_others(running.pid):
            self._ask_to_end(running, self._context.grace_s)
        if running.kill_at_s is not None:
            if not running.killed and monotonic_s() >= running.kill_at_s:
                process.kill_group(running.pid)
                running.killed = True
            if not process.has_ended(running.pid):
                return
            if not running.killed and process.group_has_others(running.pid):
                return
        status = process.wait_status(running.pid)
        if status is not None:
            self._end(running, *status)

    def _ends_group(self, running: Running) -> bool:
        """Return whether what is left of a job's group ends with its main process: after a kill, and in a snapshot."""
        if running.number in self._context.workspaces:
            return process.has_ended(running.pid)
        return process.was_killed(running.pid)

    def _end(self, running: Running, exit_code: "int | None", signal: "int | None") -> None:
        """Report the end of a job, or start its next batch, now that its process has ended.

        The job has ended even if another process still holds its output (R16).
        """
        at_ns, duration_us = wall_ns(), int((monotonic_s() - running.started_s) * 1_000_000)
        end = self._end_of_batches(running, exit_code, signal)
        if end is None:
            return
        exit_code, signal = end
        for _ in range(_LAST_READS):
            if running.started.output is None or not self._read(running):
                break
        self._close_output(running)
        close_writer(running.started)
        if self._terminal is not None:
            self._terminal.take_back()
        if running.log is not None:
            os.close(running.log)
        del self.running[running.number]
        if running.started.refusal in self._preparing:
            self._note_prepared(running.started.refusal)
        if running.number in self._context.workspaces:
            process.kill_marked(_marks_of(self._context, running.job))
        if (refusal := _refusal_of(running)) is not None:
            self._report(wire.REFUSED, running.number, refusal.exit_code, at_ns, text=refusal.reason)
            return
        code = -1 if exit_code is None else exit_code
        self._report(wire.ENDED, running.number, code, -1 if signal is None else signal, at_ns, duration_us)

    def _end_of_batches(self, running: Running, exit_code: "int | None", signal: "int | None") -> "End | None":
        """Return how a job has ended, now that a batch of its files has; None where its next batch was started."""
        if running.job.is_judged_by_diff:
            # As pre-commit does, start all batches, and let the worst end count.
            exit_code, signal = running.worst = max(running.worst, (exit_code, signal), key=_badness)
        elif exit_code != 0:
            return exit_code, signal
        if running.kill_at_s is not None or not running.started.batches:
            return exit_code, signal
        try:
            start_next_batch(self._context, running.job, running.started)
        except StartError as refused:
            self._keep(running, f"{refused.reason}\n".encode("utf-8", "surrogateescape"))
            return refused.exit_code, None
        self._report(wire.NEXT_BATCH, running.number, running.pid)
        return None

    def _report(self, kind: str, *numbers: int, text: str = "") -> None:
        self.unsent += wire.line_of(kind, *numbers, text=text)

    def _send(self) -> None:
        """Send what has been reported since the last call: each write wakes up the runner."""
        try:
            os.write(self._reports, self.unsent)
            self.unsent = b""
        except BrokenPipeError:  # the pipe of the commands reports the same, and then every job is ended
            pass


def _badness(end: "End") -> int:
    exit_code, signal = end
    return (signal or 0) if exit_code is None else exit_code


def _refusal_of(running: Running) -> "Refusal | None":
    if running.started.refusal == CLOSED:
        return None
    from dodo_hooks.host.prepared_process import read_refusal

    return read_refusal(running.started.refusal)


def _marks_of(context: Context, job: "Job") -> "tuple[bytes, ...]":
    """Return what the environment of each process of a job holds."""
    marks = f"DODO_INVOCATION={context.environ['DODO_INVOCATION']}", f"DODO_JOB={job.name}"
    return tuple(mark.encode("utf-8", "surrogateescape") for mark in marks)
