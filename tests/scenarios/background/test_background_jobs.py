"""The environment, nesting and priority of a background job (R11, R12, R13)."""

import os
import re
import shutil
import sys

import pytest

from kit.detached import commit
from kit.gate import Gate
from kit.process import wait_until
from kit.repo import Repo


def variables_in(text: str) -> dict[str, str]:
    """Return the variables that `env` has printed."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


# Environment (R11)
OF_A_COMMAND = {"GIT_EDITOR", "GIT_EXEC_PATH", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE"}


def test_r11_a_background_job_has_none_of_gits_variables(repo: Repo) -> None:
    repo.hook("pre-commit", check="env >check.env", warm={"run": "env >warm.env", "background": True})
    commit(repo, "-c", "core.abbrev=9", env={"GIT_SSH_COMMAND": "ssh -v"})
    repo.finished("pre-commit")
    check, warm = variables_in(repo.read("check.env")), variables_in(repo.read("warm.env"))
    local = {*repo.git("rev-parse", "--local-env-vars").stdout.split(), *OF_A_COMMAND}
    assert {"GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS", "GIT_EDITOR"} <= local & set(check)  # else this proves nothing
    assert not local & set(warm)
    assert {name for name in warm if name.startswith("GIT_")} == {
        "GIT_OPTIONAL_LOCKS",
        "GIT_SSH_COMMAND",  # this one is the person's, and so are those of the tests
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
    }
    assert warm["GIT_OPTIONAL_LOCKS"] == "0" and "GIT_OPTIONAL_LOCKS" not in check
    assert (warm["DODO_HOOK"], warm["DODO_JOB"], warm["DODO_BRANCH"]) == ("pre-commit", "warm", "main")
    assert warm["DODO_WORKTREE"] == str(repo.path)


@pytest.mark.parametrize("place", ["main", "linked"])
def test_r11_a_background_job_uses_git_while_a_commit_is_being_made(repo: Repo, gate: Gate, place: str) -> None:
    other = Repo.create(repo.path.parent / "other", repo.env)
    other.write("new", "content")
    tree = repo if place == "main" else repo.worktree(place)
    tree.write("mine", "content")
    tree.hook(
        "pre-commit",
        background=True,
        look="git status --porcelain >look && git -C ../other add new && git -C ../other commit -q -m new",
    )
    tree.hook("commit-msg", hold=gate.command)
    tree.git("add", "mine")
    git = tree.start("git", "commit", "-m", "mine")
    gate.wait()  # git is in the middle of it
    assert tree.finished("pre-commit").statuses() == {"look": "completed"}
    gate.open()
    git.communicate()
    assert git.returncode == 0
    assert "A  mine" in tree.read("look")
    assert other.git("show", "--format=%s", "--name-only").stdout.split() == ["new", "new"]
    assert tree.git("show", "--format=%s", "--name-only").stdout.split() == ["mine", "mine"]


# Nesting (R12)


def test_r12_a_hook_inside_a_job_keeps_its_background_jobs_back(repo: Repo) -> None:
    repo.hook(
        "post-commit", note="echo x >>noted", again={"run": "git commit -q --allow-empty -m again", "background": True}
    )
    commit(repo)
    repo.finished("post-commit", n=2)
    outer, inner = repo.invocations("post-commit")
    wait_until(outer.has_ended)
    assert outer.statuses() == {"note": "completed", "again": "completed"}
    assert inner.statuses() == {"note": "completed", "again": "skipped"}
    assert (inner.job("again").cause, inner.record.within) == ("nested", outer.id)
    assert repo.read("noted") == "x\nx\n"


def test_r12_a_job_that_runs_its_own_hook_or_an_empty_one_is_reported_once(repo: Repo) -> None:
    program = repo.write("bin/dodo-hooks", f'#!/bin/sh\nexec {sys.executable} -m dodo_hooks "$@"\n')
    program.chmod(0o755)
    runs = "bin/dodo-hooks run post-commit --job late; bin/dodo-hooks run post-merge"
    repo.hook("post-commit", late={"run": "true", "background": True}, runs=runs)
    said = repo.run("install").stderr
    assert "fires post-commit inside of a job" in said and "no jobs for post-merge" in said
    shown = commit(repo).stderr.splitlines()
    assert shown[0] == "post-commit" and re.fullmatch("✔ runs +[0-9.]+s", shown[1])
    assert shown[2:] == ["dodo-hooks: post-commit: 1 job running in the background (`dodo-hooks jobs`)"]
    repo.finished("post-commit", n=2)
    assert [one.statuses()["late"] for one in repo.invocations("post-commit")].count("skipped") == 1
    assert "hooks.dodo has no jobs for post-merge" in repo.run("run", "post-merge").stdout


def test_r12_a_hook_of_gits_that_runs_an_empty_one_is_reported_once(repo: Repo) -> None:
    """As one of husky's, which fires at each commit, and runs whatever the hook file has for it."""
    repo.git("config", "core.hooksPath", ".githooks")
    text = f"#!/bin/sh\nexec {sys.executable} -m dodo_hooks run post-commit\n"
    repo.write(".githooks/post-commit", text).chmod(0o755)
    repo.file("hooks: {pre-push: {jobs: [{run: make}]}}\n")
    sentence = "hooks.dodo has no jobs for post-commit: nothing to run\n"
    assert [commit(repo).stderr for _ in range(3)] == [f"dodo-hooks: {sentence}", "", ""]
    assert [repo.run("run", "post-commit").stdout for _ in range(2)] == [sentence] * 2
    repo.file("hooks: {pre-push: {jobs: [{run: make test}]}}\n")
    assert [commit(repo).stderr for _ in range(2)] == [f"dodo-hooks: {sentence}", ""]


