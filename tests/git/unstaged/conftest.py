"""Fixtures that several tests of this folder use."""

from collections.abc import Iterator

import pytest

from kit.commits.unstaged import STAGED, unstaged_text
from kit.repo import Repo
from kit.system.elsewhere import git_elsewhere


@pytest.fixture
def text(repo: Repo) -> Repo:
    """Make a repository with one file that has a staged and an unstaged change."""
    repo.write("text", STAGED)
    repo.git("add", "text")
    repo.write("text", unstaged_text())
    return repo


@pytest.fixture
def far(text: Repo) -> Iterator[Repo]:
    """Make the same repository with the git directory on another file system."""
    with git_elsewhere(text):
        yield text
