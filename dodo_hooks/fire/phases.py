"""The two phases of a run: foreground, then background, in that order (R8, R9, R10; HOT)."""

from dodo_hooks.core import status
from dodo_hooks.core.errors import HooksError, StoreError
from dodo_hooks.core.events import is_gate
from dodo_hooks.core.plan import BACKGROUND, EXECUTION, FOREGROUND
from dodo_hooks.core.schedule import CountingSource, Ledger
from dodo_hooks.core.status import Outcome
from dodo_hooks.engine.foreground import AttachedRecorder, listen, look_at_terminal, run_attached
from dodo_hooks.engine.loop import Loop
from dodo_hooks.engine.screen import Screen
from dodo_hooks.engine.summary import summary
from dodo_hooks.fire.run import ATTACHED, AUTO, BY_DOIT, BY_GIT, OFF, Firing, Run, begin, context_of, publish, say
from dodo_hooks.git.replay import owe, replay_of, settle
from dodo_hooks.host import process
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import monotonic_s, reach_site
from dodo_hooks.store import layout
from dodo_hooks.store.identity import repository_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.engine.coordinator import Background
    from dodo_hooks.fire.staging import Staging

    # Runs the open jobs of a phase in a loop that is set up for it.
    Runner = Callable[["Attached", Sequence[int]], None]


class Attached:
    """A phase that runs in front of a person: its loop, and what shows and records it."""

    __slots__ = ("loop", "recorder", "run", "screen", "staging", "stops")

    def __init__(self, run: Run, phase: str, *, keeps_records: bool, is_quiet: bool = False) -> None:
        firing = run.firing
        terminal = look_at_terminal(firing.world.environ)
        if firing.rules.has_colors is False:
            terminal = terminal._replace(has_colors=False)
        is_terse = EXECUTION not in firing.rules.output
        self.run = run
        self.staging: Staging | None = None  # of a commit
        self.screen = Screen(terminal.is_terminal, terminal.columns, terminal.has_colors, is_quiet, is_terse)
        self.recorder = AttachedRecorder(run.writer, self.screen, keeps_records=keeps_records)
        self.loop = Loop(context_of(run, phase, terminal), self.recorder, firing.slots, _share_of_alive(run))
        self.stops = listen(os.getppid() if firing.trigger == BY_GIT else None)
        self.recorder.signals = self.stops.descriptor
        if run.deadline_s is not None:
            self.loop.set_hook_deadline(run.deadline_s)

    def go(self, run_jobs: "Callable[[], object]") -> None:
        try:
            run_attached(self.loop, self.screen, self.stops, run_jobs)
        finally:
            self.run.interrupted = self.run.interrupted or self.loop.interrupted
            self.run.troubles += self.recorder.troubles
            self.run.unkept = self.run.unkept or self.recorder.unkept

    def tidy(self) -> None:
        """Leave the working tree as its owner left it (G5)."""
        if self.staging is not None:
            self.staging.end()


def run_firing(firing: Firing) -> int:
    """Run the hook's jobs; returns the exit code for git (R22).

    Raises:
        HooksError: nothing was started: too deep, too many, or the store cannot be written (R12, R21).
    """
    decided = firing.left_out.values()
    if len(decided) == len(firing.hook.jobs) and all(one.status == status.SKIPPED for one in decided):
        return 0
    run = begin(firing)
    if run is None:
        return 0
    jobs = run.open_jobs(FOREGROUND)
    if jobs and not _run_foreground(run, jobs):
        return 0
    if not jobs and not publish(run):
        return 0
    return run_background(run)


def _run_foreground(run: Run, jobs: "Sequence[int]") -> bool:
    """False: the invocation could not be published, which was said, and nothing has run."""
    attached = Attached(run, FOREGROUND, keeps_records=True)
    try:
        _prepare_foreground(attached, jobs)
        if not publish(run):
            return False
        announce_promotion(run)
        source = CountingSource(run.firing.hook, jobs, run.writer.outcomes())
        attached.go(lambda: attached.loop.run(source))
    finally:
        attached.tidy()
    return True


