"""`dodo-hooks run`: fire a hook by hand."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from dodo_hooks.cli.completion import hook_names, job_names, skip_names, tag_names
from dodo_hooks.cli.place import hook_in, plan_here, repo_at, store_here, tree_here
from dodo_hooks.cli.table import say, shown
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.events import known_hooks
from dodo_hooks.core.plan import Hook
from dodo_hooks.fire.lefthook_variables import is_turned_off
from dodo_hooks.fire.notices import print_notices_here
from dodo_hooks.git.command import git
from dodo_hooks.host.world import World
from dodo_hooks.loader.wording import did_you_mean, quoted

PHASES = ("auto", "foreground", "background", "off")
TAG = "tag:"


@click.command("run")
@click.argument("hook", shell_complete=hook_names)
@click.argument("args", nargs=-1, metavar="[-- ARGS]...", type=click.UNPROCESSED)
@click.option(
    "--job", "jobs", multiple=True, metavar="NAME", shell_complete=job_names, help="Only this job, and what it needs."
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    shell_complete=tag_names,
    help="Only jobs with this tag, and what they need.",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="NAME",
    shell_complete=skip_names,
    help="Not this job; tag:TAG for all with this tag.",
)
@click.option("--phase", type=click.Choice(PHASES), default="auto", help="What to run, and how; auto: as git would.")
@click.option("-j", "slots", type=click.IntRange(min=1), metavar="N", help="How many jobs may run at once.")
@click.option("--files", "files", multiple=True, metavar="FILE", help="The jobs are about this file, not the event's.")
@click.option("--all-files", is_flag=True, help="The jobs are about all files that git tracks.")
@click.option("--dry-run", is_flag=True, help="Only say what would run, and what not and why.")
@click.option("-v", "--verbose", is_flag=True, help="Say which jobs do not apply, and why.")
@click.pass_obj
def run_hook(
    world: World,
    hook: str,
    args: tuple[str, ...],
    jobs: tuple[str, ...],
    tags: tuple[str, ...],
    skip: tuple[str, ...],
    phase: str,
    slots: int | None,
    files: tuple[str, ...],
    all_files: bool,
    dry_run: bool,
    verbose: bool,
) -> int:
    """Run the jobs of HOOK, or of a task, as if git had fired it, with ARGS for its arguments."""
    if files and args:
        raise UsageError(f"{quoted(args[0])} would be an argument of the hook: write --files before each file")
    if files and all_files:
        raise UsageError("--files and --all-files are two answers to one question: give one of them")
    if is_turned_off(world, tree_here(world)):
        say("nothing is run: LEFTHOOK is 0, and a lefthook file is in use")
        return 0
    plan = plan_here(world)
    print_notices_here(world, plan)
    if plan.hook(hook) is None and hook in known_hooks() and not (jobs or tags or skip):
        say(f"{shown(os.path.relpath(plan.file, world.cwd))} has no jobs for {hook}: nothing to run")
        return 0
    its_jobs = hook_in(plan, hook)
    _expect(jobs, [job.name for job in its_jobs.jobs], "job", hook)
    _expect(tags, _tags(its_jobs), "tag", hook)
    _expect(skip, [*(job.name for job in its_jobs.jobs), *(TAG + tag for tag in _tags(its_jobs))], "job", hook)
    if not dry_run:
        store_here(world)

    from dodo_hooks.fire.by_hand import run_by_hand

    given = _all_files(world) if all_files else _below_top(world, files) if files else None
    return run_by_hand(world, hook, args, jobs, tags, skip, phase, slots, dry_run, given, verbose)


def _all_files(world: World) -> list[bytes]:
    repo = repo_at(world, None)
    return git(["ls-files", "-z"], repo.top, world.environ).split(b"\0")[:-1]


def _below_top(world: World, files: Iterable[str]) -> list[bytes]:
    """The files that a person named, from the top of the working tree.

    Raises:
        UsageError: one of them is not in it, or is not there.
    """
    top = repo_at(world, None).top
    found: list[bytes] = []
    for file in files:
        path = os.path.join(os.path.realpath(os.path.join(world.cwd, os.path.dirname(file))), os.path.basename(file))
        if not path.startswith(top.rstrip("/") + "/"):
            raise UsageError(f"{quoted(file)} is not in the working tree {top}")
        if not os.path.lexists(path):
            raise UsageError(f"there is no file {quoted(file)}")
        found.append(os.fsencode(os.path.relpath(path, top)))
    return found


def _tags(hook: Hook) -> list[str]:
    return [tag for job in hook.jobs for tag in job.tags]


def _expect(names: Iterable[str], known: list[str], what: str, hook: str) -> None:
    """Raises UsageError for a name that is not known: a slip must not look like a run in which all went well."""
    for name in names:
        if name not in known:
            raise UsageError(f"{hook} has no {what} {quoted(name)}{did_you_mean(name, known)}")
