"""Signals that stop a run from outside: Ctrl-C, SIGTERM, SIGHUP, the death of git (R17)."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import DEADLINE_S, Process, is_alive, kill, processes_with, wait_until
from kit.repo import TEST_ID, Repo
from kit.terminal import CTRL_C, Terminal

COMMIT = ("git", "commit", "--allow-empty", "-m", "work")
RUN = (sys.executable, "-m", "dodo_hooks", "run", "pre-commit")


@pytest.fixture(autouse=True)
def _signals_count() -> Iterator[None]:
    """Let Ctrl-C and a hang-up count, which the background of a script and `nohup` make all processes ignore."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def write_hook(repo: Repo, gate: Gate, first: str = "") -> None:
    """Start a job held at the gate, one that waits for its slot, one that needs the first, and a background job."""
    repo.settings(jobs=1)
    repo.hook(
        "pre-commit",
        held=f"{first}{gate.command}",
        turn="touch ran",
        build={"run": "touch ran", "needs": ["held"]},
        warm={"run": "touch ran", "background": True},
    )
    repo.install()


def expect_interrupted(repo: Repo, shell: int) -> Invocation:
    """Check that running jobs are cancelled, waiting ones skipped, nothing runs, and nothing was committed."""
    invocation = repo.finished("pre-commit")
    assert {job.name: (job.status, job.cause) for job in invocation.jobs()} == {
        "held": ("cancelled", "interrupted"),
        "turn": ("skipped", "interrupted"),
        "build": ("skipped", "interrupted"),
        "warm": ("skipped", "interrupted"),
    }
    assert not is_alive(shell) and not repo.has("ran")
    wait_until(lambda: not ours(repo), what="the end of every process")
    assert repo.call("git", "log", "--format=%s").stdout == "start\n"
    return invocation


def ours(repo: Repo) -> list[Process]:
    return processes_with(TEST_ID, repo.env[TEST_ID])


def test_r17_ctrl_c_during_a_commit(repo: Repo, gate: Gate, terminal: Callable[..., Terminal]) -> None:
    write_hook(repo, gate)
    git = terminal(*COMMIT)
    shell = gate.wait()
    git.press(CTRL_C)
    assert git.wait() != 0
    invocation = expect_interrupted(repo, shell)
    # Ctrl-C ends git as well: which of both the hook sees first is up to the system.
    assert invocation.record.exit_code in (128 + signal.SIGINT, 128 + signal.SIGHUP)
    assert invocation.job("held").signal == signal.SIGTERM


def test_r17_ctrl_c_during_a_manual_run(repo: Repo, gate: Gate, terminal: Callable[..., Terminal]) -> None:
    write_hook(repo, gate)
    run = terminal(*RUN)
    shell = gate.wait()
    run.press(CTRL_C)
    assert run.wait() == 130
    invocation = expect_interrupted(repo, shell)
    assert invocation.record.exit_code == 130 and b"held: interrupted (Ctrl-C)" in run.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_r17_a_signal_ends_the_run_with_its_own_exit_code(repo: Repo, gate: Gate, number: signal.Signals) -> None:
    write_hook(repo, gate)
    run = repo.start(*RUN)
    shell = gate.wait()
    run.send_signal(number)
    run.communicate()
    assert run.returncode == 128 + number
    assert expect_interrupted(repo, shell).record.exit_code == 128 + number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_r17_a_signal_to_the_hook_alone_refuses_the_commit(repo: Repo, gate: Gate, number: signal.Signals) -> None:
    write_hook(repo, gate)
    git = repo.start(*COMMIT)
    shell = gate.wait()
    os.kill(repo.begun("pre-commit").record.pid, number)
    git.communicate()
    assert git.returncode == 1
    assert expect_interrupted(repo, shell).record.exit_code == 128 + number


def test_r17_the_death_of_git_ends_the_jobs(repo: Repo, gate: Gate) -> None:
    write_hook(repo, gate)
    git = repo.start(*COMMIT)
    shell = gate.wait()
    kill(git.pid)
    git.communicate()
    assert expect_interrupted(repo, shell).record.exit_code == 128 + signal.SIGHUP


