"""The loan of the terminal to an interactive job, as a shell does it (R14; HOT, imported only for such a job).

A terminal has one foreground process group: the one that may read from it and that gets what Ctrl-C sends. The job gets
to be that group before its command begins, and the group that was it before, git's, gets it back (tcsetpgrp(3), POSIX
11.1.4). That takes a fork: posix_spawn(3) has no action for it.
"""

from dodo_hooks.host import process
from dodo_hooks.host.posix import open_terminal, os, read_rest, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn


class Terminal:
    """The controlling terminal, in the hands of a process that lends it to a child and takes it back."""

    def __init__(self) -> None:
        """Become a process group of one's own, so that what is typed does not reach this process.

        Raises:
            OSError: there is no controlling terminal.
        """
        self._descriptor = open_terminal()
        self._owner = os.tcgetpgrp(self._descriptor)
        os.setpgid(0, 0)
        # A group that is not the foreground one is stopped for what it does to the terminal, unless it ignores that.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    def take_back(self) -> None:
        _set_foreground(self._descriptor, self._owner)


def spawn_in_front(argv: "tuple[str | bytes, ...]", environ: "Mapping[str, str]", tty: int) -> int:
    """Start `argv` as `process.spawn` does, in the foreground group of the terminal, which is its input and its output.

    Raises:
        OSError: it cannot be started.
    """
    reader, writer = os.pipe()  # closed by exec; what is said before that is the error
    pid = process.fork()
    if not pid:
        _become(argv, environ, tty, writer)
    os.close(writer)
    error = read_rest(reader)
    os.close(reader)
    if error:
        process.reap(pid)
        raise OSError(int(error), os.strerror(int(error)))
    return pid


def _become(argv: "tuple[str | bytes, ...]", environ: "Mapping[str, str]", tty: int, errors: int) -> "NoReturn":
    number = 2  # ENOENT
    try:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # until we are the group that may
        os.setpgid(0, 0)
        os.tcsetpgrp(tty, os.getpid())
        for number in process.DEFAULTED:
            signal.signal(number, signal.SIG_DFL)
        # It would stop the job alone: its parents, which the shell knows, are not in its group, and no prompt came.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for descriptor in (0, 1, 2):
            os.dup2(tty, descriptor)
        process.start_program(argv, environ, lambda path, words: os.execve(path, words, environ))
    except OSError as error:
        number = error.errno or 0
    finally:
        os.write(errors, b"%d" % number)
        os._exit(127)


def owner() -> "int | None":
    """Return the foreground group of the controlling terminal; None where there is no terminal."""
    try:
        descriptor = open_terminal()
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
        descriptor = open_terminal()
    except OSError:
        return
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    _set_foreground(descriptor, group)
    signal.signal(signal.SIGTTOU, before)
    os.close(descriptor)


def _set_foreground(descriptor: int, group: int) -> None:
    try:
        os.tcsetpgrp(descriptor, group)
    except OSError:  # the terminal was closed, or the group has ended
        pass
