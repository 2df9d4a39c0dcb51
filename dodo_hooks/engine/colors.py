"""The colours of what is off the prompt's path, by colorama: of the commands, and of doit's reporters.

Import it only where something is painted: it takes as long as click. What paints is in core/text/terminal_text.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from colorama import Fore, Style

from dodo_hooks.core import statuses

HEADING = Style.BRIGHT
OF_JOB_LINES = Fore.GREEN, Style.DIM, Fore.RED  # for job_line.Look
OF_STATUS: Mapping[str, str] = {
    statuses.RUNNING: Fore.YELLOW,
    statuses.COMPLETED: Fore.GREEN,
    statuses.UP_TO_DATE: Fore.GREEN,
    statuses.FAILED: Style.BRIGHT + Fore.RED,
    statuses.CRASHED: Style.BRIGHT + Fore.RED,
    statuses.CANCELLED: Fore.MAGENTA,
    statuses.SKIPPED: Style.DIM,
}