def test_r12_four_levels_are_a_loop(repo: Repo) -> None:
    repo.hook("pre-commit", deeper="git commit --allow-empty -m deeper")
    done = commit(repo, check=False)
    assert done.returncode == 1
    assert "hooks are nested 4 levels deep" in done.stderr
    invocations = repo.invocations("pre-commit")
    assert [one.statuses() for one in invocations] == [{"deeper": "failed"}] * 4
    assert [one.record.within for one in invocations] == [None, *(one.id for one in invocations[:-1])]


def test_r12_a_hook_that_fires_itself_stops_at_twenty(repo: Repo) -> None:
    repo.hook("pre-commit", deeper="exec env -u DODO_INVOCATION .git/hooks/pre-commit")
    repo.install()
    done = repo.call(".git/hooks/pre-commit")
    assert done.returncode == 1
    assert "too many runs of pre-commit in this repository (20)" in done.stdout
    invocations = repo.invocations("pre-commit")
    assert [one.statuses() for one in invocations] == [{"deeper": "failed"}] * 20
    assert [one.record.within for one in invocations] == [None] * 20


# Priority (R13)


def test_r13_only_background_jobs_step_back(repo: Repo, gate: Gate) -> None:
    idle = shutil.which("ionice")
    look = "nice; " + ("ionice" if idle else "echo idle")
    repo.hook(
        "post-commit",
        check="nice",
        check_nice={"run": "nice", "nice": 3},
        warm={"run": f"{look}; {gate.command}", "background": True},
        warm_nice={"run": "nice", "background": True, "nice": 5},
    )
    commit(repo)
    gate.wait()
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    invocation = repo.begun("post-commit")
    assert os.getpriority(os.PRIO_PROCESS, invocation.record.coordinator) == ours
    gate.open()
    repo.finished("post-commit")
    assert {job.name: invocation.log(job.name).split() for job in invocation.jobs()} == {
        "check": [b"%d" % ours],
        "check_nice": [b"%d" % min(ours + 3, 19)],
        "warm": [b"%d" % min(ours + 10, 19), b"idle"],
        "warm_nice": [b"%d" % min(ours + 5, 19)],
    }
