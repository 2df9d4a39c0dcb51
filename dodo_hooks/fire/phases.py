"""The two phases of a run: foreground, then background, in that order (R8, R9, R10; HOT)."""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import HooksError, StoreError
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND
from dodo_hooks.core.schedule import CountingSource
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.engine.foreground import listen, read_terminal, run_attached
from dodo_hooks.engine.loop import Loop
from dodo_hooks.engine.recorder import Recorder
from dodo_hooks.engine.screen import Screen
from dodo_hooks.fire.firing import BY_GIT, Firing
from dodo_hooks.fire.invocation import begin, context_of, publish
from dodo_hooks.fire.report.run_report import display_of, report, report_idle, report_up_to_date
from dodo_hooks.fire.run_state import Run
from dodo_hooks.host import signals
from dodo_hooks.host.console import say
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import reach_site
from dodo_hooks.store import layout
from dodo_hooks.store.identity import repository_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from dodo_hooks.engine.background.background_phase import Background
    from dodo_hooks.engine.protocols import Workspaces
    from dodo_hooks.fire.guards.modified_files import ModifiedFiles
    from dodo_hooks.fire.guards.unstaged_guard import Staging

    # Runs the open jobs of a phase in a loop that is set up for it.
    Runner = Callable[["Attached", Sequence[int]], None]


class Attached:
    """A phase that runs attached: its loop, its screen and its recorder."""

    def __init__(self, run: Run, phase: str, *, is_quiet: bool = False) -> None:
        firing = run.firing
        terminal = read_terminal(firing.world, firing.rules.has_colors)
        self.run = run
        self.staging: Staging | None = None  # of a commit
        self.modified: ModifiedFiles | None = None  # of hooks of pre-commit
        self.screen = Screen(display_of(run, phase, terminal.knows_escapes, terminal.look, is_quiet=is_quiet))
        self.recorder = Recorder(run.writer, self.screen)
        alive = (run.writer.alive,) if run.writer.has_locks else ()
        self.loop = Loop(context_of(run, phase, terminal), self.recorder, firing.slots, alive)
        self.stops = listen(os.getppid() if firing.trigger == BY_GIT or firing.ends_with_parent else None)
        self.recorder.signals = self.stops.descriptor
        if run.deadline_s is not None:
            self.loop.clocks.hook_deadline_s = run.deadline_s
        if run.results is not None:
            self.loop.use_results(run.results)
            if phase == BACKGROUND:
                run.results.enter_background(self.loop.context.environ)
        if (workspaces := workspaces_of(run, phase)) is not None:
            self.loop.use_workspaces(workspaces())

    def run_jobs(self, start: "Callable[[], object]") -> None:
        """Call `start`, and collect in `run` what the screen, the loop and the recorder have to report."""

        def run() -> None:
            self._show_left_out()
            start()

        try:
            run_attached(self.loop, self.screen, self.stops, run)
        finally:
            self.run.had_line |= self.screen.lines
            self.run.rest += self.screen.take_rest()
            self.run.interrupted = self.run.interrupted or self.loop.interrupted
            self.run.errors += self.recorder.errors
            self.run.record_error = self.run.record_error or self.recorder.record_error
            if self.run.results is not None:
                self.run.results.save()

    def end_guards(self) -> None:
        """Let the guards clean up, on every way out."""
        if self.modified is not None:
            self.modified.end()
        if self.staging is not None:
            self.staging.end()

    def _show_left_out(self) -> None:
        """Print a line for each job that was left out or is up to date, before the lines of the jobs that run."""
        firing, outcomes = self.run.firing, self.run.writer.outcomes()
        up_to_date = {number: outcome for number, outcome in outcomes.items() if outcome.status == statuses.UP_TO_DATE}
        for number, outcome in sorted({**up_to_date, **firing.left_out}.items()):
            if number not in self.run.had_line and firing.has_line(number, outcome):
                self.screen.ended(firing.hook.jobs[number], "", outcome)


def run_firing(firing: Firing, outcomes: "dict[int, Outcome] | None" = None) -> int:
    """Run the hook's jobs; returns the exit code for git (R22).

    `outcomes`: those of the jobs are put in, as they are when this process returns.

    Raises:
        HooksError: nothing was started: nested too deep, too many runs, or the store cannot be written (R12, R21).
    """
    if firing.is_idle:
        report_idle(firing)
        return 0
    run = begin(firing)
    if run is None:
        return 0
    try:
        return _run_phases(run)
    finally:
        if outcomes is not None:
            outcomes.update(run.writer.outcomes())


def _run_phases(run: Run) -> int:
    if run.open_jobs(FOREGROUND):
        if not _run_foreground(run):
            return 0
    elif _is_all_up_to_date(run) or not publish(run):
        return 0
    return run_background(run)


