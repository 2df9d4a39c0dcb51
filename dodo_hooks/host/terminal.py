"""Lending the terminal to an interactive job, as a shell does (R14; HOT, imported only for such a job).

A terminal has one foreground process group: the one that may read from it and that gets what Ctrl-C sends. The job gets
to be that group, and the group that was it before, git's, gets it back (tcsetpgrp(3), POSIX 11.1.4).
"""

from dodo_hooks.host.posix import os, signals

TTY = "/dev/tty"


class Terminal:
    """The controlling terminal, in the hands of a process that gives it to its child and takes it back."""

    def __init__(self) -> None:
        """Become a process group of one's own, so that what is typed does not reach this process.

        Raises:
            OSError: there is no controlling terminal.
        """
        self._descriptor = os.open(TTY, os.O_RDWR | os.O_CLOEXEC)
        self._owner = os.tcgetpgrp(self._descriptor)
        os.setpgid(0, 0)
        # A group that is not the foreground one is stopped for what it does to the terminal, unless it ignores that.
        signals.signal(signals.SIGTTOU, signals.SIG_IGN)

    def give_to(self, group: int) -> None:
        """Make this child's group the foreground one; if it was stopped for reading too early, it goes on."""
        _set_foreground(self._descriptor, group)
        os.killpg(group, signals.SIGCONT)

    def take_back(self) -> None:
        _set_foreground(self._descriptor, self._owner)


def owner() -> "int | None":
    """The foreground group of the controlling terminal; None where there is no terminal."""
    try:
        descriptor = os.open(TTY, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.tcgetpgrp(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def restore(group: int) -> None:
    """Give the terminal back to this group, from a process that may not be in it: whoever had it has died."""
    try:
        descriptor = os.open(TTY, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    before = signals.signal(signals.SIGTTOU, signals.SIG_IGN)
    _set_foreground(descriptor, group)
    signals.signal(signals.SIGTTOU, before)
    os.close(descriptor)


def _set_foreground(descriptor: int, group: int) -> None:
    try:
        os.tcsetpgrp(descriptor, group)
    except OSError:  # the terminal was closed, or the group has ended
        pass
