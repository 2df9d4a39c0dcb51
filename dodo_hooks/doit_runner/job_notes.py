"""The notes on doit's tasks about their jobs, and the failures that reporters receive (R23).

Our reporters are doit reporters. doit calls, in this order and always in the parent process: `initialize`; for each
task `get_status`, then one of `skip_uptodate`, `skip_ignore`, `add_failure` with an UnmetDependency, or `execute_task`
and later `add_success` or `add_failure`; at the end `complete_run`. Our runner adds `skip_condition` for a job whose
conditions do not hold (R2). Before it reports an end, it notes the ending on the task: see `note_ending`.

Every `doit run` of the Python environment imports this file, also that of a project without hooks, because an entry
point names a reporter in reporters.py. Both files may import only the standard library, doit, `core` and the line of a
job, and little of them.
"""

from collections.abc import Mapping, Sequence

from doit.exceptions import TaskFailed, UnmetDependency  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import statuses
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.core.terminal_text import shown
from dodo_hooks.engine.job_line import reason_of


class RunOptions(Record):
    """The options of `doit run` that concern the engine."""

    always: bool  # -a: run up-to-date jobs too
    continue_: bool  # -c
    slots: "int | None"  # -n: how many jobs may run at once; None: as the hook file says
    single: bool  # -s: without the dependencies of the selected tasks
    verbosity: "int | None"  # -v: 0, 1 or 2


class Beginning(Record):
    """The start of a job's command, for reporters."""

    number: int  # of the job in its hook
    pid: int
    wave: int
    started_ns: int  # since 1970


class Ending(Record):
    """The end of a job, for reporters."""

    number: int  # of the job in its hook
    outcome: Outcome
    started_ns: "int | None" = None  # since 1970; None for a job that never started
    ended_ns: "int | None" = None
    duration_s: "float | None" = None
    address: "str | None" = None  # JOB@INVOCATION, by which `dodo-hooks jobs logs` finds its output


def note_beginning(task: Task, beginning: Beginning) -> None:
    """Note the start on the task, for reporters. Called before `execute_task`, which has no parameter for it."""
    task.meta = {**(task.meta or {}), _BEGINNING: beginning}


def beginning_of(task: Task) -> "Beginning | None":
    """Return the start that was noted on the task; None before its command was started."""
    beginning: Beginning | None = (task.meta or {}).get(_BEGINNING)
    return beginning


def note_ending(task: Task, ending: Ending) -> None:
    """Note the end on the task, for reporters. Called before the method that reports the end."""
    task.meta = {**(task.meta or {}), _ENDING: ending}


def ending_of(task: Task) -> "Ending | None":
    """Return the end that was noted on the task; None while it runs, and under a runner that is not ours."""
    ending: Ending | None = (task.meta or {}).get(_ENDING)
    return ending


class JobFailed(TaskFailed):  # type: ignore[misc]
    """The failure of a job that ran, or began to: `lint: exit code 1`."""

    def __init__(self, name: str, outcome: Outcome) -> None:
        self.outcome = outcome
        self.why = reason_of(outcome)
        super().__init__(f"{name}: {self.why}")

    def get_msg(self) -> str:
        return shown(str(self.message))


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
        return shown(str(self.message))


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


# Keys in `Task.meta`, which doit leaves to plugins.
_BEGINNING = "dodo-hooks beginning"
_ENDING = "dodo-hooks ending"

_PAST = {
    statuses.CANCELLED: "was cancelled",
    statuses.SKIPPED: "was skipped",
    "": "did not succeed",
}  # others: as they are
