"""An attached phase: a person waits for it, and may stop it (R8, R17, R23; HOT).

The foreground phase is always attached, the background phase where it cannot be detached (R10, R18) or must not be.
"""

import sys

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text.terminal_text import has_unicode, knows_escapes, wants_colors
from dodo_hooks.engine.job_line import Look
from dodo_hooks.engine.screen import Screen
from dodo_hooks.host import descriptors, process, signals
from dodo_hooks.host.console import STDOUT
from dodo_hooks.host.posix import os, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.host.world import World

_CTRL_C_MS = 50  # how much later than git we may receive the same Ctrl-C, on a busy machine
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Terminal(Record):
    """The properties of standard output."""

    is_terminal: bool
    knows_escapes: bool  # and is not called dumb
    window: bytes  # as TIOCGWINSZ gives it; empty where there is no terminal
    look: Look


class Stops(Record):
    """The descriptors that report signals and the death of git."""

    descriptor: int  # the wake-up pipe (signals.take_signals)
    parent: "int | None"  # the process that must stay alive, git; None for a manual run
    parent_descriptor: "int | None"  # its pidfd, where the system has them


def read_terminal(world: "World", colors: "bool | None") -> Terminal:
    """Return the properties of standard output. `colors`: the setting of the hook file."""
    is_terminal = os.isatty(STDOUT)
    look = Look(wants_colors(world.environ, is_terminal, world.colors, colors), has_unicode(world.environ))
    if not is_terminal:
        return Terminal(False, False, b"", look)
    import termios
    from fcntl import ioctl

    try:
        window = ioctl(STDOUT, termios.TIOCGWINSZ, b"\0" * 8)
    except OSError:
        window = b""
    columns = int.from_bytes(window[2:4], sys.byteorder)  # struct winsize: rows, columns, ...
    return Terminal(True, knows_escapes(world.environ), window, look._replace(columns=columns or 80))


def listen(parent: "int | None") -> Stops:
    """Catch the signals that end a run, and watch git (R17)."""
    descriptor = signals.take_signals(ENDING_SIGNALS)
    parent_descriptor = None
    if parent is not None:
        try:
            parent_descriptor = process.watch_parent(parent)
        except ProcessLookupError:  # git is gone already: the loop polls, and finds out
            pass
    return Stops(descriptor, parent, parent_descriptor)


def run_attached(loop: "Loop", screen: Screen, stops: Stops, run_jobs: "Callable[[], object]") -> None:
    """Call `run_jobs`, which runs the loop; handle signals (`loop.interrupted`) and show output meanwhile (R17)."""
    screen.attach(loop)
    loop.watch(stops.descriptor, lambda _: _take_signals(loop, stops))
    _watch_git(loop, stops)
    try:
        run_jobs()
    finally:
        screen.drain(stops.descriptor, waits=loop.interrupted is None)
        _take_signals(loop, stops)  # those since the last job's end, which may have cut the output short


def _take_signals(loop: "Loop", stops: Stops) -> None:
    numbers = signals.read_signals(stops.descriptor)
    if signal.SIGHUP in numbers and loop.interrupted is None:  # git may have led the terminal's session
        numbers = _with_late_ctrl_c(stops, numbers)
    for number in numbers:
        loop.interrupt(number)


def _with_late_ctrl_c(stops: Stops, numbers: bytes) -> bytes:
    """Return the signals of a hang-up, the Ctrl-C that may be behind it first.

    A Ctrl-C at the terminal reaches git and us, one after the other. The hang-up that follows from git's end may be
    here before it, and this is still one Ctrl-C: counted as a second signal it would end the jobs without grace.
    """
    if signal.SIGINT not in numbers:
        descriptors.wait_to_read(stops.descriptor, _CTRL_C_MS)
        numbers += signals.read_signals(stops.descriptor)
    return bytes(sorted(numbers, key=lambda number: number != signal.SIGINT))


def _watch_git(loop: "Loop", stops: Stops) -> None:
    """Treat the death of git as a hang-up: a killed git does not wait for its hook (R17)."""
    parent, descriptor = stops.parent, stops.parent_descriptor
    if parent is None:
        return

    def is_git_gone() -> None:
        # git may be gone before we read the Ctrl-C that ended it: see `_with_late_ctrl_c`.
        _take_signals(loop, stops)
        if process.parent_is_gone(parent) and loop.interrupted is None:
            descriptors.wait_to_read(stops.descriptor, _CTRL_C_MS)  # the kernel signals one after the other
            _take_signals(loop, stops)
            if loop.interrupted is None:
                loop.interrupt(signal.SIGHUP)

    if descriptor is not None:

        def react(_: int) -> None:
            loop.unwatch(descriptor)
            is_git_gone()

        loop.watch(descriptor, react)
    else:
        loop.clocks.every(process.POLL_PARENT_S, is_git_gone)
