"""The commands and variables of people who come from lefthook, in a repository with a lefthook file."""

import pytest

from kit.ran import commit, ran
from kit.repo import Repo

FILE = """\
pre-commit:
  jobs:
    - {name: a, run: echo a >>.git/ran}
    - {name: b, tags: [slow], run: echo b >>.git/ran}
    - name: g
      tags: [grouped]
      group:
        jobs:
          - {name: c, run: echo c >>.git/ran}
"""


@pytest.fixture
def lefthook(repo: Repo) -> Repo:
    repo.file(FILE, "lefthook.yml")
    repo.install()
    return repo


@pytest.mark.parametrize("value", ["0", "false"])
def test_lefthook_0_runs_nothing(lefthook: Repo, value: str) -> None:
    lefthook.env["LEFTHOOK"] = value
    commit(lefthook)
    done = lefthook.run("run", "pre-commit")
    assert (done.returncode, done.stdout) == (0, "nothing run: LEFTHOOK is 0, and a lefthook file is in use\n")
    assert ran(lefthook) == []
    lefthook.file("pre-commit: [", "lefthook.yml")  # as with lefthook, not even read
    commit(lefthook)


@pytest.mark.parametrize("value", ["1", "", "no"])
def test_another_value_runs_all(lefthook: Repo, value: str) -> None:
    lefthook.env["LEFTHOOK"] = value
    commit(lefthook)
    assert ran(lefthook) == ["a", "b", "c"]


def test_lefthook_exclude_names_jobs_and_tags(lefthook: Repo) -> None:
    lefthook.env["LEFTHOOK_EXCLUDE"] = "a,slow"
    commit(lefthook)
    assert ran(lefthook) == ["c"]
    assert "\u2013 a  left out by LEFTHOOK_EXCLUDE=a" in lefthook.run("run", "pre-commit", "-v").stdout
    lefthook.env["LEFTHOOK_EXCLUDE"] = "grouped"
    commit(lefthook)
    assert ran(lefthook) == ["c", "a", "b"]


def test_with_our_own_file_they_mean_nothing(repo: Repo) -> None:
    repo.hook("pre-commit", a="echo a >>.git/ran")
    repo.env |= {"LEFTHOOK": "0", "LEFTHOOK_EXCLUDE": "a"}
    repo.git("commit", "-q", "--allow-empty", "-m", "work")
    assert ran(repo) == ["a"]


@pytest.mark.parametrize(
    ("name", "content"), [("lefthook.yml", ""), ("lefthook.yml", FILE), ("hooks.dodo", "tasks: {}")]
)
def test_a_hook_that_the_file_does_not_have_is_no_error(repo: Repo, name: str, content: str) -> None:
    repo.file(content, name)
    done = repo.run("run", "pre-push")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{name} has no jobs for pre-push: nothing to run\n"
    done = repo.run("run", "pre-psuh")
    assert done.returncode == 3 and "pre-psuh" in done.stderr
