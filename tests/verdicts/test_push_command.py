"""`dodo-hooks push`: it waits first, and then it is `git push` (V4)."""

import sys
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import DEADLINE_S
from kit.repo import Repo
from kit.results.pushing import commit, pushed, require


def test_v4_it_waits_without_a_limit_and_then_pushes(pushing: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(pushing, {"wait": "10ms"}, test=gate.command)
    commit(pushing, "held")
    gate.wait()
    push = pushing.start(sys.executable, "-m", "dodo_hooks", "push", "-u", "origin", "main")
    assert push.stderr is not None
    assert b"waiting for post-commit:test" in push.stderr.readline()
    refused = pushing.git("push", "origin", "main", check=False)
    assert (refused.returncode, pushed(pushing)) == (1, []) and "`dodo-hooks push" in refused.stderr
    assert push.poll() is None
    gate.open()
    push.communicate(timeout=DEADLINE_S)
    assert (push.returncode, pushed(pushing)) == (0, ["refs/heads/main"])
    assert pushing.git("rev-parse", "--abbrev-ref", "@{upstream}").stdout == "origin/main\n"


@pytest.mark.parametrize(
    "options", [(), ("-q",), ("--quiet", "--no-porcelain"), ("-u", "--"), ("--no-dry-run",), ("--no-dry",)]
)
def test_v4_what_has_failed_is_not_pushed(pushing: Repo, options: "tuple[str, ...]") -> None:
    require(pushing)
    commit(pushing, "bad")
    pushing.finished("post-commit")
    done = pushing.run("push", *options, "origin", "main")
    assert done.returncode == 1 and done.stderr.count("push refused") == 1
    is_left_to_git = "failed to push some refs" in done.stderr
    assert is_left_to_git == any(one.startswith("--no-dry") for one in options)
    assert pushed(pushing) == []


def test_v4_what_has_not_run_is_run_first(pushing: Repo) -> None:
    require(pushing)
    commit(pushing, "good", is_seen=False)
    assert "running it now" in pushing.run("push", "origin", "HEAD:topic", check=True).stderr
    commit(pushing, "better", is_seen=False)
    pushing.git("tag", "-a", "v1", "-m", "v1")
    pushing.run("push", "origin", "HEAD:topic", "v1", check=True)
    assert pushed(pushing) == ["refs/heads/topic", "refs/tags/v1"]
    assert [one.statuses() for one in pushing.invocations("post-commit")] == [{"test": "completed"}] * 2


def test_v4_the_exit_code_and_the_words_are_those_of_git(pushing: Repo) -> None:
    require(pushing)
    commit(pushing, "bad", is_seen=False)
    assert (
        pushing.run("push", "origin", ":gone").returncode
        == pushing.git("push", "origin", ":gone", check=False).returncode
    )
    done = pushing.run("push", "nowhere", "main")
    assert done.returncode == 128 and done.stderr.count("nowhere") == 1
    pushing.run("push", "--no-verify", "-q", "origin", "main:topic", check=True)
    assert pushed(pushing) == ["refs/heads/topic"]
    pushing.run("push", "origin", ":topic", check=True)
    assert pushed(pushing) == []


def test_v4_without_requirements_it_is_git_push(pushing: Repo) -> None:
    require(pushing)
    pushing.file("hooks: {}")
    commit(pushing, "bad", is_seen=False)
    assert pushing.run("push", "-q", "origin", "main", check=True).stderr == ""
    assert pushed(pushing) == ["refs/heads/main"]
