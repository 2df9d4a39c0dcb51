"""What a coordinator does when its jobs have ended, for a person who was not there (section 7)."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from dodo_hooks.core import status
from dodo_hooks.core.errors import ConfigError, UnsafeFileError
from dodo_hooks.core.news import news_of
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.status import Outcome
from dodo_hooks.engine.coordinator import Background
from dodo_hooks.engine.notify import load_own_config, notify
from dodo_hooks.host.world import World, wall_ns
from dodo_hooks.store import layout
from dodo_hooks.store.news import leave_news
from dodo_hooks.store.prune import prune_if_due
from dodo_hooks.store.writer import InvocationWriter

if TYPE_CHECKING:
    from dodo_hooks.loader.user_config import Notify


class Aftermath:
    """Made before the first job starts, since that may change what is read and imported for it (R10)."""

    def __init__(self, world: World) -> None:
        self._notify: Notify | None = None
        self._fault: str | None = None
        try:
            config = load_own_config(world)
            self._notify = None if config is None else config.notify
        except (ConfigError, UnsafeFileError) as error:
            self._fault = str(error).split("\n")[0]

    def run(self, phase: Background, line: str | None) -> None:
        """The records are closed. `line`: what `leave_word` left."""
        writer = phase.writer
        if self._fault is not None:
            repository_dir = layout.repository_of(writer.directory)
            leave_news(repository_dir, writer.identity, "notify", f"nobody was notified: {self._fault}")
        if self._notify is not None and (line is not None or self._notify.is_for_all):
            message = line or f"{writer.hook.name}: the background jobs went well"
            with suppress(OSError):  # the working tree was removed
                os.chdir(phase.context.top)
            notify(self._notify, _told(phase, message), writer.directory, message)
        prune_if_due(layout.repository_of(writer.directory), phase.retention, wall_ns() / 1e9)


def leave_word(writer: InvocationWriter) -> str | None:
    """Leave for the next command what went wrong; returns that, None where all is well.

    Before the records are closed: whoever waits for that finds the news there.
    """
    ended = [
        (job.name, outcome.status, outcome.reason or _ending(outcome))
        for job in writer.hook.jobs
        if job.phase == BACKGROUND and not job.is_silent and (outcome := writer.jobs[job.number].outcome)
    ]
    line = news_of(writer.hook.name, writer.identity, ended, writer.error)
    if line is not None:
        leave_news(layout.repository_of(writer.directory), writer.identity, writer.hook.name, line)
    return line


def _told(phase: Background, message: str) -> dict[str, str]:
    """The environment of the user's command: that of the jobs, what it is about, and how it went."""
    writer = phase.writer
    bad = [
        writer.hook.jobs[number].name
        for number, outcome in sorted(writer.outcomes().items())
        if outcome.status in (status.FAILED, status.CRASHED)
    ]
    code = status.exit_code_of(list(writer.outcomes().values()))
    how = "error" if writer.error else status.FAILED if code else status.COMPLETED
    return {**phase.context.environ, "DODO_STATUS": how, "DODO_FAILED": "\n".join(bad), "DODO_MESSAGE": message}


def _ending(outcome: Outcome) -> str | None:
    if outcome.signal is not None:
        return f"signal {outcome.signal}"
    return f"exit code {outcome.exit_code}" if outcome.exit_code else None
