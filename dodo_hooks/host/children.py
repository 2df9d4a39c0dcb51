"""Other processes of a command: functions that run at once, each with its output in a file; a program instead of us."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Mapping
from typing import NoReturn

from dodo_hooks.host.descriptors import read_all, redirect_to_null
from dodo_hooks.host.process import fork


class Children:
    """The processes that run functions."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[str, int]] = {}

    def __len__(self) -> int:
        return len(self._running)

    def start(self, name: str, run: Callable[[], int]) -> None:
        """Run a function in a process of its own, which it must not leave; its result is the exit code.

        Raises:
            OSError: no process can be started.
        """
        with tempfile.TemporaryFile() as file:
            output = os.dup(file.fileno())
        pid = fork()
        if not pid:
            _become(run, output)
        self._running[pid] = name, output

    def next_ended(self) -> tuple[str, int, bytes]:
        """Wait until one has ended; return its name, its exit code (130 after a signal), and what it printed."""
        pid, status = os.wait()
        name, output = self._running.pop(pid)
        os.lseek(output, 0, os.SEEK_SET)
        printed = read_all(output)
        os.close(output)
        return name, os.WEXITSTATUS(status) if os.WIFEXITED(status) else 130, printed

    def interrupt(self) -> None:
        """Send them what Ctrl-C sends. None of them was reaped, so each process id is still theirs."""
        for pid in self._running:
            os.kill(pid, signal.SIGINT)


def _become(run: Callable[[], int], output: int) -> NoReturn:
    """Run the function in the forked child. Never returns."""
    code = 2
    try:
        redirect_to_null((0,))
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        code = run()
    except KeyboardInterrupt:
        code = 130
    finally:
        os._exit(code)


def become(argv: tuple[str, ...], environ: Mapping[str, str]) -> NoReturn:
    """Execute a program, given by its path, in our place. Raises OSError."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and an ignored signal stays ignored
        signal.signal(number, signal.SIG_DFL)
    os.execve(argv[0], argv, environ)
