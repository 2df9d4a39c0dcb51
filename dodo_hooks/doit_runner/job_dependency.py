"""doit's dependency manager over the kept results of jobs (K7).

`doit list --status`, `info`, `forget`, `reset-dep`, and runners that are not ours, see what the prompt sees of a job.
The database keeps the rest, such as `doit ignore`. For our own runner the loop asks the same results, when a job has
its slot.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from doit.dependency import Dependency, DependencyStatus  # type: ignore[import-untyped]
from doit.exceptions import InvalidCommand  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.text.terminal_text import escape
from dodo_hooks.doit_runner.database import HookDB


class JobStatuses(Protocol):
    """The answers about jobs, each by the name of its task; a name that is no job's is in none of them."""

    def __iter__(self) -> "Iterator[str]": ...
    def is_job(self, name: str) -> bool: ...
    def reasons(self, name: str) -> "list[str] | None":
        """Return why a job would run, in sentences; None where it is up to date."""
        ...

    def begin(self, name: str) -> None:
        """Note what a job starts from."""

    def end(self, name: str, *, is_success: bool) -> None:
        """Keep a success, or drop the one under the same key."""

    def reset(self, name: str) -> None:
        """Take the outputs that are there for those of a success, without a run (`doit reset-dep`)."""

    def forget(self, name: str) -> None:
        """Remove all results of a job."""


class JobDependency(Dependency):  # type: ignore[misc]
    """The dependency manager of a hook file's tasks."""

    def __init__(self, path: str, statuses: JobStatuses, *, executes: bool) -> None:
        """Open the database. `executes`: the command runs tasks, so a task that is asked about may start now."""
        super().__init__(HookDB, path)
        self._statuses = statuses
        self._executes = executes
        self._drop_row = self.backend.remove
        self.remove = self._forget
        self.remove_all = self._forget_all

    def get_status(self, task: Task, tasks_dict: Mapping[str, Task], get_log: bool = False) -> Any:
        if not self._statuses.is_job(task.name):
            return super().get_status(task, tasks_dict, get_log)
        status = DependencyStatus(get_log)
        task.dep_changed = list(task.file_dep)
        try:
            reasons = self._statuses.reasons(task.name)
        except HooksError as error:
            raise InvalidCommand(escape(str(error))) from error  # which doit prints without a traceback
        for reason in reasons or ():
            status.add_reason("uptodate_false", (reason, [], {}))
        if reasons is not None:
            status.status = "run"
            if self._executes:
                self._statuses.begin(task.name)
        return status

    def save_success(self, task: Task, result_hash: "str | None" = None) -> None:
        if not self._statuses.is_job(task.name):
            super().save_success(task, result_hash)
            return
        if self._executes:
            self._statuses.end(task.name, is_success=True)
        else:
            self._statuses.reset(task.name)

    def remove_success(self, task: Task) -> None:
        if self._statuses.is_job(task.name):
            self._statuses.end(task.name, is_success=False)
        self._drop_row(task.name)

    def _forget(self, name: str) -> None:
        self._drop_row(name)
        if self._statuses.is_job(name):
            self._statuses.forget(name)

    def _forget_all(self) -> None:
        self.backend.remove_all()
        for name in self._statuses:
            self._statuses.forget(name)
