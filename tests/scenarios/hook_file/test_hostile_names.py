"""Any name that git allows reaches the jobs of every event as it is, and no shell reads it (C6, G4)."""

from pathlib import Path

import pytest

from kit.invocation import Invocation
from kit.ran import use
from kit.repo import Repo
from kit.system.job_arguments import GIVEN, HOSTILE, HOSTILE_BRANCH, argument_printer, given_arguments, stage


@pytest.fixture
def named(repo: Repo) -> Repo:
    """On `main`, with the hostile files in one commit on the hostile branch."""
    repo.git("checkout", "-q", "-b", HOSTILE_BRANCH)
    stage(repo, *HOSTILE)
    repo.git("commit", "-q", "-m", "names")
    repo.git("checkout", "-q", "main")
    return repo


def expect_all(repo: Repo, invocation: Invocation, *jobs: str) -> None:
    for job in jobs:
        assert [sorted(names) for names in given_arguments(invocation, job)] == [GIVEN], job
    assert not list(repo.path.rglob("PWNED"))


def hook(repo: Repo, name: str, *lists: str, files: str = "") -> None:
    """Return a hook with a job for each list, bare and in quotes, and one for the output of the command `files`."""
    command = argument_printer(repo, ".git/tell")
    jobs = [f"{{name: {one}, glob: '*.txt', run: '{command} {{{one}}}'}}" for one in lists]
    jobs += [f"{{name: {one}-quoted, glob: '*.txt', run: '{command} \"{{{one}}}\" | cat'}}" for one in lists]
    jobs += [f"{{name: files, glob: '*.txt', files: {files}, run: '{command} {{files}}'}}"] if files else []
    jobs += ["{name: branch, run: 'printf %s {branch} >.git/branch'}"]
    use(repo, f"hooks:\n  {name}:\n    jobs:\n" + "".join(f"      - {job}\n" for job in jobs))


def test_c6_g4_a_push_of_hostile_names(named: Repo, tmp_path: Path) -> None:
    remote = str(tmp_path / "remote.git")
    named.call("git", "init", "-q", "--bare", remote, check=True)
    named.git("push", "-q", remote, "main")
    named.git("checkout", "-q", HOSTILE_BRANCH)
    hook(named, "pre-push", "push_files", "all_files", files="git ls-files -z")
    named.git("push", "-q", remote, f"HEAD:refs/heads/{HOSTILE_BRANCH}")
    expect_all(named, named.finished("pre-push"), "push_files", "push_files-quoted", "all_files", "files")
    assert named.read(".git/branch") == HOSTILE_BRANCH


def test_c6_g4_a_checkout_of_hostile_names(named: Repo) -> None:
    hook(named, "post-checkout", "changed_files", "all_files", files="git ls-files")
    named.git("checkout", "-q", HOSTILE_BRANCH)
    lists = ("changed_files", "changed_files-quoted", "all_files-quoted", "files")
    expect_all(named, named.finished("post-checkout"), *lists)
    assert named.read(".git/branch") == HOSTILE_BRANCH


def test_c6_g4_a_merge_of_hostile_names(named: Repo) -> None:
    named.git("commit", "-q", "--allow-empty", "-m", "no fast-forward")
    hook(named, "post-merge", "changed_files")
    named.git("merge", "-q", "-m", "merged", HOSTILE_BRANCH)
    expect_all(named, named.finished("post-merge"), "changed_files", "changed_files-quoted")


def test_c6_a_lefthook_file_is_as_safe(named: Repo, tmp_path: Path) -> None:
    remote = str(tmp_path / "remote.git")
    named.call("git", "init", "-q", "--bare", remote, check=True)
    named.git("push", "-q", remote, "main")
    named.git("checkout", "-q", HOSTILE_BRANCH)
    command = argument_printer(named, ".git/tell")
    jobs = f"{{files: {{glob: '*.txt', run: '{command} {{push_files}}'}}, remote: {{run: '{command} {{1}} {{0}}'}}}}"
    use(named, f"pre-push:\n  commands: {jobs}\n", "lefthook.yml")
    named.git("push", "-q", remote, f"HEAD:refs/heads/{HOSTILE_BRANCH}")
    expect_all(named, named.finished("pre-push"), "files")
    assert given_arguments(named.finished("pre-push"), "remote") == [[remote, remote, remote]]
