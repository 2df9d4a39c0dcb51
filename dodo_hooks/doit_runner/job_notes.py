"""The notes on doit's tasks about their jobs, and the failures that reporters receive (R23; HOT).

Our reporters are doit reporters. doit calls, in this order and always in the parent process: `initialize`; for each
task `get_status`, then one of `skip_uptodate`, `skip_ignore`, `add_failure` with an UnmetDependency, or `execute_task`
and later `add_success` or `add_failure`; at the end `complete_run`. Our runner adds `skip_condition` for a job whose
conditions do not hold (R2). Each task has a note of its job, where a reporter finds what the record has: see `note_of`.

Every `doit run` of the Python environment imports this file, also that of a project without hooks, because an entry
point names a reporter in reporters.py. Both files may import only the standard library, doit, `core` and the line of a
job, and little of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doit.exceptions import TaskFailed, UnmetDependency  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import statuses
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.core.text.terminal_text import escape
from dodo_hooks.engine.job_line import reason_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.store.records import JobState


class RunOptions(Record):
    """The options of `doit run` that concern the engine."""

    always: bool  # -a: run up-to-date jobs too
    slots: int | None  # -n: how many jobs may run at once; None: as the hook file says
    single: bool  # -s: without the dependencies of the selected tasks
    verbosity: int | None  # -v: 0, 1 or 2


class JobNote(Record):
    """The job of a task, for reporters."""

    number: int  # in its hook
    state: JobState  # as the record has it: it is up to date whenever a reporter is called
    address: str  # JOB@INVOCATION, by which `dodo-hooks jobs logs` finds its output


def note_job(task: Task, note: JobNote) -> None:
    """Note the job on its task, for reporters."""
    task.meta = {**(task.meta or {}), _JOB: note}


def note_of(task: Task) -> JobNote | None:
    """Return the note of the task's job; None for a group, and under a runner that is not ours."""
    note: JobNote | None = (task.meta or {}).get(_JOB)
    return note


class JobFailed(TaskFailed):  # type: ignore[misc]
    """The failure of a job that ran, or began to: `lint: exit code 1`."""

    def __init__(self, name: str, outcome: Outcome) -> None:
        self.outcome = outcome
        self.why = reason_of(outcome)
        super().__init__(f"{name}: {self.why}")

    def get_msg(self) -> str:
        return escape(str(self.message))


class JobSkipped(UnmetDependency):  # type: ignore[misc]
    """The skip of a job because of another (R3): `build: skipped, because deps failed`."""

    def __init__(self, name: str, outcome: Outcome, root: str = "", root_status: str = "") -> None:
        """Make the failure; `root`, `root_status`: the job that began the cascade and its status, where known."""
        self.outcome = outcome
        self.root = root
        self.why = (
            f"skipped, because {root} {_PAST.get(root_status, root_status)}"
            if root
            else f"skipped, {reason_of(outcome)}"
        )
        super().__init__(f"{name}: {self.why}")

    def get_msg(self) -> str:
        return escape(str(self.message))


class _Quiet:
    """A base of our reporters: ignores the calls that none of them reports."""

    def initialize(self, tasks: Mapping[str, Task], selected_tasks: Sequence[str]) -> None:
        pass

    def get_status(self, task: Task) -> None:
        pass

    def execute_task(self, task: Task) -> None:
        pass

    def teardown_task(self, task: Task) -> None:
        pass


_JOB = "dodo-hooks job"  # a key in `Task.meta`, which doit leaves to plugins

_PAST = {
    statuses.CANCELLED: "was cancelled",
    statuses.SKIPPED: "was skipped",
    "": "did not succeed",
}  # others: as they are
