"""The one loop that runs a phase: decide, grant or fork a wave, record, wait (R1, R6, R7; HOT).

A source (core/schedule.py, doit_runner/runner.py) gives it the ready jobs. A recorder receives the start and the end of
each job. The loop owns the waves, the slots and the clocks.

    ready jobs -> (slot free?) -> a living wave that holds the job, or a new wave of all ready jobs nobody holds
    a wave reports an end -> the source returns the jobs that are ready now and the jobs that are skipped -> ...

The reason to end a job (a cancel, a timeout, a failing sibling under fail_fast, a signal) is decided once, when it is
read; the job's own end, read later, only adds its exit status (R14).
"""

import select

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GraphError
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.schedule import in_order
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.engine.waves import wire
from dodo_hooks.engine.waves.handle import WaveHandle, fork_wave
from dodo_hooks.engine.waves.job import Context, has_the_terminal, nice_of
from dodo_hooks.engine.worktree_permit import Permits
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import monotonic_s, wall_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.core.schedule import Change, Source
    from dodo_hooks.engine.groups import Groups
    from dodo_hooks.engine.protocols import Guard, Recorder


RETRY_GROUPS_S = 0.1  # how often a job that waits for another run's concurrency group, or its end, asks again
_LONGEST_WAIT_S = 86400.0  # poll(2) takes an int of milliseconds, 24 days; a timeout may be longer


