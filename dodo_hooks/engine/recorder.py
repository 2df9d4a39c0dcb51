"""The recorder: the one way of a job's start and end from the loop to the records (R19, R21; HOT).

    loop -> recorder -> store/writer.py, then the screen of an attached phase, then the listener

It is the same in both phases and under `doit run`. doit's runner is a listener: it calls doit's reporters, and one of
them, `meta`, has the record of each end written at once (doit_runner/reporters.py). What is left to write, the loop
flushes before it waits: ends at once, starts after a moment, so that a short job costs one write and not two. Until
then the job's log is the evidence that it has begun (store/orphans.py).
"""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import monotonic_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.statuses import Outcome
    from dodo_hooks.engine.protocols import Listener
    from dodo_hooks.engine.screen import Screen
    from dodo_hooks.store.writer import InvocationWriter


START_DELAY_S = 0.005  # how long the start of a job may stay unwritten


class Recorder:
    """The recorder of one phase. Without a screen, as in a detached phase, it prints nothing."""

    def __init__(self, writer: "InvocationWriter", screen: "Screen | None" = None) -> None:
        self.listener: Listener | None = None
        self.has_live_output = screen is not None and not screen.is_terse
        self.signals = -1  # the wake-up pipe of an attached phase, once there is one
        self.errors: list[str] = []  # errors that are no job's outcome, to be reported at the end
        self.record_error: str | None = None  # the first error of writing a record; one is enough (R21)
        self._starts_due_s: float | None = None  # when the oldest unwritten start is to be written
        self._notes: set[str] = set()
        self._writer = writer
        self._screen = screen
        self._jobs = writer.hook.jobs

    def started(self, number: int, pid: int, wave: int, at_ns: int) -> None:
        """Note that a job's process was started, by this wave."""
        self._writer.started(number, pid, wave, at_ns)
        if self._starts_due_s is None:
            self._starts_due_s = monotonic_s() + START_DELAY_S
        if self._screen is not None:
            self._screen.started(self._jobs[number])
        if self.listener is not None:
            self.listener.started(number)

    def ended(self, number: int, outcome: "Outcome", at_ns: int, duration_s: "float | None" = None) -> None:
        """Note the outcome of a job that has ended, or will never run."""
        self._writer.ended(number, outcome, at_ns, duration_s)
        if self._screen is not None:
            self._screen.ended(self._jobs[number], self._writer.jobs[number].log, outcome, duration_s)
        if self.listener is not None:
            self.listener.ended(number, outcome)

    def usual_durations(self) -> "dict[str, float]":
        """Return how long the jobs of the hook usually take, in seconds by name, as far as it is known."""
        from dodo_hooks.store import layout
        from dodo_hooks.store.durations import usual_durations

        return usual_durations(layout.repository_of(self._writer.directory), self._writer.hook.name)

    def flush(self, *, starts: bool = True) -> None:
        """Write the records that have changed; without `starts`, only those of ended jobs.

        What cannot be written is tried again by the next call: the jobs continue.
        """
        try:
            self._writer.flush(starts=starts)
        except StoreError as error:
            self.record_error = self.record_error or str(error)
        if starts:
            self._starts_due_s = None

    def flush_due(self) -> "float | None":
        """Write the ends, and the starts that are due; return in how many seconds the others are, None: no others."""
        wait_s = None if self._starts_due_s is None else self._starts_due_s - monotonic_s()
        if wait_s is not None and wait_s > 0:
            self.flush(starts=False)
            return wait_s
        self.flush()
        return None

    def output(self, number: int) -> None:
        """Show what the log of the live job has gained."""
        self.flush()  # nobody sees the output of a job before its record says that it runs
        if self._screen is not None:
            self._screen.queue_log(self._jobs[number], self._writer.jobs[number].log)

    def show_live(self, number: int) -> None:
        """Show this job live from now on: no other job runs or can start before its end (R23)."""
        if self._screen is not None:
            self._screen.show_live(self._jobs[number])

    def clear_display(self) -> None:
        """Print all pending output: a job is about to have the terminal for itself."""
        if self._screen is not None:
            self._screen.drain(self.signals)

    def note(self, sentence: str) -> None:
        """Print a note now, and only once: whom a job waits for, or a facility that the system lacks."""
        if self._screen is not None and sentence not in self._notes:
            self._notes.add(sentence)
            self._screen.say(sentence)

    def error(self, sentence: str) -> None:
        """Keep an error that is no job's outcome, to be reported at the end (R21)."""
        if sentence not in self.errors:
            self.errors.append(sentence)

    def output_error(self, number: int, error: int, *, is_of_log: bool) -> None:
        """Report that a job's log cannot be written, or that it has no pseudo-terminal. `error`: an errno."""
        if is_of_log:
            self.error(f"cannot write the log of {self._jobs[number].name}: {os.strerror(error)}")
        else:
            self.note(f"cannot open a pseudo-terminal, jobs write to a pipe: {os.strerror(error)}")
