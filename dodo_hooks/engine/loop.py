"""The one loop that runs a phase: decide, grant or fork a wave, record, wait (R1, R6, R7; HOT).

A source (core/schedule.py, doit_runner/source.py) gives it the ready jobs. A recorder (engine/recorder.py) receives the
start and the end of each job. Guards (engine/protocols.py) see both before, and may change an outcome. The loop owns
the slots, what a job needs besides a slot (engine/admission.py), the waves (engine/waves/wave_set.py) and the clocks
(engine/clocks.py).

    ready jobs -> (slot free?) -> a living wave that holds the job, or a new wave of all ready jobs nobody holds
    a wave reports an end -> the source returns the jobs that are ready now and the jobs that are skipped -> ...

The reason to end a job (a cancel, a timeout, a failing sibling under fail_fast, a signal) is decided once, when it is
read; the job's own end, read later, only adds its exit status (R14).
"""

import select

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GraphError
from dodo_hooks.core.schedule import in_order, remaining_paths
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.engine.admission import Admission
from dodo_hooks.engine.clocks import Clocks
from dodo_hooks.engine.waves import wire
from dodo_hooks.engine.waves.wave_set import WaveSet
from dodo_hooks.host.world import monotonic_s, wall_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.core.schedule import Change, Source
    from dodo_hooks.engine.protocols import Guard, Workspaces
    from dodo_hooks.engine.recorder import Recorder
    from dodo_hooks.engine.waves.handle import WaveHandle
    from dodo_hooks.engine.waves.job import Context
    from dodo_hooks.results.run_results import RunResults


_MOST_TO_PREPARE_S = 600.0  # a job's workspace, beside the timeout of the job
LIVE_DELAY_S = 0.005  # a job that ends sooner is shown at its end, which saves two messages


