"""Durations on the command line, as in hook files (C3)."""

from __future__ import annotations

import click

from dodo_hooks.core.units import seconds_of


def seconds(ctx: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """A callback for options: `90s` -> 90.0. Raises BadParameter, with what is expected."""
    try:
        return None if value is None else seconds_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, parameter) from None
