"""The removal of old results: the least recently used, and those of vanished repositories (K7; HOT)."""

from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import encode_path, os
from dodo_hooks.store.cache_dirs import is_repository_gone, is_unused

_MOST_RESULTS = 10_000  # of a repository


def prune_results(directory: str, most: int = _MOST_RESULTS) -> None:
    """Remove the least recently used results of a repository, until `most` are left, and what others have left behind.

    Those are repositories that are not found, and working trees that have learned nothing new of their files for long.

    Raises:
        OSError: something cannot be removed.
    """
    found = sorted(_used(directory))
    for _, path in found[: max(len(found) - most, 0)]:
        os.unlink(path)
    for name in os.listdir(directory):
        path = f"{directory}/{name}"
        if name.startswith(("stats-", "index-")) and is_unused(os.stat(path).st_mtime_ns):
            os.unlink(path)
    root = directory.rpartition("/")[0]
    for name in os.listdir(root):
        if is_repository_gone(f"{root}/{name}") and is_unused(_last_used_ns(f"{root}/{name}")):
            remove_tree(encode_path(f"{root}/{name}"))


def _last_used_ns(directory: str) -> int:
    # The directory has a time, too: another process may have made it just now, and keep its first result.
    return max([os.stat(directory).st_mtime_ns, *(used_ns for used_ns, _ in _used(directory))])


def _used(directory: str) -> "list[tuple[int, str]]":
    """Return the results of a repository, each with the time of its last use, in ns since 1970."""
    jobs = [job.path for job in os.scandir(directory) if job.is_dir(follow_symlinks=False)]
    return [(entry.stat().st_mtime_ns, entry.path) for job in jobs for entry in os.scandir(job)]
