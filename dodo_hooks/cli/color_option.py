"""The option `--color` of the program and of the commands that print in colours."""

from __future__ import annotations

import click

_COLORS = {"auto": None, "always": True, "never": False}


def _choose_colors(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.obj = ctx.obj._replace(colors=_COLORS[value])


color_option = click.option(
    "--color",
    type=click.Choice(list(_COLORS)),
    callback=_choose_colors,
    expose_value=False,
    help="When to print in colours; auto: on a terminal.",
)
