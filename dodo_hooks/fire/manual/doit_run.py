"""`doit run ...` on a hook file: the selected jobs of each hook as an invocation of their own (section 5)."""

import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dodo_hooks.core import statuses
from dodo_hooks.core.dependency_graph import closure
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook, Plan
from dodo_hooks.core.statuses import NOT_SELECTED, Outcome
from dodo_hooks.doit_runner.job_notes import JobNote, RunOptions, note_job
from dodo_hooks.doit_runner.phase_run import run_with_doit
from dodo_hooks.doit_runner.reporters import FanOut
from dodo_hooks.fire.firing import BY_DOIT, Firing, make_firing, select_files
from dodo_hooks.fire.guards.kept_results import decide_up_to_date
from dodo_hooks.fire.invocation import begin, publish
from dodo_hooks.fire.left_out import left_out_by_variable
from dodo_hooks.fire.phases import Attached, announce_promotion, background_of, run_background, watch_changes
from dodo_hooks.fire.report.run_report import report_up_to_date
from dodo_hooks.fire.run_state import Run
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import World
from dodo_hooks.loader.tasks import task_name
from dodo_hooks.results import RENEW, USE
from dodo_hooks.trust.policy import expect_file_accepted


def run_selection(plan: Plan, world: World, control: Any, reporter: Any, dep_manager: Any, options: RunOptions) -> int:
    """Run the tasks that `control` selected: foreground jobs attached, then background jobs as after a fired hook.

    Returns doit's exit code: the highest of all hooks.

    Raises:
        HooksError: not in a repository, or nothing could be started.
    """
    repo = find_repo(world.environ, world.cwd)
    expect_file_accepted(world, repo, plan)
    reporter = _CommandReporter(reporter)
    # The members of selected groups are among what these need.
    selected = closure(control.selected_tasks, lambda name: control.tasks[name].task_dep)
    reporter.begin(control.tasks, control.selected_tasks)
    codes = [0]
    for hook in plan.hooks:
        not_selected = {
            job.number: Outcome(statuses.SKIPPED, statuses.SELECTION, NOT_SELECTED)
            for job in hook.jobs
            if task_name(hook, job) not in selected
        }
        if len(not_selected) < len(hook.jobs):
            body = _without_needs(hook, not_selected) if options.single else hook
            left_out = {**left_out_by_variable(world, lambda: plan, hook), **not_selected}
            firing = make_firing(world, repo, plan, body, (), BY_DOIT, left_out, slots=options.slots)
            firing = firing._replace(whole_hook=hook, results=RENEW if options.always else USE)
            codes.append(_run_hook(select_files(firing), control.tasks, reporter, dep_manager, options))
    reporter.end()
    return max(codes)


def _run_hook(
    firing: Firing, tasks: Mapping[str, Any], reporter: "_CommandReporter", dep_manager: Any, options: RunOptions
) -> int:
    _report_left_out(firing, tasks, FanOut((reporter,)))
    if firing.is_idle:
        return 0
    run = begin(firing)
    if run is None:
        return 2
    if _is_all_up_to_date(run, tasks, reporter, dep_manager):
        return 0
    if not publish(run):
        return 2

    database = str(dep_manager.backend.name)  # `--db-file` holds for detached jobs too

    def run_jobs(attached: Attached, jobs: Sequence[int]) -> None:
        phase = background_of(run, jobs, attached, database)
        reporter.attached = attached
        attached.run_jobs(lambda: run_with_doit(phase, attached.loop, [reporter], dep_manager, options.always))

    _run_foreground(run, run_jobs, is_quiet=options.verbosity == 0)
    return run_background(run, run_jobs, database)


def _report_left_out(firing: Firing, tasks: Mapping[str, Any], reporter: FanOut) -> None:
    """Report the selected jobs that do not apply: doit's runner does not come to them."""
    for number, outcome in sorted(firing.left_out.items()):
        if firing.has_line(number, outcome):
            reporter.skip_condition(tasks[task_name(firing.hook, firing.hook.jobs[number])], outcome)


def _is_all_up_to_date(run: Run, tasks: Mapping[str, Any], reporter: Any, dep_manager: Any) -> bool:
    """Report the jobs if all of them are up to date, and drop the invocation (section 7)."""
    hook = run.firing.hook
    by_number = {number: tasks[task_name(hook, hook.jobs[number])] for number in hook.order}
    if run.results is None or any(dep_manager.status_is_ignore(task) for task in by_number.values()):
        return False
    decide_up_to_date(run)
    if run.open_jobs(FOREGROUND) or run.open_jobs(BACKGROUND):
        return False
    run.writer.abandon()
    for number, task in by_number.items():
        outcome = run.writer.outcomes()[number]
        if outcome.status == statuses.UP_TO_DATE:
            note_job(task, JobNote(number, run.writer.jobs[number], ""))
            reporter.skip_uptodate(task)
    report_up_to_date(run)
    return True


def _run_foreground(run: Run, run_jobs: Any, is_quiet: bool) -> None:
    announce_promotion(run)
    jobs = run.open_jobs(FOREGROUND)
    if jobs:
        attached = Attached(run, FOREGROUND, is_quiet=is_quiet)
        try:
            watch_changes(attached, jobs)
            run_jobs(attached, jobs)
        finally:
            attached.end_guards()


def _without_needs(hook: Hook, left_out: Mapping[int, Outcome]) -> Hook:
    """Return the hook for `doit run -s`: a selected job waits only for other selected jobs."""

    def select(numbers: Sequence[int]) -> tuple[int, ...]:
        return tuple(number for number in numbers if number not in left_out)

    orders = [
        job.order._replace(needs=select(job.order.needs), dependents=select(job.order.dependents)) for job in hook.jobs
    ]
    jobs = [job._replace(order=order) for job, order in zip(hook.jobs, orders, strict=True)]
    return hook._replace(jobs=tuple(jobs))


class _CommandReporter:
    """The reporter of a whole command, during the runs of its hooks.

    It is initialized and completed once, not with each hook. Its lines about a job are printed after the job's own
    output. Once its output is closed or full, it prints nothing more: the jobs and their records continue.
    """

    def __init__(self, reporter: Any) -> None:
        self.attached: Attached | None = None  # the phase that runs now
        self._reporter = reporter
        self._is_silent = False

    def begin(self, tasks: Mapping[str, Any], selected_tasks: Sequence[str]) -> None:
        if hasattr(self._reporter, "initialize"):  # a reporter of a project's own may lack it
            self._call(self._reporter.initialize, tasks, selected_tasks)

    def end(self) -> None:
        self._call(self._reporter.complete_run)

    def initialize(self, tasks: Any, selected_tasks: Any) -> None:
        pass

    def complete_run(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name in ("add_success", "add_failure") and self.attached is not None:
            self.attached.screen.drain(self.attached.stops.descriptor)
        return functools.partial(self._call, getattr(self._reporter, name))

    def _call(self, method: Callable[..., object], *words: Any) -> None:
        if not self._is_silent:
            try:
                method(*words)
            except OSError:
                self._is_silent = True
                _discard_output()


def _discard_output() -> None:
    """Redirect standard output to /dev/null if it cannot be written, so that Python's flush at exit does not fail."""
    try:
        sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
