"""Words for tests of jobs that write while a commit is made."""

from collections.abc import Callable

import pytest

from kit.commits.unstaged import STAGED, TEXT, unstaged_text
from kit.gate import Gate
from kit.repo import Repo

COMMIT = ("git", "commit", "-qm", "work")
A_MOMENT_S = 0.3  # in which whoever must not come to a gate would have come
MakeGate = Callable[[str], Gate]


def expect_nobody_at(gate: Gate) -> None:
    with pytest.raises(AssertionError, match="no job came"):
        gate.wait(deadline_s=A_MOMENT_S)


def make_partial(repo: Repo, *names: str) -> None:
    """Make committed files that have a staged change and an unstaged one."""
    for name in names:
        repo.write(name, TEXT)
    repo.git("add", *names)
    repo.git("commit", "-qm", "files", "--no-verify")
    for name in names:
        repo.write(name, STAGED)
    repo.git("add", *names)
    for name in names:
        repo.write(name, unstaged_text())


def head(repo: Repo, name: str) -> str:
    return repo.call("git", "show", f"HEAD:{name}", check=True).stdout
