"""`dodo-hooks validate`: whether the hook file can be used."""

from __future__ import annotations

import os

import click

from dodo_hooks.cli.place import plan_here, teller
from dodo_hooks.cli.table import say, shown
from dodo_hooks.engine.notify import load_own_config
from dodo_hooks.host.world import World


@click.command()
@click.argument("file", required=False)
@click.pass_obj
def validate(world: World, file: str | None) -> None:
    """Check the hook file of this working tree, or FILE: all that is wrong with it is said at once.

    Your own configuration is checked too, if you have one.
    """
    from dodo_hooks.fire.plan_cache import load_file

    plan = plan_here(world) if file is None else load_file(world, file)
    load_own_config(world)  # raises ConfigError
    tell = teller()
    for notice in plan.notices:
        tell(notice)
    jobs = sum(len(hook.jobs) for hook in plan.hooks)
    path = shown(os.path.relpath(plan.file, world.cwd))
    say(f"OK: {path}: {_counted(len(plan.hooks), 'hook')}, {_counted(jobs, 'job')}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
