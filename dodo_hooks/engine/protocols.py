"""The interfaces that the loop calls for each job: for type checkers, never imported at run time."""

from collections.abc import Callable, Mapping
from typing import Protocol

from dodo_hooks.core.statuses import Outcome
from dodo_hooks.engine.clocks import Clocks


class Guard(Protocol):
    """A listener that may change a job's outcome: it keeps the working tree and the index in order (G5, G6)."""

    def starting(self, number: int) -> None:
        """Prepare for a job that is about to be granted its slot."""

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        """Return the outcome, perhaps another one, of a job that has ended or will never start.

        PENDING: its end does not count, and it runs again. The guards behind this one do not see such an end.
        """
        ...


class Workspace(Protocol):
    """The directory that a job runs in, where that is not the working tree (S1)."""

    @property
    def top(self) -> str:
        """The directory, absolute."""
        ...

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a job in it, made from that of its phase."""
        ...

    def prepare(self) -> None:
        """Make it ready for one job, in that job's process. Raises HooksError."""


class Workspaces(Guard, Protocol):
    """The workspaces of a run's jobs."""

    @property
    def by_job(self) -> Mapping[int, Workspace]:
        """Those of the jobs that hold one."""
        ...

    def begin(self, supersede: Callable[[str, str, str], bool]) -> None:
        """Prepare for the jobs. `supersede` asks for the end of another run's job: see engine/groups.py."""

    def claim(self, number: int) -> tuple[int, ...] | Outcome | None:
        """Return the locks that the job's wave must hold, the outcome of a job that must not run, or None to wait.

        It never blocks. The job's needs have ended.
        """
        ...

    def release(self, number: int, outcome: Outcome) -> None:
        """Take back what the job holds: its end is recorded."""


class Listener(Protocol):
    """A listener to the recorder. What is to be known of a job is in its `JobState` by then."""

    def started(self, number: int) -> None: ...
    def ended(self, number: int, outcome: Outcome) -> None: ...


class Watching(Protocol):
    """The part of the loop that waits, for those who have it wait for more."""

    clocks: Clocks

    def watch(self, descriptor: int, react: Callable[[int], None], events: int = ...) -> None: ...
    def unwatch(self, descriptor: int) -> None: ...
