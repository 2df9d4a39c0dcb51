"""The hint that runs failed jobs again, where the files of the run cannot be had from git any more (R23)."""

import re
import shlex
import sys

import pytest

from kit.repo import Repo


def hint(said: str) -> list[str]:
    found = re.search(r"run again: dodo-hooks (.*)", said)
    assert found is not None, said
    return shlex.split(found[1])


@pytest.fixture
def linted(repo: Repo) -> Repo:
    repo.write("a.txt", "good\n")
    repo.write("b.txt", "good\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "files")
    lint = "echo {staged_files} >>.git/ran && ! grep -q bad {staged_files}"
    repo.hook("pre-commit", lint={"run": lint, "glob": "*.txt"})
    repo.install()
    return repo


@pytest.mark.parametrize("words", [("-a",), ("--", "a.txt")])
def test_r23_after_a_failed_commit_of_unstaged_files_a_retry_has_these_files(
    linted: Repo, words: "tuple[str, ...]"
) -> None:
    linted.write("a.txt", "bad\n")
    said = linted.git("commit", "-qm", "work", *words, check=False).stderr
    assert linted.git("diff", "--cached", "--name-only").stdout == ""
    again = linted.run(*hint(said))
    assert again.returncode == 1
    linted.write("a.txt", "better\n")
    assert linted.run(*hint(again.stderr)).returncode == 0
    assert linted.read(".git/ran") == "a.txt\n" * 3


def test_r23_a_list_that_came_from_a_pipe_is_in_the_retry(linted: Repo) -> None:
    linted.write("b.txt", "bad\n")
    said = linted.call(
        sys.executable, "-m", "dodo_hooks", "run", "pre-commit", "--files-from", "-", input="b.txt\n"
    ).stderr
    linted.write("b.txt", "good\n")
    assert linted.run(*hint(said)).returncode == 0
    assert linted.read(".git/ran") == "b.txt\n" * 2
