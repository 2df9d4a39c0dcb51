"""The memory of an index, kept under all that it follows from, so that git lists each index once (K3; HOT).

These things are kept for one worktree. Under the stamp of an index: what it has that is not plain
(git/content/content_listing.py), and the list of its entries, in a file of its own. Under that stamp, the patterns of a
job, and each file that the index does not vouch for, with its content id: the digest of the job's inputs. All follow
from these alone, so none gets old.

What does not follow from an index, and cannot be learned anew, is in a file that no version of ours drops: the ends of
the paths that git has ever converted there.
"""

from dodo_hooks import __version__
from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.job_key import digest_of
from dodo_hooks.git.content.content_listing import IndexPart
from dodo_hooks.host.posix import lexists
from dodo_hooks.results.kept import read_checked, write_checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dodo_hooks.git.content.content_listing import Stamp

_MADE_BY = f"1 {__version__}"  # another version may give a pattern another meaning
_ANY = (b"",)
_MOST_INDEXES = 4  # each with its list, which takes 8 MB for 100,000 files
_MOST_DIGESTS = 500
_MOST_PATHS = 2_000  # of an index; where more are not plain, reading it takes no longer


class IndexMemory:
    """The memory of the indexes of one worktree. `save` keeps it for the next run."""

    def __init__(self, file: str, ends_file: str) -> None:
        self._file, self._ends_file = file, ends_file
        self._loaded: dict[str, dict[str, Any]] | None = None
        self._is_changed = False
        self._lists: dict[str, bytes] = {}
        self._new_lists: set[str] = set()

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

    @property
    def ends(self) -> "tuple[bytes, ...]":
        """The ends of the paths that git has converted in this worktree; (b"",) where the file is damaged."""
        found = read_checked(self._ends_file)
        if found is None:
            return _ANY if lexists(self._ends_file) else ()
        return tuple(found)

    def learn_ends(self, ends: "tuple[bytes, ...]") -> None:
        """Note at once that git converts these paths, too. Where that cannot be written, no result can be kept."""
        try:
            write_checked(self._ends_file, tuple(sorted({*self.ends, *ends})))
        except StoreError:
            pass

    def listed(self, stamp: "Stamp", below: "Sequence[bytes]") -> "bytes | None":
        """Return what git has said of the entries at or below these paths; None where that is not known."""
        name = _name(stamp, below)
        if name not in self._lists and (listed := read_checked(self._list_file(name))) is not None:
            self._lists[name] = listed
        return self._lists.get(name)

    def keep_listed(self, stamp: "Stamp", below: "Sequence[bytes]", listed: bytes) -> None:
        """Keep what git has said of the entries, as long as the part of the index is known."""
        name = _name(stamp, below)
        if name in self._load()["parts"]:
            self._lists[name] = listed
            self._new_lists.add(name)

    def save(self) -> None:
        """Write what has changed. What cannot be written costs only time."""
        try:
            if self._is_changed:
                write_checked(self._file, (_MADE_BY, self._load()))
                self._is_changed = False
            while self._new_lists:
                name = self._new_lists.pop()
                write_checked(self._list_file(name), self._lists[name])
        except StoreError:
            return

    def _list_file(self, name: str) -> str:
        return f"{self._file}-{name[:16]}"

    def _keep(self, kind: str, name: str, value: "Any", most: int) -> None:
        values = self._load()[kind]
        if name in values and values[name] == value:
            return
        values[name] = value
        for oldest in list(values)[:-most]:
            del values[oldest]
            if kind == "parts":
                self._drop_list(oldest)
        self._is_changed = True

    def _drop_list(self, name: str) -> None:
        from dodo_hooks.host.files.atomic_files import try_unlink

        self._new_lists.discard(name)
        try_unlink(self._list_file(name))

    def _load(self) -> "dict[str, dict[str, Any]]":
        if self._loaded is None:
            made_by, loaded = read_checked(self._file) or ("", None)
            self._loaded = loaded if loaded and made_by == _MADE_BY else {"parts": {}, "digests": {}}
        return self._loaded or {}


def _name(stamp: "Stamp", below: "Sequence[bytes]") -> str:
    return digest_of((stamp, tuple(below)))
