"""The work of a coordinator after its jobs have ended: the failure notice, `notify:`, pruning (section 7; HOT).

`notify:` is a command in the user's own configuration. It never comes from a repository, which must not choose what is
run for everybody who clones it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import ConfigError, UnsafeFileError
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.engine.background.background_phase import Background
from dodo_hooks.host import process
from dodo_hooks.host.world import World, monotonic_s, wall_ns
from dodo_hooks.plans.own_config import load_own_config
from dodo_hooks.store import layout
from dodo_hooks.store.failure_notices import format_notice, write_notice
from dodo_hooks.store.prune_stamp import is_due
from dodo_hooks.store.writer import InvocationWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.loader.user_config import Notify


class AfterRun:
    """The actions after the last job, prepared before the first one starts.

    A job may change the files that are read and imported here (R10).
    """

    def __init__(self, world: World, repository_dir: str) -> None:
        """Read the user's configuration, and import what pruning takes if it is due: it is large, and mostly is not."""
        self._notify: Notify | None = None
        self._prune: Callable[[Background], None] | None = None
        if is_due(repository_dir, wall_ns() / 1e9):
            from dodo_hooks.engine.background.prune_all import prune_all

            self._prune = prune_all
        self._config_error: str | None = None
        try:
            config = load_own_config(world)
            self._notify = None if config is None else config.notify
        except (ConfigError, UnsafeFileError) as error:
            self._config_error = str(error).split("\n")[0]

    def run(self, phase: Background, line: str | None) -> None:
        """Notify the user and prune old records, once the records of this run are closed.

        `line`: the result of `write_failure_notice`.
        """
        writer = phase.writer
        if self._config_error is not None:
            repository_dir = layout.repository_of(writer.directory)
            write_notice(repository_dir, writer.identity, "notify", f"no notification sent: {self._config_error}")
        if self._notify is not None and (line is not None or self._notify.is_for_all):
            message = line or f"{writer.hook.name}: background jobs succeeded"
            try:
                os.chdir(phase.context.top)
            except OSError:  # the working tree was removed
                pass
            notify(self._notify, _notify_environ(phase, message), writer.directory, message)
        if self._prune is not None:
            self._prune(phase)


def write_failure_notice(writer: InvocationWriter) -> str | None:
    """Write a failure notice for the next command, and return its line; None if nothing failed.

    Call this before the records are closed: whoever waits for their end then finds the notice.
    """
    ended = [
        (job.name, outcome.status, outcome.reason)
        for job in writer.hook.jobs
        if job.phase == BACKGROUND and not job.report.is_silent and (outcome := writer.jobs[job.number].outcome)
    ]
    line = format_notice(writer.hook.name, writer.identity, ended, writer.error)
    if line is not None:
        write_notice(layout.repository_of(writer.directory), writer.identity, writer.hook.name, line)
    return line


def _notify_environ(phase: Background, message: str) -> dict[str, str]:
    """Return the environment of the `notify:` command: the jobs' own, and DODO_STATUS, DODO_FAILED, DODO_MESSAGE."""
    writer = phase.writer
    bad = [
        writer.hook.jobs[number].name
        for number, outcome in sorted(writer.outcomes().items())
        if outcome.status in (statuses.FAILED, statuses.CRASHED)
    ]
    code = statuses.exit_code_of(list(writer.outcomes().values()))
    how = "error" if writer.error else statuses.FAILED if code else statuses.COMPLETED
    return {**phase.context.environ, "DODO_STATUS": how, "DODO_FAILED": "\n".join(bad), "DODO_MESSAGE": message}


TITLE = "dodo-hooks"
_POLL_S = 0.02
_SHOW_ON_MAC = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def notify(settings: Notify, environ: Mapping[str, str], invocation_dir: str, message: str) -> None:
    """Run the user's `notify:` command, and kill it after its timeout.

    Errors are ignored: nobody is there to read them. `environ`: see `_notify_environ`.
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
        time.sleep(_POLL_S)
    process.kill_group(pid)
    process.reap(pid)


def command_of(command: str, environ: Mapping[str, str], message: str) -> tuple[str, ...] | None:
    """Return the command line to execute; None where this machine has no notifier."""
    from dodo_hooks.loader.user_config import DESKTOP

    if command != DESKTOP:
        return ("sh", "-c", command)
    if sys.platform == "darwin" and process.candidates("osascript", environ):
        lines = [word for line in _SHOW_ON_MAC for word in ("-e", line)]
        return ("osascript", *lines, TITLE, message)
    if process.candidates("notify-send", environ):
        return ("notify-send", "--app-name=dodo-hooks", "--", TITLE, message)
    return None
