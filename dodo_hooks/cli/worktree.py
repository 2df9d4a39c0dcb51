"""`dodo-hooks worktree remove`: git's command, with a hook before it and one after it (G2).

Removing a linked working tree, with what its hook file wants done before and after it (G2).
"""

from __future__ import annotations

import os

import click

from dodo_hooks.cli.repository import repo_at
from dodo_hooks.cli.terminal_table import say, shown
from dodo_hooks.core.errors import GitError, HooksError, UnsafeRepositoryError, UsageError
from dodo_hooks.fire.manual_run import run_command_hook
from dodo_hooks.git.command import run_git
from dodo_hooks.git.repo import Repo, find_repo, main_worktree
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.world import World


@click.group()
def worktree() -> None:
    """Work with the working trees of this repository."""


@worktree.command()
@click.argument("path")
@click.option("-f", "--force", count=True, help="As for git: also with changes that are lost; twice: also if locked.")
@click.pass_obj
def remove(world: World, path: str, force: int) -> int:
    """Remove the linked working tree at PATH, as `git worktree remove` does.

    Before that the hook worktree-pre-remove runs in it; if it fails, nothing is removed. Afterwards
    worktree-post-remove runs in the main working tree. Both have the path as their argument.
    """
    repo = repo_at(world, path)
    if not repo.top or not repo.is_linked:
        raise UsageError(f"{path} is not in a linked working tree: `git worktree list` shows them")
    if os.path.realpath(os.path.join(world.cwd, path)) != repo.top:
        raise UsageError(f"{path} is not the top of a working tree, which is {repo.top}")
    code = remove_worktree(world, repo, force)
    if not os.path.lexists(repo.top):
        say(f"{shown(repo.top)} is removed")
    return code


BEFORE, AFTER = "worktree-pre-remove", "worktree-post-remove"


def remove_worktree(world: World, repo: Repo, force: int) -> int:
    """Remove this working tree; the exit code. `force` as often as git has to be told.

    Raises:
        GitError, UsageError: git does not remove it; nothing has run for it then, where that could be foreseen.
        HooksError: a hook file cannot be used.
    """
    environ = without_local(world.environ)
    _expect_removable(repo, environ, force)
    code = run_command_hook(World(environ, repo.top, world.site), repo, BEFORE, (repo.top,))
    if code:
        raise _Refused(f"{BEFORE} failed, so {repo.top} was not removed", code)
    place = main_worktree(repo)
    main = place or repo.common_dir
    run_git(("worktree", "remove", *["--force"] * force, repo.top), main, {**environ, "GIT_DIR": repo.common_dir})
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
    return run_command_hook(there, main_repo, AFTER, (repo.top,))


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
    if run_git(("status", "--porcelain", "--ignore-submodules=none"), repo.top, environ):
        raise UsageError(f"{repo.top} has changes or untracked files, which would be lost: use --force to remove it")
