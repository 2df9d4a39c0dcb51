"""The reporter `json`: the output of `doit run -r json` for programs."""

import datetime
import json
from collections.abc import Mapping
from typing import Any, TextIO

from doit.exceptions import BaseFail  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import statuses
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.doit_runner.job_notes import JobFailed, JobSkipped, _Quiet, note_of


class JsonReporter(_Quiet):
    """One JSON document when the run has ended, in the form of doit's own: `tasks`, `out`, `err`.

    A task has doit's fields (`result` is success, fail, up-to-date or ignore) and those of our records. The output of
    the jobs is in their logs and not here. Unlike doit's reporter, this one does not replace `sys.stdout`.
    """

    desc = "output in JSON format"

    def __init__(self, outstream: TextIO, options: "Mapping[str, Any] | None" = None) -> None:
        self._outstream = outstream
        self._tasks: list[dict[str, Any]] = []
        self._errors: list[str] = []

    def add_success(self, task: Task) -> None:
        self._add(task, "success", Outcome(statuses.COMPLETED))

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        outcome = fail.outcome if isinstance(fail, JobFailed | JobSkipped) else Outcome(statuses.FAILED)
        root_cause = fail.root or None if isinstance(fail, JobSkipped) else None
        self._add(task, "fail", outcome, error=fail.get_msg(), root_cause=root_cause)

    def skip_uptodate(self, task: Task) -> None:
        note = note_of(task)
        self._add(task, "up-to-date", (note and note.state.outcome) or Outcome(statuses.UP_TO_DATE))

    def skip_ignore(self, task: Task) -> None:
        self._add(task, "ignore", Outcome(statuses.SKIPPED, statuses.IGNORED))

    def skip_condition(self, task: Task, outcome: Outcome) -> None:
        self._add(task, "up-to-date", outcome)  # doit treats such a job as up to date: its dependents may run

    def cleanup_error(self, exception: BaseFail) -> None:
        self._errors.append(exception.get_msg())

    def runtime_error(self, msg: str) -> None:
        self._errors.append(msg)

    def complete_run(self) -> None:
        json.dump({"tasks": self._tasks, "out": "", "err": "\n".join(self._errors)}, self._outstream)
        self._outstream.write("\n")

    def _add(
        self, task: Task, result: str, outcome: Outcome, error: "str | None" = None, root_cause: "str | None" = None
    ) -> None:
        if task.has_subtask:
            return
        note = note_of(task)
        state = note.state if note else None
        outcome = (state and state.outcome) or outcome
        has_log = state is not None and state.started_ns is not None
        self._tasks.append(
            {
                "name": task.name,
                "result": result,
                "status": outcome.status,
                "cause": outcome.cause,
                "reason": outcome.reason,
                "root_cause": root_cause,
                "exit_code": outcome.exit_code,
                "signal": outcome.signal,
                "started": _utc(state.started_ns) if state else None,
                "elapsed": state.duration_s if state else None,
                "error": error,
                "log": note.address if note and has_log else None,
            }
        )


def _utc(at_ns: "int | None") -> "str | None":
    """Return a time in the format of doit's own reporter."""
    if at_ns is None:
        return None
    at = datetime.datetime.fromtimestamp(at_ns // 1_000_000_000, datetime.timezone.utc)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_ns % 1_000_000_000 // 1000:06}"
