"""`dodo-hooks validate`: a check of the hook file."""

from __future__ import annotations

import json
import os

import click

from dodo_hooks.cli.repository import plan_here, print_once, size_of
from dodo_hooks.cli.terminal_table import say, shown
from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import Plan
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.world import World
from dodo_hooks.plans.own_config import load_own_config


@click.command()
@click.argument("file", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Print text for people, or JSON for programs.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a hook file, for editors, and check nothing.")
@click.pass_obj
def validate(world: World, file: str | None, form: str, schema: bool) -> int:
    """Check the hook file of this working tree, or FILE, and print all errors at once.

    Your own configuration is checked too, if you have one.
    """
    if schema:
        say(_published_schema())
        return 0
    plan, error = _checked(world, file)
    if form == "json":
        found = [*(error.diagnostics if error else ()), *(plan.diagnostics if plan else ())]
        say(json.dumps([one.fields() for one in found], indent=2))
        return 0 if error is None else error.exit_code
    if error is not None:
        raise error
    assert plan is not None
    report = print_once()
    for one in plan.diagnostics:
        report(one.sentence)
    say(f"OK: {shown(os.path.relpath(plan.file, world.cwd))}: {size_of(plan)}")
    return 0


def _published_schema() -> str:
    from dodo_hooks.loader.schema.json_schema import SCHEMA_FILE

    return SCHEMA_FILE.read_text(encoding="utf-8").rstrip("\n")


def _checked(world: World, file: str | None) -> tuple[Plan | None, ConfigError | None]:
    """Return the plan, or None if its file is wrong, and the errors in the file and in the user's own configuration."""
    from dodo_hooks.plans.cache import load_file

    plan, errors = None, list[ConfigError]()
    try:
        plan = plan_here(world, locate_repo) if file is None else load_file(world, file)
    except ConfigError as error:
        errors.append(error)
    try:
        load_own_config(world)
    except ConfigError as error:
        errors.append(error)
    return plan, ConfigError([one for error in errors for one in error.diagnostics]) if errors else None
