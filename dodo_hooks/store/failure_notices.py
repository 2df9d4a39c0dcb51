"""Failure notices: one line about each background run that failed, for the next command to print (section 7; HOT).

A failed run leaves a file `failed/INVOCATION.HOOK` with the line. The command that prints the line deletes the file
first, so that the line is printed once. Nothing searches the history for this.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.text.terminal_text import shell_word
from dodo_hooks.host.posix import decode_path, encode_path, names_in, os, read_file
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


_MOST_NAMED = 3


def format_notice(
    hook: str, identity: str, ended: "Sequence[tuple[str, str, str | None]]", error: "str | None"
) -> "str | None":
    """Return the line of a notice; None if all jobs succeeded, or a person ended the run on purpose.

    `ended`: name, status and reason of each background job. `error`: of the run as a whole.
    """
    bad = [one for one in ended if one[1] in (statuses.FAILED, statuses.CRASHED)]
    if not bad:
        return f"{hook}: {_first_line(error)}: dodo-hooks jobs --hook {hook}" if error else None
    skipped = sum(one[1] == statuses.SKIPPED for one in ended)
    rest = f", {skipped} skipped" if skipped else ""
    address = f"{bad[0][0]}@{identity}" if len(bad) == 1 else f"@{identity}"
    return f"{hook}: {_failures(bad)} in the background{rest}: dodo-hooks jobs logs {shell_word(address)}"


def _failures(bad: "Sequence[tuple[str, str, str | None]]") -> str:
    if len(bad) == 1:
        name, its_status, reason = bad[0]
        return f"{name} {its_status}" + (f" ({reason})" if reason else "")
    names = [name for name, _, _ in bad]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more} failed"


def _first_line(text: str) -> str:
    """Return the first line of an error; of a traceback the last one, which names the error."""
    lines = text.strip().split("\n")
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


_TEMPORARY = ".tmp"  # of what is still being written
_LONGEST = 4096


def write_notice(repository_dir: str, identity: str, hook: str, line: str) -> None:
    """Write a notice for the next command to print.

    Never raises: where the notice cannot be written, the records still have the failure.
    """
    from dodo_hooks.host.files.atomic_files import replace_unlocked

    try:
        path = layout.failed_marker(repository_dir, identity, hook)
        replace_unlocked(path, encode_path(line)[:_LONGEST])
    except StoreError:
        pass


def count_notices(repository_dir: str) -> int:
    return len(_names(repository_dir))


def take_notices(repository_dir: str) -> "list[str]":
    """Delete the notices, and return their lines, the oldest first."""
    lines = []
    for name in _names(repository_dir):
        path = f"{layout.failed_dir(repository_dir)}/{name}"
        try:
            line = read_file(path)[:_LONGEST]
            os.unlink(path)
        except OSError:  # another command was quicker; or the file cannot be deleted, and would be printed for ever
            continue
        lines.append(decode_path(line))
    return lines


def _names(repository_dir: str) -> "list[str]":
    return sorted(name for name in names_in(layout.failed_dir(repository_dir)) if not name.endswith(_TEMPORARY))
