"""`dodo-hooks validate`: a check of the hook file."""

from __future__ import annotations

import json
import os

import click

from dodo_hooks.cli.options.click_options import text_or_json_option
from dodo_hooks.cli.repository import no_hook_file, print_once, size_of, tree_here
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import Plan
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.world import World
from dodo_hooks.plans.own_config import load_own_config


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
    from dodo_hooks.cli.hook_file.unmatched_inputs import unmatched_inputs

    plan, errors = _check(world, file)
    if form == "json":
        found = [*errors, *(plan.diagnostics if plan else ()), *(unmatched_inputs(world, plan) if plan else ())]
        say(json.dumps([one.fields() for one in found], indent=2))
        return ConfigError.exit_code if errors else 0
    if errors or plan is None:
        raise ConfigError(errors)
    report = print_once()
    for one in (*plan.diagnostics, *unmatched_inputs(world, plan)):
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
