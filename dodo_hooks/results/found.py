"""The inputs that were found for a job (K2; HOT)."""

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.job_key import digest_of
from dodo_hooks.core.named_tuple import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Undecidable(HooksError):
    """A fact that cannot be had. The job runs, and its result is not kept (K12)."""


class TrackedOutputError(Undecidable):
    """An output that git tracks (K10): when the hook file was loaded it did not."""


class Names(Record):
    """The inputs of one job by name."""

    files: "dict[bytes, bytes]"  # path -> mode and id
    matched: "list[bytes]"  # those that a new file beside them could join: found by a pattern, and not ignored


class Found:
    """The inputs of one job as they were at one moment. Their names are read only where they are needed."""

    def __init__(self, digest: str, read: "Callable[[], Names]") -> None:
        self.digest = digest  # of the files
        self._read = read
        self._names: Names | None = None

    @property
    def names(self) -> Names:
        """The names. Raises Undecidable: the index has changed since."""
        if self._names is None:
            self._names = self._read()
        return self._names


def found_of(names: Names) -> Found:
    return Found(digest_of(lines_of(names.files)), lambda: names)


def lines_of(files: "Mapping[bytes, bytes]") -> bytes:
    """Return files as lines, sorted. A path has no NUL in it, so each mapping has an encoding of its own."""
    return b"".join(sorted([b"%b\t%b\0" % one for one in files.items()]))
