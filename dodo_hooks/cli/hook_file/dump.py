"""`dodo-hooks dump`: the hook file with all of its layers merged, as one hook file of ours."""

from __future__ import annotations

import click

from dodo_hooks.cli.repository import no_hook_file, tree_here
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.console import say
from dodo_hooks.host.world import World


@click.command()
@click.argument("file", required=False)
@click.option("--origin", is_flag=True, help="Add a comment with its file and line to each value.")
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@click.pass_obj
def dump(world: World, file: str | None, origin: bool, form: str) -> None:
    """Print the hook file, or FILE, as it is used.

    The files that it extends, the files for single hooks and the local overlays are merged into it. Another tool's
    file is converted, as `migrate` does for good. Comments of YAML files are kept.
    """
    from dodo_hooks.cli.hook_file.merged_file import merge_file
    from dodo_hooks.loader.layers.discover import find_hook_file, named_hook_file
    from dodo_hooks.loader.read.sources import Sources
    from dodo_hooks.loader.read.yaml_writer import as_json

    if origin and form == "json":
        raise click.UsageError("--origin and --format json cannot be used together")
    sources = Sources()
    if file is not None:
        found = named_hook_file(file, top=world.cwd, base=world.cwd)
    else:
        top = tree_here(world, locate_repo)
        here = find_hook_file(top, sources)
        if here is None:
            raise no_hook_file(top)
        found = here
    merged = merge_file(found, sources, with_origin=origin)
    for one in merged.errors:
        say(f"this output would not load: {one.sentence}")
    text = as_json(merged.root) if form == "json" else merged.text
    click.echo(text.encode(), nl=False)  # UTF-8 wherever it goes: it is a file
