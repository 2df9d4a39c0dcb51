"""How a run is told: `console` for people, `json` for machines, and any number of reporters as one (R23).

They are doit reporters. doit calls, in this order and always in the parent process: `initialize`; for each task
`get_status`, then one of `skip_uptodate`, `skip_ignore`, `add_failure` with an UnmetDependency, or `execute_task` and
later `add_success` or `add_failure`; at the end `complete_run`. Our runner adds `skip_condition` for a job that does
not apply here (R2), and notes on the task how it ended before it tells that it ended: see `note_ending`.

Every `doit run` of the Python environment imports this file, also that of a project without hooks, because an entry
point names a reporter in it. So it needs the standard library, doit and `core` alone, and little of them.
"""

import datetime
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from doit.exceptions import BaseFail, TaskFailed, UnmetDependency  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import status
from dodo_hooks.core.job_line import Look, job_line, name_columns, reason_of
from dodo_hooks.core.record import Record
from dodo_hooks.core.shown import has_unicode, shown, wants_colors
from dodo_hooks.core.status import Outcome


class RunOptions(Record):
    """What `doit run` was told on its command line, as far as the engine has a say in it."""

    always: bool  # -a: run what is up to date too
    continue_: bool  # -c
    slots: "int | None"  # -n: how many jobs may run at once; None: as the hook file says
    single: bool  # -s: without what the selected tasks need
    verbosity: "int | None"  # -v: 0, 1 or 2


class Beginning(Record):
    """That a job's command was started, for reporters."""

    number: int  # of the job in its hook
    pid: int
    wave: int
    started_ns: int  # since 1970


class Ending(Record):
    """How a job ended and when, for reporters."""

    number: int  # of the job in its hook
    outcome: Outcome
    started_ns: "int | None" = None  # since 1970; None for a job that never started
    ended_ns: "int | None" = None
    duration_s: "float | None" = None
    address: "str | None" = None  # JOB@INVOCATION, by which `dodo-hooks jobs logs` finds its output


def note_beginning(task: Task, beginning: Beginning) -> None:
    """Put it where reporters find it. Called before `execute_task`, which has no place for it."""
    task.meta = {**(task.meta or {}), _BEGINNING: beginning}


def beginning_of(task: Task) -> "Beginning | None":
    """What was noted; None before the task's command was started."""
    beginning: Beginning | None = (task.meta or {}).get(_BEGINNING)
    return beginning


def note_ending(task: Task, ending: Ending) -> None:
    """Put it where reporters find it. Called before the method that tells of the end."""
    task.meta = {**(task.meta or {}), _ENDING: ending}


def ending_of(task: Task) -> "Ending | None":
    """What was noted; None while the task runs, and under a runner that is not ours."""
    ending: Ending | None = (task.meta or {}).get(_ENDING)
    return ending


class JobFailed(TaskFailed):  # type: ignore[misc]
    """A job that ran, or began to, and did not succeed. Says `lint: exit code 1`."""

    def __init__(self, name: str, outcome: Outcome) -> None:
        self.outcome = outcome
        self.why = reason_of(outcome)
        super().__init__(f"{name}: {self.why}")

    def get_msg(self) -> str:
        return shown(str(self.message))


class JobSkipped(UnmetDependency):  # type: ignore[misc]
    """A job that was not run because of another (R3). Says `build: skipped, because deps failed`."""

    def __init__(self, name: str, outcome: Outcome, root: str = "", root_status: str = "") -> None:
        """`root` is the name of the job that began the cascade, and `root_status` how it ended, where that is known."""
        self.outcome = outcome
        self.root = root
        self.why = (
            f"skipped, because {root} {_PAST.get(root_status, root_status)}"
            if root
            else f"skipped, {reason_of(outcome)}"
        )
        super().__init__(f"{name}: {self.why}")

    def get_msg(self) -> str:
        return shown(str(self.message))


class _Quiet:
    """What neither of ours has anything to say to."""

    def initialize(self, tasks: Mapping[str, Task], selected_tasks: Sequence[str]) -> None:
        pass

    def get_status(self, task: Task) -> None:
        pass

    def execute_task(self, task: Task) -> None:
        pass

    def teardown_task(self, task: Task) -> None:
        pass


