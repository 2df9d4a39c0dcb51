"""The removal of old results: by their number, or with their repository or working tree (K7)."""

import os
import shutil
import time
from pathlib import Path

import pytest

from dodo_hooks.results.prune_results import prune_results
from kit.repo import Repo
from kit.results.incremental import counting, runs

LONG_AGO = time.time() - 31 * 86_400


def run_in(path: Path, env: dict[str, str]) -> Repo:
    repo = Repo.create(path, env)
    repo.write("in", "1")
    repo.hook("post-merge", job={"run": counting("job"), "inputs": ["in"]})
    repo.run("run", "post-merge", check=True)
    return repo


def age(path: Path, at_s: float = LONG_AGO) -> None:
    """Let everything at and below a path have been used at that time last."""
    for one in (path, *path.rglob("*")):
        os.utime(one, (at_s, at_s))


@pytest.fixture
def root(repo: Repo) -> Path:
    return repo.state / "dodo-hooks/results"


def test_k7_the_results_of_a_vanished_repository_go_when_nobody_has_used_them_for_long(
    repo: Repo, root: Path, tmp_path: Path
) -> None:
    first, second = (run_in(tmp_path / name, repo.env) for name in ("first", "second"))
    theirs = {path.read_text(): path.parent for path in root.glob("*/repository")}
    gone, there = (theirs[str(one.path / ".git")] for one in (first, second))
    first.path.rename(tmp_path / "unmounted")
    prune_results(str(there))
    age(there)
    assert gone.exists(), "its disk may not be mounted"
    (tmp_path / "unmounted").rename(first.path)
    first.run("run", "post-merge", check=True)
    assert runs(first, "job") == 1

    age(gone)
    prune_results(str(there))
    assert gone.exists(), "it is there again"
    shutil.rmtree(first.path)
    (root / "begun").mkdir()  # another repository keeps its first result
    prune_results(str(there))
    assert not gone.exists() and there.exists() and (root / "begun").exists()
    second.run("run", "post-merge", check=True)
    assert runs(second, "job") == 1, "of a repository that is found, nothing gets too old"


def test_k7_the_least_recently_used_results_go(repo: Repo, root: Path, tmp_path: Path) -> None:
    other = run_in(tmp_path / "other", repo.env)
    for text in ("2", "3"):
        other.write("in", text)
        other.run("run", "post-merge", check=True)
    (place,) = (path.parent for path in root.glob("*/repository"))
    kept = sorted(place.glob("*/*"), key=lambda path: path.stat().st_mtime_ns)
    prune_results(str(place), most=2)
    assert set(place.glob("*/*")) == set(kept[-2:])


def test_k7_what_is_known_of_files_goes_with_the_worktree(repo: Repo, root: Path, tmp_path: Path) -> None:
    run_in(tmp_path / "other", repo.env)
    (place,) = (path.parent for path in root.glob("*/repository"))
    known = place / "stats-of-a-worktree"
    known.write_bytes(b"")
    prune_results(str(place))
    assert known.exists()
    age(known)
    prune_results(str(place))
    assert not known.exists()


def test_k12_a_damaged_note_of_a_repository_names_none(repo: Repo, root: Path, tmp_path: Path) -> None:
    first, second = (run_in(tmp_path / name, repo.env) for name in ("first", "second"))
    theirs = {path.read_text(): path for path in root.glob("*/repository")}
    damaged, there = (theirs[str(one.path / ".git")] for one in (first, second))
    damaged.write_bytes(bytes(30))  # as after a power cut
    prune_results(str(there.parent))
    assert damaged.exists()
    age(damaged.parent)
    prune_results(str(there.parent))
    assert not damaged.exists() and there.exists()
