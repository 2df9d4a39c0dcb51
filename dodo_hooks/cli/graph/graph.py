"""`dodo-hooks graph`: the jobs of the hook file and what each of them waits for, as text or as a picture."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import click

from dodo_hooks.cli.options.completion_words import hook_names
from dodo_hooks.cli.repository import keep_hook, plan_here
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.plan import Plan
from dodo_hooks.core.text.terminal_text import has_unicode
from dodo_hooks.fire.report.file_warnings import print_warnings_here
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.world import World

TEXT = "text"
Render = Callable[[Plan], str]


def _text(plan: Plan) -> str:
    from dodo_hooks.cli.graph.text import render_text

    return render_text(plan)


def _mermaid(plan: Plan) -> str:
    from dodo_hooks.cli.graph.mermaid import render_mermaid

    return render_mermaid(plan)


def _dot(plan: Plan) -> str:
    from dodo_hooks.cli.graph.dot import render_dot

    return render_dot(plan)


def _svg(plan: Plan) -> str:
    from dodo_hooks.cli.graph.svg import render_svg

    return render_svg(plan)


FORMATS: Mapping[str, Render] = {TEXT: _text, "mermaid": _mermaid, "dot": _dot, "svg": _svg}
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
    """Show the graph of the hook file's jobs, or of those of HOOK: which job waits for which."""
    plan = keep_hook(plan_here(world, locate_repo), hook)
    print_warnings_here(world, plan)
    form = form or _format_of(file)
    if file is not None:
        _write(os.path.join(world.cwd, file), FORMATS[form](plan))
    elif form == TEXT:
        _print_text(world, plan)
    else:
        _print(FORMATS[form](plan))


def _format_of(file: str | None) -> str:
    """Return the format that the file's ending means. Raises UsageError for an unknown ending."""
    ending = os.path.splitext(file or "")[1]
    if ending not in _ENDINGS:
        known = ", ".join(filter(None, _ENDINGS))
        raise UsageError(f"unknown file extension {ending}; use {known}, or --format")
    return _ENDINGS[ending]


def _print_text(world: World, plan: Plan) -> None:
    """Print the graph as text, with ASCII lines where the locale has no others."""
    from dodo_hooks.cli.graph.text import ASCII_LINES, LINES, render_text

    _print(render_text(plan, LINES if has_unicode(world.environ) else ASCII_LINES))


def _print(text: str) -> None:
    from dodo_hooks.cli.terminal_table import say

    for line in text.splitlines():
        say(line)


def _write(path: str, text: str) -> None:
    """Write the text to the file. Raises UsageError where it cannot be written."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
