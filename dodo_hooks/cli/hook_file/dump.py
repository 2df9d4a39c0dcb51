"""`dodo-hooks dump`: the hook file with all of its layers merged, as one hook file of ours."""

from __future__ import annotations

import click

from dodo_hooks.cli.repository import no_hook_file, print_once, tree_here
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.world import World


@click.command()
@click.argument("file", required=False)
@click.option("--origin", is_flag=True, help="Add a comment with its file and line to each value.")
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@click.pass_obj
def dump(world: World, file: str | None, origin: bool, form: str) -> None:
    """Print the hook file of this working tree, or FILE, as it is used.

    The files that it extends, the files for single hooks and the local overlays are merged into it. Another tool's
    file is converted. The output can be saved as hooks.dodo. Comments of YAML files are kept.
    """
    from dodo_hooks.loader.layers.discover import find_hook_file, named_hook_file
    from dodo_hooks.loader.load import load_with_tree
    from dodo_hooks.loader.read.comments import attach_comments, read_comments
    from dodo_hooks.loader.read.sources import Sources
    from dodo_hooks.loader.read.yaml_writer import as_json, emit_yaml
    from dodo_hooks.plans.plan_cache import main_top_of

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
    whole = load_with_tree(found, sources, main_top_of(found.home, sources))
    report = print_once()
    for one in whole.plan.diagnostics:
        report(one.sentence)
    if form == "json":
        text = as_json(whole.root)
    else:
        comments = attach_comments(read_comments(sources, found.top), whole.root)
        text = emit_yaml(whole.root, with_origin=origin, comments=comments)
    click.echo(text.encode(), nl=False)  # UTF-8 wherever it goes: it is a file
