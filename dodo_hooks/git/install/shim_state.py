"""The shims that there are and those that a plan needs, for commands that only look: nothing heavy is imported."""

import os

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import (
    AFTER_COMMIT,
    AFTER_REPLAY,
    CLIENT_HOOKS,
    COMMAND_HOOKS,
    FIRED_BY_REPLAY,
    NEW_COMMIT,
    SERVER_HOOKS,
    known_hooks,
    shim_of,
)
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.git.install.hooks_dir import checked_directory, own_directory
from dodo_hooks.git.install.shim_text import is_shim
from dodo_hooks.git.untrusted import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Plan
    from dodo_hooks.git.repo import Repo

FOLDER_OF_ALL = "hooks"  # below DATA/dodo-hooks: the hooks of all repositories


def is_in_effect(data: str, configured: "tuple[str, str] | None") -> bool:
    """Return whether the core.hooksPath that counts in a repository leads to our hooks for all repositories.

    `data`: the user's directory for data.
    """
    directory = f"{data}/dodo-hooks/{FOLDER_OF_ALL}"
    return configured is not None and os.path.realpath(configured[1]) == os.path.realpath(directory)


def installed_shims(repo: "Repo", configured: "tuple[str, str] | None") -> "list[str]":
    """Return the hooks of git that have a shim of ours. `configured`: as hooks_dir.configured returns it.

    Raises:
        UsageError: the hooks are not this repository's alone.
    """
    directory = checked_directory(repo, configured)
    return [name for name in CLIENT_HOOKS if is_shim(f"{directory}/{name}")]


def calling_hooks(repo: "Repo", configured: "tuple[str, str] | None") -> "tuple[str, list[str]]":
    """Return the hooks directory behind core.hooksPath and links, and which hooks there call `dodo-hooks run`."""
    found = os.path.join(repo.top or repo.git_dir, configured[1]) if configured else own_directory(repo)
    directory = os.path.realpath(found)
    if os.path.basename(directory) == "_":  # husky's; people write into the one above
        directory = os.path.dirname(directory)
    return directory, [name for name in CLIENT_HOOKS if _calls_ours(f"{directory}/{name}")]


def _calls_ours(path: str) -> bool:
    try:
        return b"dodo-hooks run" in read_regular(path)
    except (OSError, ValueError):
        return False


def shims_needed(plan: "Plan") -> list[str]:
    """Return the hooks to install.

    These are the hooks that the file names, if git has a part in them. Where a rebase defers a background phase, the
    hook that git fires when the rebase is over is one more (R12). Where fixes are staged, so is the hook after the
    commit, which syncs the index (G6). Where a gate requires jobs, so are all hooks that dispatch them (V2). What
    pre-commit's file does not have installed is left out (P2).
    """
    hooks = [hook.name for hook in plan.hooks if shim_of(hook.name) and not hook.is_on_demand]
    fired = [hook for hook in plan.hooks if not hook.is_task and not hook.is_on_demand]
    is_put_off = any(
        hook.name in FIRED_BY_REPLAY and any(job.phase == BACKGROUND for job in hook.jobs) for hook in fired
    )
    stages = any(job.changes.stage_fixed for hook in plan.hooks for job in hook.jobs)
    extra = [hook for hook, is_needed in ((AFTER_REPLAY, is_put_off), (AFTER_COMMIT, stages)) if is_needed]
    extra += NEW_COMMIT if plan.required_hooks else ()
    return hooks + [hook for hook in dict.fromkeys(extra) if hook not in hooks]


def shims_for(hooks: "Sequence[str]") -> list[str]:
    """Return the hooks of git that need a shim so that `hooks` fire, in git's order. Raises UsageError."""
    wanted = {_shim_for(hook) for hook in hooks}
    return [name for name in CLIENT_HOOKS if name in wanted]


def _shim_for(hook: str) -> str:
    if hook in SERVER_HOOKS:
        raise UsageError(
            f"{hook} gets no shim: it is not a client-side hook, and a hook of that name changes what git does even if"
            " it has nothing to do"
        )
    if hook in COMMAND_HOOKS:
        raise UsageError(f"{hook} needs no shim: `dodo-hooks worktree remove` fires it")
    shim = shim_of(hook)
    if shim is None:
        from dodo_hooks.core.text.nearest import did_you_mean

        hint = did_you_mean(hook, known_hooks()) or f"; the hooks are {', '.join(known_hooks())}"
        raise UsageError(f'unknown hook "{hook}"{hint}')
    return shim
