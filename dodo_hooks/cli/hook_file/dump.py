"""`dodo-hooks dump`: the hook file with everything that is laid over it, as one file of ours."""

from __future__ import annotations

import click

from dodo_hooks.cli.repository import no_hook_file, print_once, tree_here
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.world import World


@click.command()
@click.argument("file", required=False)
@click.option("--origin", is_flag=True, help="Say behind each value which file and line it comes from.")
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@click.pass_obj
def dump(world: World, file: str | None, origin: bool, form: str) -> None:
    """Print the hook file of this working tree, or FILE, as it is used.

    With it are the files that it extends, those for one hook, and the local overlays; another tool's file is printed as
    a hook file of ours. What is printed can be saved as hooks.dodo. The comments of YAML files are kept.
    """
    from dodo_hooks.loader.layers.discover import find_hook_file, named_hook_file
    from dodo_hooks.loader.load import load_with_tree
    from dodo_hooks.loader.read.comments import placed, read_comments
    from dodo_hooks.loader.read.sources import Sources
    from dodo_hooks.loader.read.yaml_writer import as_json, emitted
    from dodo_hooks.plans.cache import main_top_of

    if origin and form == "json":
        raise click.UsageError("JSON has no comments: leave --origin or --format json out")
    sources = Sources()
    if file is not None:
        found = named_hook_file(file, top=world.cwd, base=world.cwd)
    else:
        top = tree_here(world, locate_repo)
        here = find_hook_file(top, sources)
        if here is None:
            raise no_hook_file(top)
        found = here
    whole = load_with_tree(found, sources, main_top_of(found.home, sources))
    tell = print_once()
    for notice in whole.plan.notices:
        tell(notice)
    if form == "json":
        text = as_json(whole.root)
    else:
        comments = placed(read_comments(sources, found.top), whole.root)
        text = emitted(whole.root, with_origin=origin, comments=comments)
    click.echo(text.encode(), nl=False)  # UTF-8 wherever it goes: it is a file
