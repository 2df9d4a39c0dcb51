"""`dodo-hooks doctor`: the errors of this repository's hooks, and how to fix each."""

from __future__ import annotations

import json

import click

from dodo_hooks.cli.install.doctor_checks import diagnose
from dodo_hooks.cli.install.package_checks import wrong_packages
from dodo_hooks.cli.options.click_options import text_or_json_option
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.diagnostics import ERROR
from dodo_hooks.host.world import World


@click.command()
@text_or_json_option
@click.option("--packages", is_flag=True, hidden=True, help="Print what is wrong with packages, as a list in JSON.")
@click.pass_obj
def doctor(world: World, form: str, packages: bool) -> int:
    """Check the hooks, and print how to fix what is wrong.

    Exit code 0: no errors; 1: errors. Lines that begin with `warning` or `note` are no errors.
    """
    if packages:  # for a doctor that runs elsewhere
        say(json.dumps(list(wrong_packages().values())))
        return 0
    diagnostics = diagnose(world)
    if form == "json":
        say(json.dumps([one.fields() for one in diagnostics], indent=2))
    else:
        for one in diagnostics:
            say(escape(f"{one.severity}: {one.sentence}"))
        if not diagnostics:
            say("no errors or warnings")
    return int(any(one.severity == ERROR for one in diagnostics))
