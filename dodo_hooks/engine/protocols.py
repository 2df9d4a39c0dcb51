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


class Listener(Protocol):
    """A listener to the recorder. What is to be known of a job is in its `JobState` by then."""

    def started(self, number: int) -> None: ...
    def ended(self, number: int, outcome: Outcome) -> None: ...
