"""Which shims a plan needs, and getting those that are not there yet (G2)."""

import os
from collections.abc import Sequence

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.events import AFTER_REPLAY, FIRED_BY_REPLAY, shim_of
from dodo_hooks.core.plan import BACKGROUND, Plan
from dodo_hooks.git.hooks_dir import hooks_directory
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.shim import install
from dodo_hooks.host.world import World


def shims_needed(plan: Plan) -> list[str]:
    """The hooks to install: those that the file names and, where a rebase puts off a background phase, the one that
    git fires when the rebase is over (R12). Nobody fires a task."""
    fired = [hook for hook in plan.hooks if not hook.is_task]
    hooks = [hook.name for hook in fired]
    is_put_off = any(
        hook.name in FIRED_BY_REPLAY and any(job.phase == BACKGROUND for job in hook.jobs) for hook in fired
    )
    if is_put_off and AFTER_REPLAY not in hooks:
        hooks.append(AFTER_REPLAY)
    return hooks


def install_missing(world: World, repo: Repo, hooks: Sequence[str]) -> list[str]:
    """Install the shims that `hooks` need and that are not there; returns a sentence for each, or why it cannot be.

    A hook of somebody else's in that place is left alone: to put ours in front of it takes an `install` by hand.
    """
    try:
        directory = hooks_directory(repo, world.environ)
        shims = {hook: shim_of(hook) for hook in hooks}
        missing = [hook for hook, shim in shims.items() if shim and not os.path.lexists(f"{directory}/{shim}")]
        if not missing:
            return []
        changes = install(repo, missing, world.environ, world.site or None)
    except HooksError as error:
        return [f"cannot install the hooks that the hook file names now: {error}"]
    return [f"installed the hook {change.hook}, which the hook file needs now" for change in changes]
