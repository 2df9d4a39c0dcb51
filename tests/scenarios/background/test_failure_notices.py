"""A background job that failed is reported once, at the next command in that repository."""

import shlex

import pytest

from kit.gate import Gate
from kit.process import kill
from kit.repo import Repo


def print_notices(text: str) -> list[str]:
    return [line for line in text.splitlines() if "in the background" in line and "continues" not in line]


@pytest.fixture
def failed(repo: Repo) -> Repo:
    """Return a repository in which a background job has failed, and another was skipped because of it."""
    repo.hook("post-commit", background=True, deps="exit 7", build={"run": "true", "needs": ["deps"]})
    repo.hook("pre-commit", quick="true")
    repo.git("commit", "--allow-empty", "-m", "work")
    repo.finished("post-commit")
    return repo


def test_the_next_hook_reports_it_once(failed: Repo) -> None:
    identity = failed.finished("post-commit").id
    line = (
        "dodo-hooks: post-commit: deps failed (exit code 7) in the background, 1 skipped: "
        f"dodo-hooks jobs logs deps@{identity}"
    )
    assert print_notices(failed.git("hook", "run", "pre-commit").stderr) == [line]
    assert print_notices(failed.git("hook", "run", "pre-commit").stderr) == []
    assert print_notices(failed.run("jobs").stderr) == []


def test_a_hook_that_has_nothing_to_do_reports_it_too(failed: Repo) -> None:
    failed.file("hooks: {}\n")
    assert len(print_notices(failed.call(".git/hooks/pre-commit").stderr)) == 1


@pytest.mark.parametrize("argv", [["jobs"], ["list"], ["validate"], ["run", "pre-commit"], ["jobs", "logs", "deps"]])
def test_the_next_command_of_ours_reports_it(failed: Repo, argv: list[str]) -> None:
    done = failed.run(*argv)
    assert len(print_notices(done.stderr)) == 1 and print_notices(done.stdout) == []
    assert print_notices(failed.run(*argv).stderr) == []


def test_the_command_that_is_named_shows_it(failed: Repo) -> None:
    (line,) = print_notices(failed.run("jobs").stderr)
    program, *argv = shlex.split(line.rpartition(": ")[2])
    assert program == "dodo-hooks"
    assert "deps printed nothing (failed, exit code 7)" in failed.run(*argv, check=True).stderr


def test_no_job_hears_it(failed: Repo) -> None:
    """A job's output goes into a log."""
    failed.call(".git/hooks/pre-commit", env={"DODO_INVOCATION": "x"})
    failed.run("jobs", env={"DODO_INVOCATION": "x"})
    failed.call(".git/hooks/pre-commit", env={"DODO_HOOKS": "0"})
    assert len(print_notices(failed.run("jobs").stderr)) == 1


def test_another_repository_does_not_hear_it(failed: Repo) -> None:
    elsewhere = Repo.create(failed.path.parent / "elsewhere", failed.env)
    assert print_notices(elsewhere.run("jobs").stderr) == []
    assert len(print_notices(failed.worktree("topic").run("jobs").stderr + failed.run("jobs").stderr)) == 1


def test_what_succeeded_or_was_ended_on_purpose_is_not_reported(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, a="true", b=gate.command)
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    assert repo.run("jobs", "cancel", "b").returncode == 0
    assert repo.finished("post-commit").statuses() == {"a": "completed", "b": "cancelled"}
    assert print_notices(repo.run("jobs").stderr) == []


def test_a_foreground_failure_is_not_reported(repo: Repo) -> None:
    repo.hook("post-commit", a="exit 7")
    repo.git("commit", "--allow-empty", "-m", "work")
    assert print_notices(repo.run("jobs").stderr) == []


def test_r18_a_crash_of_the_coordinator_is_reported_once(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, a=gate.command)
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("a", "running")
    kill(invocation.record.coordinator)
    reported: list[str] = []
    while not invocation.has_ended():  # it is ended by the first command that finds nothing of it alive
        reported += print_notices(repo.run("list").stderr)
    reported += print_notices(repo.run("list").stderr)
    assert len(reported) == 1 and "post-commit: a crashed" in reported[0]


def test_of_many_the_newest_are_reported_and_the_others_counted(repo: Repo) -> None:
    repo.hook("post-commit", background=True, a="exit 7")
    for number in range(1, 6):
        repo.git("commit", "--allow-empty", "-m", "work", env={"DODO_INVOCATION": "no job hears it"})
        repo.finished("post-commit", number)
    lines = print_notices(repo.run("jobs").stderr)
    assert len(lines) == 3 and repo.invocations()[-1].id in lines[-1]


def test_a_store_that_cannot_be_changed_reports_nothing_for_ever(failed: Repo) -> None:
    (directory,) = failed.state.glob("dodo-hooks/jobs/*/failed")
    (marker,) = directory.iterdir()
    marker.unlink()
    marker.mkdir()  # cannot be read, nor unlinked, by root either
    assert (failed.run("jobs").returncode, print_notices(failed.run("jobs").stderr)) == (0, [])
