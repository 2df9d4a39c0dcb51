"""`dodo-hooks uninstall`: the hooks directory as it was before."""

from __future__ import annotations

import click

from dodo_hooks.cli.place import repo_at
from dodo_hooks.cli.table import say, shown
from dodo_hooks.git import shim
from dodo_hooks.git.launcher import KEPT_SUFFIX
from dodo_hooks.host.world import World


@click.command()
@click.pass_obj
def uninstall(world: World) -> None:
    """Take our hooks out of this repository, and put back those that were kept."""
    changes = shim.uninstall(repo_at(world, None), world.environ)
    for change in changes:
        say(f"{change.hook}: {_told(change)}")
    if not changes:
        say("no hook of dodo-hooks is installed here")


def _told(change: shim.Change) -> str:
    if change.what == shim.REMOVED:
        return "removed"
    if change.what == shim.RESTORED:
        return "removed, your own hook is back"
    kept = shown(change.path + KEPT_SUFFIX)
    return f"left as it is, since another program replaced ours; the hook that was there before is {kept}"