class Loop:
    """The loop of one phase. Its public methods are for the phase's other parts: watchers, clocks, cancels."""

    def __init__(self, context: "Context", recorder: "Recorder", slots: int, keep: "Sequence[int]") -> None:
        """Make a loop without waves.

        `slots`: how many jobs may run at once. `keep`: descriptors that waves hold too, the share of `alive`.
        """
        self.interrupted: int | None = None  # the signal that ended the run (R17)
        self.clocks = Clocks()
        self.admission = Admission(context, recorder, self._supersede)
        self._jobs = context.hook.jobs
        self.recorder = recorder
        self._slots = slots
        self._source: Source | None = None
        self._ready: list[int] = []
        self._ending: dict[int, Outcome] = {}  # jobs that were asked to end, and the outcome that they will have
        self._lost: dict[int, Outcome] = {}  # jobs that ended with their wave, and are not recorded yet
        self._live: int | None = None  # the job that is shown live
        self._only: tuple[int, float] | None = None  # the one running job, and when it is to be shown live
        self._poll = select.poll()
        self._waves = WaveSet(context, keep, self._poll)
        self._watched: dict[int, Callable[[int], None]] = {}
        self._guards: list[Guard] = []
        self._results: RunResults | None = None
        self._processes: dict[int, int] = {}  # of the running jobs that have several
        self._left_s: list[float] | None = None  # what is left after each job; None: not needed so far
        self._stopped: Outcome | None = None  # of the jobs that do not start any more

    @property
    def context(self) -> "Context":
        """The environment and the limits that jobs share which start from now on."""
        return self._waves.context

    # For the other parts of a phase.

    def watch(self, descriptor: int, react: "Callable[[int], None]", events: int = select.POLLIN) -> None:
        """Call `react(events)` whenever the descriptor is ready, after the waves' messages of that moment."""
        self._watched[descriptor] = react
        self._poll.register(descriptor, events)

    def unwatch(self, descriptor: int) -> None:
        if self._watched.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def guard(self, guard: "Guard", locks: "Sequence[int]", grace_s: float) -> None:
        """Add a guard that sees each start and end, locks that the waves hold, and a limit of the grace period.

        The guard added last sees an end first, and the others see the outcome that it returns.
        """
        self._guards.insert(0, guard)
        self._waves.keep += tuple(locks)
        if locks:  # a wave that was forked before does not hold them
            self._waves.dismiss()
        self._waves.context = self.context._replace(grace_s=min(grace_s, self.context.grace_s))

    def use_results(self, results: "RunResults") -> None:
        """Ask before each start whether the job is up to date. As a guard it sees an end last, after all others."""
        self._results = results
        self._guards.append(results)

    def use_workspaces(self, workspaces: "Workspaces") -> None:
        """Run jobs with a workspace of their own in it (S1)."""
        self.admission.workspaces = workspaces
        self._guards.insert(0, workspaces)
        self._waves.context = self.context._replace(workspaces=workspaces.by_job)
        workspaces.begin(self._supersede)

    def running(self) -> "list[int]":
        return self._waves.running()

    def cancel(self, number: int, superseded_by: str = "") -> bool:
        """End a job for a person (R14), or for the run that supersedes it; return whether it had not ended yet."""
        outcome = Outcome(statuses.CANCELLED, statuses.USER, "cancelled")
        if superseded_by:
            outcome = Outcome(statuses.CANCELLED, statuses.CONCURRENCY, f"superseded by {superseded_by}")
        if self._end(number, outcome, self.context.grace_s):
            return True
        if self._source is None or number not in self._source.open_jobs():
            return False
        if number in self._ready:
            self._ready.remove(number)
        self._finish(number, outcome, wall_ns())
        return True

    def run_again(self, numbers: "Sequence[int]") -> None:
        """End these running jobs; their outcome is PENDING then, and a guard that leaves it so lets them run again."""
        for number in numbers:
            self._end(number, Outcome(statuses.PENDING), self.context.grace_s)

    def interrupt(self, signal: int) -> None:
        """End the run because of a signal: skip waiting jobs, end running ones (R17).

        Those who press Ctrl-C twice, or the key of SIGQUIT, do not want to wait for the jobs.
        """
        again = self.interrupted is not None
        self.interrupted = self.interrupted or signal
        grace_s = 0 if (again and signal == 2) or signal == 3 else self.context.grace_s
        self._end_all(statuses.CANCELLED, statuses.INTERRUPTED, statuses.interrupted_by(signal), grace_s)

    def abort(self, cause: str, reason: str) -> None:
        """End the run for this reason: skip waiting jobs, cancel running ones."""
        self._end_all(statuses.CANCELLED, cause, reason, self.context.grace_s)

    # The run.

    def open_wave(self, ready: "Sequence[int]") -> None:
        """Fork the wave for these jobs without granting anything yet (R10: before the prompt returns)."""
        free = [number for number in ready if not self._waves.has_own(number)]
        if free:
            self._waves.fork(free[0], free, (), self.recorder.clear_display)

    def run(self, source: "Source") -> None:
        """Run until every job of the source has an outcome and every wave is gone.

        Raises:
            GraphError: the source's jobs cannot all be reached (R4).
        """
        self._source = source
        self._take(source.start())
        while True:
            self._grant()
            if not self._ready and not self.running():
                break
            self._wait()
        stuck = ", ".join(self._jobs[number].name for number in sorted(source.open_jobs()))
        if stuck:  # nothing runs, nothing is ready, and something is still to be done
            raise GraphError(f"{self.context.hook.name}: these jobs can never start: {stuck}")
        self._waves.dismiss()
        self.recorder.flush()
        while self._waves.by_descriptor:  # a cancelled job's group may still be ending
            self._wait()

    # Deciding.

    def _take(self, change: "Change") -> None:
        ready, ended = change
        for number, outcome in ended:
            self.recorder.ended(number, outcome, wall_ns())
        if ready:
            # An end is on disk before anything starts because of it. Else, if we were killed in between, the records
            # would say that a job ran although its dependency had crashed (R20). Other ends can wait for the grants.
            self.recorder.flush(starts=False)
            self._ready = self._in_order({*self._ready, *ready})

    def _in_order(self, numbers: "set[int]") -> "list[int]":
        """Sort ready jobs. How long they usually take is read once they have to wait for each other, and only then."""
        if self._left_s is None and 1 < self._slots < len(numbers) + len(self.running()) and self._source is not None:
            usual_s = self.recorder.usual_durations()
            hook, open_jobs = self.context.hook, self._source.open_jobs()
            self._left_s = remaining_paths(hook, open_jobs, usual_s) if usual_s else []
        alone = sorted(numbers & self.admission.alone)  # these go one by one in the order of the file (P6)
        return alone + in_order(self.context.hook, numbers - self.admission.alone, self._left_s or ())

    def _grant(self) -> None:
        """Give free slots to ready jobs in order, and end waves in which nothing runs."""
        free = self._slots - sum(self._processes.get(number, 1) for number in self.running())
        self.admission.begin()
        at = 0
        while free > 0 and at < len(self._ready):
            number = self._ready[at]
            if self.admission.is_held_up(number, self.running()):
                break
            claimed = self._claim(number)
            if isinstance(claimed, Outcome):
                self._ready.remove(number)
                self._finish(number, claimed, wall_ns())
                at = 0  # others may have become ready because of that, or have ended
            elif claimed is None:
                at += 1
            elif self._start(number, claimed, free):
                free -= self._processes.get(number, 1)
            else:
                return
        # When every open job runs, no wave will get another grant: each may leave with its last job.
        is_last = self._source is not None and self._source.open_jobs() <= set(self.running())
        self._waves.dismiss(idle_only=not is_last)
        self._show_live_output()

    def _claim(self, number: int) -> "tuple[int, ...] | Outcome | None":
        """Return the locks that the job's wave must hold, an outcome if it does not run, or None if it has to wait.

        Whether it is up to date is asked when it holds its groups: then no other run is making its outputs (K4).
        """
        groups = self.admission.claim(number)
        if groups is None or isinstance(groups, Outcome):
            return groups
        is_late = self.admission.has_waited(number)
        if self._results is not None and (outcome := self._results.check(number, after_wait=is_late)) is not None:
            return outcome
        locks = self.admission.claim_workspace(number)
        return locks if locks is None or isinstance(locks, Outcome) else groups + locks

    def _start(self, number: int, locks: "tuple[int, ...]", free: int) -> bool:
        """Have a wave start this job; return False if no wave can be forked, which ends the run (R21)."""
        processes = self._processes_of(number, free)
        for guard in self._guards:
            guard.starting(number)
        while True:
            wave = self._waves.holder_of(number) or self._fork_or_stop(number, locks)
            if wave is None:
                return False
            if wave.send(wire.GRANT, number, processes):
                break
            wave.held.clear()  # it died before it could start anything: a new one gets its jobs (R7)
        self._ready.remove(number)
        wave.held.remove(number)
        wave.running[number] = 0
        if processes > 1:
            self._processes[number] = processes
        return True

    def _processes_of(self, number: int, free: int) -> int:
        """Return over how many processes the files of a job are spread: free slots that no other job waits for (P6)."""
        job = self._jobs[number]
        spare = free - len(self._ready) + 1
        if spare < 2 or not job.is_judged_by_diff or (job.changes.conduct and job.changes.conduct.is_serial):
            return 1
        from dodo_hooks.engine.waves.batches import LEAST_FILES

        files = (self.context.files or {}).get(number, ())
        return max(min(spare, -(-len(files) // LEAST_FILES)), 1)

    def _supersede(self, invocation_dir: str, job: str, by: str) -> bool:
        from dodo_hooks.engine.control_client import cancel_superseded

        return cancel_superseded(self, invocation_dir, job, by)

    def _fork_or_stop(self, number: int, locks: "tuple[int, ...]") -> "WaveHandle | None":
        try:
            return self._waves.fork(number, self._ready, locks, self.recorder.clear_display)
        except OSError as error:
            sentence = f"cannot start a process: {error.strerror}"
            self.recorder.error(sentence)
            self._stop(Outcome(statuses.SKIPPED, statuses.SPAWN, sentence))
            return None

    def _show_live_output(self) -> None:
        """Show a job that runs alone live: nothing can start before its end, so no other output can come between."""
        running = self.running()
        can_show = len(running) == 1 and self.recorder.has_live_output and not self._jobs[running[0]].is_judged_by_diff
        if self._ready or self._live is not None or not can_show:
            self._only = None
        elif self._only is None or self._only[0] != running[0]:
            self._only = running[0], monotonic_s() + LIVE_DELAY_S
            self.clocks.remind(self._only[1])
        elif self._only[1] <= monotonic_s():
            self._live, self._only = running[0], None
            self.recorder.show_live(running[0])
            self._waves.show_live(running[0])

    # Ending.

    def _finish(self, number: int, outcome: Outcome, at_ns: int, duration_s: "float | None" = None) -> None:
        """Record a job's outcome, and the outcomes that follow from it."""
        assert self._source is not None
        self.clocks.stop_timeout(number)
        self._processes.pop(number, None)
        for guard in self._guards:
            outcome = guard.ended(number, outcome)
            if outcome.status == statuses.PENDING and self._stopped is None:
                self.admission.release(number)
                self._ready = self._in_order({*self._ready, number})
                return
        if outcome.status == statuses.PENDING and self._stopped is not None:
            outcome = self._stopped
        self.admission.release(number)
        if self._live == number:
            self._live = None
        self.recorder.ended(number, outcome, at_ns, duration_s)
        self._take(self._source.ended(number, outcome))
        self.admission.recorded(number, outcome)
        if self._fails_fast(number) and outcome.status in (statuses.FAILED, statuses.CRASHED):
            reason = f"{self._jobs[number].name} {outcome.status} (fail_fast)"
            self.abort(statuses.FAIL_FAST, reason)

    def _fails_fast(self, number: int) -> bool:
        conduct = self._jobs[number].changes.conduct
        return self.context.hook.fail_fast or (conduct is not None and conduct.fails_fast)

    def _stop(self, outcome: Outcome) -> None:
        """Start nothing further; waiting jobs get this outcome."""
        for number in self._ready:
            self.admission.release(number)
        self._ready = []
        self._stopped = self._stopped or outcome
        if self._source is not None:
            for number, its_outcome in self._source.stop([*self.running(), *self._lost], outcome):
                self.recorder.ended(number, its_outcome, wall_ns())

    def _end_all(self, status: str, cause: str, reason: str, grace_s: float) -> None:
        """Skip waiting jobs; ask running ones to end, and give them this status."""
        self._stop(Outcome(statuses.SKIPPED, cause, reason))
        for number in self.running():
            self._end(number, Outcome(status, cause, reason), grace_s)

    def _end(self, number: int, outcome: Outcome, grace_s: float) -> bool:
        """Ask a running job to end; return False if it does not run. The first reason that was read stays (R14)."""
        if not self._waves.ask_to_end(number, grace_s):
            return False
        self._ending.setdefault(number, outcome)
        self.clocks.stop_timeout(number)
        return True

    # Waiting.

    def _wait(self) -> None:
        retry_s = self.admission.ask_again_in(self._ready, len(self.running()) < self._slots)
        events = self._poll.poll(self.clocks.timeout_ms(self.recorder.flush_due(), retry_s))
        for descriptor, _ in events:  # ends first: what the jobs did comes before requests to end them
            wave = self._waves.by_descriptor.get(descriptor)
            if wave is not None:
                self._hear(wave)
        for descriptor, event in events:
            if descriptor in self._watched:
                self._watched[descriptor](event)
        self._end_overdue()
        self.clocks.tick()

    def _end_overdue(self) -> None:
        """End the jobs whose timeout is over, and all of them when that of the hook is (R15)."""
        jobs, is_hook_over = self.clocks.take_overdue()
        for number in jobs:
            reason = f"timed out after {self._jobs[number].execution.timeout_s:g} s"
            self._end(number, Outcome(statuses.FAILED, statuses.TIMEOUT, reason), self.context.grace_s)
        if is_hook_over:
            reason = f"{self.context.hook.name} timed out after {self.context.hook.timeout_s:g} s"
            self._end_all(statuses.FAILED, statuses.TIMEOUT, reason, self.context.grace_s)

    def _hear(self, wave: "WaveHandle") -> None:
        messages = wave.inbox.receive()
        if messages is None:
            self._lose(wave)
            return
        for kind, numbers, text in messages:
            if kind == wire.BROKEN:
                wave.broken = text
            elif kind == wire.OUTPUT:
                self.recorder.output(numbers[0])
            elif kind in (wire.UNLOGGED, wire.PIPED):
                self.recorder.output_error(*numbers, is_of_log=kind == wire.UNLOGGED)
            elif kind == wire.STARTED:
                self._started(wave, *numbers)
            elif kind in (wire.PREPARED, wire.NEXT_BATCH):
                self._continued(wave, kind, *numbers)
            elif kind == wire.ENDED:
                self._ended(wave, *numbers)
            elif kind == wire.REFUSED:
                self._refused(wave, text, *numbers)

    def _started(self, wave: "WaveHandle", number: int, pid: int, at_ns: int) -> None:
        wave.running[number] = pid
        self.admission.release_permit(number)
        self.recorder.started(number, pid, wave.pid, at_ns)
        self._start_timeout(number, _MOST_TO_PREPARE_S if number in self.context.workspaces else 0)

    def _start_timeout(self, number: int, more_s: float = 0) -> None:
        if (limit_s := self._jobs[number].execution.timeout_s) is not None and number not in self._ending:
            self.clocks.start_timeout(number, limit_s + more_s)

    def _continued(self, wave: "WaveHandle", kind: str, number: int, pid: int) -> None:
        wave.running[number] = pid
        if kind == wire.PREPARED:
            self._start_timeout(number)
        elif self._results is not None and self._jobs[number].results.is_per_file:
            self._results.passed(number, wave.note_batch(number, self.context))

    def _refused(self, wave: "WaveHandle", why: str, number: int, exit_code: int, at_ns: int) -> None:
        del wave.running[number]
        outcome = Outcome(statuses.FAILED, statuses.SPAWN, why, exit_code)
        if exit_code == wire.UNPREPARED:  # nothing is known about what it was to check
            outcome = Outcome(statuses.CRASHED, statuses.CHECKOUT, why)
        decided = self._ending.pop(number, outcome)
        self._finish(number, outcome if decided.cause == statuses.TIMEOUT else decided, at_ns)

    def _ended(self, wave: "WaveHandle", number: int, code: int, signal: int, at_ns: int, duration_us: int) -> None:
        del wave.running[number]
        exit_code = None if code < 0 else code
        by_signal = None if signal < 0 else signal
        outcome = statuses.outcome_of(exit_code, by_signal)
        if number in self._ending:  # the status and the cause stay, whatever the exit status was (R14)
            outcome = self._ending.pop(number)._replace(exit_code=exit_code, signal=by_signal)
        self._finish(number, outcome, at_ns, duration_us / 1_000_000)

    def _lose(self, wave: "WaveHandle") -> None:
        """Clear up after a wave that is gone: dismissed, or dead, which makes its running jobs crash (R7, R20)."""
        self._waves.reap(wave)
        reason = "its wave process died" + (f": {wave.broken}" if wave.broken else "")
        crashed = Outcome(statuses.CRASHED, statuses.WAVE_DIED, reason)
        # All of them have ended at one moment: a stop because of the first one (fail_fast) must not change the others.
        self._lost = {number: self._ending.pop(number, crashed) for number in wave.running}
        while self._lost:
            number = next(iter(self._lost))
            self._finish(number, self._lost.pop(number), wall_ns())
