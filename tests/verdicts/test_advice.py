"""The commands that a refused push advises, typed where the push was (V3, V4)."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.process import wait_until
from kit.repo import Done, Repo
from kit.results.pushing import checks, commit, push, pushed, require, states

ON_RELEASE = {"only": [{"ref": "release"}]}


def advised(done: Done) -> "list[str]":
    """Return the words of the command that a refused push advises."""
    (command,) = re.findall("`dodo-hooks (.*?)`", done.stderr)
    return shlex.split(command)


def type_advice(repo: Repo, done: Done) -> Done:
    """Run what is advised, to the end of its jobs."""
    typed = repo.run(*advised(done))
    for one in repo.invocations():
        wait_until(one.has_ended)
    return typed


@pytest.mark.parametrize(
    "keys",
    [{}, {"inputs": ["*"]}, {"uptodate": ["true"]}, {"env_inputs": ["HOME"]}, {"incremental": False}, ON_RELEASE],
)
def test_v4_a_failed_job_is_run_again_and_counts(pushing: Repo, tmp_path: Path, keys: "dict[str, object]") -> None:
    right = tmp_path / "right"
    require(pushing, test={"run": f"test -e {right}", **keys})
    commit(pushing, is_seen=False)
    first, second = push(pushing, "main:release"), push(pushing, "main:release")
    right.touch()
    type_advice(pushing, second)
    assert push(pushing, "main:release").returncode == 0
    assert "run again: dodo-hooks retry @" in first.stderr + first.stdout


@pytest.mark.parametrize("keys", [{"inputs": ["*"]}, {"uptodate": ["true"]}, {"incremental": False}])
def test_v4_the_retry_of_a_job_counts_at_a_push(pushing: Repo, tmp_path: Path, keys: "dict[str, object]") -> None:
    right = tmp_path / "right"
    build = {"run": "echo built >product", **keys}
    require(pushing, build=build, test={"run": f"cat product && test -e {right}", "needs": ["build"], **keys})
    commit(pushing)
    run = pushing.finished("post-commit")
    assert run.statuses() == {"build": "completed", "test": "failed"}
    right.touch()
    pushing.run("retry", f"@{run.id}", check=True)
    assert pushing.finished("post-commit", 2).statuses() == {"build": "completed", "test": "completed"}
    assert push(pushing).returncode == 0


@pytest.mark.parametrize("only", ["build", "test"])
def test_v4_a_job_of_another_branch_is_not_left_to_a_command_that_skips_it(pushing: Repo, only: str) -> None:
    jobs: dict[str, dict[str, Any]] = {"build": {"run": "false"}, "test": {"run": "false", "needs": ["build"]}}
    require(pushing, **{name: {**job, **(ON_RELEASE if name == only else {})} for name, job in jobs.items()})
    commit(pushing, is_seen=False)
    push(pushing, "main:release")
    assert advised(push(pushing, "main:release"))[0] == "retry"
    pushing.git("checkout", "-q", "-b", "release")
    assert advised(push(pushing, "release"))[0] == "checks"


def test_v4_what_is_still_running_is_pushed_as_it_was_meant(pushing: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(pushing, {"wait": "10ms"}, test=gate.command)
    pushing.git("checkout", "-q", "--detach")
    head = commit(pushing)
    gate.wait()
    for name in ("v1", "main"):
        pushing.git("tag", name)
    pushing.git("branch", "-f", "main")
    refused = [
        push(pushing, *refs)
        for refs in (
            ("HEAD:refs/heads/head",),
            ("v1:refs/heads/tag",),
            (f"{head}:refs/heads/id", "v1"),
            ("refs/heads/main", "refs/heads/main:refs/heads/other"),
        )
    ]
    gate.open()
    for done in refused:
        assert type_advice(pushing, done).returncode == 0, done.stderr
    refs = [f"refs/heads/{name}" for name in ("head", "id", "main", "other", "tag")]
    assert pushed(pushing) == [*refs, "refs/tags/v1"]


def add_commits(repo: Repo, branch: str, count: int) -> None:
    """Add a branch with so many commits upon main that no hook has seen."""
    begin = f"commit refs/heads/{branch}\ncommitter T <t@t> {{}} +0000\ndata 0\n"
    made = [begin.format(n) + f"M 100644 inline {branch}\ndata 2\n{n}\n" for n in range(10, 10 + count)]
    made[0] = made[0].replace("data 0\n", "data 0\nfrom refs/heads/main^0\n")
    repo.call("git", "fast-import", "--quiet", input="".join(made), check=True)


def test_v3_of_many_branches_those_commits_are_named_that_have_no_result(pushing: Repo) -> None:
    """No range holds the new commits of both, and no others."""
    require(pushing, {"each": True}, test="true")
    commit(pushing, is_seen=False)
    push(pushing)
    for branch in ("one", "two"):
        add_commits(pushing, branch, 30)
    command, run, *revisions = advised(push(pushing, "one", "two"))
    assert (command, run) == ("checks", "--run")
    new = pushing.git("rev-list", "one", "two", "^main").stdout.split()
    assert {one["commit"] for one in checks(pushing, *revisions)} < set(new)
    assert states(pushing, *revisions) == ["none"] * 51


def test_v3_where_no_command_checks_many_commits_fewer_are_pushed(pushing: Repo) -> None:
    require(pushing, {"each": True}, test={"run": "true", **ON_RELEASE})
    commit(pushing, is_seen=False)
    push(pushing)
    add_commits(pushing, "topic", 52)
    done = push(pushing, "topic:release")
    assert done.returncode == 1
    assert "have no verdict of post-commit:test; push fewer of them at a time\n" in done.stderr
    assert push(pushing, "topic~51:refs/heads/release").returncode == 0
