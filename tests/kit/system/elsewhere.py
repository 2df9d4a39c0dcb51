"""A folder on another file system than the test's own."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.repo import Repo

PLACES = ("/dev/shm", "/var/tmp")  # in memory and on a disk: the tests' own folders are on either


@contextlib.contextmanager
def elsewhere(path: Path) -> Iterator[str]:
    """Make a folder on another file system than `path`; skip the test where there is none."""
    device = path.stat().st_dev
    for place in map(Path, PLACES):
        if place.is_dir() and place.stat().st_dev != device:
            with tempfile.TemporaryDirectory(dir=place) as folder:
                yield folder
            return
    pytest.skip("there is no other file system")


@contextlib.contextmanager
def git_elsewhere(repo: Repo) -> Iterator[None]:
    """Have the git directory on another file system."""
    with elsewhere(repo.path) as place:
        shutil.move(repo.path / ".git", f"{place}/git")
        repo.write(".git", f"gitdir: {place}/git\n")
        yield
