"""`dodo-hooks status`: the state of this repository. What it prints is in show_status.py and prompt_status.py."""

from __future__ import annotations

import click

from dodo_hooks.cli.options.click_options import options_of
from dodo_hooks.cli.options.tables import STATUS


@click.command()
@options_of(STATUS)
@click.pass_context
def status(ctx: click.Context, /, short: bool) -> int:
    """Show the installed hooks, what is running and what failed."""
    if short:  # `main` avoids click where only these two words were typed
        from dodo_hooks.cli.prompt_status import print_short_status

        return print_short_status(ctx.obj)
    from dodo_hooks.cli.show_status import show_status

    return show_status(ctx.obj)
