"""`dodo-hooks run`: a manual run of a hook."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

import click

from dodo_hooks.cli.color_option import color_option
from dodo_hooks.cli.completion import hook_names, job_names, skip_names, tag_names
from dodo_hooks.cli.given_files import GivenFiles
from dodo_hooks.cli.repository import hook_in, no_hook_file, print_once, store_here, tree_here
from dodo_hooks.cli.terminal_table import say
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import WITHOUT_ARGUMENTS, known_hooks
from dodo_hooks.core.nearest import did_you_mean
from dodo_hooks.core.plan import Hook, Plan
from dodo_hooks.core.terminal_text import quote
from dodo_hooks.fire.report.file_warnings import print_warnings_here
from dodo_hooks.fire.select.lefthook_variables import is_turned_off
from dodo_hooks.fire.select.selectors import TAG, Selectors, names_in
from dodo_hooks.host.world import World
from dodo_hooks.plans.plan_cache import load_file, load_plan
from dodo_hooks.results import IGNORE, RENEW, USE

PHASES = ("auto", "foreground", "background", "off")
_HOOK_ARGS = "dodo_hooks.hook_args"


class RunCommand(click.Command):
    """A command that keeps the words before and after `--` apart, which click does not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        place = args.index("--") if "--" in args else len(args)
        ctx.meta[_HOOK_ARGS] = tuple(args[place + 1 :])
        return super().parse_args(ctx, args[:place])


@click.command("run", cls=RunCommand)
@click.argument("hook", shell_complete=hook_names)
@click.argument("words", nargs=-1, metavar="[FILES]... [-- ARGS]...", type=click.UNPROCESSED)
@click.option(
    "--job",
    "jobs",
    multiple=True,
    metavar="NAME",
    shell_complete=job_names,
    help="Run only this job or group, and its needs.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    shell_complete=tag_names,
    help="Run only jobs with this tag, and their needs.",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="NAME",
    shell_complete=skip_names,
    help="Leave out this job or group; tag:TAG for all jobs with this tag.",
)
@click.option("--phase", type=click.Choice(PHASES), help="How to run background jobs; auto: as git would.")
@click.option("--detach", is_flag=True, help="Run all jobs in the background.")
@click.option("-j", "slots", type=click.IntRange(min=1), metavar="N", help="Run at most N jobs at once.")
@click.option("--files", multiple=True, metavar="FILE", help="Use this file, and the FILES after HOOK.")
@click.option("--files-from", metavar="FILE", help="Use the files listed in FILE, by lines or NULs; -: stdin.")
@click.option("-a", "--all-files", is_flag=True, help="Use all files that git tracks.")
@click.option("--from-ref", metavar="REF", help="Use the files changed since REF branched off.")
@click.option("--to-ref", metavar="REF", help="With --from-ref: the end of the range; default HEAD.")
@click.option("--last-commit", is_flag=True, help="Use the files that the last commit changed.")
@click.option(
    "--glob", "globs", multiple=True, metavar="GLOB", help="Use only files that match, of those chosen or of all."
)
@click.option(
    "--exclude", "excludes", multiple=True, metavar="GLOB", help="Use no files that match, of those chosen or of all."
)
@click.option("--force", is_flag=True, help="Run jobs also where no file matches, and those that are up to date.")
@click.option("--no-cache", is_flag=True, help="Use no result of an earlier run, and keep none.")
@click.option("--no-stage-fixed", is_flag=True, help="Do not stage files that jobs fix.")
@click.option("--config", metavar="FILE", help="Use this hook file.")
@click.option("--dry-run", is_flag=True, help="Show what would run, and run nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line for every job, whatever `output:` says.")
@click.option("-q", "--quiet", is_flag=True, help="Show only what failed.")
@color_option
@click.pass_context
def run_hook(ctx: click.Context, /, hook: str, words: tuple[str, ...], **options: Any) -> int:
    """Run the jobs of HOOK, or of a task, as if git had fired it with the arguments ARGS.

    FILES need --files before them, as in `run pre-commit --files a.py b.py`.
    """
    world: World = ctx.obj
    if options["detach"] and options["phase"] is not None:
        raise UsageError("--detach and --phase cannot be used together")
    named, args = _files_and_args(hook, words, options["files"], ctx.meta[_HOOK_ARGS])
    selectors = Selectors(options["jobs"], options["tags"], options["skip"])
    if is_turned_off(world, tree_here(world)):
        say("nothing run: LEFTHOOK is 0, and a lefthook file is in use")
        return 0
    plan = _plan(world, options["config"])
    print_warnings_here(world, plan)
    if plan.hook(hook) is None and hook in known_hooks() and selectors == Selectors():
        say(f"{os.path.relpath(plan.file, world.cwd)} has no jobs for {hook}: nothing to run")
        return 0
    _check_selectors(hook_in(plan, hook), selectors)
    given = _given_files(named, options)
    files = given.select(world, print_once())
    if not options["dry_run"]:
        store_here(world)

    from dodo_hooks.fire.manual_run import Request, run_manually

    request = Request(
        hook,
        args,
        selectors,
        options["phase"],
        options["slots"],
        files,
        is_forced=options["force"],
        results=IGNORE if options["no_cache"] else RENEW if options["force"] else USE,
        stages_fixed=not options["no_stage_fixed"],
        is_detached=options["detach"],
        is_dry=options["dry_run"],
        is_verbose=options["verbose"],
        is_quiet=options["quiet"],
        again=None if given.are_piped else (*given.words(), *_words(options)),
    )
    return run_manually(world, request, options["config"])


def _files_and_args(
    hook: str, words: tuple[str, ...], files: tuple[str, ...], args: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the named files and the arguments of the hook: the words between HOOK and `--` may be either."""
    if files:
        return (*files, *words), args
    if words and hook in WITHOUT_ARGUMENTS:
        raise UsageError(f"{hook} has no arguments; name files with `--files {shlex.join(words)}`")
    return (), (*words, *args)


def _given_files(named: tuple[str, ...], options: dict[str, Any]) -> GivenFiles:
    return GivenFiles(
        named,
        options["files_from"],
        options["all_files"],
        options["from_ref"],
        options["to_ref"],
        options["last_commit"],
        options["globs"],
        options["excludes"],
    )


def _words(options: dict[str, Any]) -> Iterator[str]:
    """Yield the other options that decide what jobs do, as they are typed."""
    yield from ("--force",) if options["force"] else ()
    yield from ("--no-cache",) if options["no_cache"] else ()
    yield from ("--no-stage-fixed",) if options["no_stage_fixed"] else ()
    yield from ("--config", options["config"]) if options["config"] is not None else ()


def _plan(world: World, config: str | None) -> Plan:
    top = tree_here(world)
    plan = load_plan(world, top) if config is None else load_file(world, config, top)
    if plan is None:
        raise no_hook_file(top)
    return plan


def _check_selectors(hook: Hook, selectors: Selectors) -> None:
    """Raise UsageError for an unknown name: a typo must not look like a successful run."""
    tags = [tag for job in hook.jobs for tag in job.tags]
    names = names_in(hook)
    _expect(selectors.jobs, names, "job", hook.name)
    _expect(selectors.tags, tags, "tag", hook.name)
    _expect(selectors.skip, [*names, *(TAG + tag for tag in tags)], "job", hook.name)


def _expect(names: Iterable[str], known: list[str], what: str, hook: str) -> None:
    for name in names:
        if name not in known:
            raise UsageError(f"no {what} {quote(name)} in {hook}{did_you_mean(name, known)}")
