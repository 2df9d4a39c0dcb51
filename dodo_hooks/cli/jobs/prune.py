"""`dodo-hooks jobs prune`: delete the records of old runs now, before the daily pruning."""

from __future__ import annotations

from contextlib import suppress

import click

from dodo_hooks.cli.measures import format_size
from dodo_hooks.cli.options.click_options import repository_option
from dodo_hooks.cli.repository import repo_at, store_here
from dodo_hooks.cli.terminal_table import say
from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.plan import Retention
from dodo_hooks.core.text.terminal_text import counted
from dodo_hooks.host.world import World, wall_ns
from dodo_hooks.plans.plan_cache import load_plan
from dodo_hooks.store.maintenance.prune_runs import prune


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and delete nothing.")
@repository_option
@click.pass_context
def prune_runs(ctx: click.Context, dry_run: bool, repo: str | None) -> None:
    """Delete the records of old runs.

    The limits are in `log:` of the hook file. Running ones are never deleted.
    """
    world: World = ctx.obj
    directory = store_here(world, repo)
    top = ""
    with suppress(HooksError):  # a repository that is gone has no limits of its own
        top = repo_at(world, repo).top
    plan = load_plan(world, top) if top else None
    rules = plan.retention if plan is not None else Retention()
    pruned = prune(directory, rules, wall_ns() / 1e9, is_dry=dry_run)
    for one in pruned:
        say(f"{one.id}  {format_size(one.size_bytes)}")
    total = format_size(sum(one.size_bytes for one in pruned))
    say(f"{counted(len(pruned), 'run')}, {total}, {'would be deleted' if dry_run else 'deleted'}")
