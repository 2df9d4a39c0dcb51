"""The cache stays within its limit, and what belongs to removed repositories goes (K9)."""

import os
import shutil
import time
from fcntl import LOCK_SH
from pathlib import Path

import pytest

from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.results.outputs.output_cache import outputs_root
from dodo_hooks.results.outputs.prune_outputs import prune_outputs, survey
from kit.repo import Repo
from kit.results.outputs import cache_dir, ignore, make_outputs, put, remove, restore, store

ENOUGH = 1 << 40


@pytest.fixture
def root(repo: Repo) -> str:
    ignore(repo)
    return outputs_root(repo.env["XDG_CACHE_HOME"])


def keys(root: str) -> list[str]:
    return sorted(os.path.basename(one.path) for one in survey(root))


def store_old(repo: Repo, *names: str) -> int:
    """Store outputs under these keys, as if the first was used longest ago; return the size of one."""
    put(repo.path / "node_modules/file", "x" * 10_000)
    for number, name in enumerate(names):
        store(repo, name)
        os.utime(f"{cache_dir(repo)}/{name}/manifest", (1_000_000 + number,) * 2)
    return 2 * 4096 + 3 * 4096 - 4096


def test_k9_what_was_used_longest_ago_goes_first(repo: Repo, root: str) -> None:
    size = store_old(repo, "a", "b", "c")
    assert {one.size_bytes for one in survey(root)} == {size}
    assert restore(repo, "a").manifest is not None, "which uses it"
    dry = prune_outputs(root, 2 * size, is_dry=True)
    assert keys(root) == ["a", "b", "c"]
    assert prune_outputs(root, 2 * size) == dry and [os.path.basename(one.path) for one in dry] == ["b"]
    assert keys(root) == ["a", "c"]
    store(repo, "d", limit_bytes=2 * size)
    assert keys(root) == ["a", "d"]


def test_k9_outputs_larger_than_the_limit_are_not_stored_but_have_a_manifest(repo: Repo, root: str) -> None:
    size = store_old(repo, "a")
    put(repo.path / "node_modules/more", "more")
    assert store(repo, "b", limit_bytes=size) is not None
    assert keys(root) == ["a"]


def test_k9_the_limit_is_one_for_all_repositories(repo: Repo, root: str, tmp_path: Path) -> None:
    size = store_old(repo, "a")
    other = Repo.create(tmp_path / "other", repo.env)
    put(other.path / "node_modules/file", "x" * 10_000)
    store(other, "b", limit_bytes=size)
    assert keys(root) == ["b"]


def test_k9_what_is_being_restored_stays(repo: Repo, root: str) -> None:
    store_old(repo, "a", "b")
    lock = lock_directory(f"{cache_dir(repo)}/a", LOCK_SH)
    prune_outputs(root, 0)
    assert keys(root) == ["a"]
    os.close(lock)
    prune_outputs(root, 0)
    assert keys(root) == []


def test_k9_the_outputs_of_a_vanished_repository_go_when_nobody_has_used_them_for_long(
    repo: Repo, root: str, tmp_path: Path
) -> None:
    store_old(repo, "a")
    others = [Repo.create(tmp_path / name, repo.env) for name in ("removed", "made-anew", "moved")]
    for other in others:
        make_outputs(other)
        store(other, other.path.name)
    places = [cache_dir(other) for other in others]
    moved = others[2]
    remove(others[0].path)
    remove(others[1].path / ".git")
    others[1].git("init", "-q")
    moved.path.rename(tmp_path / "elsewhere")
    assert prune_outputs(root, ENOUGH) == [], "its disk may not be mounted"
    for place, name in zip(places, ("removed", "made-anew", "moved"), strict=True):
        os.utime(f"{place}/{name}/manifest", (time.time() - 31 * 86_400,) * 2)
    moved.path = tmp_path / "elsewhere"
    make_outputs(moved)
    store(moved, "after-the-move")
    assert keys(root) == ["a", "after-the-move", "moved"]
    assert len(os.listdir(root)) == 2


def test_k9_above_the_limit_those_of_vanished_repositories_go_first(repo: Repo, root: str, tmp_path: Path) -> None:
    size = store_old(repo, "a")
    other = Repo.create(tmp_path / "other", repo.env)
    put(other.path / "node_modules/file", "x" * 10_000)
    store(other, "b")
    remove(other.path)
    prune_outputs(root, size)
    assert keys(root) == ["a"]


def test_k9_a_copy_of_a_repository_has_a_cache_of_its_own(repo: Repo, root: str, tmp_path: Path) -> None:
    store_old(repo, "a")
    shutil.copytree(repo.path, tmp_path / "copy", symlinks=True)
    copy = Repo(tmp_path / "copy", repo.env)
    assert restore(copy, "a").manifest is None
    remove(copy.path)
    prune_outputs(root, ENOUGH)
    assert keys(root) == ["a"]


def test_k9_a_damaged_entry_goes_first_and_in_any_case(repo: Repo, root: str) -> None:
    size = store_old(repo, "a", "b")
    Path(cache_dir(repo), "b", "about").write_text("many copy")
    prune_outputs(root, size - 1)
    assert keys(root) == []
    store_old(repo, "a", "b")
    Path(cache_dir(repo), "b", "about").unlink()
    assert [os.path.basename(one.path) for one in prune_outputs(root, ENOUGH)] == ["b"]


def test_k9_a_cache_that_is_not_there_is_empty(root: str) -> None:
    assert prune_outputs(root, 0) == [] and not os.path.exists(root)
