"""`dodo-hooks uninstall`: the hooks directory, and git's configuration, as they were before."""

from __future__ import annotations

import click

from dodo_hooks.cli.repository import repo_at
from dodo_hooks.cli.terminal_table import say, shown
from dodo_hooks.core.errors import HooksError
from dodo_hooks.git.install import global_install, shims
from dodo_hooks.git.install.hooks_dir import configured
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World
from dodo_hooks.trust.consent import forget, is_pinned


@click.command()
@click.option("--global", "is_global", is_flag=True, help="Take away what `install --global` and `--template` set up.")
@click.pass_obj
def uninstall(world: World, is_global: bool) -> None:
    """Take our hooks out of this repository, and put back those that were kept."""
    if is_global:
        _uninstall_everywhere(world)
        return
    repo = repo_at(world, None)
    changes = shims.uninstall(repo, world.environ)
    is_kept = _is_pinned(world, repo)
    if not is_kept:
        forget(world, repo)
    elif global_install.is_in_effect(world.data, configured(repo, world.environ)):  # those go on to fire here
        shims.pin_shims(repo, world.environ, world.site or None, True)
    for change in changes:
        say(f"{change.hook}: {_told(change)}")
    if not changes:
        say("no hook of dodo-hooks is installed here")
    if is_kept:
        say("the hook files stay bound to what you have accepted: `dodo-hooks trust --forget` ends that")


def _is_pinned(world: World, repo: Repo) -> bool:
    try:
        return is_pinned(world, repo)
    except HooksError:  # it might be
        return True


def _uninstall_everywhere(world: World) -> None:
    undone = global_install.uninstall_everywhere(world.data, world.environ)
    for way, is_put_back in undone:
        if is_put_back:
            say(f"{way.key}: as it was before")
        else:
            say(f"{way.key}: left as it is, since somebody else has set it meanwhile")
        if way == global_install.BY_TEMPLATE:
            say("repositories that were cloned meanwhile have a copy of the hooks: `dodo-hooks uninstall` in each")
    if not undone:
        say("no hooks of dodo-hooks are installed for all repositories")


def _told(change: shims.Change) -> str:
    if change.what == shims.REMOVED:
        return "removed"
    if change.what == shims.RESTORED:
        return "removed, your own hook is back"
    kept = shown(change.kept)
    return f"left as it is, since another program replaced ours; the hook that was there before is {kept}"
