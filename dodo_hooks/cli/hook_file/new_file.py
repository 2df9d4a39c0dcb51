"""A new hook file, hooks.dodo, where there was none of ours."""

from __future__ import annotations

import os

from dodo_hooks.cli.terminal_table import escape
from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.host.world import World

_FILE = "hooks.dodo"


def exists_already(file: str) -> UsageError:
    return UsageError(f"nothing written: the hook file {file} exists already")


def create_hook_file(world: World, top: str, text: str) -> str:
    """Write hooks.dodo at the top of a working tree; return its path for people, relative to where they are.

    Raises:
        GitError: it cannot be written, or is there.
    """
    path = f"{top}/{_FILE}"
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise GitError(f"cannot write {path}: {error.strerror}") from error
    return escape(os.path.relpath(path, world.cwd))
