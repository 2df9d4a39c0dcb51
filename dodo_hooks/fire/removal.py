"""Removing a linked working tree, with what its hook file wants done before and after it (G2)."""

from __future__ import annotations

import os

from dodo_hooks.core.errors import GitError, HooksError, UnsafeRepositoryError, UsageError
from dodo_hooks.fire.by_hand import fire_by_command
from dodo_hooks.git.command import git
from dodo_hooks.git.repo import Repo, find_repo, main_worktree
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.world import World

BEFORE, AFTER = "worktree-pre-remove", "worktree-post-remove"


def remove_worktree(world: World, repo: Repo, force: int) -> int:
    """Remove this working tree; the exit code. `force` as often as git has to be told.

    Raises:
        GitError, UsageError: git does not remove it; nothing has run for it then, where that could be foreseen.
        HooksError: a hook file cannot be used.
    """
    environ = without_local(world.environ)
    _expect_removable(repo, environ, force)
    code = fire_by_command(World(environ, repo.top, world.site), repo, BEFORE, (repo.top,))
    if code:
        raise _Refused(f"{BEFORE} failed, so {repo.top} was not removed", code)
    place = main_worktree(repo)
    main = place or repo.common_dir
    git(("worktree", "remove", *["--force"] * force, repo.top), main, {**environ, "GIT_DIR": repo.common_dir})
    after = place or (world.cwd if os.path.isdir(world.cwd) else "")
    if not after:
        return 0
    there = World(environ, after, world.site)
    try:
        main_repo = find_repo(environ, after)
    except UnsafeRepositoryError:
        raise
    except GitError:  # the command was given outside of the repository, which is a bare one
        return 0
    if not main_repo.top or main_repo.common_dir != repo.common_dir:
        return 0
    return fire_by_command(there, main_repo, AFTER, (repo.top,))


class _Refused(HooksError):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code


def _expect_removable(repo: Repo, environ: dict[str, str], force: int) -> None:
    """Raise what git would say, before a hook has cleared anything away."""
    if force < 2 and os.path.exists(f"{repo.git_dir}/locked"):
        raise UsageError(f"{repo.top} is locked: `git worktree unlock` it, or use --force twice")
    if force:
        return
    if git(("status", "--porcelain", "--ignore-submodules=none"), repo.top, environ):
        raise UsageError(f"{repo.top} has changes or untracked files, which would be lost: use --force to remove it")
