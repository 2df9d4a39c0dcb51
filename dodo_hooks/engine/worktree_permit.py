"""Whether a background job may start now, while the working tree is as its owner left it (G5; HOT).

A foreground hook of another git command may have set work aside. A permit is a share of that lock: whoever has it keeps
anybody from setting work aside, from the moment in which a job's start is decided until its process is there.
"""

from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING = -1  # a permit without a descriptor


class Permits:
    def __init__(self) -> None:
        self.is_refused = False  # the last one that was asked for: ask again in a while
        self._ask: Callable[[], int | None] | None = None
        self._held: dict[int, int] = {}  # by job

    def ask_by(self, ask: "Callable[[], int | None]") -> None:
        """`ask` gives a descriptor to hold, NOTHING where there is nothing to hold, or None: not now."""
        self._ask = ask

    def has(self, number: int) -> bool:
        """Whether this job has one, or gets it now."""
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
