"""`dodo-hooks list`: what the hook file says, job by job."""

from __future__ import annotations

import click

from dodo_hooks.cli.place import plan_here, teller
from dodo_hooks.cli.table import print_table
from dodo_hooks.core.plan import Hook, Job
from dodo_hooks.host.world import World

HEADS = ("HOOK", "JOB", "PHASE", "NEEDS", "DOES")


@click.command("list")
@click.pass_obj
def list_jobs(world: World) -> None:
    """List the hooks of the hook file and their jobs."""
    plan = plan_here(world)
    tell = teller()
    for notice in plan.notices:
        tell(notice)
    rows = [_row(hook, job) for hook in plan.hooks for job in hook.jobs]
    if rows:
        print_table(HEADS, rows, world)
    else:
        tell(f"{plan.file} has no jobs yet")


def _row(hook: Hook, job: Job) -> tuple[str, ...]:
    return hook.name, job.name, _phase(job), _needs(hook, job), job.description or job.command


def _phase(job: Job) -> str:
    """A background job that runs in the foreground says why (R9)."""
    return f"{job.phase} (promoted)" if job.promoted else job.phase


def _needs(hook: Hook, job: Job) -> str:
    return ", ".join(hook.jobs[number].name for number in job.needs)
