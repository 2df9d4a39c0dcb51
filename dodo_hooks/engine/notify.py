"""Running a command of the user's when a background run has ended: `notify:` of their own configuration (section 7).

It never comes from a repository, which must not choose what is run for everybody who clones it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from shutil import which
from typing import TYPE_CHECKING

from dodo_hooks.host import process
from dodo_hooks.host.waiting import sleep
from dodo_hooks.host.world import World, monotonic_s
from dodo_hooks.store import layout

if TYPE_CHECKING:  # they bring yaml and pydantic along, which a user without a configuration does not pay for
    from dodo_hooks.loader.user_config import Notify, UserConfig

CONFIG_FILE = "dodo-hooks/config.yml"
TITLE = "dodo-hooks"
_LOOK_EVERY_S = 0.02
_SHOW_ON_MAC = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def load_own_config(world: World) -> UserConfig | None:
    """The user's configuration; None where there is none.

    Raises:
        ConfigError: it cannot be used.
    """
    path = f"{world.config}/{CONFIG_FILE}"
    if not os.path.lexists(path):
        return None
    from dodo_hooks.loader.user_config import load_user_config

    return load_user_config(path)


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