def _is_all_up_to_date(run: Run) -> bool:
    """Decide the jobs that are up to date. If no other job is to run, report that, and drop the invocation (K6)."""
    if run.results is None:
        return False
    from dodo_hooks.fire.guards.kept_results import decide_up_to_date

    decide_up_to_date(run)
    if run.open_jobs(FOREGROUND) or run.open_jobs(BACKGROUND):
        return False
    run.writer.abandon()
    report_up_to_date(run)
    return True


def _run_foreground(run: Run) -> bool:
    """Publish the invocation and run its foreground jobs.

    Returns False where the invocation could not be published, and where all jobs are up to date. That was reported
    then, and nothing has run.
    """
    attached = Attached(run, FOREGROUND)
    try:
        if not _prepare_foreground(attached) or not publish(run):
            return False
        jobs = run.open_jobs(FOREGROUND)
        announce_promotion(run)
        source = CountingSource(run.firing.hook, jobs, run.writer.outcomes())
        attached.run_jobs(lambda: attached.loop.run(source))
    finally:
        attached.end_guards()
    return True


def _prepare_foreground(attached: Attached) -> bool:
    """Prepare the foreground jobs, without doit, since a person waits; return False if all jobs are up to date.

    The first wave starts, and the records are written, while `git status` says what is to be hidden. If something is,
    that wave is dismissed: it does not hold the lock of the hidden changes. Incremental jobs are checked on what is
    staged, so there nothing begins before unstaged changes are hidden.

    Raises:
        HooksError: the jobs cannot be run. Nothing of the invocation is left in the store.
    """
    run = attached.run
    try:
        if run.results is not None:
            _hide_unstaged(attached)
            if _is_all_up_to_date(run):
                return False
        _open_first_wave(attached, run.open_jobs(FOREGROUND))
        run.writer.write_records()
        if run.results is None:
            _hide_unstaged(attached)
        watch_changes(attached, run.open_jobs(FOREGROUND))
    except HooksError:
        run.writer.abandon()
        raise
    return True


def _hide_unstaged(attached: Attached) -> None:
    """Hide the unstaged changes of a commit (G5). Raises HooksError."""
    if attached.run.firing.status is not None:
        from dodo_hooks.fire.guards.unstaged_guard import Staging

        attached.staging = Staging(attached.run, attached.run.open_jobs(FOREGROUND))
        attached.staging.guard(attached.loop)


def _open_first_wave(attached: Attached, jobs: "Sequence[int]") -> None:
    ready, _ = CountingSource(attached.run.firing.hook, jobs, attached.run.writer.outcomes()).start()
    try:
        attached.loop.open_wave(ready)
    except OSError:  # no process or no descriptor is left: the loop tries again, and reports it
        pass


def watch_changes(attached: Attached, jobs: "Sequence[int]") -> None:
    """Let the loop fail the jobs that change files and must not (`fail_on_changes`, and the hooks of pre-commit).

    Raises:
        HooksError: the state of the tree cannot be read.
    """
    hook = attached.run.firing.hook
    if any(hook.jobs[number].changes.conduct for number in jobs):
        from dodo_hooks.fire.guards.modified_files import is_judged, watch_modified_files

        if any(is_judged(hook.jobs[number]) for number in jobs):
            attached.modified = watch_modified_files(attached.run, attached.loop, jobs)
    if any(hook.jobs[number].changes.fails_on_changes for number in jobs):
        from dodo_hooks.fire.guards.fail_on_changes import watch_changes as watch

        watch(attached.run, attached.loop, jobs)


def run_background(run: Run, run_attached_jobs: "Runner | None" = None, database: "str | None" = None) -> int:
    """Start, run or refuse the background phase, and return the run's exit code.

    `run_attached_jobs` runs the jobs if they stay attached. By default doit does, with the records as its only
    reporter. `database`: doit's database; None: the repository's own.
    """
    answer = None
    if run.open_jobs(BACKGROUND):
        from dodo_hooks.fire.background_start import decide_background, must_be_attached

        jobs = decide_background(run)
        if not jobs and run.firing.later is not None:
            run.firing.later.close()  # what keeps this one from starting keeps all of them
        if jobs and not must_be_attached(run):
            return _detach(run, jobs, database)
        if jobs:
            if run.firing.trigger == BY_GIT:  # git would not have waited, so background jobs do not fail it
                answer = run.exit_code(FOREGROUND)
            (run_attached_jobs or _run_by_doit)(Attached(run, BACKGROUND), jobs)
    return close(run, answer)


def close(run: Run, answer: "int | None" = None) -> int:
    """Finish the records of a run whose jobs have all ended, report the run, and return the exit code.

    `answer`: the exit code to return, unless a signal has ended the run; None: the exit code of the whole run.
    """
    if run.errors:  # jobs may all have completed, and the run has failed all the same
        run.writer.error = run.writer.error or "; ".join(dict.fromkeys(run.errors))
    try:
        run.writer.finish(run.exit_code(FOREGROUND, BACKGROUND))
    except StoreError as error:
        run.record_error = run.record_error or str(error)
        run.writer.release()
    signals.drop_signals()  # the reader of our output may have stopped, and Ctrl-C must still end this process
    report(run)
    run.writer.note_durations()
    if answer is None or run.interrupted is not None:
        return run.exit_code(FOREGROUND, BACKGROUND)
    return answer


