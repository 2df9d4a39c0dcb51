"""`dodo-hooks migrate`: hooks.dodo from the hook file of another tool."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from dodo_hooks.cli.hook_file.new_file import create_hook_file, exists_already
from dodo_hooks.cli.repository import no_hook_file, tree_here
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.diagnostics import Diagnostic, Location
from dodo_hooks.core.errors import ConfigError, UsageError
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.host.world import World

if TYPE_CHECKING:
    from dodo_hooks.cli.hook_file.merged_file import Merged
    from dodo_hooks.loader.layers.discover import Found
    from dodo_hooks.loader.read.sources import Sources


@click.command()
@click.argument("file", required=False)
@click.option("--force", is_flag=True, help="Write it also if jobs in it cannot run as they are.")
@click.pass_obj
def migrate(world: World, file: str | None, force: bool) -> None:
    """Write hooks.dodo from a lefthook.yml or daft.yml, or FILE.

    It has the files that are extended and those for single hooks in it, and comments of YAML files. Local overlays are
    their owners' and are left out. The other tool's file stays, and does nothing any more.
    """
    from dodo_hooks.cli.hook_file.merged_file import merge_file
    from dodo_hooks.loader.layers.discover import local_overlays
    from dodo_hooks.loader.read.sources import Sources

    top, sources = tree_here(world), Sources()
    found = _find(world, top, file, sources)
    merged = merge_file(found._replace(has_local=False), sources)
    old = escape(os.path.relpath(found.file, world.cwd))
    if not force:
        _expect_usable(merged, old)
    created = create_hook_file(world, top, merged.text)
    say(f"created {created} from {old}; next steps:")
    say("  compare, then check it   dodo-hooks list; dodo-hooks validate")
    say("  let git run its hooks    dodo-hooks install")
    say(f"  remove the old file      git rm {old}")
    for local in local_overlays(found, found.home, sources) if found.home is not None else ():
        say(f"  {escape(os.path.relpath(local, world.cwd))} is not in it; `hooks.local.dodo` takes its place")


def _expect_usable(merged: Merged, old: str) -> None:
    """Raise an error if the text is no hook file of ours, or if a job in it fails without being run."""
    fix = "change them, or write hooks.dodo all the same with --force"
    refused = [
        quote(f"{hook.name}:{job.name}") for hook in merged.plan.hooks for job in hook.jobs if job.execution.refused
    ]
    if refused:
        raise UsageError(f"nothing written: jobs of {old} fail without being run: {', '.join(refused)}; {fix}")
    if merged.errors:
        message = f"nothing written: commands of {old} cannot be used as they are"
        raise ConfigError([Diagnostic(Location(old), message, fix=fix), *merged.errors])


def _find(world: World, top: str, file: str | None, sources: Sources) -> Found:
    """Return the file to convert.

    Raises:
        UsageError: there is none, it is no other tool's, or there is a hook file of ours already.
    """
    from dodo_hooks.loader.layers.config_formats import DODO, PRE_COMMIT
    from dodo_hooks.loader.layers.discover import find_hook_file, named_hook_file

    here = find_hook_file(top, sources)
    if here is not None and here.config_format is DODO:
        raise exists_already(here.file)
    found = here if file is None else named_hook_file(file, top=top, base=world.cwd)
    if found is None:
        raise no_hook_file(top)
    if found.config_format is PRE_COMMIT:
        name = os.path.basename(found.file)
        message = f"{name} runs as it is, so there is nothing to convert"
        raise UsageError(f"{message}; a hooks.dodo that says `extends: {name}` can change what its hooks do")
    if found.config_format is DODO:
        raise UsageError(f"{found.file} is not a file of lefthook or daft by its name")
    return found
