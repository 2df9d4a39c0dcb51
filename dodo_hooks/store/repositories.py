"""The repositories that have records in the store (section 7)."""

import os

from dodo_hooks.core.errors import StoreError
from dodo_hooks.store import layout
from dodo_hooks.store.fields import read_object


def repository_dirs(state: str) -> list[str]:
    """Return the directory of each repository; none if nothing was ever recorded.

    Raises:
        StoreError: the store cannot be listed.
    """
    jobs_dir = layout.jobs_dir(state)
    try:
        names = os.listdir(jobs_dir)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"cannot list {jobs_dir}: {error.strerror}") from error
    return [layout.repository_dir(state, name) for name in sorted(names) if not name.startswith(".")]


def repository_path(repository_dir: str) -> "str | None":
    """Return the first known path of the main worktree (of a bare repository: its directory); None if not recorded.

    The repository may have moved since, or be gone: the records stay.
    """
    try:
        path = read_object(layout.repository_file(repository_dir)).get("path")
    except (OSError, ValueError, RecursionError):
        return None
    return path if isinstance(path, str) else None
