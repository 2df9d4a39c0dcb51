"""The hooks of pre-commit and prek where we run their file: replaced, and restored by `uninstall` (P8).

As legacy hooks they would run all that we run once more. So such a hook is only kept, as `NAME.replaced` beside the
legacy hooks. What it runs first itself, a hook called `NAME.legacy` that was there before, we run in its place.
"""

import os

from dodo_hooks.core.git_hooks import CLIENT_HOOKS
from dodo_hooks.git.install.legacy_hooks import REPLACED, copy_hook, find_legacy_hook, legacy_directory
from dodo_hooks.git.install.other_tools import manager_of
from dodo_hooks.git.install.shim_text import is_shim

_TOOL = "pre-commit"  # the name for both in other_tools.py


def replaceable_hooks(directory: str) -> list[str]:
    """Return the hooks in this directory that pre-commit or prek has written."""
    return [name for name in CLIENT_HOOKS if _is_theirs(f"{directory}/{name}")]


def replaced_hook(directory: str, name: str) -> str:
    """Return the path of the hook that ours has replaced, whether it is there or not."""
    return f"{legacy_directory(directory)}/{name}{REPLACED}"


def keep_replaced(directory: str, name: str) -> None:
    """Give a hook of pre-commit's or prek's, in its place or kept as a legacy hook, its second name.

    The hook in its place stays there, until a shim replaces it in one step.
    """
    path, legacy, kept = f"{directory}/{name}", find_legacy_hook(directory, name), replaced_hook(directory, name)
    if _is_theirs(path):
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        copy_hook(path, kept)
    if legacy is not None and _is_theirs(legacy):
        os.replace(legacy, kept)


def first_hook(directory: str, name: str) -> "str | None":
    """Return the hook that a replaced one ran first; None where there is none."""
    path = f"{directory}/{name}.legacy"
    is_there = os.path.lexists(replaced_hook(directory, name)) and os.access(path, os.X_OK)
    return path if is_there and not is_shim(path) else None


def _is_theirs(path: str) -> bool:
    manager = manager_of(path)
    return manager is not None and manager.name == _TOOL
