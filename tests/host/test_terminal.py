"""The loan of a terminal, in a session of its own."""

import os
import pty
import signal
from collections.abc import Callable

import pytest

from dodo_hooks.host import terminal
from kit.system.killing import in_child

JOB = ("/bin/sh", "-c", 'read line && test "$line" = typed')  # who is not in the foreground is stopped when it reads
ENDS_S = 20  # a process that waits for good ends here, and fails the test


def succeeds_at_a_terminal(run: Callable[[], object], typed: bytes = b"") -> bool:
    """Run this in a child of the process that leads the session of a new terminal, as git does below a shell."""
    pid, ours = pty.fork()
    if not pid:
        code = 1
        try:
            signal.alarm(ENDS_S)
            code = int(os.waitpid(in_child(run), 0)[1] != 0)
        finally:
            os._exit(code)
    os.write(ours, typed)
    status = os.waitpid(pid, 0)[1]
    os.close(ours)
    return status == 0


@pytest.mark.parametrize("gives_back", ["take_back", "restore"])
def test_r14_a_job_reads_what_is_typed_and_its_owner_gets_the_terminal_back(gives_back: str) -> None:
    def run() -> None:
        signal.alarm(ENDS_S)
        before = terminal.owner()
        assert before == os.getppid()
        lent = terminal.Terminal()
        assert os.getpgrp() == os.getpid()
        job = terminal.spawn_in_front(JOB, {}, 0)
        assert os.waitpid(job, 0)[1] == 0 and terminal.owner() == job
        lent.take_back() if gives_back == "take_back" else terminal.restore(before)
        assert terminal.owner() == before

    assert succeeds_at_a_terminal(run, b"typed\n")


def test_r14_a_command_that_cannot_be_started_is_an_error() -> None:
    def run() -> None:
        with pytest.raises(FileNotFoundError):
            terminal.spawn_in_front(("/nowhere/program",), {}, 0)

    assert succeeds_at_a_terminal(run)


def test_without_a_terminal_nobody_owns_it_and_nothing_is_restored() -> None:
    def run() -> None:
        os.setsid()
        assert terminal.owner() is None
        terminal.restore(os.getpid())
        with pytest.raises(OSError):
            terminal.Terminal()

    assert os.waitpid(in_child(run), 0)[1] == 0
