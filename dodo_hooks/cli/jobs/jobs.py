"""`dodo-hooks jobs`: the group of the commands on runs, and the listing where no command follows (list_runs.py)."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from dodo_hooks.cli.lazy_group import OF_JOBS, LazyGroup
from dodo_hooks.cli.options.click_options import options_of
from dodo_hooks.cli.options.tables import JOBS


@click.command(cls=LazyGroup, places=OF_JOBS, invoke_without_command=True)
@options_of(JOBS)
@click.pass_context
def jobs(ctx: click.Context, /, **values: Any) -> int:
    """List the runs of hooks and their jobs, the newest first."""
    if ctx.invoked_subcommand is not None:
        _refuse_options_of_the_listing(ctx)
        return 0
    from dodo_hooks.cli.jobs.list_runs import list_runs

    return list_runs(ctx.obj, values)


def _refuse_options_of_the_listing(ctx: click.Context) -> None:
    """Raise click.UsageError for options of the listing before a subcommand. `--repo` applies to subcommands too."""
    for name in ctx.params:
        if name != "repo" and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{ctx.invoked_subcommand} does not take the options of the listing", ctx)