def _prepare_foreground(attached: Attached, jobs: "Sequence[int]") -> None:
    """Get ready to run the foreground jobs, without doit, since a person waits: the first wave starts up while the
    records are written.

    Raises:
        HooksError: the jobs cannot be run; nothing is left of the invocation.
    """
    run = attached.run
    try:
        if run.firing.status is not None:
            from dodo_hooks.fire.staging import Staging

            attached.staging = Staging(run, jobs)
            attached.staging.guard(attached.loop)
        ready, _ = CountingSource(run.firing.hook, jobs, run.writer.outcomes()).start()
        attached.loop.open_wave(ready)
    except HooksError:
        run.writer.abandon()
        raise
    except OSError:  # no process or no descriptor is left: the loop tries again, and says so
        pass


def run_background(run: Run, run_attached_jobs: "Runner | None" = None, database: "str | None" = None) -> int:
    """Begin, run or refuse the background phase; returns the run's exit code.

    `run_attached_jobs` runs jobs that are not to be detached; by default doit does, with the records as its only
    reporter. `database`: doit's, where it is not the repository's own.
    """
    _decide_background(run)
    jobs = run.open_jobs(BACKGROUND)
    if jobs and _has_to_be_attached(run):
        attached = Attached(run, BACKGROUND, keeps_records=False)
        (run_attached_jobs or _run_by_doit)(attached, jobs)
    elif jobs:
        return _detach(run, jobs, database)
    # A background job that git did not wait for on purpose does not fail it now because it happened to be attached.
    phases = (FOREGROUND,) if run.firing.trigger == BY_GIT else (FOREGROUND, BACKGROUND)
    return close(run, *phases)


def close(run: Run, *phases: str) -> int:
    """Every job has ended: finish the records, tell, return the exit code."""
    if run.troubles:  # jobs may all have completed, and the run has failed all the same
        run.writer.error = run.writer.error or "; ".join(dict.fromkeys(run.troubles))
    try:
        run.writer.finish(run.exit_code(*phases))
    except StoreError as error:
        run.unkept = run.unkept or str(error)
        run.writer.release()
    process.drop_signals()  # whoever reads what we say may have stopped, and a Ctrl-C has to get us out of that
    _tell(run)
    return run.exit_code(*phases)


def background_of(
    run: Run, jobs: "Sequence[int]", attached: "Attached | None" = None, database: "str | None" = None
) -> "Background":
    """What a background phase is run from."""
    from dodo_hooks.engine.coordinator import Background

    firing = run.firing
    context = attached.loop.context if attached else context_of(run, BACKGROUND, None)
    database = database or layout.doit_database(firing.world.state, repository_id(firing.repo.common_dir))
    return Background(
        firing.world,
        context,
        run.writer,
        tuple(jobs),
        firing.slots,
        run.deadline_s,
        database,
        firing.rules.retention,
        lambda: _permit(firing),
    )


def _permit(firing: Firing) -> "int | None":
    """What a background job of this working tree holds while it starts: nobody sets work aside then (G5)."""
    from dodo_hooks.engine.permits import NOTHING
    from dodo_hooks.git.aside_lock import hold_shared

    try:
        return hold_shared(firing.repo, waits=False)
    except OSError:  # there can be no such lock here, so nobody has it either
        return NOTHING


def announce_promotion(run: Run) -> None:
    """A background job that runs in the foreground is a surprise, so it is said, once (R9)."""
    jobs = run.firing.hook.jobs
    open_jobs = run.open_jobs(FOREGROUND)
    for job in (jobs[number] for number in open_jobs):
        if job.promoted:
            by = [jobs[other].name for other in job.dependents if jobs[other].phase == FOREGROUND]
            say(f"{run.firing.hook.name}: {job.name} runs in the foreground, because {' and '.join(by)} needs it")


def _decide_background(run: Run) -> None:
    """Give an outcome to the background jobs that will not run (R3, R5, R8, R12, R17)."""
    jobs = run.open_jobs(BACKGROUND)
    if not jobs:
        return
    run.decide(Ledger(run.firing.hook, jobs, run.writer.outcomes()).skip_what_cannot_run())
    refusal = _refusal(run)
    if refusal is not None:
        run.decide((number, refusal) for number in run.open_jobs(BACKGROUND))


