"""A push that waits for itself, or for what waits for it, says so at once (V4)."""

from pathlib import Path

from kit.gate import Gate
from kit.process import is_alive, wait_until
from kit.repo import Repo
from kit.results.pushing import commit, push, require


def test_v5_a_run_that_gets_no_snapshot_gives_its_key_back(pushing: Repo) -> None:
    require(pushing, test="true")
    commit(pushing, is_seen=False)
    pushing.write(".git/dodo-hooks/snapshots", "not a folder\n")
    done = push(pushing)
    assert done.returncode == 1
    assert "cannot use the snapshots in" in done.stdout
    assert "has no verdict" in done.stderr


def test_v4_a_push_in_a_hook_inside_of_the_job_that_it_would_wait_for_is_an_error(pushing: Repo) -> None:
    require(pushing, test=f"cd {pushing.path} && git hook run post-merge -- 0")
    pushing.hook("post-merge", push="git push -q origin main")
    commit(pushing)
    assert pushing.finished("post-commit").statuses() == {"test": "failed"}
    assert b"it runs inside test, whose verdict it needs" in pushing.finished("post-merge").log("push")


def test_v5_a_hook_inside_of_a_job_does_not_wait_for_that_job(pushing: Repo) -> None:
    job = {"run": f'cd {pushing.path} && test -n "$INNER" || INNER=x git hook run pre-commit', "workspace": "snapshot"}
    pushing.hook("pre-commit", test=job)
    pushing.write("file", "text\n")
    pushing.git("add", "file")
    done = pushing.git("commit", "-q", "-m", "file", check=False)
    assert done.returncode == 1
    assert "is running it, and fired this hook" in done.stdout + done.stderr


def test_s5_hooks_inside_of_jobs_get_snapshots_of_their_own(pushing: Repo) -> None:
    level = 'test "$LEVEL" = 2 || LEVEL=$((LEVEL + 1)) git hook run pre-commit'
    job = {"run": f"cd {pushing.path} && {level}", "env_inputs": ["LEVEL"], "workspace": "snapshot"}
    pushing.hook("pre-commit", test=job)
    pushing.settings(jobs=1)
    commit(pushing)
    assert [one.statuses() for one in pushing.invocations()] == [{"test": "completed"}] * 3


def test_v4_what_a_push_runs_ends_with_git(pushing: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(pushing, test=gate.command)
    commit(pushing, is_seen=False)
    git = pushing.start("git", "push", "-q", "origin", "main")
    job = gate.wait()
    git.kill()
    git.wait()
    wait_until(lambda: not is_alive(job))
