"""Waiting for a moment, for programs that print what they poll."""

from __future__ import annotations

import select
import time


class Pause:
    """A wait that ends early when nobody reads our output any more: a follower of a silent job would not notice."""

    def __init__(self, output: int) -> None:
        self._poll: select.poll | None = select.poll()
        self._poll.register(output, 0)  # nothing but the end of it

    def wait(self, seconds: float) -> None:
        """Wait so many seconds. Raises BrokenPipeError when the other end of the output is closed."""
        events = self._poll.poll(seconds * 1000) if self._poll else []
        if events and events[0][1] & (select.POLLERR | select.POLLHUP):
            raise BrokenPipeError
        if events:  # a kind of file that cannot be polled (POLLNVAL, such as a terminal on macOS)
            self._poll = None
        if not self._poll:
            time.sleep(seconds)
