"""The behaviours that this project was started for: `needs` between background jobs means what it says."""

from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import group_alive, is_alive, processes_with, wait_until
from kit.repo import TEST_ID, Repo

STAMP = "date +%s%N"


def test_r1_bg_dependent_waits_for_dep_to_finish(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    repo.hook("post-commit", background=True, deps=gate.command, build={"run": "touch built", "needs": ["deps"]})
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("deps", "running")
    assert invocation.job("build").status == "pending"
    assert not repo.has("built")
    gate.open()
    repo.finished("post-commit")
    assert invocation.statuses() == {"deps": "completed", "build": "completed"}
    assert invocation.job("build").started_at >= invocation.job("deps").finished_at
    assert repo.has("built")
    gate.close()


def test_r3_bg_dependent_skipped_when_dep_fails(repo: Repo) -> None:
    repo.hook(
        "post-commit",
        background=True,
        deps="exit 7",
        build={"run": "touch built", "needs": ["deps"]},
        publish={"run": "touch published", "needs": ["build"]},
        docs="touch docs",
    )
    repo.git("commit", "--allow-empty", "-m", "work")
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {
        "deps": "failed",
        "build": "skipped",
        "publish": "skipped",
        "docs": "completed",
    }
    assert invocation.job("deps").exit_code == 7
    assert (invocation.job("build").cause, invocation.job("build").need) == ("need", "deps")
    assert (invocation.job("publish").need, invocation.job("publish").root_cause) == ("build", "deps")
    assert invocation.job("publish").pid is None
    assert repo.has("docs") and not repo.has("built") and not repo.has("published")


def test_r14_bg_dependent_skipped_when_dep_cancelled(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    repo.hook(
        "post-commit",
        background=True,
        deps=f"trap 'exit 0' TERM; {gate.command}",
        build={"run": "touch built", "needs": ["deps"]},
        docs="touch docs",
    )
    repo.git("commit", "--allow-empty", "-m", "work")
    shell = gate.wait()
    invocation = repo.begun("post-commit")
    answer = repo.run("jobs", "cancel", f"deps@{invocation.id}", check=True)
    assert "deps: cancelled" in answer.stdout
    assert not is_alive(shell) and not group_alive(invocation.job("deps").pid)  # the answer came when it was dead
    repo.finished("post-commit")
    assert invocation.statuses() == {"deps": "cancelled", "build": "skipped", "docs": "completed"}
    assert (invocation.job("deps").cause, invocation.job("deps").exit_code) == ("user", 0)
    assert (invocation.job("build").cause, invocation.job("build").root_cause) == ("need", "deps")
    assert not repo.has("built")
    gate.close()


@pytest.mark.parametrize("command", [("run", "post-commit"), ("list",), ("validate",), ()])
def test_r4_bg_cycle_in_needs_returns_error(repo: Repo, command: tuple[str, ...]) -> None:
    repo.hook("post-commit", background=True, start="touch ran")
    repo.install()
    repo.hook(
        "post-commit",
        deps={"run": "touch ran", "needs": ["publish"]},
        build={"run": "touch ran", "needs": ["deps"]},
        publish={"run": "touch ran", "needs": ["build"]},
    )
    done = repo.run(*command) if command else repo.call("git", "commit", "--allow-empty", "-m", "work")
    assert "deps -> publish -> build -> deps" in done.stderr
    assert "hooks.dodo:" in done.stderr and "Traceback" not in done.stderr
    assert done.returncode == (3 if command else 0)  # git does not ask what became of post-commit
    assert not repo.invocations() and not repo.has("ran")


def test_r4_bg_missing_dep_in_needs_returns_error(repo: Repo) -> None:
    repo.hook("post-commit", background=True, deps="touch ran")
    repo.install()
    repo.hook("post-commit", build={"run": "touch ran", "needs": ["dep"]})
    done = repo.run("run", "post-commit")
    assert done.returncode == 3
    assert "hooks.dodo:" in done.stderr and '"dep"' in done.stderr and '"deps"' in done.stderr
    assert not repo.invocations() and not repo.has("ran")


def test_r1_bg_needs_ordering(repo: Repo) -> None:
    """Scenario `bg-needs-ordering`: the second job starts when the first has ended, to the nanosecond."""
    repo.hook(
        "post-checkout",
        background=True,
        first=f"{STAMP} >first.start; {STAMP} >first.end",
        second={"run": f"{STAMP} >second.start", "needs": ["first"]},
    )
    repo.git("checkout", "-q", "-b", "topic")
    invocation = repo.finished("post-checkout")
    assert invocation.statuses() == {"first": "completed", "second": "completed"}
    assert int(repo.read("second.start")) >= int(repo.read("first.end")) > int(repo.read("first.start"))


# Whose exit code it is (R22)


@pytest.mark.parametrize("command", ["exit 7", 'rm -r "$XDG_STATE_HOME"'])
@pytest.mark.parametrize("ci", ["", "1"])
def test_r22_a_background_failure_never_fails_a_fired_hook(repo: Repo, command: str, ci: str) -> None:
    for hook in ("pre-commit", "post-checkout"):
        repo.hook(hook, check="true", warm={"run": command, "background": True})
    repo.install()
    repo.env["CI"] = ci
    assert repo.call("git", "checkout", "-q", "-b", "topic").returncode == 0  # git's exit code is that of its hook
    # Else its background job may remove the records of the commit, whose gate has to fail then.
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of the first run")
    assert repo.call("git", "commit", "-q", "--allow-empty", "-m", "work").returncode == 0
    if command == "exit 7":
        for hook in ("pre-commit", "post-checkout"):
            assert repo.finished(hook).record.exit_code == 1


def test_r22_run_and_doit_answer_1_for_a_background_failure_that_they_waited_for(repo: Repo) -> None:
    repo.hook("post-checkout", background=True, warm="exit 7")
    assert repo.run("run", "post-checkout", "--phase", "foreground").returncode == 1
    assert repo.doit("-f", "hooks.dodo", "run", "bg", env={"DODO_HOOKS_PHASE": "foreground"}).returncode == 1
