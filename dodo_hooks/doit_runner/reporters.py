"""The reporters of a doit run: `meta`, which keeps the records, and one that calls several others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from doit.exceptions import BaseFail  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core.statuses import Outcome
from dodo_hooks.doit_runner.job_notes import _Quiet, beginning_of, ending_of


class MetaReporter(_Quiet):
    """The keeper of the records: `running`, every end, and the `skipped` records of a cascade (R3, section 7).

    Found as `meta` through an entry point. The writer of the records comes in its options; without one, as in a project
    without hooks, it keeps nothing and prints nothing.
    """

    desc = "no output: the records that `dodo-hooks jobs` shows"

    def __init__(self, outstream: Any, options: "Mapping[str, Any] | None" = None) -> None:
        self._writer = (options or {}).get("writer")

    def execute_task(self, task: Task) -> None:
        beginning = beginning_of(task)
        if self._writer is not None and beginning is not None:
            self._writer.started(beginning.number, beginning.pid, beginning.wave, beginning.started_ns)

    def add_success(self, task: Task) -> None:
        self._keep(task)

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        self._keep(task)

    def skip_uptodate(self, task: Task) -> None:
        self._keep(task)

    def skip_ignore(self, task: Task) -> None:
        self._keep(task)

    def skip_condition(self, task: Task, outcome: Outcome) -> None:
        self._keep(task)

    def cleanup_error(self, exception: BaseFail) -> None:
        self.runtime_error(exception.get_msg())

    def runtime_error(self, msg: str) -> None:
        if self._writer is not None:
            self._writer.error = self._writer.error or msg

    def complete_run(self) -> None:
        pass

    def _keep(self, task: Task) -> None:
        ending = ending_of(task)
        if self._writer is not None and ending is not None:
            self._writer.ended(ending.number, ending.outcome, ending.ended_ns, ending.duration_s)


class FanOut:
    """Several reporters used as one.

    Each of them gets every call, also when one before it raises. The first error is raised only after that: the records
    must not miss a call because another reporter failed.
    """

    desc = "several reporters at once"

    def __init__(self, reporters: "Sequence[Any]") -> None:
        self.reporters = tuple(reporters)

    def initialize(self, tasks: Mapping[str, Task], selected_tasks: Sequence[str]) -> None:
        self._call_all(lambda one: one.initialize(tasks, selected_tasks) if hasattr(one, "initialize") else None)

    def get_status(self, task: Task) -> None:
        self._call_all(lambda one: one.get_status(task))

    def execute_task(self, task: Task) -> None:
        self._call_all(lambda one: one.execute_task(task))

    def add_success(self, task: Task) -> None:
        self._call_all(lambda one: one.add_success(task))

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        self._call_all(lambda one: one.add_failure(task, fail))

    def skip_uptodate(self, task: Task) -> None:
        self._call_all(lambda one: one.skip_uptodate(task))

    def skip_ignore(self, task: Task) -> None:
        self._call_all(lambda one: one.skip_ignore(task))

    def skip_condition(self, task: Task, outcome: Outcome) -> None:
        """Report a job whose conditions do not hold; as up to date to a reporter that lacks this method."""

        def report(one: Any) -> None:
            if hasattr(one, "skip_condition"):
                one.skip_condition(task, outcome)
            else:
                one.skip_uptodate(task)

        self._call_all(report)

    def teardown_task(self, task: Task) -> None:
        self._call_all(lambda one: one.teardown_task(task))

    def cleanup_error(self, exception: BaseFail) -> None:
        self._call_all(lambda one: one.cleanup_error(exception))

    def runtime_error(self, msg: str) -> None:
        self._call_all(lambda one: one.runtime_error(msg))

    def complete_run(self) -> None:
        self._call_all(lambda one: one.complete_run())

    def _call_all(self, call: "Callable[[Any], None]") -> None:
        first: Exception | None = None
        for reporter in self.reporters:
            try:
                call(reporter)
            except Exception as error:
                first = first or error
        if first is not None:
            raise first
