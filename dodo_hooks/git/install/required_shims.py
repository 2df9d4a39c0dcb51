"""The installation of the shims that are missing (G2)."""

import os
from collections.abc import Sequence

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.git_hooks import shim_of
from dodo_hooks.git.install.hooks_dir import configured, hooks_directory
from dodo_hooks.git.install.shim_state import is_in_effect
from dodo_hooks.git.install.shims import install
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World


def install_missing(world: World, repo: Repo, hooks: Sequence[str]) -> list[str]:
    """Install the missing shims that `hooks` need; return a sentence for each, or the reason of a failure.

    A hook of somebody else's in that place is left alone: to put ours in front of it takes a manual `install`.
    """
    try:
        if is_in_effect(world.data, configured(repo, world.environ)):  # every hook has a shim there
            return []
        directory = hooks_directory(repo, world.environ)
        missing = [hook for hook in hooks if (shim := shim_of(hook)) and not os.path.lexists(f"{directory}/{shim}")]
        if not missing:
            return []
        changes = install(repo, missing, world.environ, world.site or None)
    except HooksError as error:
        return [f"cannot install the hooks that the hook file names now: {error}"]
    return [f"installed the hook {change.hook}, which the hook file needs now" for change in changes]
