"""The number of git processes of a commit (G5, G6)."""

import shutil

from kit.commits.committing import commit_files, with_bad
from kit.commits.fixing import fix_job
from kit.repo import Repo


def git_calls(repo: Repo, *argv: str) -> list[str]:
    """Return the git commands that we start during a git command."""
    bin_dir, calls = repo.path.parent / "bin", repo.path.parent / "calls"
    bin_dir.mkdir(exist_ok=True)
    wrapper = bin_dir / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >>{calls}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    calls.write_text("")
    # git puts this directory in front of the PATH that its hooks have.
    repo.call("git", *argv, env={"GIT_EXEC_PATH": str(bin_dir)}, check=True)
    return [_command(line.split()) for line in calls.read_text().splitlines()]


def _command(words: list[str]) -> str:
    while words[0] in ("-C", "-c"):  # options of git itself
        words = words[2:]
    return words[0]


def stage_many(repo: Repo, count: int, *, is_partial: bool) -> None:
    for n in range(count):
        repo.write(f"many/{n}", with_bad(str(n)))
    repo.git("add", "many")
    for n in range(count if is_partial else 0):
        repo.write(f"many/{n}", with_bad(str(n), bottom="unstaged\n"))


def test_g5_a_commit_without_unstaged_work_asks_git_once(repo: Repo) -> None:
    commit_files(repo)
    repo.hook("pre-commit", look={"run": ": {staged_files}", "glob": "many/*"}, branch=": {branch}")
    repo.install()
    stage_many(repo, 20, is_partial=False)
    repo.git("commit", "-qm", "to warm up")
    repo.write("many/1", "changed\n")
    repo.git("add", "many")
    assert git_calls(repo, "commit", "-qm", "work") == ["status"]
    assert git_calls(repo, "commit", "--allow-empty", "-qm", "nothing") == ["status"]


def calls_of_commits(repo: Repo) -> list[list[str]]:
    """Return the git commands of two commits, with one and with many partially staged files that a job fixes."""
    repo.git("commit", "--allow-empty", "-qm", "to warm up")
    counts = []
    for count in (1, 60):
        stage_many(repo, count, is_partial=True)
        counts.append(git_calls(repo, "commit", "-qm", "work"))
        assert repo.read("many/0") == with_bad("0", "good", "unstaged\n")
        shutil.rmtree(repo.path / "many")
        repo.git("rm", "-rq", "--cached", "many")
        repo.git("commit", "-qm", "again", "--no-verify")
    return counts


def test_g5_g6_the_number_of_git_processes_does_not_grow_with_the_files(fixing: Repo) -> None:
    in_all = ["status", "checkout-index", "status", "update-index", "ls-files"]
    # The last one is for the files that a job and their owner have both changed: all of them.
    assert calls_of_commits(fixing) == [[*in_all, "diff"], [*in_all, "diff"]]
    assert fixing.git("show", "HEAD~:many/0").stdout == with_bad("0", "good")


def test_g5_nor_with_the_files_that_a_job_changes_without_staging_them(repo: Repo) -> None:
    commit_files(repo)
    job = {**fix_job(repo.path.parent), "stage_fixed": False}
    repo.hook("pre-commit", fix=job)
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-qm", "hooks", "--no-verify")
    in_all = ["status", "checkout-index", "ls-files", "status", "diff"]
    assert calls_of_commits(repo) == [in_all, in_all]
