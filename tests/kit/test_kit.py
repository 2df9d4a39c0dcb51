"""The kit itself: an error in a helper makes every test that uses it worthless."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import group_alive, is_alive, kill, processes_of_session, processes_with, wait_until
from kit.repo import TEST_ID, Repo
from kit.terminal import CTRL_C, Terminal


def test_a_job_stands_at_its_gate_until_it_is_opened(repo: Repo, gate: Gate) -> None:
    job = repo.start("sh", "-c", f"{gate.command}; echo through")
    assert gate.wait() == job.pid
    assert job.poll() is None
    gate.open()
    assert job.communicate() == (b"through\n", b"")


def test_one_job_is_started_and_the_next_stays(repo: Repo, gate: Gate) -> None:
    jobs = {job.pid: job for job in [repo.start("sh", "-c", gate.command) for _ in range(2)]}
    assert {gate.wait(), gate.wait()} == set(jobs)
    assert gate.is_empty()
    gate.let_one_go()
    wait_until(lambda: any(job.poll() is not None for job in jobs.values()))
    assert sorted(job.poll() is None for job in jobs.values()) == [False, True]
    gate.open()
    for job in jobs.values():
        assert job.communicate() == (b"", b"")


def test_nobody_at_the_gate_is_an_error_after_the_deadline(gate: Gate) -> None:
    with pytest.raises(AssertionError, match="no job came"):
        gate.wait(deadline_s=0.01)


def test_a_zombie_is_not_alive(repo: Repo) -> None:
    child = repo.start("sh", "-c", "exit 3")
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has reaped it
    assert not is_alive(child.pid)
    assert not group_alive(child.pid)
    child.communicate()


def test_groups_and_sessions_are_seen_alive(env: dict[str, str], gate: Gate) -> None:
    leader = subprocess.Popen(["sh", "-c", gate.command], start_new_session=True, env=env)
    gate.wait()
    assert group_alive(leader.pid)
    assert [one.pid for one in processes_of_session(leader.pid)] == [leader.pid]
    kill(leader.pid)
    assert not group_alive(leader.pid)
    assert leader.wait() == -signal.SIGKILL


@pytest.mark.skipif(not Path("/proc").exists(), reason="the system does not show environments")
def test_what_a_test_left_running_is_found_by_its_mark(repo: Repo, gate: Gate) -> None:
    # The shell ends, its child continues without it in a session of its own: only the mark shows whose it is.
    orphan = f"import os; os.setsid(); os.execlp('sh', 'sh', '-c', {gate.command!r})"
    repo.call("sh", "-c", '"$1" -c "$2" >/dev/null 2>&1 &', "sh", sys.executable, orphan, check=True)
    pid = gate.wait()
    assert pid in [one.pid for one in processes_with(TEST_ID, repo.env[TEST_ID])]
    kill(pid)
    assert processes_with(TEST_ID, repo.env[TEST_ID]) == []


def test_ctrl_c_at_the_terminal_reaches_the_foreground(terminal: Callable[..., Terminal], gate: Gate) -> None:
    at_work = terminal("sh", "-c", f"echo at work; {gate.command}")
    gate.wait()
    at_work.press(CTRL_C)
    assert at_work.wait() == -signal.SIGINT
    assert at_work.output.startswith(b"at work")


def test_the_repository_knows_nothing_of_its_user(repo: Repo) -> None:
    assert repo.git("config", "user.email").stdout == "test@example.invalid\n"
    assert repo.call("sh", "-c", 'echo "$HOME"').stdout.strip() == repo.env["HOME"]
    assert "CI" not in repo.env
    assert repo.git("log", "--format=%s").stdout == "start\n"


def test_hooks_are_written_as_they_are_named(repo: Repo) -> None:
    repo.hook("post-commit", background=True, deps="exit 7", build={"run": "true", "needs": ["deps"]})
    repo.hook_options("post-commit", fail_fast=True)
    repo.settings(jobs=1)
    assert repo.read("hooks.dodo") == (
        "hooks:\n  post-commit:\n    jobs:\n    - name: deps\n      run: exit 7\n"
        "    - name: build\n      run: 'true'\n      needs:\n      - deps\n"
        "    background: true\n    fail_fast: true\njobs: 1\n"
    )
