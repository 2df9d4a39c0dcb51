"""A push must not pass because of a verdict that is not about what is pushed (V3, V4)."""

import os
import signal
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import is_alive, wait_until
from kit.pushing import add_remote, commit, count, push, require
from kit.repo import Repo


@pytest.fixture
def pushing(repo: Repo, tmp_path: Path) -> Repo:
    add_remote(repo, tmp_path)
    return repo


@pytest.mark.parametrize("replaced", ["HEAD", "HEAD^{tree}", "HEAD:file"])
def test_v3_what_is_pushed_is_checked_and_not_what_git_replaces_it_with(pushing: Repo, replaced: str) -> None:
    require(pushing, test={"run": "cat file; ! grep -q bad file"})
    good = commit(pushing, "good\n")
    pushing.finished("post-commit")
    commit(pushing, "bad\n", is_seen=False)
    pushing.git("replace", replaced, replaced.replace("HEAD", good))
    assert push(pushing).returncode == 1
    assert pushing.finished("post-commit", 2).log("test") == b"bad\n"


def test_v4_a_condition_is_about_the_branch_that_is_pushed(pushing: Repo) -> None:
    require(pushing, test={"run": "false", "skip": [{"ref": "topic"}]})
    commit(pushing, is_seen=False)
    pushing.git("checkout", "-q", "-b", "topic")
    assert push(pushing, "main").returncode == 1
    assert push(pushing, "topic").returncode == 0
    assert push(pushing, "topic:main").returncode == 1


def test_s4_a_job_waits_for_a_checkout_of_its_own_run(pushing: Repo, tmp_path: Path) -> None:
    """`one` is killed before it has changed anything: `two` must not take the tree as an earlier run has left it."""
    gate = Gate(tmp_path / "gate")
    require(
        pushing,
        one={"run": gate.command},
        two={"run": "cat file"},
        test={"run": "echo changed >file", "needs": ["one", "two"]},
    )
    pushing.settings(jobs=1)
    commit(pushing, "committed\n")
    gate.wait()
    gate.let_one_go()
    assert set(pushing.finished("post-commit").statuses().values()) == {"completed"}
    # The git directory of the next checkout cannot be made ready, and nothing of the tree is touched.
    (area,) = (pushing.path / ".git/dodo-hooks/snapshots").iterdir()
    (area / "turn").unlink()
    os.mkfifo(area / "turn")
    pushing.run("run", "post-commit", "--no-cache", check=True)
    (begun,) = [one for one in pushing.invocations("post-commit") if not one.has_ended()]
    pid = wait_until(lambda: begun.job("one").pid)
    (area / "turn").unlink()
    os.kill(pid, signal.SIGKILL)
    gate.open()
    again = pushing.finished("post-commit", 2)
    assert again.job("one").status == "crashed"
    assert again.log("two") == b"committed\n"


def test_s5_what_a_killed_run_has_left_does_not_reach_the_next_one(pushing: Repo, tmp_path: Path) -> None:
    gate, counter = Gate(tmp_path / "gate"), tmp_path / "counter"
    require(pushing, test={"run": f"{gate.command}; echo x >>{counter}"})
    commit(pushing)
    left = gate.wait()
    invocation = pushing.begun("post-commit")
    wave, coordinator = wait_until(lambda: invocation.job("test").wave), invocation.record.coordinator
    os.kill(coordinator, signal.SIGSTOP)  # it cannot end what its wave leaves behind
    for pid in (wave, coordinator):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(coordinator))
    pushed = pushing.start("git", "push", "-q", "origin", "main")
    assert gate.wait() != left
    assert not is_alive(left)
    gate.open()
    pushed.communicate(timeout=20)
    assert pushed.returncode == 0
    assert count(counter) == 1


def test_v4_a_checkout_that_is_killed_is_no_verdict(pushing: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    pushing.git("config", "filter.slow.smudge", f"{gate.command}; cat")
    pushing.git("config", "filter.slow.clean", "cat")
    pushing.write(".gitattributes", "file filter=slow\n")
    require(pushing, test={"run": "true"})
    pushing.git("add", ".gitattributes")
    commit(pushing)
    gate.wait()
    os.kill(wait_until(lambda: pushing.begun("post-commit").job("test").pid), signal.SIGKILL)
    gate.open()
    done = pushing.finished("post-commit")
    assert (done.job("test").status, done.job("test").cause) == ("crashed", "checkout")
    assert push(pushing).returncode == 0
