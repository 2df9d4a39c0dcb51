"""`dodo-hooks snapshots`: the private checkouts of this repository (S8)."""

from __future__ import annotations

import click

from dodo_hooks.cli.measures import format_age, format_size
from dodo_hooks.cli.repository import repo_at
from dodo_hooks.cli.terminal_table import print_table, say
from dodo_hooks.core.text.terminal_text import counted
from dodo_hooks.host.world import World, timestamp, wall_ns
from dodo_hooks.snapshots.prune_snapshots import UNUSED_FOR_S, list_snapshots, prune_snapshots

_HEADS = ("SNAPSHOT", "JOB", "COMMIT", "SIZE", "USED", "TREE")


@click.group(invoke_without_command=True)
@click.pass_context
def snapshots(ctx: click.Context) -> None:
    """List the private checkouts of jobs in snapshots."""
    if ctx.invoked_subcommand is not None:
        return
    world, rows = ctx.obj, []
    for one in list_snapshots(repo_at(world, None).common_dir, world.cache):
        used = "now" if one.is_in_use else format_age(timestamp(one.last_used_ns)) if one.last_used_ns else "never"
        rows.append((str(one.number), one.job, one.commit[:12], format_size(one.size_bytes), used, one.tree))
    if rows:
        print_table(_HEADS, rows, world)
    else:
        say("no snapshots")


@snapshots.command("prune")
@click.option("--all", "is_all", is_flag=True, help="Remove also those that were used in the last 7 days.")
@click.pass_obj
def prune(world: World, is_all: bool) -> None:
    """Remove the snapshots that no job has used for 7 days.

    Those of repositories that are gone are removed too. A snapshot in use stays.
    """
    common_dir = repo_at(world, None).common_dir
    removed = prune_snapshots(common_dir, world.cache, 0 if is_all else UNUSED_FOR_S, wall_ns())
    for tree in removed:
        say(f"removed {tree}")
    say(f"{counted(len(removed), 'snapshot')} removed")
