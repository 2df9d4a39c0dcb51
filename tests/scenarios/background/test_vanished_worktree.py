"""A working tree that is removed while its background jobs run (G2)."""

import json
import shutil
from collections.abc import Callable

import pytest

from kit.gate import Gate
from kit.process import group_alive, wait_until
from kit.repo import Repo


@pytest.mark.parametrize("how", ["git", "manually"])
def test_g2_a_worktree_that_vanishes_ends_its_jobs_and_keeps_its_records(
    repo: Repo, make_gate: Callable[[str], Gate], how: str
) -> None:
    there, here = make_gate("there"), make_gate("here")
    repo.settings(grace_period="100ms")
    repo.hook(
        "post-commit",
        background=True,
        held=f"if test -d .git; then {here.command}; else trap '' TERM; {there.command}; fi",
        build={"run": "true", "needs": ["held"]},
    )
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    here.wait()
    linked = repo.worktree("linked")
    linked.git("commit", "-q", "--allow-empty", "-m", "work")
    there.wait()
    in_main, in_linked = repo.invocations("post-commit")
    job = in_linked.wait_for_status("held", "running")
    if how == "git":
        repo.git("worktree", "remove", "--force", str(linked.path))
    else:
        shutil.rmtree(linked.path)
    repo.finished("post-commit", n=2)
    held, build = in_linked.job("held"), in_linked.job("build")
    assert (held.status, held.cause, build.status, build.cause) == (
        "cancelled",
        "worktree-gone",
        "skipped",
        "worktree-gone",
    )
    assert str(linked.path) in held.reason and not group_alive(job.pid)
    assert in_main.job("held").status == "running"  # nothing of the other tree is touched
    shown = json.loads(repo.run("jobs", "--worktree", "linked", "--format", "json", check=True).stdout)
    assert [one["id"] for one in shown] == [in_linked.id]
    here.open()
    assert repo.finished("post-commit", n=2) and in_main.wait_for_status("build", "completed")


def test_g2_a_working_tree_without_a_git_file_is_not_taken_for_removed(repo: Repo, gate: Gate) -> None:
    """Its jobs live longer than the time after which a coordinator looks."""
    (repo.path / ".git").rename(repo.path.parent / "elsewhere.git")
    env = {"GIT_DIR": str(repo.path.parent / "elsewhere.git"), "GIT_WORK_TREE": str(repo.path)}
    repo.hook(
        "post-commit", background=True, held=f"{gate.command}; sleep 2.2", build={"run": "true", "needs": ["held"]}
    )
    repo.run("run", "post-commit", check=True, env=env)
    gate.wait()
    gate.open()
    assert repo.finished("post-commit").statuses() == {"held": "completed", "build": "completed"}


def test_g2_a_worktree_that_is_removed_at_once_is_no_failure(repo: Repo) -> None:
    repo.hook("worktree-post-create", background=True, deps="true", build={"run": "true", "needs": ["deps"]})
    repo.hook("post-checkout", background=True, warm="test -e .git")
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    repo.install()
    for n in range(3):
        path = str(repo.path.parent / f"linked{n}")
        repo.git("worktree", "add", "-q", "-b", f"b{n}", path)
        repo.git("worktree", "remove", "--force", path)
    for hook in ("worktree-post-create", "post-checkout"):
        repo.finished(hook, n=3)
        wait_until(lambda hook=hook: all(one.has_ended() for one in repo.invocations(hook)))  # type: ignore[misc]
    jobs = [job for one in repo.invocations() for job in one.jobs() if job.status != "completed"]
    assert {(job.status, job.cause) for job in jobs} <= {
        ("cancelled", "worktree-gone"),
        ("skipped", "worktree-gone"),
        ("skipped", "need"),
    }
    assert all("was removed" in job.reason for job in jobs if job.cause == "worktree-gone")
    assert not list(repo.state.glob("dodo-hooks/jobs/*/failed/*"))


def test_g2_a_job_that_fails_because_its_worktree_is_removed_is_cancelled(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, held=f"{gate.command}; ls hooks.dodo")
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks", env={"DODO_HOOKS": "0"})
    linked = repo.worktree("linked")
    linked.git("commit", "-q", "--allow-empty", "-m", "work")
    gate.wait()
    shutil.rmtree(linked.path)
    gate.open()
    job = repo.finished("post-commit").job("held")
    assert (job.status, job.cause) == ("cancelled", "worktree-gone")
    assert not list(repo.state.glob("dodo-hooks/jobs/*/failed/*"))


# What else happens to it while jobs run


def moved(repo: Repo, gate: Gate, *argv: str) -> str | None:
    """Return the record of a background job during which this git command has run."""
    n = len(repo.invocations("post-merge"))
    repo.call(".git/hooks/post-merge", "0", check=True)
    gate.wait()
    invocation = repo.begun("post-merge", n + 1)
    repo.call("git", *argv, check=True)
    gate.let_one_go()
    job = repo.finished("post-merge", n + 1).job("held")
    assert job.status == "completed" and invocation.id == repo.invocations("post-merge")[-1].id
    said: str | None = job.changed_meanwhile
    table = repo.run("jobs", "--last", "1", check=True, env={"COLUMNS": "300"}).stdout
    assert (said or "while it ran") in table or not said
    assert not (invocation.path / "index").exists()
    return said


def test_g2_a_record_says_whether_head_or_index_changed_under_the_job(repo: Repo, gate: Gate) -> None:
    repo.hook("post-merge", background=True, held=gate.command)
    repo.write("f", "1\n")
    repo.git("add", "f")
    repo.git("commit", "-q", "-m", "f")
    one = repo.git("rev-parse", "HEAD").stdout[:7]
    assert moved(repo, gate, "status") is None
    (repo.path / "f").touch()
    assert moved(repo, gate, "update-index", "--refresh") is None  # it writes the index, and no entry of it changes
    repo.write("f", "2\n")
    assert moved(repo, gate, "add", "f") == "the index changed while it ran"
    said = moved(repo, gate, "commit", "-qm", "two")
    two = repo.git("rev-parse", "HEAD").stdout[:7]
    assert said == f"HEAD moved from {one} to {two} while it ran"
    assert moved(repo, gate, "checkout", "-qb", "same") is None
    assert moved(repo, gate, "reset", "-q", "--hard", "HEAD^") == (
        f"HEAD moved from {two} to {one} and the index changed while it ran"
    )