class Loop:
    """The loop of one phase. Its public methods are for the phase's other parts: watchers, clocks, cancels."""

    def __init__(self, context: Context, recorder: "Recorder", slots: int, keep: "Sequence[int]") -> None:
        """Make a loop without waves.

        `slots`: how many jobs may run at once. `keep`: descriptors that waves hold too, the share of `alive`.
        """
        self.context = context
        self.interrupted: int | None = None  # the signal that ended the run (R17)
        self.waves: dict[int, WaveHandle] = {}  # by the descriptor of their reports
        self._jobs = context.hook.jobs
        self.recorder = recorder
        self._slots = slots
        self._keep = tuple(keep)
        self._source: Source | None = None
        self._ready: list[int] = []
        self._ending: dict[int, Outcome] = {}  # jobs that were asked to end, and the outcome that they will have
        self._lost: dict[int, Outcome] = {}  # jobs that ended with their wave, and are not recorded yet
        self._deadlines: dict[int, float] = {}  # job -> when its timeout is over
        self._hook_deadline: float | None = None
        self._live: int | None = None
        self._poll = select.poll()
        self._watched: dict[int, Callable[[int], None]] = {}
        self._ticks: list[tuple[float | None, Callable[[], None]]] = []
        self._reminders: list[float] = []
        self._guards: list[Guard] = []
        self.permits = Permits()
        self._groups: Groups | None = None

    # For the other parts of a phase.

    def watch(self, descriptor: int, react: "Callable[[int], None]", events: int = select.POLLIN) -> None:
        """Call `react(events)` whenever the descriptor is ready, after the waves' messages of that moment."""
        self._watched[descriptor] = react
        self._poll.register(descriptor, events)

    def unwatch(self, descriptor: int) -> None:
        if self._watched.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def every(self, seconds: "float | None", react: "Callable[[], None]") -> None:
        """Call `react` after each event and, unless `seconds` is None, about this often while there are none."""
        self._ticks.append((seconds, react))

    def remind(self, at_s: float) -> None:
        """Wake up at this time of the monotonic clock at the latest; the callbacks of `every` are called then."""
        self._reminders.append(at_s)

    def set_hook_deadline(self, at_s: float) -> None:
        """Set the end of the whole hook's timeout, on the monotonic clock (R15)."""
        self._hook_deadline = at_s

    def guard(self, guard: "Guard", locks: "Sequence[int]", grace_s: float) -> None:
        """Add a guard that sees each start and end, locks that the waves hold, and a limit of the grace period.

        The guard added last sees an end first, and the others see the outcome that it returns.
        """
        self._guards.insert(0, guard)
        self._keep += tuple(locks)
        self.context = self.context._replace(grace_s=min(grace_s, self.context.grace_s))

    def running(self) -> "list[int]":
        return [number for wave in self.waves.values() for number in wave.running]

    def cancel(self, number: int, superseded_by: str = "") -> bool:
        """End a job for a person (R14), or for the run that supersedes it; return whether it had not ended yet."""
        outcome = Outcome(statuses.CANCELLED, statuses.USER, "cancelled")
        if superseded_by:
            outcome = Outcome(statuses.CANCELLED, statuses.CONCURRENCY, f"superseded by {superseded_by}")
        if self._end(number, outcome, self.context.grace_s):
            return True
        if self._source is None or number not in self._source.open_jobs():
            return False
        self._finish(number, outcome, wall_ns())
        return True

    def interrupt(self, signal: int) -> None:
        """End the run because of a signal: skip waiting jobs, end running ones; at a second Ctrl-C at once (R17)."""
        again = self.interrupted is not None
        self.interrupted = self.interrupted or signal
        reason = statuses.interrupted_by(signal)
        self._stop(Outcome(statuses.SKIPPED, statuses.INTERRUPTED, reason))
        for number in self.running():
            outcome = Outcome(statuses.CANCELLED, statuses.INTERRUPTED, reason)
            self._end(number, outcome, 0 if again and signal == 2 else self.context.grace_s)

    def give_up(self, cause: str, reason: str) -> None:
        """End the run for this reason: skip waiting jobs, end running ones."""
        self._stop(Outcome(statuses.SKIPPED, cause, reason))
        for number in self.running():
            self._end(number, Outcome(statuses.CANCELLED, cause, reason), self.context.grace_s)

    # The run.

    def open_wave(self, ready: "Sequence[int]") -> None:
        """Fork the wave for these jobs without granting anything yet (R10: before the prompt returns)."""
        free = [number for number in ready if not self._needs_own_wave(number)]
        if free:
            self._fork_wave(self._companions(free[0], free))

    def run(self, source: "Source") -> None:
        """Run until every job of the source has an outcome and every wave is gone.

        Raises:
            GraphError: the source's jobs cannot all be reached (R4).
        """
        self._source = source
        self._take(source.start())
        while True:
            if self._ready:
                # An end is on disk before anything starts because of it. Else, if we were killed in between, the
                # records would say that a job ran although its dependency had crashed (R20).
                self.recorder.flush()
            self._grant()
            if not self._ready and not self.running():
                break
            self.recorder.flush()
            self._wait()
        stuck = ", ".join(self._jobs[number].name for number in sorted(source.open_jobs()))
        if stuck:  # nothing runs, nothing is ready, and something is still to be done
            raise GraphError(f"{self.context.hook.name}: these jobs can never start: {stuck}")
        self.close()

    def close(self) -> None:
        """Dismiss all waves, and wait until they are gone: a cancelled job's group may still be ending."""
        for wave in self.waves.values():
            self._dismiss(wave)
        self.recorder.flush()
        while self.waves:
            self._wait()

    # Deciding.

    def _take(self, change: "Change") -> None:
        ready, ended = change
        self._ready = in_order(self.context.hook, {*self._ready, *ready})
        for number, outcome in ended:
            self.recorder.ended(number, outcome, wall_ns())

    def _grant(self) -> None:
        """Give free slots to ready jobs in order; end waves in which nothing runs."""
        free = self._slots - len(self.running())
        self.permits.is_refused = False
        for number in list(self._ready):
            if free <= 0 or self._is_held_up(number) or not self.permits.has(number):
                break
            locks = self._claim(number) if number in self._ready else None
            if locks is None:  # the job waits for its groups, and takes no slot; or it will not run
                self.permits.release(number)
                continue
            if not self._start(number, locks):
                return
            free -= 1
        # When every open job runs, no wave will get another grant: each may leave with its last job.
        is_last = self._source is not None and self._source.open_jobs() <= set(self.running())
        for wave in self.waves.values():
            if is_last or not wave.running:
                self._dismiss(wave)
        self._show_the_only_one()

    def _start(self, number: int, locks: "tuple[int, ...]") -> bool:
        """Have a wave start this job; return False if no wave can be forked, which ends the run (R21)."""
        for guard in self._guards:
            guard.starting(number)
        while True:
            wave = self._holder_of(number) or self._fork_or_give_up(number, locks)
            if wave is None:
                return False
            if wave.tell(wire.GRANT, number):
                break
            wave.held.clear()  # it died before it could start anything: a new one gets its jobs (R7)
        self._ready.remove(number)
        wave.held.remove(number)
        wave.running[number] = 0
        return True

    def _is_held_up(self, number: int) -> bool:
        """Return whether a job has to wait because of an interactive job, which always runs alone (R14)."""
        running = self.running()
        if any(self._jobs[other].interactive for other in running):
            return True
        return self._jobs[number].interactive and bool(running)

    def _claim(self, number: int) -> "tuple[int, ...] | None":
        """Return the locks of the job's concurrency groups; None if it has to wait for them, or has ended by that."""
        if not self._has_groups(number):
            return ()
        if self._groups is None:
            from dodo_hooks.engine.groups import Groups as Taken

            context = self.context
            self._groups = Taken(
                context.invocation_dir,
                context.hook,
                context.top,
                context.ancestors,
                context.is_background,
                self._supersede,
            )
        claimed = self._groups.claim(number)
        if isinstance(claimed, Outcome):
            self._finish(number, claimed, wall_ns())
            return None
        if claimed is None:
            for sentence in self._groups.news(number):
                self.recorder.note(sentence)
        return claimed

    def _has_groups(self, number: int) -> bool:
        """Return whether the job is in a concurrency group; a background job always is (section 7)."""
        return bool(self._jobs[number].groups) or self._jobs[number].phase == BACKGROUND

    def _supersede(self, invocation_dir: str, job: str, by: str) -> bool:
        from dodo_hooks.engine.control_client import cancel_superseded

        return cancel_superseded(self, invocation_dir, job, by)

    def _holder_of(self, number: int) -> "WaveHandle | None":
        return next((wave for wave in self.waves.values() if number in wave.held), None)

    def _companions(self, first: int, ready: "Sequence[int]") -> "list[int]":
        """Return the jobs of a new wave: those that no wave holds, of one priority and one niceness (R7, R13)."""
        if self._needs_own_wave(first):
            return [first]
        held = {number for wave in self.waves.values() for number in wave.held}
        alike = self._kind_of(first)
        return [
            number
            for number in ready
            if number not in held and self._kind_of(number) == alike and not self._needs_own_wave(number)
        ]

    def _needs_own_wave(self, number: int) -> bool:
        """Return whether a job needs its own wave: one that holds the locks of its groups, or the terminal."""
        return any(group.name for group in self._jobs[number].groups) or self._jobs[number].interactive

    def _kind_of(self, number: int) -> "tuple[int, int]":
        job = self._jobs[number]
        return job.priority, nice_of(self.context, job)

    def _fork_or_give_up(self, number: int, locks: "tuple[int, ...]") -> "WaveHandle | None":
        try:
            return self._fork_wave(self._companions(number, self._ready), locks)
        except OSError as error:
            sentence = f"cannot start a process: {error.strerror}"
            self.recorder.error(sentence)
            self._stop(Outcome(statuses.SKIPPED, statuses.SPAWN, sentence))
            return None

    def _fork_wave(self, jobs: "list[int]", locks: "tuple[int, ...]" = ()) -> WaveHandle:
        wave = fork_wave(self.context, jobs, (*self._keep, *locks), self._terminal_for(jobs[0]))
        self.waves[wave.inbox.descriptor] = wave
        self._poll.register(wave.inbox.descriptor, select.POLLIN)
        return wave

    def _terminal_for(self, number: int) -> "int | None":
        """Return the process group that lends the terminal to this job, after printing pending output; None: none."""
        if not has_the_terminal(self.context, self._jobs[number]):
            return None
        from dodo_hooks.host.terminal import owner

        self.recorder.clear_display()
        return owner()

    def _dismiss(self, wave: WaveHandle) -> None:
        if not wave.dismissed:
            wave.dismissed = True
            wave.held.clear()  # the next free slot forks a new wave for these jobs
            wave.tell(wire.DISMISS)

    def _show_the_only_one(self) -> None:
        """Show a job that runs alone live: nothing can start before its end, so no other output can come between."""
        if self._ready or self._live is not None:
            return
        running = [(wave, number) for wave in self.waves.values() for number in wave.running]
        if len(running) == 1:
            wave, number = running[0]
            if self.recorder.alone(number):
                self._live = number
                wave.tell(wire.LIVE, number)

    # Ending.

    def _finish(self, number: int, outcome: Outcome, at_ns: int, duration_s: "float | None" = None) -> None:
        """Record a job's outcome, and the outcomes that follow from it."""
        assert self._source is not None
        self._deadlines.pop(number, None)
        self.permits.release(number)
        for guard in self._guards:
            outcome = guard.ended(number, outcome)
        if self._groups is not None:
            self._groups.release(number)
        if self._live == number:
            self._live = None
        self._ready = [other for other in self._ready if other != number]
        self.recorder.ended(number, outcome, at_ns, duration_s)
        self._take(self._source.ended(number, outcome))
        if self.context.hook.fail_fast and outcome.status in (statuses.FAILED, statuses.CRASHED):
            reason = f"{self._jobs[number].name} {outcome.status} (fail_fast)"
            self._stop(Outcome(statuses.SKIPPED, statuses.FAIL_FAST, reason))
            for other in self.running():
                self._end(other, Outcome(statuses.CANCELLED, statuses.FAIL_FAST, reason), self.context.grace_s)

    def _stop(self, outcome: Outcome) -> None:
        """Start nothing further; waiting jobs get this outcome."""
        for number in self._ready:
            if self._groups is not None:
                self._groups.release(number)
        self._ready = []
        if self._source is not None:
            for number, its_outcome in self._source.stop([*self.running(), *self._lost], outcome):
                self.recorder.ended(number, its_outcome, wall_ns())

    def _end(self, number: int, outcome: Outcome, grace_s: float) -> bool:
        """Ask a running job to end; return False if it does not run. The first reason that was read stays (R14)."""
        for wave in self.waves.values():
            if number in wave.running:
                self._ending.setdefault(number, outcome)
                self._deadlines.pop(number, None)
                wave.tell(wire.END, number, int(grace_s * 1000))
                return True
        return False

    # Waiting.

    def _wait(self) -> None:
        events = self._poll.poll(self._timeout_ms())
        for descriptor, _ in events:  # ends first: what the jobs did comes before requests to end them
            if descriptor in self.waves:
                self._hear(self.waves[descriptor], descriptor)
        for descriptor, event in events:
            if descriptor in self._watched:
                self._watched[descriptor](event)
        self._watch_clocks()
        for _, react in self._ticks:
            react()

    def _timeout_ms(self) -> "int | None":
        deadlines = [*self._deadlines.values(), *self._reminders]
        if self._hook_deadline is not None:
            deadlines.append(self._hook_deadline)
        waits_s = [deadline - monotonic_s() for deadline in deadlines]
        waits_s.extend(seconds for seconds, _ in self._ticks if seconds is not None)
        if self._waits_for_groups() or self.permits.is_refused:
            waits_s.append(RETRY_GROUPS_S)
        return max(0, int(min(*waits_s, _LONGEST_WAIT_S) * 1000) + 1) if waits_s else None

    def _waits_for_groups(self) -> bool:
        """Return whether a slot is free and a ready job waits for its groups: another run may release one any time."""
        if self._groups is None or len(self.running()) >= self._slots:
            return False
        return any(self._has_groups(number) for number in self._ready)

    def _watch_clocks(self) -> None:
        now_s = monotonic_s()
        self._reminders = [at_s for at_s in self._reminders if at_s > now_s]
        for number in [number for number, deadline in self._deadlines.items() if deadline <= now_s]:
            reason = f"timed out after {self._jobs[number].timeout_s:g} s"
            self._end(number, Outcome(statuses.FAILED, statuses.TIMEOUT, reason), self.context.grace_s)
        if self._hook_deadline is not None and self._hook_deadline <= now_s:
            self._hook_deadline = None
            reason = f"{self.context.hook.name} timed out after {self.context.hook.timeout_s:g} s"
            self._stop(Outcome(statuses.SKIPPED, statuses.TIMEOUT, reason))
            for number in self.running():
                self._end(number, Outcome(statuses.FAILED, statuses.TIMEOUT, reason), self.context.grace_s)

    def _hear(self, wave: WaveHandle, descriptor: int) -> None:
        messages = wave.inbox.receive()
        if messages is None:
            self._lose(wave, descriptor)
            return
        for kind, numbers, text in messages:
            if kind == wire.BROKEN:
                wave.broken = text
            elif kind == wire.OUTPUT:
                self.recorder.output(numbers[0])
            elif kind in (wire.UNLOGGED, wire.PIPED):
                self._report_output_error(kind, *numbers)
            elif kind == wire.STARTED:
                self._started(wave, *numbers)
            elif kind == wire.NEXT_BATCH:
                wave.running[numbers[0]] = numbers[1]
            elif kind == wire.ENDED:
                self._ended(wave, *numbers)
            elif kind == wire.REFUSED:
                self._refused(wave, text, *numbers)

    def _report_output_error(self, kind: str, number: int, error: int) -> None:
        if kind == wire.UNLOGGED:
            self.recorder.error(f"cannot write the log of {self._jobs[number].name}: {os.strerror(error)}")
        else:
            self.recorder.note(f"cannot open a pseudo-terminal, jobs write to a pipe: {os.strerror(error)}")

    def _started(self, wave: WaveHandle, number: int, pid: int, at_ns: int) -> None:
        wave.running[number] = pid
        self.permits.release(number)
        self.recorder.started(number, pid, wave.pid, at_ns)
        timeout_s = self._jobs[number].timeout_s
        if timeout_s is not None and number not in self._ending:
            self._deadlines[number] = monotonic_s() + timeout_s

    def _refused(self, wave: WaveHandle, why: str, number: int, exit_code: int, at_ns: int) -> None:
        del wave.running[number]
        outcome = Outcome(statuses.FAILED, statuses.SPAWN, why, exit_code)
        self._finish(number, self._ending.pop(number, outcome), at_ns)

    def _ended(self, wave: WaveHandle, number: int, code: int, signal: int, at_ns: int, duration_us: int) -> None:
        del wave.running[number]
        exit_code = None if code < 0 else code
        by_signal = None if signal < 0 else signal
        decided = self._ending.pop(number, None)
        outcome = statuses.outcome_of(exit_code, by_signal)
        if decided is not None:  # the status and the cause stay, whatever the exit status was (R14)
            outcome = decided._replace(exit_code=exit_code, signal=by_signal)
        self._finish(number, outcome, at_ns, duration_us / 1_000_000)

    def _lose(self, wave: WaveHandle, descriptor: int) -> None:
        """Clear up after a wave that is gone: dismissed, or dead, which makes its running jobs crash (R7, R20)."""
        del self.waves[descriptor]
        self._poll.unregister(descriptor)
        wave.reap()
        reason = "its wave process died" + (f": {wave.broken}" if wave.broken else "")
        crashed = Outcome(statuses.CRASHED, statuses.WAVE_DIED, reason)
        # All of them have ended at one moment: a stop because of the first one (fail_fast) must not change the others.
        self._lost = {number: self._ending.pop(number, crashed) for number in wave.running}
        while self._lost:
            number = next(iter(self._lost))
            self._finish(number, self._lost.pop(number), wall_ns())
