"""The directories that repositories have in the user's cache, and among the kept results (HOT).

CACHE/dodo-hooks/KIND/REPO/repository       the git common directory, so that pruning sees when it is gone
"""

from dodo_hooks.host.files.atomic_files import replace_unlocked
from dodo_hooks.host.files.private_files import expect_private_directory
from dodo_hooks.host.posix import decode_path, encode_path, names_in, os, read_file
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store.identity import known_id

_UNUSED_NS = 30 * 86_400 * 1_000_000_000


def expect_private_cache(cache_dir: str) -> None:
    """Refuse a cache in which somebody else could put something.

    Raises:
        UnsafeFileError: a directory of ours belongs to somebody else, or others can write to it.
    """
    root = cache_dir.rpartition("/")[0]
    for path in (root.rpartition("/")[0], root, cache_dir):
        expect_private_directory(path)


def note_repository(cache_dir: str, common_dir: str) -> None:
    """Record the git common directory of the repository. Raises StoreError."""
    if repository_of(cache_dir) != common_dir:
        replace_unlocked(f"{cache_dir}/repository", encode_path(common_dir))


def cache_dirs(root: str) -> "list[str]":
    """Return the directory of each repository."""
    return [f"{root}/{name}" for name in sorted(names_in(root))]


def repository_of(cache_dir: str) -> "str | None":
    """Return the git common directory that the directory belongs to; None where that is not recorded, or damaged."""
    try:
        path = read_file(f"{cache_dir}/repository")
    except OSError:
        return None
    return None if b"\0" in path else decode_path(path)


def is_repository_gone(cache_dir: str) -> bool:
    """Return whether no repository with this id is where it was when it last used the cache."""
    common_dir, identity = repository_of(cache_dir), cache_dir.rpartition("/")[2]
    if common_dir is None:
        return True
    if identity.startswith("at-"):  # a repository that nobody can write to has no file with its id
        return not os.access(common_dir, os.X_OK)
    return known_id(common_dir) != identity


def is_unused(used_ns: int) -> bool:
    """Return whether something was used so long ago that it goes, where its repository is gone.

    Until then the repository may be on a disk that is not mounted just now.
    """
    return wall_ns() - used_ns > _UNUSED_NS
