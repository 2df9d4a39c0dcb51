"""`dodo-hooks run`: a manual run of a hook. What it does is in run_hook.py."""

from __future__ import annotations

from typing import Any

import click

from dodo_hooks.cli.options.click_options import color_option, options_of
from dodo_hooks.cli.options.completion_words import hook_names
from dodo_hooks.cli.options.tables import RUN

_HOOK_ARGS = "dodo_hooks.hook_args"


class RunCommand(click.Command):
    """A command that keeps the words before and after `--` apart, which click does not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        place = args.index("--") if "--" in args else len(args)
        ctx.meta[_HOOK_ARGS] = tuple(args[place + 1 :])
        return super().parse_args(ctx, args[:place])


@click.command("run", cls=RunCommand)
@click.argument("hook", required=False, shell_complete=hook_names)
@click.argument("words", nargs=-1, metavar="[FILES]... [-- ARGS]...", type=click.UNPROCESSED)
@options_of(RUN)
@color_option
@click.pass_context
def run(ctx: click.Context, /, **values: Any) -> int:
    """Run the jobs of HOOK, or of a task, as if git had fired it.

    FILES need --files before them, as in `run pre-commit --files a.py b.py`. Where a .pre-commit-config.yaml is in use,
    HOOK may be the id of one of its hooks; without it all hooks of its stage run.
    """
    from dodo_hooks.cli.run_hook import run_hook

    return run_hook(ctx.obj, {**values, "args": ctx.meta[_HOOK_ARGS]})
