"""One line about a background run that did not go well, for somebody who was not there.

What is still to be told about background runs (section 7).

A run that did not go well leaves a file `failed/INVOCATION.HOOK` with the line to tell. Whoever tells it takes the file
away first, so that it is told once. Nothing looks through the history for this.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.terminal_text import shell_word
from dodo_hooks.host.posix import os
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


_MOST_NAMED = 3


def format_notice(
    hook: str, identity: str, ended: "Sequence[tuple[str, str, str | None]]", error: "str | None"
) -> "str | None":
    """What is to be told; None when there is nothing: all went well, or somebody ended it on purpose.

    `ended`: name, status and reason of each background job. `error`: of the run as a whole.
    """
    bad = [one for one in ended if one[1] in (statuses.FAILED, statuses.CRASHED)]
    if not bad:
        return f"{hook}: {_first_line(error)}: dodo-hooks jobs --hook {hook}" if error else None
    skipped = sum(one[1] == statuses.SKIPPED for one in ended)
    rest = f", {skipped} skipped" if skipped else ""
    address = f"{bad[0][0]}@{identity}" if len(bad) == 1 else f"@{identity}"
    return f"{hook}: {_told(bad)} in the background{rest}: dodo-hooks jobs logs {shell_word(address)}"


def _told(bad: "Sequence[tuple[str, str, str | None]]") -> str:
    if len(bad) == 1:
        name, its_status, reason = bad[0]
        return f"{name} {its_status}" + (f" ({reason})" if reason else "")
    names = [name for name, _, _ in bad]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more} failed"


def _first_line(text: str) -> str:
    """Of a traceback the last one, which says what happened."""
    lines = text.strip().split("\n")
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


_TEMPORARY = ".tmp"  # of store.writer.replace_file
_LONGEST = 4096


def write_notice(repository_dir: str, identity: str, hook: str, line: str) -> None:
    """Never raises: where it cannot be written, the records say the same to whoever looks."""
    from dodo_hooks.host.files.atomic_files import make_private_directory, replace_file

    try:
        make_private_directory(layout.failed_dir(repository_dir))
        path = layout.failed_marker(repository_dir, identity, hook)
        replace_file(path, line.encode("utf-8", "surrogateescape")[:_LONGEST])
    except (OSError, StoreError):
        pass


def count_notices(repository_dir: str) -> int:
    return len(_names(repository_dir))


def take_notices(repository_dir: str) -> "list[str]":
    """The lines to tell, the oldest first; from now on they count as told."""
    lines = []
    for name in _names(repository_dir):
        path = f"{layout.failed_dir(repository_dir)}/{name}"
        try:
            descriptor = os.open(path, os.O_RDONLY)
            data = os.read(descriptor, _LONGEST)
            os.close(descriptor)
            os.unlink(path)
        except OSError:  # another command was quicker; or it cannot be taken away, and would be told for ever
            continue
        lines.append(data.decode("utf-8", "surrogateescape"))
    return lines


def _names(repository_dir: str) -> "list[str]":
    try:
        names = os.listdir(layout.failed_dir(repository_dir))
    except OSError:  # nothing has ever failed here
        return []
    return sorted(name for name in names if not name.endswith(_TEMPORARY))
