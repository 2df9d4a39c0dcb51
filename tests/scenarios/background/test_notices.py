"""The warnings and notes of a hook file: when they are printed, and where (C2)."""

import json

import pytest

from kit.repo import Repo

FILE = "no_such: 1\npost-commit: {jobs: [{run: 'true'}]}\npre-push: {jobs: [{run: 'true'}]}\n"
NOTICE = 'dodo-hooks: lefthook.yml:1:1: "no_such" is ignored: unknown key of lefthook\n'


def count_notices(repo: Repo, *command: str) -> int:
    """Return how often a command prints the notice."""
    done = repo.call(*command) if command[0] == "git" else repo.run(*command)
    return (done.stdout + done.stderr).count(NOTICE)


def commit(repo: Repo) -> int:
    return count_notices(repo, "git", "commit", "-q", "--allow-empty", "-m", "work")


@pytest.fixture
def lefthook(repo: Repo) -> Repo:
    repo.file(FILE, "lefthook.yml")
    return repo


def test_a_notice_is_reported_once_for_each_content_of_the_file(lefthook: Repo) -> None:
    assert count_notices(lefthook, "install") == 1
    assert commit(lefthook) == 0
    lefthook.file(FILE, "lefthook.yml")  # compiled anew, and the same
    assert [commit(lefthook), count_notices(lefthook, "list"), count_notices(lefthook, "run", "post-commit")] == [
        0,
        0,
        0,
    ]
    lefthook.file(FILE + "# another\n", "lefthook.yml")
    assert [count_notices(lefthook, "status"), commit(lefthook), commit(lefthook)] == [0, 1, 0]
    lefthook.file(FILE, "lefthook.yml")
    assert commit(lefthook) == 0
    linked = lefthook.worktree("linked")
    linked.file(FILE, "lefthook.yml")
    assert commit(linked) == 0


def test_validate_and_doctor_say_it_each_time(lefthook: Repo) -> None:
    lefthook.run("install")
    assert [count_notices(lefthook, "validate"), count_notices(lefthook, "validate")] == [1, 1]
    assert "no_such" in lefthook.run("doctor").stdout


def test_what_a_remote_brings_is_reported_as_not_checked(repo: Repo) -> None:
    repo.file("remotes: [{git_url: https://example.invalid/x}]\npre-commit: {jobs: [{run: 'true'}]}\n", "lefthook.yml")
    for command in ("install", "install", "status", "doctor"):
        done = repo.run(command)
        assert (done.stdout + done.stderr).count('lefthook.yml:1:1: "remotes" is not checked here') == 1, command


def test_a_job_that_is_sure_to_fail_is_warned_of_like_what_is_not_checked(repo: Repo) -> None:
    run = 'pwsh -Command "x {staged_files}"'
    repo.file(f"no_such: 1\npre-commit: {{jobs: [{{name: lint, run: '{run}'}}]}}\n", "lefthook.yml")
    assert count_notices(repo, "install") == 1
    for command in ("install", "status"):
        done = repo.run(command)
        said = [line for line in (done.stdout + done.stderr).splitlines() if "lefthook.yml:" in line]
        warnings = [line for line in said if 'job "lint": the job fails without being run: ' in line]
        assert len(warnings) == 1 and "no_such" not in done.stderr, command
    found = [(one["severity"], one["subject"]) for one in json.loads(repo.run("doctor", "--format", "json").stdout)]
    assert {("note", ""), ("warning", 'job "lint"')} == set(found)
