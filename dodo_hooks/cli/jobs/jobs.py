"""`dodo-hooks jobs`: the runs of hooks, their jobs, and why jobs did not run."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import click
from click.core import ParameterSource

from dodo_hooks.cli.completion import hook_names
from dodo_hooks.cli.jobs.formats import FORMATS
from dodo_hooks.cli.jobs.run_table import Run, print_runs
from dodo_hooks.cli.lazy_group import LazyGroup, Loader
from dodo_hooks.cli.repository import all_stores, print_once, store_here
from dodo_hooks.core import statuses
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import known_hooks
from dodo_hooks.host.world import World
from dodo_hooks.store.read_records import Report
from dodo_hooks.store.reader import list_invocations, read_jobs
from dodo_hooks.store.repositories import repository_path

LAST = 10
TABLE = "table"
FAILED = frozenset((statuses.FAILED, statuses.CRASHED))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the listing."""

    hook: str | None
    worktree: str | None
    statuses: frozenset[str]  # empty: any


def _logs() -> click.Command:
    from dodo_hooks.cli.jobs.logs import logs

    return logs


def _cancel() -> click.Command:
    from dodo_hooks.cli.jobs.cancel import cancel

    return cancel


def _retry() -> click.Command:
    from dodo_hooks.cli.jobs.retry import retry

    return retry


def _wait() -> click.Command:
    from dodo_hooks.cli.jobs.wait import wait

    return wait


def _watch() -> click.Command:
    from dodo_hooks.cli.jobs.watch import watch

    return watch


def _prune() -> click.Command:
    from dodo_hooks.cli.jobs.prune import prune_runs

    return prune_runs


COMMANDS: Mapping[str, Loader] = {
    "logs": _logs,
    "cancel": _cancel,
    "retry": _retry,
    "wait": _wait,
    "watch": _watch,
    "prune": _prune,
}


@click.command(cls=LazyGroup, loaders=COMMANDS, invoke_without_command=True)
@click.option("--hook", shell_complete=hook_names, help="Show only runs of this hook.")
@click.option("--worktree", help="Show only runs in this worktree: its path, or the last part of it.")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(statuses.STATUSES), help="Show only jobs with this status."
)
@click.option("--failed", is_flag=True, help="Show only jobs that failed or crashed.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help=f"Show the newest N runs; default {LAST}.")
@click.option("--all", "everything", is_flag=True, help="Show all runs; no limit.")
@click.option("--repo", metavar="PATH", help="Use the repository at PATH, not the current one.")
@click.option("--all-repos", is_flag=True, help="Show runs of all repositories, including removed ones.")
@click.option("-v", "--verbose", is_flag=True, help="Show ids, and do not cut off lines.")
@click.option("--format", "form", type=click.Choice([TABLE, *FORMATS]), default=TABLE, help="The output format.")
@click.pass_context
def jobs(
    ctx: click.Context,
    hook: str | None,
    worktree: str | None,
    statuses: tuple[str, ...],
    failed: bool,
    last: int | None,
    everything: bool,
    repo: str | None,
    all_repos: bool,
    verbose: bool,
    form: str,
) -> None:
    """List the runs of hooks and their jobs, the newest first."""
    if ctx.invoked_subcommand is not None:
        _refuse_options_of_the_listing(ctx)
        return
    if everything and last is not None:
        raise click.UsageError("--all and --last cannot be used together", ctx)
    if all_repos and repo is not None:
        raise click.UsageError("--all-repos and --repo cannot be used together", ctx)
    world: World = ctx.obj
    wanted = Wanted(
        _known(hook), _worktree(world, worktree), frozenset(statuses) | (FAILED if failed else frozenset[str]())
    )
    report = print_once()
    stores = all_stores(world) if all_repos else [store_here(world, repo)]
    runs = islice(_runs(stores, wanted, report), None if everything else last or LAST)
    if form != TABLE:
        FORMATS[form](runs)
    elif found := list(runs):
        print_runs(found, world, is_verbose=verbose)
    else:
        is_filtered = hook is not None or worktree is not None or bool(wanted.statuses)
        report("no runs match" if is_filtered else "no runs yet")


def _runs(repository_dirs: Sequence[str], wanted: Wanted, report: Report) -> Iterator[Run]:
    """Return an iterator over the runs that match, the newest first.

    An id is a time, so the runs of several repositories can be merged lazily: taking N runs reads N runs.
    """
    each = [_runs_of(one, wanted, report) for one in repository_dirs]
    return heapq.merge(*each, key=lambda run: run.invocation.id, reverse=True)


def _runs_of(repository_dir: str, wanted: Wanted, report: Report) -> Iterator[Run]:
    repository = repository_path(repository_dir)
    found = list_invocations(repository_dir, hook=wanted.hook, worktree=wanted.worktree, report=report)
    for invocation in found:
        jobs = read_jobs(invocation, report)
        if wanted.statuses:
            jobs = tuple(job for job in jobs if job.status in wanted.statuses)
            if not jobs and not (invocation.error is not None and statuses.FAILED in wanted.statuses):
                continue
        yield Run(repository, invocation, jobs)


def _known(hook: str | None) -> str | None:
    if hook is not None and hook not in known_hooks():
        from dodo_hooks.core.nearest import did_you_mean
        from dodo_hooks.core.terminal_text import quote

        raise UsageError(f"there is no hook {quote(hook)}{did_you_mean(hook, known_hooks())}")
    return hook


def _worktree(world: World, written: str | None) -> str | None:
    """Return a path as the records have it; a bare name as it is."""
    if written is None or ("/" not in written and written not in (".", "..")):
        return written
    return os.path.realpath(os.path.join(world.cwd, written))


def _refuse_options_of_the_listing(ctx: click.Context) -> None:
    """Raise click.UsageError for options of the listing before a subcommand. `--repo` applies to subcommands too."""
    for name in ctx.params:
        if name != "repo" and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{ctx.invoked_subcommand} does not take the options of the listing", ctx)
