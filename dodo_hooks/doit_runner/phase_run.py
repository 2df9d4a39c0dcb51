"""The run of a phase by doit: the background phase behind the prompt, and `doit run` (sections 5, 9; HOT)."""

from __future__ import annotations

from collections.abc import Sequence

from dodo_hooks.core.plan import Plan
from dodo_hooks.doit_runner.database import open_database
from dodo_hooks.doit_runner.job_notes import JobNote, note_job
from dodo_hooks.doit_runner.reporters import FanOut, MetaReporter
from dodo_hooks.doit_runner.runner import WaveRunner, control_of
from dodo_hooks.engine.background.background_phase import Background
from dodo_hooks.engine.background.control_server import ControlServer
from dodo_hooks.engine.background.worktree_guard import WorktreeGuard
from dodo_hooks.engine.loop import Loop
from dodo_hooks.loader.tasks import task_name, tasks_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run_with_doit(
    phase: Background,
    loop: Loop,
    reporters: Sequence[Any] = (),
    database: Any = None,
    always: bool = False,
) -> int:
    """Let doit run the selected jobs of the phase until each has an outcome, and return doit's exit code.

    The control socket is open meanwhile. The reporter `meta` writes the records; further `reporters` get the same
    calls. `database`: doit's dependency manager; None: that of the repository.

    Raises:
        HooksError: the graph cannot be run.
    """
    hook, writer = phase.context.hook, phase.writer
    tasks = tasks_of(Plan("", None, (hook,)), lambda hook, job: lambda: True)  # the loop starts processes, not doit
    control = control_of(tasks, [task_name(hook, hook.jobs[n]) for n in hook.order if n in phase.selected])
    for job in hook.jobs:
        address = f"{job.name}@{writer.identity}"
        task = control.tasks[task_name(hook, job)]
        task.options = {}  # it has no parameters, and doit would import a parser to find none
        note_job(task, JobNote(job.number, writer.jobs[job.number], address))
    reporter = FanOut([MetaReporter(None, {"recorder": loop.recorder}), *reporters])
    runner = WaveRunner(database or open_database(phase.database), reporter, loop, writer.outcomes(), always)
    loop.recorder.listener = runner
    guard = WorktreeGuard(phase.repo, phase.git_file, phase.context.environ, writer)
    loop.guard(guard, (), loop.context.grace_s)
    server = None
    try:
        server = ControlServer(loop, writer)
    except OSError:  # without a socket nobody can cancel a job; the jobs run all the same
        pass
    try:
        return int(runner.run_all(control.task_dispatcher()))
    finally:
        guard.close()
        if server is not None:
            server.close()
