"""A group of commands, each imported when it is used, and the program's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

PROGRAM = "dodo-hooks"

Loader = Callable[[], click.Command]


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is used (a listing imports all)."""

    def __init__(self, *args: Any, loaders: Mapping[str, Loader], **options: Any) -> None:
        super().__init__(*args, **options)
        self._loaders = loaders

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._loaders)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        load = self._loaders.get(cmd_name)
        return load() if load else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self._loaders and not args[0].startswith("-"):
            from dodo_hooks.core.text.nearest import did_you_mean
            from dodo_hooks.core.text.terminal_text import quote

            raise click.UsageError(f"unknown command {quote(args[0])}{did_you_mean(args[0], self._loaders)}", ctx)
        return super().resolve_command(ctx, args)