def _refusal(run: Run) -> "Outcome | None":
    """Why the whole background phase is not begun; None: it is."""
    hook = run.firing.hook
    if run.interrupted is not None:
        return Outcome(status.SKIPPED, status.INTERRUPTED, f"interrupted by signal {run.interrupted}")
    if run.deadline_s is not None and monotonic_s() >= run.deadline_s:
        return Outcome(status.SKIPPED, status.TIMEOUT, f"{hook.name} took longer than its timeout")
    if run.has_failed(FOREGROUND) and hook.fail_fast:
        return Outcome(status.SKIPPED, status.FAIL_FAST, "a foreground job failed, and the hook says fail_fast")
    has_failed = run.has_failed(FOREGROUND) and not hook.warns  # R8
    if (has_failed or run.troubles) and is_gate(hook.name, run.firing.args):  # a trouble refuses a commit, too (G5)
        return Outcome(status.SKIPPED, status.GATE, "the foreground jobs failed, so git does not go on")
    if run.nesting.within is not None:
        return Outcome(status.SKIPPED, status.NESTED, f"the hook fired inside a job of {run.nesting.within}")
    if run.firing.phase == OFF:
        return Outcome(status.SKIPPED, status.SELECTION, "background jobs were turned off")
    return _postponement(run) if run.firing.trigger == BY_GIT else None


def _postponement(run: Run) -> "Outcome | None":
    """While git replays commits the background is begun once, at the end (R12)."""
    hook, replay = run.firing.hook.name, replay_of(run.firing.repo, run.firing.hook.name)
    if replay is None:
        return None
    if replay.is_over:
        settle(replay, hook)
        return None
    owe(replay, hook, run.firing.args)
    return Outcome(status.SKIPPED, status.REPLAY, "git is replaying commits: the background is begun at the end")


def _has_to_be_attached(run: Run) -> bool:
    """Whether nobody would be there to see a detached process end: in CI, in a container's process 1 (R10)."""
    firing = run.firing
    if not run.writer.has_locks:
        say(f"{firing.hook.name}: the background jobs run attached, because {run.writer.directory} cannot be locked")
        return True
    if firing.phase != AUTO:
        return firing.phase == ATTACHED
    return is_ci(firing.world.environ.get("CI", "")) or (firing.trigger == BY_GIT and os.getppid() == 1)


def is_ci(variable: str) -> bool:
    return variable.lower() not in ("", "0", "false")


def _run_by_doit(attached: Attached, jobs: "Sequence[int]") -> None:
    reach_site(attached.run.firing.world)
    from dodo_hooks.engine.background import run_by_doit

    phase = background_of(attached.run, jobs, attached)
    attached.go(lambda: run_by_doit(phase, attached.recorder, attached.loop))


def _detach(run: Run, jobs: "Sequence[int]", database: "str | None") -> int:
    from dodo_hooks.fire.detach import DetachError, detach

    code, hook = run.exit_code(FOREGROUND), run.firing.hook.name
    try:
        run.writer.flush()
        detach(background_of(run, jobs, database=database))
        count = "1 job goes" if len(jobs) == 1 else f"{len(jobs)} jobs go"
        _tell(run, f"{hook}: {count} on in the background (dodo-hooks jobs)")
    except (DetachError, StoreError) as error:
        sentence = f"the background jobs of {hook} were not started: {error}"
        if run.writer.has_locks:  # else the coordinator had them, and has closed the records
            run.decide((number, Outcome(status.SKIPPED, status.ERROR, str(error))) for number in jobs)
            say(sentence)
            return close(run, FOREGROUND)
        _tell(run, sentence)
    return code


def _tell(run: Run, *sentences: str) -> None:
    """Say how the jobs went, these sentences, and what went wrong with the run as a whole."""
    lines: list[str] = []
    if run.firing.trigger != BY_DOIT:  # there a reporter of doit's has told already
        lines = summary(run.writer, run.firing.rules.output, monotonic_s() - run.started_s)
    unkept = (run.unkept,) if run.unkept else ()
    for line in (*lines, *dict.fromkeys((*sentences, *run.remarks, *run.troubles, *unkept))):
        say(line, waits=run.interrupted is None)


def _share_of_alive(run: Run) -> "tuple[int, ...]":
    return (run.writer.alive,) if run.writer.has_locks else ()
