"""Listing the snapshots, and removing those that nobody uses any more (S8)."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from dodo_hooks.core.errors import CheckoutError
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.files.file_tree import remove_tree, walk_below
from dodo_hooks.host.posix import names_in
from dodo_hooks.snapshots.model import CheckoutPaths
from dodo_hooks.snapshots.note import last_used_ns, read_note
from dodo_hooks.snapshots.pool import areas_dir, numbers_in, trees_dir, trees_root, try_lock
from dodo_hooks.snapshots.shared_copies import prune_copies
from dodo_hooks.store.cache_dirs import cache_dirs, expect_private_cache, is_repository_gone
from dodo_hooks.store.identity import known_id

UNUSED_FOR_S = 7 * 24 * 3600
GONE_FOR_S = 3600  # a repository that was moved a moment ago looks like one that is gone
_GONE = ".gone-"


@dataclass(frozen=True, slots=True)
class Listed:
    """A snapshot, for people."""

    number: int
    tree: str
    size_bytes: int  # on the disk, of the tree and of the git directory
    is_in_use: bool
    job: str  # the last one; "": none
    commit: str  # "": the tree of an index, or nothing is checked out
    last_used_ns: int  # since 1970; 0: never


def list_snapshots(common_dir: str, cache: str) -> list[Listed]:
    """Return the snapshots of a repository. `cache`: the user's directory (host/world.py)."""
    areas, trees = areas_dir(common_dir), trees_dir(cache, known_id(common_dir) or "-")
    found = []
    for number, paths in _all_paths(areas, trees):
        note = read_note(paths)
        job, commit = (note.job, note.commit) if note is not None and note.paths == paths else ("", "")
        size = sum(map(_size_of, (paths.tree, paths.copies, paths.area)))
        used_ns = last_used_ns(paths.area)
        found.append(Listed(number, paths.tree, size, is_locked(paths.area), job, commit, used_ns))
    return found


def prune_snapshots(common_dir: str | None, cache: str, unused_for_s: float, now_ns: int) -> list[str]:
    """Remove what was not used for so long, and the trees of repositories that are gone; return the trees.

    What is in use stays. `common_dir`: of the repository; None: only what is left of others.

    Raises:
        UnsafeFileError: others can write to the cache.
    """
    pruned = []
    if common_dir is not None:
        areas, trees = areas_dir(common_dir), trees_dir(cache, known_id(common_dir) or "-")
        expect_private_cache(trees)
        before_ns = now_ns - int(unused_for_s * 1e9)
        pruned = [paths.tree for _, paths in _all_paths(areas, trees) if _prune(paths, before_ns)]
        _sweep(areas, now_ns)
    for cache_dir in cache_dirs(trees_root(cache)):
        with suppress(OSError):
            is_old = now_ns - os.stat(f"{cache_dir}/repository").st_mtime_ns > min(unused_for_s, GONE_FOR_S) * 1e9
            if is_old and is_repository_gone(cache_dir):
                expect_private_cache(cache_dir)
                pruned += [f"{cache_dir}/{number}" for number in numbers_in(cache_dir)]
                remove_tree(os.fsencode(cache_dir))
    return pruned


def _all_paths(areas: str, trees: str) -> list[tuple[int, CheckoutPaths]]:
    numbers = sorted({*numbers_in(areas), *numbers_in(trees)})
    return [(number, CheckoutPaths(f"{areas}/{number}", f"{trees}/{number}")) for number in numbers]


def _prune(paths: CheckoutPaths, before_ns: int) -> bool:
    """Remove a snapshot that was last used before that time, under its lock; return whether it is gone.

    Of one that stays, remove the copies of shared folders that no job has had since then.
    """
    with suppress(OSError, CheckoutError):
        os.makedirs(paths.area, exist_ok=True)  # where a tree is left without its area
        lock = try_lock(paths.area)
        if lock is None:
            return False
        try:
            gone = f"{os.path.dirname(paths.area)}/{_GONE}{os.getpid()}"
            if last_used_ns(paths.area) >= before_ns:
                prune_copies(paths, before_ns)
            elif all(remove_tree(os.fsencode(one)) for one in (paths.copies, paths.tree)):
                os.rename(paths.area, gone)  # who comes now makes a new one
                return remove_tree(os.fsencode(gone))
        finally:
            os.close(lock)
    return False


def _sweep(areas: str, now_ns: int) -> None:
    """Remove what a killed process has left while it removed or copied something."""
    for name in names_in(areas):
        with suppress(OSError):
            path = f"{areas}/{name}"
            if name.startswith(".") and now_ns - os.lstat(path).st_mtime_ns > GONE_FOR_S * 1e9:
                remove_tree(os.fsencode(path))


def _size_of(folder: str) -> int:
    total = 0
    with suppress(OSError):
        for child in walk_below(os.fsencode(folder)):
            with suppress(OSError):
                total += child.stat(follow_symlinks=False).st_blocks * 512
    return total
