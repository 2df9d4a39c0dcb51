"""`dodo-hooks uninstall`: remove our hooks, and restore the hooks directory and git's configuration."""

from __future__ import annotations

import os

import click

from dodo_hooks.cli.repository import repo_at, with_tree
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.errors import GitError, HooksError, UsageError
from dodo_hooks.git.install import global_install, shims
from dodo_hooks.git.install.hooks_dir import configured
from dodo_hooks.git.install.shim_state import is_in_effect
from dodo_hooks.git.repo import Repo
from dodo_hooks.host import console
from dodo_hooks.host.world import World
from dodo_hooks.loader.layers.config_formats import DODO
from dodo_hooks.loader.layers.discover import find_hook_file, local_overlays
from dodo_hooks.loader.read.sources import Sources
from dodo_hooks.trust.consent import forget, is_pinned


@click.command()
@click.option("--global", "is_global", is_flag=True, help="Undo `install --global` and `install --template`.")
@click.option("--remove-config", "is_all", is_flag=True, help="Remove the hook file, and your local overlay, too.")
@click.pass_obj
def uninstall(world: World, is_global: bool, is_all: bool) -> None:
    """Remove our hooks, and restore your legacy hooks."""
    if is_global:
        if is_all:
            raise UsageError("--global and --remove-config cannot be used together")
        _uninstall_globally(world)
        return
    repo = repo_at(world, None)
    changes = shims.uninstall(repo, world.environ)
    for change in changes:  # now: what follows may fail
        say(f"{change.hook}: {_describe(change)}")
    if not changes:
        say("no hooks of dodo-hooks are installed here")
    is_kept = _is_pinned(world, repo)
    if is_kept is False:
        forget(world, repo)
    elif is_in_effect(world.data, configured(repo, world.environ)):  # global hooks still fire here
        shims.pin_shims(repo, world.environ, world.site or None, True)
    if is_kept:
        say("the hook files stay pinned; unpin them with `dodo-hooks trust --forget`")
    if is_all:
        _remove_config(with_tree(repo).top)


def _remove_config(top: str) -> None:
    """Remove the hook file and the local overlay of a working tree. Files of other tools are left: these need them."""
    found = find_hook_file(top)
    if found is None:
        say(f"no hook file in {escape(top)}")
    elif found.config_format is not DODO:
        say(f"{escape(os.path.relpath(found.file, top))}: left unchanged, it is the configuration of another program")
    else:
        for path in (found.file, *local_overlays(found, top, Sources())):
            try:
                os.unlink(path)
            except OSError as error:
                raise GitError(f"cannot remove {path}: {error.strerror}") from error
            say(f"{escape(os.path.relpath(path, top))}: removed")


def _is_pinned(world: World, repo: Repo) -> bool | None:
    """Return whether the hook files are pinned; None where that is unknown, which is printed, and may be so."""
    try:
        return is_pinned(world, repo)
    except HooksError as error:
        console.say(str(error))
        return None


def _uninstall_globally(world: World) -> None:
    undone = global_install.uninstall_globally(world.data, world.environ)
    for way, is_restored in undone:
        if is_restored:
            say(f"{way.key}: restored")
        else:
            say(f"{way.key}: left unchanged, it was changed after the install")
        if way == global_install.BY_TEMPLATE:
            say("clones made meanwhile have a copy of the hooks; run `dodo-hooks uninstall` in each")
    if not undone:
        say("no hooks of dodo-hooks are installed for all repositories")


def _describe(change: shims.Change) -> str:
    if change.what == shims.REMOVED:
        return "removed"
    if change.what == shims.RESTORED:
        return "removed; your legacy hook is restored"
    kept = escape(change.kept)
    return f"left unchanged, another program replaced our hook; your legacy hook is {kept}"
