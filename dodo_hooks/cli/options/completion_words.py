"""The words that complete the arguments of commands: hooks, jobs, tags and runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import click
from click.shell_completion import CompletionItem

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.git_hooks import known_hooks
from dodo_hooks.core.plan import Hook, Plan
from dodo_hooks.host.world import World

RECENT = 20  # invocations whose ids and jobs are offered


def hook_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the hooks and tasks of the hook file."""
    return _items(((hook.name, "task" if hook.is_task else "hook") for hook in _hooks(ctx)), incomplete)


def installable_hooks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the hooks of the hook file; all that git has where it names none."""
    named = [hook.name for hook in _hooks(ctx) if not hook.is_task]
    return _items(((name, "hook") for name in named or known_hooks()), incomplete)


def hook_and_job_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the hooks, tasks and jobs of the hook file."""
    return [*hook_names(ctx, param, incomplete), *job_names(ctx, param, incomplete)]


def job_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the jobs of the hook that the command line names."""
    return _items(_job_names(ctx), incomplete)


def tag_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return _items(((tag, "") for tag in _tags(ctx)), incomplete)


def skip_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return _items([*_job_names(ctx), *((f"tag:{tag}", "") for tag in _tags(ctx))], incomplete)


def checked_jobs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the jobs that run in a snapshot, as HOOK:JOB."""
    jobs = ((hook.name, job) for hook in _hooks(ctx) for job in hook.jobs if job.workspace)
    return _items(((f"{hook}:{job.name}", job.description or job.execution.command) for hook, job in jobs), incomplete)


def known_addresses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the jobs of the newest runs; after an @, the ids of the runs."""
    return _items(_addresses(ctx, incomplete), incomplete)


def _items(found: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem[str]]:
    """Return each name once, with a help text in one line, since click reads each line as an item."""
    first: dict[str, str] = {}
    for name, help_ in found:
        if name.startswith(incomplete):
            first.setdefault(name, " ".join(help_.split()))
    return [CompletionItem(name, help=help_ or None) for name, help_ in first.items()]


def _hooks(ctx: click.Context) -> tuple[Hook, ...]:
    plan = _plan(ctx.obj)
    return plan.hooks if plan else ()


def _its_hooks(ctx: click.Context) -> list[Hook]:
    """Return the hook that the command line names, in a list; all hooks where it names none yet."""
    # Where an option lacks its value, click has put the arguments into no parameter yet.
    named = {ctx.params.get("hook"), ctx.params.get("hook_or_job"), *ctx.args}
    hooks = list(_hooks(ctx))
    return [hook for hook in hooks if hook.name in named] or hooks


def _job_names(ctx: click.Context) -> Iterator[tuple[str, str]]:
    return ((job.name, job.description or job.execution.command) for hook in _its_hooks(ctx) for job in hook.jobs)


def _tags(ctx: click.Context) -> Iterator[str]:
    return (tag for hook in _its_hooks(ctx) for job in hook.jobs for tag in job.tags)


def _plan(world: World) -> Plan | None:
    from dodo_hooks.cli.repository import plan_here

    try:
        return plan_here(world)
    except HooksError:  # no repository, no hook file, or one that is wrong
        return None


def _addresses(ctx: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    from dodo_hooks.cli.repository import repo_at
    from dodo_hooks.store import identity, layout
    from dodo_hooks.store.reader import list_invocations, read_jobs

    world: World = ctx.obj
    outer = ctx.parent.params.get("repo") if ctx.parent else None
    try:
        known = identity.known_id(repo_at(world, ctx.params.get("repo") or outer).common_dir)
    except HooksError:
        return
    if known is None:
        return
    before, at, _ = incomplete.rpartition("@")
    newest = list_invocations(layout.repository_dir(world.state, known), report=lambda sentence: None)
    for invocation in islice(newest, RECENT):
        jobs = read_jobs(invocation, lambda sentence: None)
        if not at:
            yield from ((job.name, f"{job.status}, in {invocation.hook}") for job in jobs)
        elif not before or any(before in (job.name, f"{invocation.hook}:{job.name}") for job in jobs):
            yield f"{before}@{invocation.id}", invocation.hook
