"""Which hook file applies (section 4)."""

import errno
import os
import posixpath

from dodo_hooks.core.record import Record

_NAMES = ("hooks.dodo", ".hooks.dodo", ".config/hooks.dodo")

# Relative to the top of the working tree; the first that is there wins.
CANDIDATES = tuple(name + ending for name in _NAMES for ending in ("", ".yml", ".yaml"))

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Found(Record):
    """The hook file to read, and what its choice rests on. All paths are absolute."""

    file: str
    top: str  # of the working tree; messages name files relative to it
    also: "tuple[str, ...]" = ()  # candidates that are there too and are not read
    before: "tuple[str, ...]" = ()  # candidates that are not there; one that appears would win over `file`


def find_hook_file(top: str) -> "Found | None":
    """The hook file of the working tree at `top` (absolute), None when it has none.

    A candidate that is there wins whatever it is: a directory or a link to nowhere is for `load_plan` to refuse, since
    to pass over it would be to pass a gate whose configuration could not be read (R22).
    """
    paths = [posixpath.join(top, candidate) for candidate in CANDIDATES]
    present = [path for path in paths if _is_there(path)]
    if not present:
        return None
    first, *also = present
    return Found(first, top, tuple(also), tuple(paths[: paths.index(first)]))


def named_hook_file(file: str, *, top: str, base: str) -> Found:
    """The file that a person named (`-f other/x.dodo`), relative to `base` or absolute; nothing else is looked at.

    Whether it is there is found out by `load_plan`.
    """
    path = posixpath.join(base, file)
    # `link/../x` is not `x` when `link` points elsewhere, so only what is safe is made shorter.
    return Found(path if ".." in path.split("/") else posixpath.normpath(path), top)


def _is_there(path: str) -> bool:
    try:
        os.lstat(path)
    except OSError as error:
        # A folder `.config` that cannot be entered may hold a hook file: reading it will say why it fails.
        return error.errno not in _ABSENT
    return True
