"""`dodo-hooks validate`: a check of the hook file, with a warning for each input that no file matches (K2)."""

from __future__ import annotations

import json
import os

import click

from dodo_hooks.cli.options.click_options import text_or_json_option
from dodo_hooks.cli.repository import no_hook_file, print_once, size_of, tree_here
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.diagnostics import WARNING, Diagnostic, Location
from dodo_hooks.core.errors import ConfigError, GitError
from dodo_hooks.core.plan import Job, Plan
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.git.repo import find_repo, locate_repo
from dodo_hooks.host.world import World
from dodo_hooks.loader.compile.job_files import inputs_of
from dodo_hooks.loader.globs.from_top import leads_out, path_from_top, text_from_top
from dodo_hooks.loader.read.sources import path_below
from dodo_hooks.plans.own_config import load_own_config
from dodo_hooks.results.contents import Contents
from dodo_hooks.results.found import Undecidable
from dodo_hooks.results.tree import Tree


@click.command()
@click.argument("file", required=False)
@text_or_json_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a hook file, for editors, and check nothing.")
@click.pass_obj
def validate(world: World, file: str | None, form: str, schema: bool) -> int:
    """Check the hook file, or FILE, and print all errors at once.

    Your own configuration is checked too, if you have one.
    """
    if schema:
        from dodo_hooks.loader.schema import SCHEMA_FILE

        say(SCHEMA_FILE.read_text(encoding="utf-8").rstrip("\n"))
        return 0
    plan, errors = _check(world, file)
    if form == "json":
        found = [*errors, *(plan.diagnostics if plan else ()), *(_unmatched_inputs(world, plan) if plan else ())]
        say(json.dumps([one.fields() for one in found], indent=2))
        return ConfigError.exit_code if errors else 0
    if errors or plan is None:
        raise ConfigError(errors)
    report = print_once()
    for one in (*plan.diagnostics, *_unmatched_inputs(world, plan)):
        report(one.sentence)
    say(f"OK: {escape(os.path.relpath(plan.file, world.cwd))}: {size_of(plan)}")
    return 0


def _read_anew(world: World) -> Plan:
    """Return the plan of the working tree, not from the cache: what git tracks may have changed since then (K10)."""
    from dodo_hooks.plans.compile_plan import read_plan

    top = tree_here(world, locate_repo)
    plan = read_plan(world, top)
    if plan is None:
        raise no_hook_file(top)
    return plan


def _check(world: World, file: str | None) -> tuple[Plan | None, list[Diagnostic]]:
    """Return the plan, or None if its file is wrong, and the errors in the file and in the user's own configuration."""
    from dodo_hooks.plans.compile_plan import load_file

    plan, errors = None, list[Diagnostic]()
    try:
        plan = _read_anew(world) if file is None else load_file(world, file)
    except ConfigError as error:
        errors += error.diagnostics
    try:
        load_own_config(world)
    except ConfigError as error:
        errors += error.diagnostics
    return plan, errors


def _unmatched_inputs(world: World, plan: Plan) -> list[Diagnostic]:
    """Return a warning for each input that no file matches; none outside of a repository.

    Where it would match one from the top, and not below the job's root, the fix is the slash that says so.
    """
    jobs = [(hook, job) for hook in plan.hooks for job in hook.jobs if job.results.inputs]
    if not jobs:
        return []
    try:
        repo = find_repo(world.environ, world.cwd)  # git is started in it
        plain = [job for _, job in jobs]
        tree = Tree(repo, world.environ, Contents(repo, ""), [*plain, *map(_at_top, plain)])
        where = Location(path_below(repo.top or world.cwd, plan.file))
        return [
            Diagnostic(where, subject=f"job {quote(f'{hook.name}:{one.name}')}", severity=WARNING, **_words(tree, one))
            for hook, job in jobs
            for one in _singles(job)
            if not one.results.inputs[0].reaches_outputs and not _matches(tree, one)
        ]
    except (GitError, Undecidable):
        return []


def _singles(job: Job) -> list[Job]:
    """Return the job once for each input, with that alone."""
    rules = [job.results._replace(inputs=(one,), outputs=()) for one in job.results.inputs]
    return [job._replace(results=rule) for rule in rules]


def _words(tree: Tree, one: Job) -> dict[str, str]:
    """Return the message and the fix. Raises Undecidable."""
    text = one.results.inputs[0].text
    message = f"no file matches the input {quote(text)}"
    if not one.execution.root or not _matches(tree, _at_top(one)):
        return {"message": message}
    fix = f"write {quote(text_from_top(text))} for that of the top"
    return {"message": f"{message} below {quote(one.execution.root)}", "fix": fix}


def _at_top(job: Job) -> Job:
    """Return the job with its inputs as they would be without its root, those that are possible then."""
    texts = [one.text for one in job.results.inputs if not leads_out(path_from_top(one.text, ""))]
    return job._replace(results=job.results._replace(inputs=inputs_of(texts, "", ())))


def _matches(tree: Tree, job: Job) -> bool:
    return bool(tree.inputs(job).names.files)
