"""A working tree that is removed while its background jobs run (G2)."""

import json
import shutil
from collections.abc import Callable

import pytest

from kit.gate import Gate
from kit.process import group_alive
from kit.repo import Repo


@pytest.mark.parametrize("how", ["git", "by hand"])
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
