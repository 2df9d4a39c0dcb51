"""`jobs retry`: what did not succeed, as it was recorded (section 7)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.process import kill, processes_with, wait_until
from kit.repo import TEST_ID, Repo


def fire(repo: Repo, event: str = "post-commit", *args: str) -> None:
    repo.install()
    repo.call(f".git/hooks/{event}", *args)


def graph(repo: Repo, **more: Any) -> None:
    """Write a job that fails as long as there is no file `fixed`, a job that needs it, and an independent one."""
    repo.hook(
        "post-commit",
        background=True,
        ready="echo ready >>ran",
        deps={"run": "echo deps >>ran; test -e fixed", "needs": ["ready"]},
        build={"run": "echo build >>ran", "needs": ["deps"]},
        publish={"run": "echo publish >>ran", "needs": ["build"]},
        docs="echo docs >>ran",
        **more,
    )


FAILED = {
    "ready": ("completed", None),
    "deps": ("failed", "exit"),
    "build": ("skipped", "need"),
    "publish": ("skipped", "need"),
    "docs": ("completed", None),
}


@pytest.mark.parametrize("address", ["deps", "build", "publish", "@", "deps@"])
def test_a_failed_job_runs_again_with_what_was_skipped_because_of_it(repo: Repo, address: str) -> None:
    graph(repo)
    fire(repo)
    first = repo.finished("post-commit")
    assert first.outcomes() == FAILED
    repo.write("fixed", "")
    repo.write("ran", "")
    where = address + first.id if address.endswith("@") else address
    done = repo.run("jobs", "retry", where, check=True)
    assert "in the background" in done.stderr
    second = repo.finished("post-commit", n=2)
    assert (second.record.parent, first.record.parent, second.record.trigger) == (first.id, None, "retry")
    assert second.statuses() == {
        "ready": "up-to-date",
        "deps": "completed",
        "build": "completed",
        "publish": "completed",
        "docs": "up-to-date",
    }
    assert first.id in second.job("ready").reason and second.job("docs").pid is None
    assert repo.read("ran").split() == ["deps", "build", "publish"]
    assert first.outcomes() == FAILED  # the history stays what it was


def test_what_fails_again_can_be_retried_again(repo: Repo) -> None:
    graph(repo)
    fire(repo)
    repo.finished("post-commit")
    for n in (2, 3):
        repo.run("jobs", "retry", "deps", check=True)
        again = repo.finished("post-commit", n=n)
        assert again.statuses() == {name: one for name, (one, _) in FAILED.items()} | {
            "ready": "up-to-date",
            "docs": "up-to-date",
        }
    assert again.record.parent == repo.invocations("post-commit")[1].id


def test_only_what_the_address_says_is_retried(repo: Repo) -> None:
    graph(repo, other="echo other >>ran; test -e fixed")
    fire(repo)
    repo.finished("post-commit")
    repo.write("fixed", "")
    repo.run("jobs", "retry", "deps", check=True)
    again = repo.finished("post-commit", n=2)
    other = again.job("other")
    assert (other.status, other.cause) == ("skipped", "selection") and "not retried" in other.reason
    assert again.statuses()["publish"] == "completed"


def test_what_another_retry_has_left_out_can_be_retried(repo: Repo) -> None:
    repo.hook(
        "post-commit", background=True, one="test -e fixed", two={"run": "true", "needs": ["one"]}, other="exit 1"
    )
    fire(repo)
    repo.finished("post-commit")
    repo.run("jobs", "retry", "other", check=True)
    assert repo.finished("post-commit", n=2).statuses()["two"] == "skipped"
    repo.write("fixed", "")
    repo.run("jobs", "retry", "two", check=True)
    assert repo.finished("post-commit", n=3).statuses()["two"] == "completed"


def test_the_recorded_command_runs_and_not_the_present_one(repo: Repo) -> None:
    repo.hook(
        "post-merge",
        background=True,
        deps={
            "run": 'echo "$COLOR $DODO_ARG1 $PWD $HERE" >"$OUT"; test -e ../fixed',
            "env": {"COLOR": "red", "OUT": str(repo.path / "out")},
            "root": "web",
            "nice": 7,
            "timeout": "5m",
        },
    )
    repo.write("web/x", "")
    fire(repo, "post-merge", "1")
    first = repo.finished("post-merge")
    repo.file(
        "hooks: {post-merge: {background: true, jobs: [{name: deps, run: touch new}, {name: more, run: touch new}]}}"
    )
    repo.write("fixed", "")
    repo.run("jobs", "retry", "deps", check=True, env={"HERE": "now", "GIT_DIR": str(repo.path / ".git")})
    again = repo.finished("post-merge", n=2)
    assert again.statuses() == {"deps": "completed"} and not repo.has("new")
    assert repo.read("out") == f"red 1 {repo.path}/web now\n"
    for name in ("command", "argv", "env", "root", "nice", "timeout_s", "description", "priority", "phase"):
        assert again.job("deps").fields[name] == first.job("deps").fields[name], name
    assert (again.job("deps").nice, again.job("deps").timeout_s) == (7, 300)


def test_a_masked_value_comes_from_the_hook_file_of_today(repo: Repo) -> None:
    repo.hook(
        "post-commit",
        background=True,
        deps={"run": 'test "$API_TOKEN" = second && touch got', "env": {"API_TOKEN": "first"}},
    )
    fire(repo)
    first = repo.finished("post-commit")
    assert first.job("deps").env == {"API_TOKEN": "***"} and first.statuses() == {"deps": "failed"}
    repo.write("hooks.dodo", repo.read("hooks.dodo").replace("first", "second"))
    repo.run("jobs", "retry", "deps", check=True)
    again = repo.finished("post-commit", n=2)
    assert again.statuses() == {"deps": "completed"} and repo.has("got")
    assert again.job("deps").env == {"API_TOKEN": "***"}


def test_a_masked_value_that_cannot_be_had_again_is_named(repo: Repo) -> None:
    repo.hook("post-commit", background=True, deps={"run": "exit 1", "env": {"API_TOKEN": "first", "COLOR": "red"}})
    fire(repo)
    repo.finished("post-commit")
    repo.file("hooks: {}")
    done = repo.run("jobs", "retry", "deps")
    assert done.returncode == 3 and "API_TOKEN" in done.stderr and "COLOR" not in done.stderr
    assert len(repo.invocations()) == 1


def test_r8_foreground_jobs_are_retried_attached(repo: Repo) -> None:
    repo.hook(
        "pre-commit",
        lint="echo linting; test -e fixed",
        unit={"run": "touch tested", "needs": ["lint"]},
        warm={"run": "touch warm", "background": True},
    )
    assert repo.git("commit", "--allow-empty", "-m", "work", check=False).returncode == 1
    first = repo.finished("pre-commit")
    assert first.outcomes()["warm"] == ("skipped", "gate")
    assert repo.run("jobs", "retry", "lint").returncode == 1
    repo.write("fixed", "")
    done = repo.run("jobs", "retry", f"@{first.id}", check=True)
    assert "linting" in done.stdout
    again = repo.finished("pre-commit", n=3)
    assert again.record.exit_code == 0
    assert again.statuses() == {"lint": "completed", "unit": "completed", "warm": "completed"}


def test_r22_a_failure_that_is_a_warning_stays_one_in_a_retry(repo: Repo) -> None:
    repo.hook("post-merge", lint="exit 1")
    repo.hook_options("post-merge", fail_mode="warn")
    assert repo.run("run", "post-merge").returncode == 0
    done = repo.run("jobs", "retry", "lint")
    assert done.returncode == 0 and "failures are warnings here" in done.stderr
    assert repo.finished("post-merge", n=2).statuses() == {"lint": "failed"}


def test_a_job_that_must_not_change_files_fails_in_a_retry_too(repo: Repo) -> None:
    repo.hook("pre-commit", make={"run": "echo x >>made", "fail_on_changes": True, "inputs": ["in"]})
    repo.write("made", "")
    repo.write("in", "")
    repo.git("add", ".")
    assert repo.git("commit", "--message", "one", check=False).returncode == 1
    assert repo.run("jobs", "retry", "make").returncode == 1
    assert repo.git("commit", "--message", "one", check=False).returncode == 1  # no success was kept


def test_cancelled_and_crashed_jobs_can_be_retried(repo: Repo, make_gate: Callable[[str], Gate]) -> None:
    gates = [make_gate(name) for name in "ab"]
    repo.settings(jobs=2, grace_period="100ms")
    repo.hook("post-commit", background=True, a=gates[0].command, b=gates[1].command)
    fire(repo)
    for gate in gates:
        gate.wait()
    repo.begun("post-commit").wait_for_status("b", "running")
    repo.run("jobs", "cancel", "a", check=True)
    kill(repo.begun("post-commit").record.coordinator)
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of everything")
    for gate in gates:
        gate.open()
    first = repo.invocations("post-commit")[0]
    repo.run("jobs", "retry", f"@{first.id}", check=True)
    assert first.outcomes() == {"a": ("cancelled", "user"), "b": ("crashed", "writer-died")}
    assert repo.finished("post-commit", n=2).statuses() == {"a": "completed", "b": "completed"}


def test_r18_what_is_alive_is_not_retried(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=2)
    repo.hook("post-commit", background=True, failed="exit 1", held=gate.command)
    fire(repo)
    gate.wait()
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("failed", "failed")
    done = repo.run("jobs", "retry", "failed")
    assert done.returncode == 3 and "is still running" in done.stderr
    gate.open()
    repo.finished("post-commit")
    done = repo.run("jobs", "retry", "held")
    assert done.returncode == 3 and "did not fail" in done.stderr
    assert len(repo.invocations()) == 1


def test_what_was_left_out_on_purpose_stays_out(repo: Repo) -> None:
    graph(repo)
    fire(repo)
    repo.run("run", "post-commit", "--skip", "ready", check=True)
    skipped = repo.finished("post-commit", n=2)
    assert set(skipped.statuses().values()) == {"skipped", "completed"}
    done = repo.run("jobs", "retry", "publish")
    assert done.returncode == 3 and "cannot retry" in done.stderr
    assert repo.run("jobs", "retry", f"@{skipped.id}").returncode == 3


def test_a_working_tree_that_is_gone_is_an_error(repo: Repo) -> None:
    graph(repo)
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    linked = repo.worktree("linked")
    linked.git("commit", "-q", "--allow-empty", "-m", "work")
    repo.finished("post-commit", n=2)
    repo.git("worktree", "remove", "--force", "linked")
    done = repo.run("jobs", "retry", "linked:deps")
    assert done.returncode == 3 and "no longer exists" in done.stderr
    (shown,) = json.loads(repo.run("jobs", "--worktree", "linked", "--format", "json", check=True).stdout)
    assert Path(shown["worktree"]).name == "linked"
