"""What a coordinator does when its jobs have ended, for a person who was not there (section 7).

Running a command of the user's when a background run has ended: `notify:` of their own configuration (section 7).

It never comes from a repository, which must not choose what is run for everybody who clones it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from shutil import which
from typing import TYPE_CHECKING

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import ConfigError, UnsafeFileError
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.engine.background_phase import Background
from dodo_hooks.host import process
from dodo_hooks.host.pause import sleep
from dodo_hooks.host.world import World, monotonic_s, wall_ns
from dodo_hooks.plans.own_config import load_own_config
from dodo_hooks.store import layout
from dodo_hooks.store.failure_notices import format_notice, write_notice
from dodo_hooks.store.prune import prune_if_due
from dodo_hooks.store.writer import InvocationWriter

if TYPE_CHECKING:
    from dodo_hooks.loader.user_config import Notify


class AfterRun:
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
        """The records are closed. `line`: what `write_failure_notice` left."""
        writer = phase.writer
        if self._fault is not None:
            repository_dir = layout.repository_of(writer.directory)
            write_notice(repository_dir, writer.identity, "notify", f"nobody was notified: {self._fault}")
        if self._notify is not None and (line is not None or self._notify.is_for_all):
            message = line or f"{writer.hook.name}: the background jobs went well"
            with suppress(OSError):  # the working tree was removed
                os.chdir(phase.context.top)
            notify(self._notify, _told(phase, message), writer.directory, message)
        prune_if_due(layout.repository_of(writer.directory), phase.retention, wall_ns() / 1e9)


def write_failure_notice(writer: InvocationWriter) -> str | None:
    """Leave for the next command what went wrong; returns that, None where all is well.

    Before the records are closed: whoever waits for that finds the news there.
    """
    ended = [
        (job.name, outcome.status, outcome.reason or _ending(outcome))
        for job in writer.hook.jobs
        if job.phase == BACKGROUND and not job.is_silent and (outcome := writer.jobs[job.number].outcome)
    ]
    line = format_notice(writer.hook.name, writer.identity, ended, writer.error)
    if line is not None:
        write_notice(layout.repository_of(writer.directory), writer.identity, writer.hook.name, line)
    return line


def _told(phase: Background, message: str) -> dict[str, str]:
    """The environment of the user's command: that of the jobs, what it is about, and how it went."""
    writer = phase.writer
    bad = [
        writer.hook.jobs[number].name
        for number, outcome in sorted(writer.outcomes().items())
        if outcome.status in (statuses.FAILED, statuses.CRASHED)
    ]
    code = statuses.exit_code_of(list(writer.outcomes().values()))
    how = "error" if writer.error else statuses.FAILED if code else statuses.COMPLETED
    return {**phase.context.environ, "DODO_STATUS": how, "DODO_FAILED": "\n".join(bad), "DODO_MESSAGE": message}


def _ending(outcome: Outcome) -> str | None:
    if outcome.signal is not None:
        return f"signal {outcome.signal}"
    return f"exit code {outcome.exit_code}" if outcome.exit_code else None


TITLE = "dodo-hooks"
_LOOK_EVERY_S = 0.02
_SHOW_ON_MAC = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def notify(settings: Notify, environ: Mapping[str, str], invocation_dir: str, message: str) -> None:
    """Run the user's command, and end it when it takes too long. Best effort: nobody is there to be told.

    `environ`: as the jobs had it, with what the command is told.
    """
    argv = command_of(settings.command, environ, message)
    if argv is None:
        return
    try:
        log = os.open(layout.notify_log(invocation_dir), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            pid = process.spawn(argv, environ, log)
        finally:
            os.close(log)
    except OSError:
        return
    deadline_s = monotonic_s() + settings.timeout_s
    while not process.has_ended(pid) and monotonic_s() < deadline_s:
        sleep(_LOOK_EVERY_S)
    process.kill_group(pid)
    process.reap(pid)


def command_of(command: str, environ: Mapping[str, str], message: str) -> tuple[str, ...] | None:
    """What is executed; None where this machine has no notifier."""
    from dodo_hooks.loader.user_config import DESKTOP

    if command != DESKTOP:
        return ("sh", "-c", command)
    path = environ.get("PATH")
    if sys.platform == "darwin" and which("osascript", path=path):
        lines = [word for line in _SHOW_ON_MAC for word in ("-e", line)]
        return ("osascript", *lines, TITLE, message)
    if which("notify-send", path=path):
        return ("notify-send", "--app-name=dodo-hooks", "--", TITLE, message)
    return None
