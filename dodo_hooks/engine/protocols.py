"""The interfaces that the loop calls for each job: for type checkers, never imported at run time."""

from typing import Protocol

from dodo_hooks.core.statuses import Outcome


class Guard(Protocol):
    """A listener that may change a job's outcome: it keeps the working tree and the index in order (G5, G6)."""

    def starting(self, number: int) -> None:
        """Prepare for a job that is about to be granted its slot."""

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        """Return the outcome, perhaps another one, of a job that has ended or will never start."""
        ...


class Recorder(Protocol):
    """The listener that records and prints the start, the output and the end of each job."""

    def started(self, number: int, pid: int, wave: int, at_ns: int) -> None: ...
    def output(self, number: int) -> None:
        """Show what the log of the live job has gained."""

    def ended(self, number: int, outcome: Outcome, at_ns: int, duration_s: float | None = None) -> None: ...
    def shows_live(self, number: int) -> bool:
        """Return whether to show this job live: no other job runs or can start before its end (R23)."""
        ...

    def clear_display(self) -> None:
        """Print all pending output: a job is about to have the terminal for itself."""

    def remark(self, sentence: str) -> None:
        """Print a note now, and only once: whom a job waits for, or a facility that the system lacks."""

    def trouble(self, sentence: str) -> None:
        """Keep an error that is no job's outcome, to be reported at the end (R21)."""

    def flush(self) -> None: ...