def test_r17_a_second_ctrl_c_does_not_wait(
    repo: Repo, make_gate: Callable[[str], Gate], terminal: Callable[..., Terminal]
) -> None:
    at_work, asked = make_gate("work"), make_gate("asked")
    repo.settings(grace_period="10m")
    write_hook(repo, at_work, first=f"trap '{asked.command}' TERM; ")
    run = terminal(*RUN)
    shell = at_work.wait()
    run.press(CTRL_C)
    assert asked.wait() == shell  # it was asked to end, and stays
    run.press(CTRL_C)
    assert run.wait() == 130
    invocation = expect_interrupted(repo, shell)
    assert invocation.job("held").signal == signal.SIGKILL


IGNORING = """
import os, signal, sys
signal.signal(int(sys.argv[1]), signal.SIG_IGN)
os.execvp(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_r17_a_signal_that_came_in_ignored_stays_ignored(repo: Repo, gate: Gate, number: signal.Signals) -> None:
    write_hook(repo, gate)
    run = repo.start(sys.executable, "-c", IGNORING, str(int(number)), *RUN)
    gate.wait()
    run.send_signal(number)
    gate.open()
    run.communicate()
    assert run.returncode == 0
    assert set(repo.finished("pre-commit").statuses().values()) == {"completed"}


def test_r17_a_reader_that_has_stopped_does_not_hold_up_a_signal(repo: Repo) -> None:
    repo.hook(
        "pre-commit",
        loud="head -c 300000 /dev/zero | tr '\\0' x",  # far more than a pipe holds
        warm={"run": "touch ran", "background": True},
    )
    run = repo.start(*RUN)
    assert run.stdout is not None
    invocation = repo.begun("pre-commit")
    invocation.wait_for_status("loud", "completed")
    run.send_signal(signal.SIGINT)
    try:
        assert run.wait(timeout=DEADLINE_S) == 130
    finally:
        run.communicate()
    repo.finished("pre-commit")
    assert (invocation.job("warm").status, invocation.job("warm").cause) == ("skipped", "interrupted")
    assert not repo.has("ran")


def full_pipe() -> tuple[int, int]:
    """Return a full pipe: (the end to read from, the end to write to)."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"-" * 4096)
    os.set_blocking(writer, True)
    return reader, writer


def test_r17_nor_does_one_that_reads_what_we_say_ourselves(repo: Repo) -> None:
    repo.hook("pre-commit", loud="head -c 300000 /dev/zero | tr '\\0' x; exit 1")
    reader, writer = full_pipe()
    run = subprocess.Popen(RUN, cwd=repo.path, env=repo.env, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
    os.close(writer)
    try:
        repo.begun("pre-commit").wait_for_status("loud", "failed")
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=DEADLINE_S) == 130
    finally:
        os.close(reader)
        run.wait()
    assert repo.finished("pre-commit").record.exit_code == 130


def test_r17_nor_when_all_is_done_and_only_something_to_be_said(repo: Repo) -> None:
    repo.hook("pre-commit", check="exit 1")
    reader, writer = full_pipe()
    run = subprocess.Popen(RUN, cwd=repo.path, env=repo.env, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
    os.close(writer)
    try:
        assert repo.finished("pre-commit").record.exit_code == 1  # the record does not wait for the reader
        assert run.poll() is None
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=DEADLINE_S) == -signal.SIGINT
    finally:
        os.close(reader)
        run.wait()


def test_r17_a_signal_ends_a_background_that_runs_attached(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=1)
    repo.hook("pre-commit", check="true", held={"run": gate.command, "background": True})
    run = repo.start(*RUN, "--phase", "foreground")
    shell = gate.wait()
    run.send_signal(signal.SIGTERM)
    run.communicate()
    invocation = repo.finished("pre-commit")
    assert run.returncode == invocation.record.exit_code == 143
    assert invocation.statuses() == {"check": "completed", "held": "cancelled"} and not is_alive(shell)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_r17_a_coordinator_that_is_terminated_leaves_a_true_record(
    repo: Repo, gate: Gate, number: signal.Signals
) -> None:
    repo.hook("post-commit", background=True, held=gate.command, build={"run": "touch ran", "needs": ["held"]})
    repo.git(*COMMIT[1:])
    shell = gate.wait()
    os.kill(repo.begun("post-commit").record.coordinator, number)
    invocation = repo.finished("post-commit")
    assert invocation.record.exit_code == 128 + number
    assert {job.name: (job.status, job.cause) for job in invocation.jobs()} == {
        "held": ("cancelled", "interrupted"),
        "build": ("skipped", "interrupted"),
    }
    assert not is_alive(shell) and not repo.has("ran")
