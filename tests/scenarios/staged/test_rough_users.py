"""People in a hurry: they close the output, kill what hangs, forget HOME."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.process import group_alive, is_alive, kill, wait_until
from kit.repo import Repo

COMMIT = ("git", "commit", "-q", "--allow-empty", "-m", "work")


@pytest.mark.parametrize("background", [False, True])
def test_r20_a_job_that_is_killed_leaves_nothing_of_its_group(repo: Repo, gate: Gate, background: bool) -> None:
    repo.hook("post-commit", deps={"run": f"sleep 1000 & {gate.command}; true", "background": background})
    git = repo.start(*COMMIT)
    shell = gate.wait()
    kill(shell)
    git.communicate()
    invocation = repo.finished("post-commit")
    assert (invocation.job("deps").status, invocation.job("deps").signal) == ("failed", signal.SIGKILL)
    wait_until(lambda: not group_alive(shell), what="the end of its group")


def test_r17_a_hook_that_was_there_before_does_not_outlive_git_into_ours(repo: Repo, gate: Gate) -> None:
    kept = repo.write(".git/hooks/pre-commit", f"#!/bin/sh\n{gate.command}\n")
    kept.chmod(0o755)
    repo.hook("pre-commit", late="touch ran")
    git = repo.start(*COMMIT)
    standing = gate.wait()
    kill(git.pid)
    gate.open()
    git.communicate()
    wait_until(lambda: not is_alive(standing))
    assert not repo.has("ran") and not repo.invocations()


def test_r21_without_a_home_nothing_is_written_into_the_working_tree(repo: Repo, tmp_path: Path) -> None:
    repo.hook("pre-commit", style="true")
    repo.install()
    environ = {name: value for name, value in repo.env.items() if name not in ("HOME", "XDG_STATE_HOME")}
    before = sorted(os.listdir(repo.path))
    for home in ({"HOME": "relative"}, {"HOME": "", "XDG_STATE_HOME": "relative"}):
        # The home that the system knows is the tester's: ask only where it would be.
        code = "from dodo_hooks.host.world import make_world; print(make_world().state)"
        said = repo.call("env", "-i", *(f"{k}={v}" for k, v in {**environ, **home}.items()), sys.executable, "-c", code)
        assert said.stdout.startswith("/") and str(repo.path) not in said.stdout, said.stderr
    assert sorted(os.listdir(repo.path)) == before


@pytest.mark.parametrize("closed", ["| head -c1", ">/dev/full", ">&-"])
def test_r23_a_closed_output_costs_the_output_alone(repo: Repo, closed: str) -> None:
    repo.hook("pre-commit", one="echo one", two={"run": "echo two", "needs": ["one"]})
    repo.install()
    program = f"{sys.executable} -m dodo_hooks run pre-commit {closed}"
    done = repo.call("sh", "-c", program)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert repo.finished("pre-commit").statuses() == {"one": "completed", "two": "completed"}


def test_r23_each_of_many_skipped_jobs_has_a_line(repo: Repo) -> None:
    jobs: dict[str, Any] = {f"j{number}": {"run": "true", "needs": ["first"]} for number in range(40)}
    repo.hook("pre-commit", first="exit 1", **jobs)
    done = repo.run("run", "pre-commit")
    assert done.stdout.count("dependency first failed") == 40
    assert len(done.stderr.splitlines()) == 2
