"""Runs of what is missing: one commit at the terminal, several at once in processes of their own (V7)."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Sequence
from typing import NoReturn

from dodo_hooks.cli.verdicts.matrix import Commit, Matrix
from dodo_hooks.core.errors import INTERRUPTED, RUN_ERROR, HooksError
from dodo_hooks.fire.verdicts.check import Check
from dodo_hooks.host import console
from dodo_hooks.host.descriptors import redirect_to_null
from dodo_hooks.host.posix import read_rest
from dodo_hooks.host.process import fork

Running = dict[int, tuple[Commit, int]]  # by process id: the commit, and the file with the output


def run_missing(matrix: Matrix, commits: Sequence[Commit], keeps_failed: bool) -> int:
    """Run what has not passed on these commits; return INTERRUPTED after Ctrl-C.

    `keeps_failed`: without what has failed.

    As many commits run at once as there are slots. The output of each is a block that is printed when it has ended.

    Raises:
        HooksError: nothing could be started.
    """
    waiting = [(commit, checks) for commit in commits if (checks := matrix.missing(commit, keeps_failed))]
    if len(waiting) == 1:
        return run_checks(waiting[0][1])
    running: Running = {}
    try:
        for commit, checks in waiting:
            if len(running) == checks[0].firing.slots:
                _print_next(running)
            _start(commit, checks, running)
        while running:
            _print_next(running)
    except KeyboardInterrupt:
        for pid in running:  # none of them was reaped, so each process id is still theirs
            os.kill(pid, signal.SIGINT)
        while running:
            _print_next(running)
        return INTERRUPTED
    return 0


def run_checks(checks: Sequence[Check]) -> int:
    """Run the checks of one commit attached, one after the other; return the highest exit code. Raises HooksError."""
    code = 0
    for check in checks:
        code = max(code, check.run())
        if code == INTERRUPTED:
            break
    return code


def _start(commit: Commit, checks: Sequence[Check], running: Running) -> None:
    with tempfile.TemporaryFile() as file:
        output = os.dup(file.fileno())
    pid = fork()
    if not pid:
        _run_in_child(checks, output)
    running[pid] = commit, output


def _print_next(running: Running) -> None:
    """Wait until a process has ended, and print its output."""
    pid, _ = os.wait()
    commit, output = running.pop(pid)
    os.lseek(output, 0, os.SEEK_SET)
    console.print_bytes(f"{commit.title}\n".encode("utf-8", "backslashreplace") + read_rest(output))
    os.close(output)


def _run_in_child(checks: Sequence[Check], output: int) -> NoReturn:
    code = RUN_ERROR
    try:
        redirect_to_null((0,))
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for check in checks:
            check.firing = check.firing._replace(ends_with_parent=True)  # nobody else would end it
        code = run_checks(checks)
    except HooksError as error:
        console.say(str(error))
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        os._exit(code)
