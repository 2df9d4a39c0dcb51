"""The shims that a plan needs, and the installation of those that are missing (G2)."""

import os
from collections.abc import Sequence

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.git_hooks import AFTER_COMMIT, AFTER_REPLAY, FIRED_BY_REPLAY, shim_of
from dodo_hooks.core.plan import BACKGROUND, Plan
from dodo_hooks.git.install.global_install import is_in_effect
from dodo_hooks.git.install.hooks_dir import configured, hooks_directory
from dodo_hooks.git.install.shims import install
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World


def shims_needed(plan: Plan) -> list[str]:
    """Return the hooks to install.

    These are the hooks that the file names, if git has a part in them. Where a rebase defers a background phase, the
    hook that git fires when the rebase is over is one more (R12). Where fixes are staged, so is the hook after the
    commit, which syncs the index (G6).
    """
    hooks = [hook.name for hook in plan.hooks if shim_of(hook.name)]
    fired = [hook for hook in plan.hooks if not hook.is_task]
    is_put_off = any(
        hook.name in FIRED_BY_REPLAY and any(job.phase == BACKGROUND for job in hook.jobs) for hook in fired
    )
    stages = any(job.stage_fixed for hook in plan.hooks for job in hook.jobs)
    extra = [hook for hook, is_needed in ((AFTER_REPLAY, is_put_off), (AFTER_COMMIT, stages)) if is_needed]
    return hooks + [hook for hook in extra if hook not in hooks]


def install_missing(world: World, repo: Repo, hooks: Sequence[str]) -> list[str]:
    """Install the missing shims that `hooks` need; return a sentence for each, or the reason of a failure.

    A hook of somebody else's in that place is left alone: to put ours in front of it takes a manual `install`.
    """
    try:
        if is_in_effect(world.data, configured(repo, world.environ)):  # every hook has a shim there
            return []
        directory = hooks_directory(repo, world.environ)
        shims = {hook: shim_of(hook) for hook in hooks}
        missing = [hook for hook, shim in shims.items() if shim and not os.path.lexists(f"{directory}/{shim}")]
        if not missing:
            return []
        changes = install(repo, missing, world.environ, world.site or None)
    except HooksError as error:
        return [f"cannot install the hooks that the hook file names now: {error}"]
    return [f"installed the hook {change.hook}, which the hook file needs now" for change in changes]
