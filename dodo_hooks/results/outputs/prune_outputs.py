"""The removal of old outputs: the least recently used, and those of vanished repositories (K9; HOT)."""

import os
from fcntl import LOCK_EX, LOCK_NB

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.host.posix import names_in
from dodo_hooks.results.outputs.cache_entry import GONE, NEW, read_about, remove_stored
from dodo_hooks.store.cache_dirs import cache_dirs, is_repository_gone, is_unused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Stored(Record):
    """An entry of the cache."""

    path: str
    size_bytes: int
    used_ns: int  # since 1970

    @property
    def cache_dir(self) -> str:
        return os.path.dirname(self.path)


def prune_outputs(root: str, limit_bytes: int, *, is_dry: bool = False) -> "list[Stored]":
    """Remove what need not be kept, until the rest is within the limit; return it, the first to go first.

    What is damaged, or was stored by another version, goes in any case. What is being restored stays. Never raises.
    `root`: the directory of all stored outputs.
    """
    gone = [cache_dir for cache_dir in cache_dirs(root) if is_repository_gone(cache_dir)]
    oldest_first = sorted(survey(root), key=lambda one: (one.cache_dir not in gone, one.used_ns))
    total, pruned = sum(one.size_bytes for one in oldest_first), []
    for one in oldest_first:
        is_forgotten = one.cache_dir in gone and is_unused(one.used_ns)
        if (is_forgotten or not one.used_ns or total > limit_bytes) and (is_dry or remove_stored(one.path)):
            pruned.append(one)
            total -= one.size_bytes
    if not is_dry:
        for cache_dir in cache_dirs(root):
            _sweep(cache_dir, is_gone=cache_dir in gone)
    return pruned


def survey(root: str) -> "Iterator[Stored]":
    """Yield all entries. A damaged one has no size and was never used, so it goes first."""
    for cache_dir in cache_dirs(root):
        for name in names_in(cache_dir):
            path = f"{cache_dir}/{name}"
            if name.startswith(".") or not os.path.isdir(path):
                continue
            try:
                yield Stored(path, read_about(path)[0], os.stat(f"{path}/manifest").st_mtime_ns)
            except (OSError, ValueError):
                yield Stored(path, 0, 0)


def _sweep(cache_dir: str, *, is_gone: bool) -> None:
    """Remove what was being stored, or removed, when its process was killed, and the empty cache of what is gone."""
    try:
        guard = lock_directory(cache_dir, LOCK_EX | LOCK_NB)
    except OSError:  # somebody is about to store something
        return
    try:
        for name in names_in(cache_dir):
            if name.startswith((NEW, GONE)):
                remove_stored(f"{cache_dir}/{name}")
        if is_gone and names_in(cache_dir) == ["repository"]:
            os.unlink(f"{cache_dir}/repository")
            os.rmdir(cache_dir)
    except OSError:
        pass
    finally:
        os.close(guard)
