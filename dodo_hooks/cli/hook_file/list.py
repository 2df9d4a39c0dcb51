"""`dodo-hooks list`: the hook file, job by job."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from dodo_hooks.cli.options.click_options import color_option
from dodo_hooks.cli.options.completion_words import hook_names
from dodo_hooks.cli.repository import keep_hook, plan_here, print_once
from dodo_hooks.cli.terminal_table import print_table, say
from dodo_hooks.core.plan import COMMAND, WORKTREE, Hook, Job, Plan
from dodo_hooks.core.plan_parts import Requirement, TagRule
from dodo_hooks.fire.report.file_warnings import print_warnings_here
from dodo_hooks.host.world import World

HEADS = ("HOOK", "JOB", "PHASE", "NEEDS", "FILES", "WHEN", "DOES")
OPTIONAL = ("NEEDS", "FILES", "WHEN")  # columns that are left out if they are empty for all jobs
TABLE, JSON = "table", "json"


@click.command("list")
@click.argument("hook", required=False, shell_complete=hook_names)
@click.option("--format", "form", type=click.Choice([TABLE, JSON]), default=TABLE, help="How to print them.")
@color_option
@click.pass_obj
def list_jobs(world: World, hook: str | None, form: str) -> None:
    """List the jobs of all hooks and tasks, or of HOOK."""
    plan = keep_hook(plan_here(world), hook)
    report = print_once()
    print_warnings_here(world, plan)
    if form == JSON:
        say(json.dumps(record_of(plan), indent=2))
    elif any(one.jobs for one in plan.hooks):
        print_table(*table_of(plan), world)
    else:
        report(f"{plan.file} has no jobs yet" if hook is None else f"{hook} has no jobs yet")


# For people


def table_of(plan: Plan) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Return (heads, a row for each job)."""
    rows = [_row(hook, job) for hook in plan.hooks for job in hook.jobs]
    columns = [number for number, head in enumerate(HEADS) if head not in OPTIONAL or any(row[number] for row in rows)]
    return [HEADS[number] for number in columns], [[row[number] for number in columns] for row in rows]


def _row(hook: Hook, job: Job) -> tuple[str, ...]:
    what = " ".join(job.description.split()) if job.description else job.execution.command.strip()
    return hook.name, job.title, _phase(job), _needs(hook, job), _files(job), _when(hook, job), what


def _phase(job: Job) -> str:
    """Return the phase of a job; a background job that runs in the foreground is marked as promoted (R9)."""
    return f"{job.phase} (promoted)" if job.promoted else job.phase


_ANY_FILE = TagRule(("file",))


def _needs(hook: Hook, job: Job) -> str:
    return ", ".join(hook.jobs[number].title for number in job.order.needs)


def _files(job: Job) -> str:
    """Return the file set of a job, and its filters, in words."""
    rule = job.selection.files
    if rule is None:
        return ""
    chosen = ["by glob"] if rule.globs or rule.excludes or rule.required else []
    chosen += ["by type"] if rule.types or rule.tags not in (None, _ANY_FILE) else []
    chosen += [f"in {job.execution.root}"] if job.execution.root else []
    source = "of a command" if rule.source == COMMAND else rule.source
    return " ".join([source, ", ".join(chosen)]).rstrip()


def _when(hook: Hook, job: Job) -> str:
    """Return the conditions of a job in words (C7); for an absent job, the reason.

    The plan knows only about conditions that never change on this machine.
    """
    if job.selection.absent:
        return f"not here: {job.selection.absent}"
    return ", ".join(_conditions(hook, job))


def _conditions(hook: Hook, job: Job) -> Iterator[str]:
    if hook.is_task:
        yield "manual run"
    if job.execution.is_unresolved:
        yield "once pre-commit has installed it"
    if job.order.is_setup:
        yield "before all others"
    if job.selection.checks:
        yield "if its conditions hold"
    if job.results.is_incremental:
        yield "unless up to date"
    if job.selection.needs_event:
        yield f"with {'an argument' if hook.is_task else 'an event'}, for {job.selection.needs_event}"


# For programs


def record_of(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON values. Fields keep their names and meanings; new ones may come."""
    return {"file": plan.file, "hooks": [_hook_record(hook) for hook in plan.hooks]}


def _hook_record(hook: Hook) -> dict[str, Any]:
    return {
        "name": hook.name,
        "is_task": hook.is_task,
        "fail_fast": hook.fail_fast,
        "fail_mode": "warn" if hook.warns else "abort",
        "timeout_s": hook.timeout_s,
        "requires": [_requirement_record(hook, one) for one in hook.requires],
        "jobs": [_job_record(hook, job) for job in hook.jobs],
    }


def _job_record(hook: Hook, job: Job) -> dict[str, Any]:
    return {
        "name": job.name,
        "description": job.description,
        "command": job.execution.command,
        "root": job.execution.root,
        "phase": job.phase,
        "declared_background": job.declared_background,
        "promoted": job.promoted,
        "needs": [hook.jobs[number].name for number in job.order.needs],
        "after": [hook.jobs[number].name for number in job.order.after],
        "tags": list(job.tags),
        "priority": job.order.priority,
        "timeout_s": job.execution.timeout_s,
        "concurrency": [group.name for group in job.order.groups],
        "files": _files_record(job),
        "inputs": [one.text for one in job.results.inputs],
        "outputs": list(job.results.outputs),
        "env_inputs": list(job.results.env_inputs),
        "uptodate": list(job.results.uptodate),
        "is_incremental": job.results.is_incremental,
        "is_per_file": job.results.is_per_file,
        "cache": job.results.cache or None,
        "is_conditional": bool(job.selection.checks),
        "absent": job.selection.absent or None,
        "needs_event": job.selection.needs_event or None,
        "interactive": job.execution.interactive,
        "use_stdin": job.execution.use_stdin,
        "stage_fixed": job.changes.stage_fixed,
        "fails_on_changes": list(job.changes.fails_on_changes),
        "is_setup": job.order.is_setup,
        "workspace": job.workspace or WORKTREE,
        "shares": [share._asdict() for share in job.shares],
        "cleans": job.cleans,
        "supersedes": job.results.supersedes,
        "counts_commit": job.results.counts_commit,
        "is_required": job.results.is_required,
        "reads": job.changes.conduct.reads if job.changes.conduct else None,
        "writes": job.changes.conduct.writes if job.changes.conduct else None,
    }


def _requirement_record(hook: Hook, one: Requirement) -> dict[str, Any]:
    record = {**one._asdict(), "by": None if one.by < 0 else hook.jobs[one.by].name}
    del record["checks"]  # numbers that say nothing to others
    return record


def _files_record(job: Job) -> dict[str, Any] | None:
    rule = job.selection.files
    if rule is None:
        return None
    return {
        "source": rule.source,
        "command": rule.command or None,
        "has_globs": bool(rule.globs),
        "has_excludes": bool(rule.excludes),
        "types": list(rule.types),
        "below": job.execution.root,
    }
