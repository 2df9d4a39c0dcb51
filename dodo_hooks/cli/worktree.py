"""`dodo-hooks worktree remove`: git's command, with a hook before it and one after it (G2)."""

from __future__ import annotations

import os

import click

from dodo_hooks.cli.repository import repo_at
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.errors import GitError, HooksError, UnsafeRepositoryError, UsageError
from dodo_hooks.fire.manual.manual_run import run_command_hook
from dodo_hooks.git.command import run_git
from dodo_hooks.git.repo import Repo, find_repo, main_worktree
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.world import World


@click.group(no_args_is_help=False)
def worktree() -> None:
    """Work with the working trees of this repository."""


@worktree.command()
@click.argument("path")
@click.option("-f", "--force", count=True, help="Remove it also with changes, which are lost; twice: also if locked.")
@click.pass_obj
def remove(world: World, path: str, force: int) -> int:
    """Remove the linked working tree at PATH, and fire its hooks.

    First the hook worktree-pre-remove runs in that working tree. If the hook fails, nothing is removed. Then
    worktree-post-remove runs in the main working tree. Both hooks get the path as their argument.
    """
    repo = repo_at(world, path)
    if not repo.top or not repo.is_linked:
        raise UsageError(f"{path} is not a linked working tree; list them with `git worktree list`")
    if os.path.realpath(os.path.join(world.cwd, path)) != repo.top:
        raise UsageError(f"{path} is not the top of its working tree, {repo.top}")
    code = remove_worktree(world, repo, force)
    if not os.path.lexists(repo.top):
        say(f"removed {escape(repo.top)}")
    return code


BEFORE, AFTER = "worktree-pre-remove", "worktree-post-remove"


def remove_worktree(world: World, repo: Repo, force: int) -> int:
    """Remove this working tree, and return the exit code. `force`: how many times git gets `--force`.

    Raises:
        GitError, UsageError: git does not remove it. No hook has run then, where the refusal could be foreseen.
        HooksError: a hook file cannot be used.
    """
    environ = without_local(world.environ)
    _expect_removable(repo, environ, force)
    code = run_command_hook(World(environ, repo.top, world.site), repo, BEFORE, (repo.top,))
    if code:
        raise _Refused(f"{repo.top} not removed: {BEFORE} failed", code)
    main_top = main_worktree(repo)
    main = main_top or repo.common_dir
    run_git(("worktree", "remove", *["--force"] * force, repo.top), main, {**environ, "GIT_DIR": repo.common_dir})
    after = main_top or (world.cwd if os.path.isdir(world.cwd) else "")
    if not after:
        return 0
    there = World(environ, after, world.site)
    try:
        main_repo = find_repo(environ, after)
    except UnsafeRepositoryError:
        raise
    except GitError:  # the command ran outside of the repository, which is a bare one
        return 0
    if not main_repo.top or main_repo.common_dir != repo.common_dir:
        return 0
    return run_command_hook(there, main_repo, AFTER, (repo.top,))


class _Refused(HooksError):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code


def _expect_removable(repo: Repo, environ: dict[str, str], force: int) -> None:
    """Raise the error that git would report, before a hook has removed anything."""
    if force < 2 and os.path.exists(f"{repo.git_dir}/locked"):
        raise UsageError(f"{repo.top} is locked; run `git worktree unlock` first, or use --force twice")
    if force:
        return
    if run_git(("status", "--porcelain", "--ignore-submodules=none"), repo.top, environ):
        raise UsageError(f"{repo.top} has changes or untracked files; use --force to delete them")
