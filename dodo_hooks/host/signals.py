"""Signals as bytes on a pipe that poll(2) can wait for (HOT)."""

from dodo_hooks.host.posix import os, signal
from dodo_hooks.host.process import DEFAULTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def take_signals(wanted: "Iterable[int]") -> int:
    """Turn each of the `wanted` signals into a byte, its number, on a pipe; return the pipe's end to poll and read.

    All other signals that had a handler get their default action; those that came in ignored stay ignored, also when
    they are wanted (R17), except SIGCHLD, without which no child's end would be seen (R14). No signal is blocked
    afterwards.
    """
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    wanted = set(wanted)
    for number in DEFAULTED:
        current = signal.getsignal(number)
        if number in wanted and (current is not signal.SIG_IGN or number == signal.SIGCHLD):
            signal.signal(number, _note)
        elif callable(current):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    return reader


def drop_signals() -> None:
    """Give the signals of `take_signals` their default action again: there is nothing left to put in order."""
    for number in DEFAULTED:
        if signal.getsignal(number) is _note:
            signal.signal(number, signal.SIG_DFL)


def _note(number: int, frame: object) -> None:
    """Do nothing: the byte on the wake-up pipe is the message. A signal without a handler would write none."""


def read_signals(reader: int) -> bytes:
    """Return the numbers of the signals that came since the last call, in their order."""
    try:
        return os.read(reader, 4096)
    except BlockingIOError:
        return b""
