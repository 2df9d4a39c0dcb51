"""The digests of inputs, kept under all that they follow from, so that an index is not read each time (K3; HOT).

Two things are kept for one worktree. Under the stamp of an index: what it has that is not plain
(git/content/content_listing.py). Under that stamp, the patterns of a job, and each file that the index does not vouch
for, with its content id: the digest of the job's inputs. Both follow from these alone, so none gets old.
"""

from dodo_hooks import __version__
from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.job_key import digest_of
from dodo_hooks.git.content.content_listing import IndexPart
from dodo_hooks.results.kept import read_checked, write_checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dodo_hooks.git.content.content_listing import Stamp

_MADE_BY = f"1 {__version__}"  # another version may give a pattern another meaning
_MOST_INDEXES = 8
_MOST_DIGESTS = 500
_MOST_PATHS = 2_000  # of an index; where more are not plain, reading it takes no longer


class IndexMemory:
    """The memory of the indexes of one worktree. `save` keeps it for the next run."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._loaded: dict[str, dict[str, Any]] | None = None
        self._is_changed = False

    def part(self, stamp: "Stamp", below: "Sequence[bytes]") -> "IndexPart | None":
        """Return what is known of an index, for the files at or below these paths."""
        found = self._load()["parts"].get(_name(stamp, below))
        return None if found is None else IndexPart._make(found)

    def keep_part(self, stamp: "Stamp", below: "Sequence[bytes]", part: IndexPart) -> None:
        if len(part.unsure) + len(part.attributes) <= _MOST_PATHS:
            self._keep("parts", _name(stamp, below), tuple(part), _MOST_INDEXES)

    def digest(self, cause: str) -> "str | None":
        """Return the digest of the inputs that follow from a cause, itself a digest; None where it is not known."""
        return self._load()["digests"].get(cause)

    def keep_digest(self, cause: str, digest: str) -> None:
        self._keep("digests", cause, digest, _MOST_DIGESTS)

    def save(self) -> None:
        """Write what has changed. What cannot be written costs only time."""
        if self._is_changed:
            try:
                write_checked(self._file, (_MADE_BY, self._load()))
            except StoreError:
                return
            self._is_changed = False

    def _keep(self, kind: str, name: str, value: "Any", most: int) -> None:
        values = self._load()[kind]
        if name in values and values[name] == value:
            return
        values[name] = value
        for oldest in list(values)[:-most]:
            del values[oldest]
        self._is_changed = True

    def _load(self) -> "dict[str, dict[str, Any]]":
        if self._loaded is None:
            made_by, loaded = read_checked(self._file) or ("", None)
            self._loaded = loaded if loaded and made_by == _MADE_BY else {"parts": {}, "digests": {}}
        return self._loaded or {}


def _name(stamp: "Stamp", below: "Sequence[bytes]") -> str:
    return digest_of((stamp, tuple(below)))
