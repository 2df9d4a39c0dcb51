"""A push that nothing speaks against must pass, and must not run again what is known (V3, V4)."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.process import wait_until
from kit.repo import Repo
from kit.results.pushing import checks, commit, count, push, require


def test_v4_a_need_that_a_condition_skips_has_passed(pushing: Repo) -> None:
    require(pushing, build={"run": "false", "skip": True}, test={"run": "true", "needs": ["build"]})
    commit(pushing)
    assert pushing.finished("post-commit").statuses() == {"build": "skipped", "test": "completed"}
    done = push(pushing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["exit 1", "date +%s%N"])
def test_v4_a_job_whose_key_is_never_known_passes_where_it_runs(pushing: Repo, command: str) -> None:
    require(pushing, test={"run": "true", "uptodate": [command]})
    commit(pushing, is_seen=False)
    assert push(pushing).returncode == 0


def test_v4_where_a_key_is_not_known_the_refusal_says_why(pushing: Repo) -> None:
    """The cause may be that of a need."""
    build = {"run": "true", "uptodate": ["exit 4"]}
    require(pushing, build=build, test={"run": "false", "needs": ["build"]})
    commit(pushing, is_seen=False)
    done = push(pushing)
    assert done.returncode == 1
    assert "its key is unknown: 'exit 4' (uptodate) failed with 4; fix that, and push again" in done.stderr


@pytest.mark.parametrize("number", ["HUP", "INT", "KILL", "TERM"])
def test_v4_a_job_that_somebody_has_killed_is_run_again(pushing: Repo, tmp_path: Path, number: str) -> None:
    killed = tmp_path / "killed"
    require(pushing, test=f"test -e {killed} || {{ touch {killed}; kill -{number} $$; }}")
    commit(pushing)
    assert pushing.finished("post-commit").statuses() == {"test": "failed"}
    assert push(pushing).returncode == 0


def test_v4_a_commit_that_was_removed_while_its_job_ran_has_no_verdict(pushing: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(pushing, test=f"{gate.command}; git log -1 --format=%s")
    commit(pushing, "first", is_seen=False)
    commit(pushing, "gone")
    gate.wait()
    pushing.git("reset", "-q", "--hard", "HEAD^")
    pushing.git("reflog", "expire", "--expire=now", "--all")
    pushing.git("gc", "-q", "--prune=now")
    gate.open()
    done = pushing.finished("post-commit").job("test")
    assert (done.status, done.cause) == ("crashed", "checkout")
    commit(pushing, "gone", is_seen=False)
    assert push(pushing).returncode == 0


def test_v4_a_failure_whose_run_was_pruned_is_none(pushing: Repo, tmp_path: Path) -> None:
    require(pushing, test=f"test -e {tmp_path}/right")
    commit(pushing)
    failed = pushing.finished("post-commit")
    assert push(pushing).returncode == 1
    (tmp_path / "right").touch()
    shutil.rmtree(failed.path)  # as `jobs prune` does it
    assert push(pushing).returncode == 0


def test_v4_what_has_passed_is_pushed_without_a_lock(pushing: Repo) -> None:
    """The disk may be full, or not be written."""
    require(pushing)
    commit(pushing)
    pushing.finished("post-commit")
    (locks,) = pushing.state.glob("dodo-hooks/jobs/*/checks")
    shutil.rmtree(locks)
    locks.touch()
    done = push(pushing)
    assert (done.returncode, done.stderr) == (0, "")


def test_v3_the_encoding_that_git_prints_messages_in_changes_nothing(pushing: Repo) -> None:
    require(pushing, {"each": True}, test="true")
    commit(pushing, "gr\u00fcn", is_seen=False)
    pushing.git("config", "i18n.logOutputEncoding", "UTF-16")
    assert push(pushing).returncode == 0
    (head,) = checks(pushing)
    assert (head["state"], head["subject"]) == ("passed", "gr\u00fcn")


@pytest.mark.parametrize("where", ["hook", "job"])
def test_v3_a_gate_that_is_skipped_requires_nothing(pushing: Repo, where: str) -> None:
    skip: dict[str, Any] = {"skip": [{"ref": "wip"}]}
    if where == "hook":
        require(pushing, skip, test="false")
    else:
        require(pushing, test="false")
        pushing.hook("pre-push", gate={"run": "true", "requires": ["post-commit:test"], **skip})
        pushing.hook_options("pre-push", requires=[])
    commit(pushing, is_seen=False)
    assert push(pushing).returncode == 1
    pushing.git("checkout", "-q", "-b", "wip")
    assert push(pushing, "wip").returncode == 0


def test_v1_a_command_of_uptodate_has_none_of_gits_variables(pushing: Repo, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    require(pushing, test={"run": f"echo x >>{counter}", "uptodate": ['echo "$GIT_DIR $GIT_PREFIX $GIT_EXEC_PATH"']})
    commit(pushing)
    pushing.finished("post-commit")
    assert push(pushing, env={"GIT_DIR": str(pushing.path / ".git")}).returncode == 0
    assert count(counter) == 1


def test_s4_the_timeout_of_a_job_begins_with_its_command(pushing: Repo) -> None:
    """A second checkout waits for the next second."""
    require(pushing, test={"run": "true", "timeout": "600ms"})
    for number in range(3):
        commit(pushing, f"{number}", is_seen=False)
        assert push(pushing).returncode == 0


def test_v6_where_each_commit_has_to_pass_none_is_superseded(pushing: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(pushing, {"each": True}, test=gate.command)
    commit(pushing, "one")
    gate.wait()
    commit(pushing, "two")
    wait_until(lambda: pushing.begun("post-commit", 2).job("test").pid)
    gate.open()
    pushing.finished("post-commit", 2)
    assert [one.statuses() for one in pushing.invocations("post-commit")] == [{"test": "completed"}] * 2


def test_s1_a_branch_without_a_commit_has_no_snapshot(pushing: Repo) -> None:
    pushing.hook("post-checkout", background=True, test={"run": "true", "workspace": "snapshot"})
    done = pushing.git("checkout", "-q", "--orphan", "fresh")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("each", "is_first_push", "ref", "listed"),
    [(True, False, "main", 60), (True, True, "main", 61), (False, True, "refs/tags/*", 51)],
)
def test_v3_the_command_for_many_commits_can_be_typed(
    pushing: Repo, each: bool, is_first_push: bool, ref: str, listed: int
) -> None:
    require(pushing, {"each": each}, test="true")
    if not is_first_push:
        assert push(pushing).returncode == 0
    begin, change = "commit refs/heads/main\ncommitter T <t@t> {} +0000\ndata 0\n", "M 100644 inline file\ndata 2\n{}\n"
    made = [begin.format(number) + change.format(number) for number in range(10, 70)]
    made[0] = made[0].replace("data 0\n", "data 0\nfrom refs/heads/main^0\n")
    pushing.call("git", "fast-import", "--quiet", input="".join(made), check=True)
    tags = "".join(f"create refs/tags/{number % 7}-{number} main~{number}\n" for number in range(60))
    pushing.call("git", "update-ref", "--stdin", input=tags, check=True)
    done = push(pushing, ref)
    assert done.returncode == 1
    command = re.search(r"run `dodo-hooks (checks) --run (.+)` first", done.stderr)
    assert command is not None
    found = json.loads(pushing.run("checks", *command[2].split(), "--format", "json").stdout)
    assert len({one["commit"] for one in found if one["state"] == "none"}) == listed
