"""The runner of doit that uses our loop (R1 to R7): for the background phase, and for every `doit run` (HOT).

doit decides which task comes next, whether it is up to date or ignored, and what its database keeps. `WaveRunner` is a
doit runner whose `run_tasks` hands the dispatcher to our loop, wrapped as a source. The loop starts the processes.

The dispatcher (doit/control.py) is a generator. It yields nodes, or "hold on" when every node that is left waits for
one that was not sent back. Every node that was run or refused has to be sent back once, and a running one never. `None`
may be sent at any time and means "nothing new, continue". A task that got its outcome from the loop before doit came to
it is sent back as soon as it is yielded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from doit.control import TaskControl  # type: ignore[import-untyped]
from doit.dependency import DatabaseException  # type: ignore[import-untyped]
from doit.runner import Runner  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import statuses
from dodo_hooks.core.plan import Job
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.doit_runner.job_notes import JobFailed, JobSkipped, note_of
from dodo_hooks.doit_runner.reporters import MetaReporter
from dodo_hooks.doit_runner.source import DispatchSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dodo_hooks.engine.loop import Loop


class WaveRunner(Runner):  # type: ignore[misc]
    """The doit runner of one hook's tasks, which run in waves (R7).

    As the recorder's listener it reports each start and end to doit's reporters, and each end to doit's database.
    """

    def __init__(
        self,
        dep_manager: Any,
        reporter: Any,
        loop: Loop,
        outcomes: Mapping[int, Outcome],
        always: bool = False,
    ) -> None:
        """Make a runner. `outcomes`: those that are decided already."""
        # A failure stops its dependents and nothing else (R5), so to doit it is always `--continue`.
        super().__init__(dep_manager, reporter, continue_=True, always_execute=always)
        self.reporter: Any
        self.final_result: int
        self.nodes: dict[int, Any] = {}  # number -> doit's ExecNode of each job that was selected to run
        self._loop = loop
        self._hook = loop.context.hook
        self._outcomes = dict(outcomes)
        self._tasks: Mapping[str, Task] = {}

    def run_tasks(self, task_dispatcher: Any) -> None:
        """Run the tasks; doit's `run_all` calls this between the reporters' `initialize` and `complete_run`."""
        self._tasks = task_dispatcher.tasks
        self._loop.run(DispatchSource(self.nodes, self.choose, task_dispatcher, self._hook, self._outcomes))

    def task_of(self, number: int) -> Task:
        return self._tasks[f"{self._hook.name}:{self._hook.jobs[number].name}"]

    # The recorder's listener.

    def started(self, number: int) -> None:
        self.reporter.execute_task(self.task_of(number))

    def ended(self, number: int, outcome: Outcome) -> None:
        job, task = self._hook.jobs[number], self.task_of(number)
        node = self.nodes.get(number)
        if outcome.status in (statuses.COMPLETED, statuses.FAILED, statuses.CRASHED, statuses.CANCELLED):
            self._report_run(job, task, node, outcome)
        elif outcome.cause == statuses.CONDITION:
            self.reporter.skip_condition(task, outcome)
        elif outcome.status == statuses.UP_TO_DATE:
            self.reporter.skip_uptodate(task)
        elif outcome.cause == statuses.IGNORED:
            self.reporter.skip_ignore(task)
        else:
            self._report_skip(job, task, outcome)
        self._save(self.dep_manager.backend.flush)  # the database must have each end, should this process be killed

    # The doit runner.

    def finish(self) -> int:
        self._save(super().finish)
        return self.final_result

    def _save(self, write: Callable[[], object]) -> None:
        """Write to the database; report an error of that without ending the jobs (R21)."""
        try:
            write()
        except DatabaseException as error:
            self._loop.recorder.error(str(error))

    def _report_run(self, job: Job, task: Task, node: Any, outcome: Outcome) -> None:
        if node is None:  # cancelled before doit came to it
            self.dep_manager.remove_success(task)
            self.reporter.add_failure(task, JobFailed(job.name, outcome))
            self.final_result = self.final_result or 1
        else:
            self.process_task_result(
                node, None if outcome.status == statuses.COMPLETED else JobFailed(job.name, outcome)
            )

    def _report_skip(self, job: Job, task: Task, outcome: Outcome) -> None:
        """Report a skip of a cascade without changing the exit code: doit would raise it to 2 for an unmet need."""
        self.dep_manager.remove_success(task)
        root = outcome.root_cause
        note = None if root is None else note_of(self.task_of(root))
        name, its_status = (self._hook.jobs[note.number].name, note.state.status) if note else ("", "")
        self.reporter.add_failure(task, JobSkipped(job.name, outcome, name, its_status))

    def choose(self, node: Any) -> Outcome | None:
        """Ask doit whether this task has to run: return None if so, else its outcome."""
        reporter, self.reporter = self.reporter, MetaReporter(None)  # the loop reports this end, as every other
        try:
            if self.select_task(node, self._tasks):
                return None
        finally:
            self.reporter = reporter
        if node.run_status == "up-to-date":
            return Outcome(statuses.UP_TO_DATE, reason="nothing that it depends on has changed")
        if node.run_status == "ignore":
            return Outcome(statuses.SKIPPED, statuses.IGNORED, "ignored with `doit ignore`")
        return Outcome(statuses.FAILED, statuses.DEPENDENCIES, "doit cannot tell whether it is up to date")


def control_of(tasks: list[Task], selected: Iterable[str]) -> TaskControl:
    """Return doit's control over these tasks, with a selection of plain names.

    `selected`: in an order in which needs come first; otherwise doit copies the path to each task, which is quadratic
    in a chain. The selection is set directly, since doit takes a `*` in a name for a wildcard.
    """
    control = TaskControl(tasks)
    control.selected_tasks = list(selected)
    return control
