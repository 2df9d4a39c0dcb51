"""The stats of a job's inputs from before its start to its end: whether anybody has changed one meanwhile (K4; HOT).

A stat can only be relied on if it is older than the tick of the file system's clock, since a change within the same
tick leaves it as it is. So a start waits for the next tick where an input is that new. The clock is the file system's,
read from a file that we write: ours may be another, and may be set back.
"""

import time

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.posix import decode_path, encode_path, os
from dodo_hooks.results.contents import clock_ns, stamp_of
from dodo_hooks.results.found import Undecidable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.git.repo import Repo
    from dodo_hooks.results.contents import Stat
    from dodo_hooks.results.facts import Known

_TICK_S = 0.002
_MOST_TICKS = 20  # a clock that was set back does not catch up so soon; the stats are compared all the same


class Begun(Record):
    """A job that runs: its key, and the stats of its inputs and of the folders in which another file could be one."""

    known: "Known"
    stamps: "dict[bytes, Stat | None]"

    def moved(self, stamps: "dict[bytes, Stat | None]") -> "set[bytes]":
        """Return the paths whose stat is another one now."""
        return {path for path, _ in self.stamps.items() ^ stamps.items()}


def begin(repo: "Repo", look: "Callable[[bool], Known | Undecidable]") -> "Begun | None":
    """Note what a job starts from; None where its key is not known, or there is no clock to compare with.

    `look` returns its key; given True, as of this moment.
    """
    begun: Begun | None = None
    for count in range(_MOST_TICKS):
        known = look(count > 0)
        if isinstance(known, Undecidable):
            return None
        try:
            begun = Begun(known, stamps_of(repo, known))
        except Undecidable:
            return None
        newest_ns = max((stamp[2] for stamp in begun.stamps.values() if stamp is not None), default=0)
        try:
            if clock_ns(repo) > newest_ns:  # the ctime: nobody can set it
                break
        except OSError:
            return None
        time.sleep(_TICK_S)
    return begun


def stamps_of(repo: "Repo", known: "Known") -> "dict[bytes, Stat | None]":
    """Return the stats of inputs, and those of the folders in which another file could become one.

    Raises:
        Undecidable: their names cannot be read.
    """
    top = encode_path(f"{repo.top}/")
    folders = {path.rpartition(b"/")[0] for path in known.found.names.matched}
    stamps = {path: _stamp(top + path) for path in known.files}
    stamps.update(((path or b".") + b"/", _stamp(top + path)) for path in folders)
    return stamps


def difference(repo: "Repo", begun: Begun, known: "Known") -> str:
    """Return what has changed since the start, be it there and back; "" for nothing. Raises Undecidable."""
    moved = sorted(begun.moved(stamps_of(repo, known)))
    if moved:
        return decode_path(moved[0])
    return next((name for name, value in known.facts.items() if begun.known.facts[name] != value), "")


def _stamp(path: bytes) -> "Stat | None":
    try:
        return stamp_of(os.lstat(path))
    except OSError:
        return None
