"""`dodo-hooks push`: it waits first, and then it is `git push` (V4)."""

import sys
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import DEADLINE_S
from kit.repo import Repo
from kit.results.checked import commit, require


def pushed(repo: Repo) -> "list[str]":
    """Return the refs of the remote."""
    return [line.split("\t")[1] for line in repo.git("ls-remote", "--refs", "origin").stdout.splitlines()]


def test_v4_it_waits_without_a_limit_and_then_pushes(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(repo, gate.command)
    repo.hook_options("pre-push", wait="10ms")
    repo.git("add", "hooks.dodo")
    commit(repo, "held", checked=True)
    gate.wait()
    push = repo.start(sys.executable, "-m", "dodo_hooks", "push", "-u", "origin", "main")
    assert push.stderr is not None
    assert b"waiting for post-commit:test" in push.stderr.readline()
    refused = repo.git("push", "origin", "main", check=False)
    assert (refused.returncode, pushed(repo)) == (1, []) and "`dodo-hooks push" in refused.stderr
    assert push.poll() is None
    gate.open()
    push.communicate(timeout=DEADLINE_S)
    assert (push.returncode, pushed(repo)) == (0, ["refs/heads/main"])
    assert repo.git("rev-parse", "--abbrev-ref", "@{upstream}").stdout == "origin/main\n"


@pytest.mark.parametrize(
    "options", [(), ("-q",), ("--quiet", "--no-porcelain"), ("-u", "--"), ("--no-dry-run",), ("--no-dry",)]
)
def test_v4_what_has_failed_is_not_pushed(repo: Repo, options: "tuple[str, ...]") -> None:
    require(repo)
    commit(repo, "bad", checked=True)
    repo.finished("post-commit")
    done = repo.run("push", *options, "origin", "main")
    assert done.returncode == 1 and done.stderr.count("push refused") == 1
    is_left_to_git = "failed to push some refs" in done.stderr
    assert is_left_to_git == any(one.startswith("--no-dry") for one in options)
    assert pushed(repo) == []


def test_v4_what_has_not_run_is_run_first(repo: Repo) -> None:
    require(repo)
    commit(repo, "good")
    assert "running it now" in repo.run("push", "origin", "HEAD:topic", check=True).stderr
    commit(repo, "better")
    repo.git("tag", "-a", "v1", "-m", "v1")
    repo.run("push", "origin", "HEAD:topic", "v1", check=True)
    assert pushed(repo) == ["refs/heads/topic", "refs/tags/v1"]
    assert [one.statuses() for one in repo.invocations("post-commit")] == [{"test": "completed"}] * 2


def test_v4_the_exit_code_and_the_words_are_those_of_git(repo: Repo) -> None:
    require(repo)
    commit(repo, "bad")
    assert repo.run("push", "origin", ":gone").returncode == repo.git("push", "origin", ":gone", check=False).returncode
    done = repo.run("push", "nowhere", "main")
    assert done.returncode == 128 and done.stderr.count("nowhere") == 1
    repo.run("push", "--no-verify", "-q", "origin", "main:topic", check=True)
    assert pushed(repo) == ["refs/heads/topic"]
    repo.run("push", "origin", ":topic", check=True)
    assert pushed(repo) == []


def test_v4_without_requirements_it_is_git_push(repo: Repo) -> None:
    require(repo)
    repo.file("hooks: {}")
    commit(repo, "bad")
    assert repo.run("push", "-q", "origin", "main", check=True).stderr == ""
    assert pushed(repo) == ["refs/heads/main"]
