"""`dodo-hooks worktree remove`: git's command, with a hook before it and one after it (G2)."""

from __future__ import annotations

import os

import click

from dodo_hooks.cli.place import repo_at
from dodo_hooks.cli.table import say, shown
from dodo_hooks.core.errors import UsageError
from dodo_hooks.fire.removal import remove_worktree
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
