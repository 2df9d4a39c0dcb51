"""The forked, detached owner of an invocation's background phase (R8, R10, R20).

It forks the first wave with the modules that are loaded already, then lets the prompt return, and only then imports
doit and opens the control socket: nobody waits for those. That wave gets no grant before everything is imported, since
a job may change the environment under us.

An error before the release (HOT) is printed: git's process still reads. After the release, an error goes into the
invocation's record.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import HooksError, StoreError
from dodo_hooks.core.schedule import CountingSource
from dodo_hooks.engine.background.background_phase import Background
from dodo_hooks.engine.loop import Loop
from dodo_hooks.engine.recorder import Recorder
from dodo_hooks.host import descriptors
from dodo_hooks.host.posix import os, signal
from dodo_hooks.host.signals import read_signals
from dodo_hooks.host.world import reach_site, wall_ns
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.engine.background.after_run import AfterRun
    from dodo_hooks.store.writer import InvocationWriter


FULL_DISK_MS = 1000


def coordinate(phase: Background, release: "Callable[[str], None]", signals: int) -> bool:
    """Run the phase to its end and close the invocation; return whether another phase may follow it.

    `release("")` lets the prompt return; `release(sentence)` reports that nothing was started. `signals`: the wake-up
    pipe of the signals that end a process.

    Never raises: nobody is left to catch it.
    """
    is_released = False
    try:
        recorder = Recorder(phase.writer)
        waves = Loop(phase.context, recorder, phase.slots, (phase.writer.alive,))
        if phase.results is not None:
            waves.use_results(phase.results)
        _open_first_wave(phase, waves)
        phase.writer.note(coordinator=os.getpid())
        release("")
        is_released = True
        after = _run(phase, waves, signals)
        _finish(phase, waves, after, signals)
        return _can_continue(phase, waves)
    except (HooksError, ImportError) as error:  # the latter while our packages are replaced
        _abort(phase, str(error), release, is_released)
    except BaseException:
        import traceback

        _abort(phase, traceback.format_exc(), release, is_released)
    return False


def _open_first_wave(phase: Background, waves: Loop) -> None:
    """Fork the wave of the jobs that start first, by counting needs: doit, which decides, is not loaded yet.

    A property test proves that doit agrees.

    Raises:
        HooksError: the graph is damaged (R4), or no process or no descriptor is left (R21).
    """
    ready, _ = CountingSource(phase.context.hook, phase.selected, phase.writer.outcomes()).start()
    try:
        waves.open_wave(ready)
    except OSError as error:
        raise HooksError(f"cannot start a process: {error.strerror}") from error


def _run(phase: Background, waves: Loop, signals: int) -> "AfterRun":
    reach_site(phase.world)
    from dodo_hooks.engine.background.after_run import AfterRun
    from dodo_hooks.engine.background.file_watch import FileWatch
    from dodo_hooks.host.priority import adopt_orphans

    adopt_orphans()
    if phase.workspaces is not None:  # they take their time, and the prompt is back
        waves.use_workspaces(phase.workspaces())

    watch = FileWatch(phase, waves)

    def take_signals(_: int) -> None:
        for number in read_signals(signals):
            if number == signal.SIGIO:
                watch.hear()
            else:
                waves.interrupt(number)

    waves.watch(signals, take_signals)
    if phase.deadline_s is not None:
        waves.clocks.hook_deadline_s = phase.deadline_s
    waves.admission.ask_permit = phase.permit
    after = AfterRun(phase.world, layout.repository_of(phase.writer.directory))
    phase.run_jobs(phase, waves)
    watch.close()
    if phase.results is not None:
        phase.results.save()
    return after


def _finish(phase: Background, waves: Loop, after: "AfterRun", signals: int) -> None:
    from dodo_hooks.engine.background.after_run import write_failure_notice

    code = statuses.exit_code_of(list(phase.writer.outcomes().values()))
    if waves.recorder.errors:
        phase.writer.error = phase.writer.error or "; ".join(waves.recorder.errors)
    if phase.writer.error:
        code = 2
    if waves.interrupted is not None:
        code = 128 + waves.interrupted
    line = write_failure_notice(phase.writer)
    _close(phase.writer, code, signals)
    phase.writer.note_durations()
    try:
        after.run(phase, line)
    except Exception:  # the records are closed and right: nothing may open them again
        pass


def _can_continue(phase: Background, waves: Loop) -> bool:
    """Return whether nobody has ended the run or one of its jobs, and the working tree is still there (G2)."""
    from dodo_hooks.engine.background.worktree_guard import is_gone

    was_cancelled = any(one.status == statuses.CANCELLED for one in phase.writer.outcomes().values())
    return waves.interrupted is None and not was_cancelled and not is_gone(phase.git_file)


def _close(writer: "InvocationWriter", code: int, signals: int) -> None:
    """Close the records. On a full disk where no room was reserved for them, try again until a signal ends us."""
    from dodo_hooks.store.reserve import is_full

    while True:
        try:
            writer.finish(code)
            return
        except StoreError as error:
            if not writer.has_locks and is_full(error):  # the ends are in the reserve
                return
            if not is_full(error):
                raise
            descriptors.wait_to_read(signals, FULL_DISK_MS)
            if set(read_signals(signals)) - {signal.SIGIO}:
                raise


def _abort(phase: Background, sentence: str, release: "Callable[[str], None]", is_released: bool) -> None:
    """Close a phase that cannot continue, and record why (R10).

    Where jobs run, the waves end them once we are gone. Until then no record may claim that they have ended: the record
    stays open under a free lock, and the next reader closes it (R18, R20).
    """
    if not is_released:
        release(sentence)
    writer = phase.writer
    try:
        if any(state.status == statuses.RUNNING for state in writer.jobs):
            writer.note(error=sentence)
            writer.release()
            return
        reason = "run aborted: " + sentence.rstrip().rpartition("\n")[2]
        for number, state in enumerate(writer.jobs):
            if state.outcome is None:
                writer.ended(number, statuses.Outcome(statuses.SKIPPED, statuses.ERROR, reason), wall_ns())
        writer.error = sentence
        if is_released:  # else the process that waited for the release has printed it
            from dodo_hooks.engine.background.after_run import write_failure_notice

            write_failure_notice(writer)
        writer.finish(2)
    except HooksError:  # the store cannot be written either
        writer.release()
