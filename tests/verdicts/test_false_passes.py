"""A push must not pass because of a verdict that is not about what is pushed (V3, V4)."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.process import is_alive, wait_until
from kit.repo import Repo
from kit.results.pushing import UNSEEN, commit, count, push, require, states


@pytest.mark.parametrize("replaced", ["HEAD", "HEAD^{tree}", "HEAD:file"])
def test_v3_what_is_pushed_is_checked_and_not_what_git_replaces_it_with(pushing: Repo, replaced: str) -> None:
    require(pushing, test="cat file; ! grep -q bad file")
    good = commit(pushing, "good")
    pushing.finished("post-commit")
    commit(pushing, "bad", is_seen=False)
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


@pytest.mark.parametrize("inputs", [[], ["*"]])
def test_v1_a_result_on_a_part_of_the_tree_is_none_on_the_whole(pushing: Repo, inputs: list[str]) -> None:
    require(pushing, test={"run": "test ! -e d/bad", "inputs": inputs} if inputs else {"run": "test ! -e d/bad"})
    (pushing.path / "d").mkdir()
    commit(pushing, name="d/bad", is_seen=False)
    pushing.git("sparse-checkout", "set", "--no-cone", "/*", "!/d/")
    assert push(pushing).returncode == 0
    pushing.git("sparse-checkout", "disable")
    pushing.git("commit", "-q", "--allow-empty", "-m", "same tree", env=UNSEEN)
    assert push(pushing).returncode == 1
    pushing.git("sparse-checkout", "set", "--no-cone", "/*", "!/d/")
    assert push(pushing).returncode == 0


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        *((where, {}) for where in ("filter", "included filter", "attributes", "attributes file", "line ends")),
        *(("filter", keys) for keys in ({"inputs": ["file"]}, {"incremental": False})),
    ],
)
def test_v1_a_result_on_files_that_git_writes_otherwise_is_none(
    pushing: Repo, tmp_path: Path, where: str, keys: "dict[str, Any]"
) -> None:
    require(pushing, test={"run": "! grep -q 'bad\\|\r' file", **keys})
    pushing.write(".gitattributes", "file filter=words text\n" if "attributes" not in where else "# none\n")
    pushing.git("config", "filter.words.smudge", "sed s/good/bad/" if "attributes" in where else "cat")
    pushing.git("add", ".gitattributes")
    commit(pushing, "good")
    pushing.finished("post-commit")
    assert push(pushing).returncode == 0
    other, rule, smudge = tmp_path / "other", "file filter=words\n", "sed s/good/bad/"
    if where == "filter":
        pushing.git("config", "filter.words.smudge", smudge)
    elif where == "line ends":
        pushing.git("config", "core.autocrlf", "true")
    elif where == "attributes":
        pushing.write(".git/info/attributes", rule)
    else:
        other.write_text(rule if where == "attributes file" else f'[filter "words"]\nsmudge = {smudge}\n')
        key = "core.attributesFile" if where == "attributes file" else "include.path"
        pushing.git("config", key, str(other))
    assert push(pushing, "main:other").returncode == 1


def test_v1_a_result_without_a_submodule_is_none_with_it(pushing: Repo, tmp_path: Path) -> None:
    library = Repo.create(tmp_path / "library", pushing.env)
    commit(library, "bad")
    require(pushing, test="! grep -rq bad library")
    pushing.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", "../library")
    commit(pushing, is_seen=False)
    pushing.git("submodule", "deinit", "-q", "--all")
    assert push(pushing).returncode == 0
    pushing.git("-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init")
    assert push(pushing, "main:other").returncode == 1
    pushing.git("submodule", "deinit", "-q", "--all")
    assert push(pushing, "main:another").returncode == 0
    assert len(pushing.invocations("post-commit")) == 2


def on_a_merge_commit(repo: Repo) -> None:
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side", env=UNSEEN)


def in_a_merge(repo: Repo) -> None:
    repo.git("merge", "-q", "--no-commit", "--no-ff", "side", env=UNSEEN)


def in_a_rebase(repo: Repo) -> None:
    repo.git("rebase", "-q", "-x", "false", "HEAD^", env=UNSEEN, check=False)


def on_a_change(repo: Repo) -> None:
    repo.git("checkout", "-q", "side")


@pytest.mark.parametrize(
    ("condition", "move"),
    [
        ("merge-commit", on_a_merge_commit),
        ("merge", in_a_merge),
        ("rebase", in_a_rebase),
        ({"changed": "*.md"}, on_a_change),
    ],
)
def test_v4_a_condition_is_about_the_commit_and_not_about_head(
    pushing: Repo, condition: "str | dict[str, str]", move: Callable[[Repo], None]
) -> None:
    require(pushing, test={"run": "! grep bad file", "skip": [condition]})
    commit(pushing, "good", is_seen=False)
    for branch, name in (("bad", "file"), ("side", "other.md")):
        pushing.git("checkout", "-q", "-b", branch, "main")
        commit(pushing, "bad", name, is_seen=False)
    pushing.git("checkout", "-q", "main")
    move(pushing)
    assert push(pushing, "bad").returncode == 1


def test_v4_a_clock_that_was_set_back_makes_no_old_product_new(pushing: Repo) -> None:
    pushing.write("Makefile", "product: file\n\tcp file product\n")
    pushing.write(".gitignore", "product\n")
    require(pushing, test="make -s product; touch -d '1 hour' product; cat product")
    pushing.git("add", "Makefile", ".gitignore")
    commit(pushing, "one")
    assert pushing.finished("post-commit").log("test") == b"one\n"
    (area,) = (pushing.path / ".git/dodo-hooks/snapshots").iterdir()
    in_an_hour = time.time() + 3600
    os.utime(area / "note", (in_an_hour, in_an_hour))
    commit(pushing, "two")
    assert pushing.finished("post-commit", 2).log("test").endswith(b"two\n")


def test_v3_what_sees_the_working_tree_cannot_be_required(repo: Repo) -> None:
    repo.file(
        "hooks:\n  post-commit: {jobs: [{name: test, run: 'lint {files}', files: ls, workspace: snapshot}]}\n"
        "  pre-push: {requires: post-commit:test}\n"
    )
    done = repo.run("validate")
    assert done.returncode == 3
    assert "has a command for its files, which sees the working tree and not the commit" in done.stderr


@pytest.mark.parametrize("each", [False, True])
def test_v3_a_tip_alone_does_not_speak_for_a_job_that_is_about_changes(repo: Repo, each: bool) -> None:
    repo.file(
        "hooks:\n  post-commit: {jobs: [{name: test, run: 'lint {changed_files}', workspace: snapshot}]}\n"
        f"  pre-push: {{requires: post-commit:test, each: {str(each).lower()}}}\n"
    )
    done = repo.run("validate")
    assert done.returncode == 0
    assert ("checks only what one commit changes" in done.stderr) is not each


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
    commit(pushing, "committed")
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
    require(pushing, test=f"{gate.command}; echo x >>{counter}")
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
    require(pushing, test="true")
    pushing.git("add", ".gitattributes")
    commit(pushing)
    gate.wait()
    os.kill(wait_until(lambda: pushing.begun("post-commit").job("test").pid), signal.SIGKILL)
    gate.open()
    done = pushing.finished("post-commit")
    assert (done.job("test").status, done.job("test").cause) == ("crashed", "checkout")
    assert push(pushing).returncode == 0


@pytest.mark.parametrize("command", ["! grep -q bad file", "! grep -q bad file; false"])
def test_v4_a_job_whose_snapshot_was_removed_has_no_verdict(pushing: Repo, tmp_path: Path, command: str) -> None:
    gate = Gate(tmp_path / "gate")
    require(pushing, test=f"{gate.command}; pwd; {command}")
    commit(pushing, "bad")
    gate.wait()
    [tree] = Path(pushing.env["XDG_CACHE_HOME"], "dodo-hooks/snapshots").glob("*/1")
    shutil.rmtree(tree)
    gate.open()
    job = pushing.finished("post-commit").job("test")
    assert (job.status, job.reason) == ("crashed", "its snapshot was removed while it ran")
    assert states(pushing) == ["none"]
    assert push(pushing).returncode == 1