def workspaces_of(run: Run, phase: str) -> "Callable[[], Workspaces] | None":
    """Return what makes the snapshots for the jobs of a phase ready to be taken; None where none runs in one."""
    verdicts = None if run.results is None else run.results.verdicts
    if verdicts is None:
        return None

    def open_workspaces() -> "Workspaces":
        from dodo_hooks.fire.snapshot_jobs import SnapshotJobs

        return SnapshotJobs(run, run.open_jobs(phase), verdicts)

    return open_workspaces


def background_of(
    run: Run, jobs: "Sequence[int]", attached: "Attached | None" = None, database: "str | None" = None
) -> "Background":
    """Return everything that a background phase needs to run."""
    from dodo_hooks.engine.background.background_phase import Background
    from dodo_hooks.git.unstaged.lock import make_lock_file

    firing = run.firing
    make_lock_file(firing.repo)
    context = attached.loop.context if attached else context_of(run, BACKGROUND, None)
    if run.results is not None:
        run.results.enter_background(context.environ)
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
        firing.repo,
        _git_file(firing.repo.top),
        run.results,
        None if attached else workspaces_of(run, BACKGROUND),
        lambda: _begin_next(firing.later),
        _run_with_doit,
    )


def _begin_next(firings: "Generator[Firing, None, None] | None") -> "Background | None":
    """Begin the next of these firings that has something to run; None at their end, or where it cannot be recorded."""
    from dodo_hooks.fire.background_start import decide_background

    for firing in firings or ():
        run = begin(firing._replace(later=firings))
        if run is None:
            break
        if not _is_all_up_to_date(run) and publish(run):
            return background_of(run, decide_background(run))
    return None


def _run_with_doit(phase: "Background", loop: Loop) -> None:
    from dodo_hooks.doit_runner.lean_doit import import_runner

    import_runner()
    from dodo_hooks.doit_runner.phase_run import run_with_doit

    run_with_doit(phase, loop)


def _git_file(top: str) -> str:
    """Return the path of the working tree's `.git`; "" if it has none, as with GIT_DIR or core.worktree."""
    path = f"{top}/.git"
    return path if os.access(path, os.F_OK) else ""


def _permit(firing: Firing) -> "int | None":
    """Return the shared lock that a background job of this working tree holds while it starts; None: not free now.

    Nobody hides unstaged changes while the lock is held (G5).
    """
    from dodo_hooks.engine.admission import NOTHING
    from dodo_hooks.git.unstaged.lock import lock_shared

    try:
        return lock_shared(firing.repo, creates=False)
    except OSError:  # such a lock cannot exist here, or the working tree is being removed: nobody holds it
        return NOTHING


def announce_promotion(run: Run) -> None:
    """Print, once for each promoted job, why it runs in the foreground (R9)."""
    jobs = run.firing.hook.jobs
    open_jobs = run.open_jobs(FOREGROUND)
    for job in (jobs[number] for number in open_jobs):
        if job.promoted:
            by = [jobs[other].name for other in job.order.dependents if jobs[other].phase == FOREGROUND]
            say(f"{run.firing.hook.name}: {job.name} runs in the foreground, because {' and '.join(by)} needs it")


def _run_by_doit(attached: Attached, jobs: "Sequence[int]") -> None:
    reach_site(attached.run.firing.world)
    phase = background_of(attached.run, jobs, attached)
    attached.run_jobs(lambda: phase.run_jobs(phase, attached.loop))


def _detach(run: Run, jobs: "Sequence[int]", database: "str | None") -> int:
    from dodo_hooks.fire.detach import DetachError, detach

    code, hook, later = run.exit_code(FOREGROUND), run.firing.hook.name, run.firing.later
    each = " on each new commit" if later is not None else ""
    try:
        run.writer.flush()
        detach(background_of(run, jobs, database=database))
        count = "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
        done = sum(one.status == statuses.UP_TO_DATE for one in run.writer.outcomes().values())
        also = f", {done} up to date" if done else ""
        report(run, f"{hook}: {count} running in the background{each} (`dodo-hooks jobs`){also}")
    except (DetachError, StoreError) as error:
        code = 2 if run.firing.is_manual else code
        sentence = f"the background jobs of {hook} were not started: {error}"
        if run.writer.has_locks:  # else the coordinator had them, and has closed the records
            run.decide((number, Outcome(statuses.SKIPPED, statuses.ERROR, str(error))) for number in jobs)
            say(sentence)
            return close(run, code)
        report(run, sentence)
    finally:
        if later is not None:  # the coordinator has them, or nothing can be started
            later.close()
    return code
