"""The runner of doit that uses our loop (R1 to R7): for the background phase, and for every `doit run`.

doit decides which task comes next, whether it is up to date or ignored, and what its database keeps. `WaveRunner` is a
doit runner whose `run_tasks` hands the dispatcher to our loop, wrapped as a source. The loop starts the processes.

The dispatcher (doit/control.py) is a generator. It yields nodes, or "hold on" when every node that is left waits for
one that was not sent back. Every node that was run or refused has to be sent back once, and a running one never. `None`
may be sent at any time and means "nothing new, go on". A task that got its outcome from the loop before doit came to it
is sent back as soon as it is yielded.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from doit.control import TaskControl  # type: ignore[import-untyped]
from doit.dependency import DatabaseException  # type: ignore[import-untyped]
from doit.exceptions import BaseFail  # type: ignore[import-untyped]
from doit.runner import Runner  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import statuses
from dodo_hooks.core.plan import Hook, Job
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.doit_runner.job_notes import Beginning, Ending, JobFailed, JobSkipped, note_beginning, note_ending
from dodo_hooks.doit_runner.source import DispatchSource

if TYPE_CHECKING:
    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.engine.protocols import Recorder


class WaveRunner(Runner):  # type: ignore[misc]
    """The doit runner of one hook's tasks, which run in waves; at the same time the loop's recorder (R7).

    It reports each start and end to doit's reporters, one of which keeps the records, and passes everything on to
    `display`.
    """

    def __init__(
        self,
        dep_manager: Any,
        reporter: Any,
        hook: Hook,
        display: "Recorder",
        outcomes: Mapping[int, Outcome],
        address: str,
        always: bool = False,
    ) -> None:
        """Make a runner.

        `outcomes`: those that are decided already. `address`: the part of a log's address after the job's name (`@ID`).
        """
        # A failure stops its dependents and nothing else (R5), so to doit it is always `--continue`.
        super().__init__(dep_manager, reporter, continue_=True, always_execute=always)
        self.reporter: Any
        self.final_result: int
        self.nodes: dict[int, Any] = {}  # number -> doit's ExecNode of each job that was selected to run
        self._hook = hook
        self._display = display
        self._outcomes = dict(outcomes)
        self._address = address
        self._tasks: Mapping[str, Task] = {}
        self._started_ns: dict[int, int] = {}
        self._statuses = {number: outcome.status for number, outcome in outcomes.items()}
        self._loop: Loop | None = None

    def use(self, loop: "Loop") -> None:
        self._loop = loop

    def run_tasks(self, task_dispatcher: Any) -> None:
        """Run the tasks; doit's `run_all` calls this between the reporters' `initialize` and `complete_run`."""
        assert self._loop is not None
        self._tasks = task_dispatcher.tasks
        self._loop.run(DispatchSource(self, task_dispatcher, self._hook, self._outcomes))

    def task_of(self, number: int) -> Task:
        return self._tasks[f"{self._hook.name}:{self._hook.jobs[number].name}"]

    # The loop's recorder.

    def started(self, number: int, pid: int, wave: int, at_ns: int) -> None:
        self._started_ns[number] = at_ns
        task = self.task_of(number)
        note_beginning(task, Beginning(number, pid, wave, at_ns))
        self.reporter.execute_task(task)
        self._display.started(number, pid, wave, at_ns)

    def ended(self, number: int, outcome: Outcome, at_ns: int, duration_s: "float | None" = None) -> None:
        job, task = self._hook.jobs[number], self.task_of(number)
        self._statuses[number] = outcome.status
        begun_ns = self._started_ns.get(number)
        address = None if begun_ns is None else f"{job.name}{self._address}"
        note_ending(task, Ending(number, outcome, begun_ns, at_ns, duration_s, address))
        self._display.ended(number, outcome, at_ns, duration_s)
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

    def output(self, number: int) -> None:
        self._display.output(number)

    def shows_live(self, number: int) -> bool:
        return self._display.shows_live(number)

    def clear_display(self) -> None:
        self._display.clear_display()

    def remark(self, sentence: str) -> None:
        self._display.remark(sentence)

    def trouble(self, sentence: str) -> None:
        self._display.trouble(sentence)

    def flush(self) -> None:
        self._display.flush()

    # The doit runner.

    def finish(self) -> int:
        self._save(super().finish)
        return self.final_result

    def _save(self, write: "Callable[[], object]") -> None:
        """Write to the database; report an error of that without ending the jobs (R21)."""
        try:
            write()
        except DatabaseException as error:
            self.trouble(str(error))

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
        name, its_status = ("", "") if root is None else (self._hook.jobs[root].name, self._statuses[root])
        self.reporter.add_failure(task, JobSkipped(job.name, outcome, name, its_status))

    def choose(self, node: Any) -> "Outcome | None":
        """Ask doit whether this task has to run: return None if so, else its outcome."""
        reporter, self.reporter = self.reporter, _Silent()  # the loop reports this end, as every other
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


class _Silent:
    """A reporter that ignores every call."""

    def get_status(self, task: Task) -> None: ...
    def skip_uptodate(self, task: Task) -> None: ...
    def skip_ignore(self, task: Task) -> None: ...
    def add_failure(self, task: Task, fail: BaseFail) -> None: ...


def control_of(tasks: "list[Task]", selected: Iterable[str]) -> TaskControl:
    """Return doit's control over these tasks, with a selection of plain names.

    `selected`: in an order in which needs come first; otherwise doit copies the path to each task, which is quadratic
    in a chain. The selection is set directly, since doit takes a `*` in a name for a wildcard.
    """
    control = TaskControl(tasks)
    control.selected_tasks = list(selected)
    return control
