"""`dodo-hooks doctor`: the problems of this repository's hooks, and how to fix each."""

from __future__ import annotations

import json

import click

from dodo_hooks.cli.install.doctor_checks import WRONG, Finding, findings
from dodo_hooks.cli.terminal_table import say, shown
from dodo_hooks.host.world import World


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    help="Print text for people, or JSON for programs.",
)
@click.pass_obj
def doctor(world: World, form: str) -> int:
    """Check the hooks of this repository, and print how to fix what is wrong.

    Exit code 0: nothing is wrong; 1: something is wrong. Lines that begin with `note` are no errors.
    """
    found = findings(world)
    if form == "json":
        fields = [{"level": one.level, "check": one.check, "message": one.message, "mend": one.fix} for one in found]
        say(json.dumps(fields, indent=2))
    else:
        for one in found:
            say(_line(one))
        if not found:
            say("no problems found")
    return int(any(one.level == WRONG for one in found))


def _line(one: Finding) -> str:
    return shown(f"{one.level}: {one.message}; {one.fix}")
