"""The repositories that have records in the store (section 7)."""

from dodo_hooks.store import layout
from dodo_hooks.store.fields import read_object
from dodo_hooks.store.reader import find_names


def repository_dirs(state: str) -> list[str]:
    """Return the directory of each repository; none if nothing was ever recorded.

    Raises:
        StoreError: the store cannot be listed.
    """
    names = find_names(layout.jobs_dir(state), lambda name: not name.startswith("."))
    return [layout.repository_dir(state, name) for name in names][::-1]


def repository_path(repository_dir: str) -> "str | None":
    """Return the first known path of the main worktree (of a bare repository: its directory); None if not recorded.

    The repository may have moved since, or be gone: the records stay.
    """
    try:
        path = read_object(layout.repository_file(repository_dir)).get("path")
    except (OSError, ValueError, RecursionError):
        return None
    return path if isinstance(path, str) else None
