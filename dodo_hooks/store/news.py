"""What is still to be told about background runs (section 7).

A run that did not go well leaves a file `failed/INVOCATION.HOOK` with the line to tell. Whoever tells it takes the file
away first, so that it is told once. Nothing looks through the history for this.
"""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.posix import os
from dodo_hooks.store import layout

_TEMPORARY = ".tmp"  # of store.writer.replace_file
_LONGEST = 4096


def leave_news(repository_dir: str, identity: str, hook: str, line: str) -> None:
    """Never raises: where it cannot be written, the records say the same to whoever looks."""
    from dodo_hooks.store.writer import make_private_directory, replace_file

    try:
        make_private_directory(layout.failed_dir(repository_dir))
        path = layout.failed_marker(repository_dir, identity, hook)
        replace_file(path, line.encode("utf-8", "surrogateescape")[:_LONGEST])
    except (OSError, StoreError):
        pass


def count_news(repository_dir: str) -> int:
    return len(_names(repository_dir))


def take_news(repository_dir: str) -> "list[str]":
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
