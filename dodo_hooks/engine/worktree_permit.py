"""Permits to start a background job, given while the working tree is as its owner left it (G5; HOT).

A foreground hook of another git command may have hidden unstaged changes. A permit is a share of that lock: its holder
keeps every hook from hiding changes, from the decision to start a job until its process is there.
"""

from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING = -1  # a permit without a descriptor


class Permits:
    """The permits of the jobs that are about to start."""

    def __init__(self) -> None:
        self.is_refused = False  # the last request was refused: ask again in a while
        self._ask: Callable[[], int | None] | None = None
        self._held: dict[int, int] = {}  # by job

    def ask_by(self, ask: "Callable[[], int | None]") -> None:
        """Set the function that asks: it returns a descriptor to hold, NOTHING if none is needed, None: not now."""
        self._ask = ask

    def has(self, number: int) -> bool:
        """Return whether this job has a permit, or gets one now."""
        if self._ask is None or number in self._held:
            return True
        held = self._ask()
        self.is_refused = held is None
        if held is None:
            return False
        self._held[number] = held
        return True

    def release(self, number: int) -> None:
        held = self._held.pop(number, NOTHING)
        if held != NOTHING:
            os.close(held)
