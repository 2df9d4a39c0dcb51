"""The set of the waves of a phase: which jobs share one, which one holds a job, how each is left (R7, R13; HOT)."""

import select

from dodo_hooks.engine.waves import wire
from dodo_hooks.engine.waves.handle import WaveHandle, fork_wave
from dodo_hooks.engine.waves.job import has_the_terminal, nice_of
from dodo_hooks.host import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.engine.waves.job import Context


class WaveSet:
    """The waves that were forked and whose pipe has not closed yet. Their reports come through the loop's poll."""

    def __init__(self, context: "Context", keep: "Sequence[int]", poll: "select.poll") -> None:
        """Make an empty set. `keep`: descriptors that waves hold too, the share of `alive`."""
        self.context = context  # of the jobs of waves that are forked from now on
        self.keep = tuple(keep)
        self.by_descriptor: dict[int, WaveHandle] = {}  # of their reports
        self._jobs = context.hook.jobs
        self._poll = poll

    def running(self) -> "list[int]":
        """Return the jobs that were granted a slot and have not ended."""
        return [number for wave in self.by_descriptor.values() for number in wave.running]

    def fork(
        self, first: int, ready: "Sequence[int]", locks: "tuple[int, ...]", clear_display: "Callable[[], None]"
    ) -> WaveHandle:
        """Fork the wave of this job, and of those of the ready jobs that may share it; nothing is granted yet.

        `locks`: of the job's concurrency groups. `clear_display` prints pending output before a job gets the terminal.

        Raises:
            OSError: no process or no descriptor is left for it (R21).
        """
        owner = None
        if has_the_terminal(self.context, self._jobs[first]):
            from dodo_hooks.host.terminal import owner as owner_of_terminal

            clear_display()
            owner = owner_of_terminal()
        wave = fork_wave(self.context, self._companions(first, ready), (*self.keep, *locks), owner)
        self.by_descriptor[wave.inbox.descriptor] = wave
        self._poll.register(wave.inbox.descriptor, select.POLLIN)
        return wave

    def holder_of(self, number: int) -> "WaveHandle | None":
        """Return the wave that can start this job at once."""
        return next((wave for wave in self.by_descriptor.values() if number in wave.held), None)

    def has_own(self, number: int) -> bool:
        """Return whether a job needs its own wave.

        For group locks, the terminal, a list that may become shorter, or a workspace.
        """
        job = self._jobs[number]
        return bool(
            any(group.name for group in job.order.groups)
            or job.execution.interactive
            or job.results.is_per_file
            or job.workspace
        )

    def ask_to_end(self, number: int, grace_s: float) -> bool:
        """Have the process group of a running job ended; return False if the job does not run (R14)."""
        for wave in self.by_descriptor.values():
            if number in wave.running:
                wave.send(wire.END, number, int(grace_s * 1000))
                process.resume_group(wave.pid)  # a stopped wave would never read it
                return True
        return False

    def show_live(self, number: int) -> None:
        """Have each piece of the running job's output reported from now on."""
        for wave in self.by_descriptor.values():
            if number in wave.running:
                wave.send(wire.LIVE, number)

    def dismiss(self, *, idle_only: bool = False) -> None:
        """Let the waves leave when their running jobs have ended; with `idle_only`, those in which nothing runs."""
        for wave in self.by_descriptor.values():
            if not wave.dismissed and not (idle_only and wave.running):
                wave.dismissed = True
                wave.held.clear()  # the next free slot forks a new wave for these jobs
                wave.send(wire.DISMISS)

    def reap(self, wave: WaveHandle) -> None:
        """Clear up after a wave that is gone."""
        del self.by_descriptor[wave.inbox.descriptor]
        self._poll.unregister(wave.inbox.descriptor)
        wave.reap()

    def _companions(self, first: int, ready: "Sequence[int]") -> "list[int]":
        """Return the jobs of a new wave: those that no wave holds, of one priority and one niceness (R7, R13)."""
        if self.has_own(first):
            return [first]
        held = {number for wave in self.by_descriptor.values() for number in wave.held}
        alike = self._kind_of(first)
        return [
            number
            for number in ready
            if number not in held and self._kind_of(number) == alike and not self.has_own(number)
        ]

    def _kind_of(self, number: int) -> "tuple[int, int]":
        job = self._jobs[number]
        return job.order.priority, nice_of(self.context, job)
