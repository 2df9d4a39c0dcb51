"""`dodo-hooks graph`: the jobs of the hook file and what each of them waits for, as text or as a picture."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import click

from dodo_hooks.cli.graph.dot import render_dot
from dodo_hooks.cli.graph.mermaid import render_mermaid
from dodo_hooks.cli.graph.svg import render_svg
from dodo_hooks.cli.graph.text import ASCII_LINES, render_text
from dodo_hooks.cli.options.completion_words import hook_names
from dodo_hooks.cli.repository import keep_hook, plan_here
from dodo_hooks.cli.terminal_table import say
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.plan import Plan
from dodo_hooks.core.text.terminal_text import has_unicode
from dodo_hooks.fire.report.file_warnings import print_warnings_here
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.world import World

TEXT = "text"
FORMATS: Mapping[str, Callable[[Plan], str]] = {
    TEXT: render_text,
    "mermaid": render_mermaid,
    "dot": render_dot,
    "svg": render_svg,
}
_ENDINGS = {
    "": TEXT,
    ".txt": TEXT,
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
}


@click.command()
@click.argument("hook", required=False, shell_complete=hook_names)
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="The output format; default text.")
@click.option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(),
    help="Write to FILE; without --format its extension (.txt, .mmd, .dot, .gv, .svg) decides the format.",
)
@click.pass_obj
def graph(world: World, hook: str | None, form: str | None, file: str | None) -> None:
    """Show which job waits for which, in all hooks or in HOOK."""
    plan = keep_hook(plan_here(world, locate_repo), hook)
    print_warnings_here(world, plan)
    form = form or _format_of(file)
    if file is not None:
        _write(os.path.join(world.cwd, file), FORMATS[form](plan))
        return
    is_ascii = form == TEXT and not has_unicode(world.environ)
    for line in (render_text(plan, ASCII_LINES) if is_ascii else FORMATS[form](plan)).splitlines():
        say(line)


def _format_of(file: str | None) -> str:
    """Return the format that the file's ending means. Raises UsageError for an unknown ending."""
    ending = os.path.splitext(file or "")[1]
    if ending not in _ENDINGS:
        known = ", ".join(filter(None, _ENDINGS))
        raise UsageError(f"unknown file extension {ending}; use {known}, or --format")
    return _ENDINGS[ending]


def _write(path: str, text: str) -> None:
    """Write the text to the file. Raises UsageError where it cannot be written."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
