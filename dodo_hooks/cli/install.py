"""`dodo-hooks install`: from now on git fires the hooks of the hook file here."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from dodo_hooks.cli.place import plan_here, repo_at, teller
from dodo_hooks.cli.table import say, shown
from dodo_hooks.core.errors import ConfigError, UsageError
from dodo_hooks.core.events import shim_of
from dodo_hooks.fire.plan_cache import load_plan
from dodo_hooks.fire.shims import shims_needed
from dodo_hooks.git import shim
from dodo_hooks.git.launcher import KEPT_SUFFIX
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World


@click.command()
@click.argument("hooks", nargs=-1, metavar="[HOOK]...")
@click.pass_obj
def install(world: World, hooks: tuple[str, ...]) -> None:
    """Let git fire the hooks that the hook file names, or each HOOK, in this repository and all its worktrees.

    A hook that is there already is kept and runs first.
    """
    repo = repo_at(world, None)
    wanted = hooks or _hooks_of_file(world)
    changes = shim.install(repo, wanted, world.environ, world.site or None)
    for change in changes:
        say(f"{change.hook}: {_told(change, wanted)}")
    say(f"the hooks are in {shown(os.path.dirname(changes[0].path))}")
    if repo.top and not _has_file(world, repo):
        say(f"there is no hook file in {shown(repo.top)} yet: write hooks.dodo there, until then they do nothing")


def _hooks_of_file(world: World) -> tuple[str, ...]:
    plan = plan_here(world)
    tell = teller()
    for notice in plan.notices:
        tell(notice)
    hooks = shims_needed(plan)
    if not hooks:
        raise UsageError(f"{plan.file} names no hook: write one, and run `dodo-hooks install` again")
    return tuple(hooks)


def _has_file(world: World, repo: Repo) -> bool:
    try:
        return load_plan(world, repo.top) is not None
    except ConfigError:  # the hooks were named by hand, and the first one that fires says what is wrong
        return True


def _told(change: shim.Change, wanted: Sequence[str]) -> str:
    """What was done, for a derived hook also why this one was touched at all."""
    derived = [hook for hook in wanted if hook != change.hook and shim_of(hook) == change.hook]
    told = f"installed, for {', '.join(derived)}" if derived else "installed"
    if change.what != shim.CHAINED:
        return told
    runs = (
        "runs first"
        if os.access(change.path + KEPT_SUFFIX, os.X_OK)
        else "does not run, as before: it is not executable"
    )
    return f"{told}, your own hook is kept and {runs}"
