"""Fixtures that several tests of this folder use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dodo_hooks.core.plan import PUSHED
from kit.commits.file_probe import ODD_SETTINGS, Probe
from kit.here import compiled_once
from kit.repo import Repo


@pytest.fixture(autouse=True)
def _byte_code_is_made_once() -> Iterator[None]:
    """Many of these tests install, and making the byte code takes most of the time of that."""
    with compiled_once():
        yield


@pytest.fixture(params=["sha1", "sha256"])
def any_repo(request: pytest.FixtureRequest, tmp_path: Path, env: dict[str, str]) -> Repo:
    """Make a repository of either object format, on an unborn branch."""
    path = tmp_path / "any"
    path.mkdir()
    made = Repo(path, env)
    made.git("init", "-q", f"--object-format={request.param}")
    return made


@pytest.fixture
def odd_repo(repo: Repo) -> Repo:
    for name, value in ODD_SETTINGS.items():
        repo.git("config", name, value)
    repo.write(".git/info/exclude", "order\nmonitored\n")
    repo.write("order", "z*\n")
    return repo


@pytest.fixture
def origin(repo: Repo, tmp_path: Path) -> Path:
    """Make a bare remote of that name, without anything in it."""
    path = tmp_path / "origin.git"
    repo.git("init", "-q", "--bare", str(path))
    repo.git("remote", "add", "origin", str(path))
    return path


@pytest.fixture
def probe(repo: Repo, origin: Path) -> Probe:
    return Probe(repo, "pre-push", PUSHED)
