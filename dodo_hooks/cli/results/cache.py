"""`dodo-hooks cache`: the stored outputs of jobs with `cache: true`, in all repositories (K9)."""

from __future__ import annotations

import os

import click

from dodo_hooks.cli.measures import format_age, format_size
from dodo_hooks.cli.options.click_options import read_by
from dodo_hooks.cli.terminal_table import print_table, say
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.text.terminal_text import counted
from dodo_hooks.core.text.units import bytes_of
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.host.world import World, timestamp
from dodo_hooks.results.outputs.output_cache import DEFAULT_LIMIT_BYTES, outputs_root
from dodo_hooks.results.outputs.prune_outputs import Stored, prune_outputs, survey
from dodo_hooks.results.outputs.restore_outputs import recover_outputs
from dodo_hooks.store.cache_dirs import expect_private_cache, is_repository_gone, repository_of

_HEADS = ("REPOSITORY", "KEY", "SIZE", "USED")
_KEY_CHARACTERS = 12
_NOTHING = -1  # a limit that even an empty entry is above


@click.group(no_args_is_help=False)
def cache() -> None:
    """Show or prune the stored outputs of jobs with `cache: true`.

    They are those of all repositories."""


@cache.command("list")
@click.pass_obj
def list_outputs(world: World) -> None:
    """List the stored outputs, those used last first."""
    rows = []
    for one in sorted(survey(_root(world)), key=lambda one: one.used_ns, reverse=True):
        used = format_age(timestamp(one.used_ns)) if one.used_ns else "damaged"
        rows.append((_name_of(one), os.path.basename(one.path)[:_KEY_CHARACTERS], format_size(one.size_bytes), used))
    if rows:
        print_table(_HEADS, rows, world)
    else:
        say("no stored outputs")


@cache.command("size")
@click.pass_obj
def print_size(world: World) -> None:
    """Print the size of all stored outputs. Blocks that files share count in each of them."""
    say(format_size(sum(one.size_bytes for one in survey(_root(world)))))


@cache.command("prune")
@click.option(
    "--max-size", callback=read_by(bytes_of), metavar="SIZE", show_default="5GB", help="Keep at most this much."
)
@click.option("--all", "is_all", is_flag=True, help="Remove all stored outputs.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@click.pass_obj
def prune(world: World, max_size: int | None, is_all: bool, dry_run: bool) -> None:
    """Remove the stored outputs that were used longest ago.

    Those of repositories that are gone come first. What a killed restore has left in this worktree is removed, too.
    """
    limit = DEFAULT_LIMIT_BYTES if max_size is None else max_size
    removed = prune_outputs(_root(world), _NOTHING if is_all else limit, is_dry=dry_run)
    for one in removed:
        say(f"{_name_of(one)}  {os.path.basename(one.path)[:_KEY_CHARACTERS]}  {format_size(one.size_bytes)}")
    if not dry_run:
        _recover_here(world)
    total = format_size(sum(one.size_bytes for one in removed))
    say(f"{counted(len(removed), 'stored output')}, {total}, {'would be removed' if dry_run else 'removed'}")


def _recover_here(world: World) -> None:
    try:
        repo: Repo = find_repo(world.environ, world.cwd)
        if repo.top:
            recover_outputs(repo, world.environ)
    except (GitError, OSError):  # no repository, or one that we cannot write to
        pass


def _root(world: World) -> str:
    """Return the directory of all stored outputs. Raises UnsafeFileError: others can write there."""
    root = outputs_root(world.cache)
    expect_private_cache(f"{root}/.")
    return root


def _name_of(one: Stored) -> str:
    path = repository_of(one.cache_dir)
    if path is None:
        return "unknown"
    return path.removesuffix("/.git") + (" (gone)" if is_repository_gone(one.cache_dir) else "")
