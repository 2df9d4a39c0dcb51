"""`dodo-hooks jobs retry`: run the jobs again that did not succeed."""

from __future__ import annotations

import click

from dodo_hooks.cli.jobs.addresses import find_here
from dodo_hooks.cli.options.click_options import repository_option
from dodo_hooks.cli.options.completion_words import known_addresses
from dodo_hooks.cli.repository import print_once, store_here
from dodo_hooks.store.reader import read_jobs


@click.command()
@click.argument("where", metavar="ADDRESS", shell_complete=known_addresses)
@repository_option
@click.pass_context
def retry(ctx: click.Context, where: str, repo: str | None) -> int:
    """Run a job again that failed, crashed or was cancelled.

    ADDRESS is JOB or JOB@INVOCATION. Jobs that were skipped because of that job run too. @INVOCATION runs all jobs of a
    run that did not succeed. Commands and variables are those of the old run. Jobs that had succeeded are not run
    again.
    """
    report = print_once()
    found = find_here(ctx.obj, store_here(ctx.obj, repo), where, report)
    wanted = [] if found.has_all_jobs else [job.name for job in found.jobs]

    from dodo_hooks.fire.manual.retry_jobs import retry as run_again

    return run_again(ctx.obj, found.invocation, read_jobs(found.invocation, report), wanted)
