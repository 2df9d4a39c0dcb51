"""Fixtures that several tests of this folder use."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.commits.unstaged import STAGED, unstaged_text
from kit.repo import Repo


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
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == text.path.stat().st_dev:
        pytest.skip("there is no other file system")
    with tempfile.TemporaryDirectory(dir=shm) as place:
        shutil.move(text.path / ".git", f"{place}/git")
        text.write(".git", f"gitdir: {place}/git\n")
        yield text
