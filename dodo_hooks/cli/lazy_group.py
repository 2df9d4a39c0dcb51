"""A group of commands, each imported when it is used, and the program's name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

PROGRAM = "dodo-hooks"
OF_JOBS: Mapping[str, str] = {
    "logs": "jobs.logs:logs",
    "cancel": "jobs.cancel:cancel",
    "retry": "jobs.retry:retry",
    "wait": "jobs.wait:wait",
    "watch": "jobs.watch:watch",
    "prune": "jobs.prune:prune_runs",
}
# Commands of pre-commit that have no part here: they are about its file and its store.
_OF_PRE_COMMIT = (
    *("autoupdate", "clean", "gc", "install-hooks", "migrate-config", "sample-config", "try-repo"),
    *("init-templatedir", "validate-config", "validate-manifest", "hazmat"),
)


def load_command(place: str) -> click.Command:
    """Import a command. `place`: its module below `dodo_hooks.cli`, a colon, and its name there."""
    module, _, name = place.partition(":")
    command: click.Command = getattr(import_module(f"dodo_hooks.cli.{module}"), name)
    return command


class LazyGroup(click.Group):
    """A group that knows where its commands are, and imports one when it is used (a listing imports all)."""

    def __init__(self, *args: Any, places: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self._places.get(cmd_name)
        return load_command(place) if place else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self._places and not args[0].startswith("-"):
            from dodo_hooks.core.text.nearest import did_you_mean
            from dodo_hooks.core.text.terminal_text import quote

            if args[0] in _OF_PRE_COMMIT:
                raise click.UsageError(f"{args[0]} is a command of pre-commit; run `pre-commit {args[0]}`")
            raise click.UsageError(f"unknown command {quote(args[0])}{did_you_mean(args[0], self._places)}", ctx)
        return super().resolve_command(ctx, args)
