"""Options for click: those of the tables, and those that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from dodo_hooks.cli.options.tables import COLOR, COLORS, FLAG, NUMBER, Option

Command = TypeVar("Command", bound="Callable[..., Any]")


def options_of(table: Sequence[Option]) -> Callable[[Command], Command]:
    """Return a decorator that gives a command the options of a table, in its order."""

    def add(command: Command) -> Command:
        for option in reversed(table):  # click puts each before those that it has
            command = click.option(*option.names, option.key, **_settings(option))(command)
        return command

    return add


def _settings(option: Option) -> dict[str, Any]:
    if option.kind == FLAG:
        return {"is_flag": True, "help": option.help}
    settings: dict[str, Any] = {"help": option.help, "metavar": option.metavar, "multiple": option.is_repeated}
    if option.choices:
        settings["type"] = click.Choice(option.choices)
    elif option.kind == NUMBER:
        settings["type"] = click.IntRange(min=1)
    if option.default is not None:
        settings["default"] = option.default
    if option.completion:
        from dodo_hooks.cli.options import completion_words

        settings["shell_complete"] = {
            "hook_names": completion_words.hook_names,
            "job_names": completion_words.job_names,
            "skip_names": completion_words.skip_names,
            "tag_names": completion_words.tag_names,
        }[option.completion]
    return settings


def _choose_colors(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.obj = ctx.obj._replace(colors=COLORS[value])


color_option = click.option(*COLOR.names, COLOR.key, **_settings(COLOR), callback=_choose_colors, expose_value=False)


def _repository_of_command(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the command's own option, else that of its group: `jobs --repo PATH logs` is `jobs logs --repo PATH`."""
    outer: str | None = ctx.parent.params.get("repo") if ctx.parent else None
    return outer if value is None else value


def read_by(read: Callable[[str], float]) -> Callable[[click.Context, click.Parameter, str | None], float | None]:
    """Return a callback that reads the value of an option (C3). `read` raises ValueError for a wrong one."""

    def callback(ctx: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
        try:
            return None if value is None else read(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, parameter) from None

    return callback


text_or_json_option = click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    help="Print text for people, or JSON for programs.",
)
repository_option = click.option(
    "--repo", metavar="PATH", callback=_repository_of_command, help="Use the repository at PATH, not the current one."
)
