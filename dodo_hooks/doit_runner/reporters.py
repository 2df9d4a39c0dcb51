"""The reporters of a doit run: `meta`, which writes the records, and one that calls several others (HOT)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from doit.exceptions import BaseFail  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core.statuses import Outcome
from dodo_hooks.doit_runner.job_notes import _Quiet, note_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dodo_hooks.engine.recorder import Recorder


class MetaReporter(_Quiet):
    """The reporter that writes the record of each end, the `skipped` ones of a cascade among them (R3, section 7).

    Found as `meta` through an entry point. The recorder of the run comes in its options and has noted the end already.
    Without one, as in a project without hooks, it writes nothing and prints nothing.
    """

    desc = "no output: the records that `dodo-hooks jobs` shows"

    def __init__(self, outstream: Any, options: Mapping[str, Any] | None = None) -> None:
        self._recorder: Recorder | None = (options or {}).get("recorder")

    def cleanup_error(self, exception: BaseFail) -> None:
        self.runtime_error(exception.get_msg())

    def runtime_error(self, msg: str) -> None:
        if self._recorder is not None:
            self._recorder.error(msg)

    def complete_run(self) -> None:
        pass

    def _write(self, task: Task, about: object = None) -> None:
        if self._recorder is not None and note_of(task) is not None:
            self._recorder.flush(starts=False)

    add_success = add_failure = skip_uptodate = skip_ignore = skip_condition = _write


class FanOut:
    """Several reporters used as one.

    Each of them gets every call, also when one before it raises. The first error is raised only after that: the records
    must not miss a call because another reporter failed.
    """

    def __init__(self, reporters: Sequence[Any]) -> None:
        self.reporters = tuple(reporters)

    def initialize(self, tasks: Mapping[str, Task], selected_tasks: Sequence[str]) -> None:
        self._call_all(lambda one: one.initialize(tasks, selected_tasks) if hasattr(one, "initialize") else None)

    def __getattr__(self, call: str) -> Callable[..., None]:
        return lambda *given: self._call_all(lambda one: getattr(one, call)(*given))

    def skip_condition(self, task: Task, outcome: Outcome) -> None:
        """Report a job whose conditions do not hold; as up to date to a reporter that lacks this method."""

        def report(one: Any) -> None:
            if hasattr(one, "skip_condition"):
                one.skip_condition(task, outcome)
            else:
                one.skip_uptodate(task)

        self._call_all(report)

    def _call_all(self, call: Callable[[Any], None]) -> None:
        first: Exception | None = None
        for reporter in self.reporters:
            try:
                call(reporter)
            except Exception as error:
                first = first or error
        if first is not None:
            raise first
