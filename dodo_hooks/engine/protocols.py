"""What the loop tells of each job, as a type: for checkers, and never imported at run time."""

from typing import Protocol

from dodo_hooks.core.statuses import Outcome


class Guard(Protocol):
    """Who has a say in the start and the end of a job: it keeps the working tree and the index in order (G5, G6)."""

    def starting(self, number: int) -> None:
        """This job is about to be granted its slot."""

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        """It has ended, or will never start. Returns its outcome, which may be another now."""
        ...


class Recorder(Protocol):
    """What the loop tells of each job."""

    def started(self, number: int, pid: int, wave: int, at_ns: int) -> None: ...
    def output(self, number: int) -> None:
        """The log of the job that is shown live has grown."""

    def ended(self, number: int, outcome: Outcome, at_ns: int, duration_s: float | None = None) -> None: ...
    def alone(self, number: int) -> bool:
        """This job runs, and nothing else does or will until it ends: whether it is to be shown live (R23)."""
        ...

    def clear_display(self) -> None:
        """A job is about to have the terminal for itself: show what is still to be shown."""

    def remark(self, sentence: str) -> None:
        """Something that changes nothing, to be said now and once: whom a job waits for, what the system lacks."""

    def trouble(self, sentence: str) -> None:
        """Something that has to be said, and that is nobody's outcome (R21)."""

    def flush(self) -> None: ...
