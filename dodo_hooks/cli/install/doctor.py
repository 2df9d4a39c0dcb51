"""`dodo-hooks doctor`: what is wrong, and what mends it."""

from __future__ import annotations

import json

import click

from dodo_hooks.cli.install.doctor_checks import WRONG, Finding, findings
from dodo_hooks.cli.terminal_table import say, shown
from dodo_hooks.host.world import World


@click.command()
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="For people, or a list.")
@click.pass_obj
def doctor(world: World, form: str) -> int:
    """Look for what is wrong with the hooks of this repository, and name what mends it.

    Exit code 0: all is well; 1: something is wrong. What begins with `note` is worth knowing, and not wrong.
    """
    found = findings(world)
    if form == "json":
        fields = [{"level": one.level, "check": one.check, "message": one.message, "mend": one.mend} for one in found]
        say(json.dumps(fields, indent=2))
    else:
        for one in found:
            say(_line(one))
        if not found:
            say("all is well")
    return int(any(one.level == WRONG for one in found))


def _line(one: Finding) -> str:
    return shown(f"{one.level}: {one.message}; {one.mend}")