class ConsoleReporter(_Quiet):
    """A line for each job when it has ended, and at the end what failed, where its output is, how to run it again."""

    desc = "console output"

    def __init__(self, outstream: TextIO, options: "Mapping[str, Any] | None" = None) -> None:
        self._outstream = outstream
        is_terminal = outstream.isatty()
        columns = os.get_terminal_size(outstream.fileno()).columns if is_terminal else 0
        colors = wants_colors(os.environ, is_terminal, file=(options or {}).get("colors"))  # `colors:` of the hook file
        self._look = Look(colors, has_unicode(os.environ), columns)
        self._width = 0
        self._failures: list[tuple[Task, BaseFail]] = []
        self._errors: list[str] = []

    def initialize(self, tasks: Mapping[str, Task], selected_tasks: Sequence[str]) -> None:
        self._width = name_columns((one.name for one in tasks.values() if not one.has_subtask), self._look)

    def add_success(self, task: Task) -> None:
        self._line(task, Outcome(status.COMPLETED))

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        if task.has_subtask or not fail.report:
            return
        if isinstance(fail, JobSkipped):
            self._line(task, Outcome(status.SKIPPED, reason=fail.why.removeprefix("skipped, ")))
            return
        self._failures.append((task, fail))
        self._line(task, _outcome_of(fail))

    def skip_uptodate(self, task: Task) -> None:
        self._line(task, Outcome(status.UP_TO_DATE))

    def skip_ignore(self, task: Task) -> None:
        reason = f"ignored until you type `doit forget {shlex.quote(task.name)}`"
        self._line(task, Outcome(status.SKIPPED, reason=reason))

    def skip_condition(self, task: Task, outcome: Outcome) -> None:
        self._line(task, outcome)

    def cleanup_error(self, exception: BaseFail) -> None:
        sys.stderr.write(shown(exception.get_msg(), keeps="\n\t"))

    def runtime_error(self, msg: str) -> None:
        self._errors.append(msg)

    def complete_run(self) -> None:
        """The summary; nothing when all went well (R23)."""
        if self._failures:
            self._write(f"\n{len(self._failures)} failed:\n")
        for task, fail in self._failures:
            self._write(f"  {shown(_one_line(fail))}\n")
            ending = ending_of(task)
            if ending and ending.address:
                self._write(f"    log:       dodo-hooks jobs logs {shown(shlex.quote(ending.address))}\n")
            self._write(f"    run again: doit run {shown(shlex.quote(task.name))}\n")
        for error in self._errors:
            self._write(f"error: {shown(error)}\n")

    def _line(self, task: Task, outcome: Outcome) -> None:
        if not task.has_subtask:  # a group is no job: it ends when its members do
            duration_s = ending.duration_s if (ending := ending_of(task)) else None
            self._write(job_line(task.name, self._width, outcome, duration_s, self._look) + "\n")

    def _write(self, text: str) -> None:
        """Print text that is safe already, whatever the stream's encoding has."""
        encoding = getattr(self._outstream, "encoding", None) or "utf-8"
        self._outstream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._outstream.flush()  # what the jobs print does not go through this stream, and has its place in the order


class JsonReporter(_Quiet):
    """One JSON document when the run has ended, in the form of doit's own: `tasks`, `out`, `err`.

    A task has doit's fields (`result` is success, fail, up-to-date or ignore) and those of our records. What the jobs
    print is in their logs and not here. Unlike doit's, it leaves `sys.stdout` alone.
    """

    desc = "output in JSON format"

    def __init__(self, outstream: TextIO, options: "Mapping[str, Any] | None" = None) -> None:
        self._outstream = outstream
        self._tasks: list[dict[str, Any]] = []
        self._errors: list[str] = []

    def add_success(self, task: Task) -> None:
        self._add(task, "success", Outcome(status.COMPLETED))

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        outcome = fail.outcome if isinstance(fail, JobFailed | JobSkipped) else Outcome(status.FAILED)
        root_cause = fail.root or None if isinstance(fail, JobSkipped) else None
        self._add(task, "fail", outcome, error=fail.get_msg(), root_cause=root_cause)

    def skip_uptodate(self, task: Task) -> None:
        self._add(task, "up-to-date", Outcome(status.UP_TO_DATE))

    def skip_ignore(self, task: Task) -> None:
        self._add(task, "ignore", Outcome(status.SKIPPED, status.IGNORED))

    def skip_condition(self, task: Task, outcome: Outcome) -> None:
        self._add(task, "up-to-date", outcome)  # for doit it is: its dependents may run

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
        ending = ending_of(task)
        outcome = ending.outcome if ending else outcome
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
                "started": _utc(ending.started_ns) if ending else None,
                "elapsed": ending.duration_s if ending else None,
                "error": error,
                "log": ending.address if ending else None,
            }
        )


