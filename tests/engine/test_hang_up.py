"""A hang-up that follows from a Ctrl-C (R17): where git leads the terminal's session, its end is a SIGHUP for us."""

import os
import signal
from collections.abc import Iterator
from typing import cast

import pytest

from dodo_hooks.engine.foreground import Stops, _take_signals
from dodo_hooks.engine.loop import Loop

CTRL_C, HANG_UP, TERMINATE = signal.SIGINT, signal.SIGHUP, signal.SIGTERM


class Interrupts:
    """The part of a loop that signals reach."""

    def __init__(self) -> None:
        self.interrupted: int | None = None
        self.numbers: list[int] = []

    def interrupt(self, number: int) -> None:
        self.interrupted = self.interrupted or number
        self.numbers.append(number)


@pytest.fixture
def wake_up() -> Iterator[tuple[int, int]]:
    """Return both ends of a wake-up pipe (host/signals.py)."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    yield reader, writer
    os.close(reader)
    os.close(writer)


def taken(reader: int) -> list[int]:
    loop = Interrupts()
    _take_signals(cast(Loop, loop), Stops(reader, None, None))
    return loop.numbers


@pytest.mark.parametrize(
    ("came", "counted"),
    [
        ((HANG_UP,), [HANG_UP]),
        ((HANG_UP, CTRL_C), [CTRL_C, HANG_UP]),
        ((CTRL_C, HANG_UP), [CTRL_C, HANG_UP]),
        ((TERMINATE, CTRL_C), [TERMINATE, CTRL_C]),
        ((CTRL_C, CTRL_C), [CTRL_C, CTRL_C]),
    ],
)
def test_r17_a_hang_up_counts_after_the_ctrl_c_that_came_with_it(
    wake_up: tuple[int, int], came: tuple[int, ...], counted: list[int]
) -> None:
    os.write(wake_up[1], bytes(came))
    assert taken(wake_up[0]) == counted


def test_r17_a_ctrl_c_may_come_a_moment_after_the_hang_up(wake_up: tuple[int, int]) -> None:
    before = signal.signal(signal.SIGALRM, lambda number, frame: os.write(wake_up[1], bytes([CTRL_C])) and None)
    try:
        os.write(wake_up[1], bytes([HANG_UP]))
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        assert taken(wake_up[0]) == [CTRL_C, HANG_UP]
    finally:
        signal.signal(signal.SIGALRM, before)
