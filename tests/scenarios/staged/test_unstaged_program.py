"""A program that holds a tracked file open, as one that appends to a log, while commits are made (G5)."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from kit.commits.unstaged import STAGED, unstaged_text
from kit.gate import Gate
from kit.process import processes_with, wait_until
from kit.repo import TEST_ID, Repo
from kit.system.elsewhere import git_elsewhere

HERE, GIT_ELSEWHERE, FOLDER_ELSEWHERE = "here", "the git directory elsewhere", "the folder elsewhere"
APPEND = "exec >>dir/log; while read line; do echo $line; echo done >&2; done"


class Program:
    """It has `dir/log` open, and appends what it is given."""

    def __init__(self, repo: Repo) -> None:
        self._process = subprocess.Popen(
            ("sh", "-c", APPEND),
            cwd=repo.path,
            env=repo.env,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def append(self, line: str) -> None:
        assert self._process.stdin is not None and self._process.stderr is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        assert self._process.stderr.readline() == b"done\n"

    def end(self) -> None:
        self._process.communicate()


def alive(repo: Repo) -> "list[int]":
    return [one.pid for one in processes_with(TEST_ID, repo.env[TEST_ID])]


@pytest.fixture(params=[HERE, GIT_ELSEWHERE, FOLDER_ELSEWHERE])
def logging(repo: Repo, request: pytest.FixtureRequest) -> Iterator[Repo]:
    """Make a partially staged `dir/log`, and return where things lie."""
    mounted = repo.path / "dir"
    mounted.mkdir()
    is_mounted = request.param == FOLDER_ELSEWHERE
    if is_mounted and (os.geteuid() or subprocess.run(("mount", "-t", "tmpfs", "tmpfs", str(mounted))).returncode):
        pytest.skip("a file system cannot be mounted")
    with git_elsewhere(repo) if request.param == GIT_ELSEWHERE else contextlib.nullcontext():
        repo.write("dir/log", STAGED)
        repo.git("add", "dir/log")
        repo.write("dir/log", unstaged_text())
        yield repo
    if is_mounted:
        subprocess.run(("umount", str(mounted)), check=True)


@pytest.mark.parametrize("is_killed", [False, True])
def test_g5_nothing_that_a_program_writes_is_lost_and_it_continues_with_the_very_file(
    logging: Repo, gate: Gate, is_killed: bool
) -> None:
    logging.hook("pre-commit", look=f"cat dir/log >../seen; git status --porcelain >../status; {gate.command}")
    inode = (logging.path / "dir/log").stat().st_ino
    program = Program(logging)
    program.append("before")
    git = logging.start("git", "commit", "-qm", "work")
    gate.wait()
    program.append("meanwhile")
    if is_killed:
        os.kill(logging.begun("pre-commit").record.pid, signal.SIGKILL)
    gate.open()
    git.communicate()
    if is_killed:
        wait_until(lambda: alive(logging) == [program.pid], what="the end of its jobs")
        program.append("before it is recovered")
        assert "restored the unstaged changes" in logging.run("status", check=True).stderr
    program.append("afterwards")
    program.end()
    lines = ["before", "meanwhile", *(["before it is recovered"] if is_killed else []), "afterwards"]
    assert logging.read("dir/log") == unstaged_text() + "".join(f"{line}\n" for line in lines)
    assert (logging.path / "dir/log").stat().st_ino == inode
    assert logging.read("../seen") == STAGED
    assert "dodo-hooks-aside" not in logging.read("../status")  # what we keep in the working tree ignores itself
    assert not list(logging.path.glob("**/.dodo-hooks-aside*")) and not list(logging.path.glob("dir/log.*"))
    assert (git.returncode == 0) != is_killed