class MetaReporter(_Quiet):
    """Keeps the records of the store: `running`, every end, and the `skipped` records of a cascade (R3, section 7).

    Found as `meta` through an entry point. What it writes into comes in its options; without that, as in a project that
    has no hooks, it keeps nothing and prints nothing.
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

    Each of them hears every call, also when one before it raises: the error goes on only after that, because the
    records must not miss what a reporter of somebody else stumbled over.
    """

    desc = "several reporters at once"

    def __init__(self, reporters: "Sequence[Any]") -> None:
        self.reporters = tuple(reporters)

    def initialize(self, tasks: Mapping[str, Task], selected_tasks: Sequence[str]) -> None:
        self._tell(lambda one: one.initialize(tasks, selected_tasks) if hasattr(one, "initialize") else None)

    def get_status(self, task: Task) -> None:
        self._tell(lambda one: one.get_status(task))

    def execute_task(self, task: Task) -> None:
        self._tell(lambda one: one.execute_task(task))

    def add_success(self, task: Task) -> None:
        self._tell(lambda one: one.add_success(task))

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        self._tell(lambda one: one.add_failure(task, fail))

    def skip_uptodate(self, task: Task) -> None:
        self._tell(lambda one: one.skip_uptodate(task))

    def skip_ignore(self, task: Task) -> None:
        self._tell(lambda one: one.skip_ignore(task))

    def skip_condition(self, task: Task, outcome: Outcome) -> None:
        """A reporter that does not know the method is told what is nearest: that there was nothing to do."""

        def tell(one: Any) -> None:
            if hasattr(one, "skip_condition"):
                one.skip_condition(task, outcome)
            else:
                one.skip_uptodate(task)

        self._tell(tell)

    def teardown_task(self, task: Task) -> None:
        self._tell(lambda one: one.teardown_task(task))

    def cleanup_error(self, exception: BaseFail) -> None:
        self._tell(lambda one: one.cleanup_error(exception))

    def runtime_error(self, msg: str) -> None:
        self._tell(lambda one: one.runtime_error(msg))

    def complete_run(self) -> None:
        self._tell(lambda one: one.complete_run())

    def _tell(self, call: "Callable[[Any], None]") -> None:
        first: Exception | None = None
        for reporter in self.reporters:
            try:
                call(reporter)
            except Exception as error:
                first = first or error
        if first is not None:
            raise first


# Keys in `Task.meta`, which doit leaves to plugins.
_BEGINNING = "dodo-hooks beginning"
_ENDING = "dodo-hooks ending"

_PAST = {status.CANCELLED: "was cancelled", status.SKIPPED: "was skipped", "": "did not succeed"}  # others: as they are


def _outcome_of(fail: BaseFail) -> Outcome:
    return fail.outcome if isinstance(fail, JobFailed) else Outcome(status.FAILED, reason=_one_line(fail))


def _one_line(fail: BaseFail) -> str:
    return " ".join(str(fail.get_msg()).split())


def _utc(at_ns: "int | None") -> "str | None":
    """In the format of doit's own reporter."""
    if at_ns is None:
        return None
    at = datetime.datetime.fromtimestamp(at_ns // 1_000_000_000, datetime.timezone.utc)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_ns % 1_000_000_000 // 1000:06}"
