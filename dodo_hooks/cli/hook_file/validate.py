"""`dodo-hooks validate`: a check of the hook file."""

from __future__ import annotations

import json
import os
import re

import click

from dodo_hooks.cli.repository import plan_here, print_once, size_of
from dodo_hooks.cli.terminal_table import say, shown
from dodo_hooks.core.errors import ConfigError, Problem
from dodo_hooks.core.plan import Plan
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.world import World
from dodo_hooks.plans.own_config import load_own_config

ERROR = "error"
NOTICE = "notice"
_PLACE = re.compile(r"(?P<file>[^\n]+?):(?P<line>[0-9]+):(?P<column>[0-9]+): (?P<message>.*)", re.DOTALL)


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
        say(json.dumps(_found(plan, error), indent=2))
        return 0 if error is None else error.exit_code
    if error is not None:
        raise error
    assert plan is not None
    report = print_once()
    for notice in plan.notices:
        report(notice)
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
    if not errors:
        return plan, None
    # The user's own file is named by its absolute path, so the base of the other one does for both.
    return plan, ConfigError([problem for error in errors for problem in error.problems], errors[0].base)


def _found(plan: Plan | None, error: ConfigError | None) -> list[dict[str, object]]:
    """Return the errors, then the notices, as objects with the same fields."""
    notices = [_placed(notice, plan.file) for notice in plan.notices] if plan is not None else []
    problems = [(problem, ERROR) for problem in (error.problems if error else ())]
    return [
        {**problem._asdict(), "severity": severity}
        for problem, severity in [*problems, *((notice, NOTICE) for notice in notices)]
    ]


def _placed(notice: str, file: str) -> Problem:
    """Return a notice with its location. A notice about a location in a file begins with it."""
    match = _PLACE.fullmatch(notice)
    if match is None:
        return Problem(file, 0, 0, notice)
    return Problem(match["file"], int(match["line"]), int(match["column"]), match["message"])
