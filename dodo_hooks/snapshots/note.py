"""The note of a snapshot: its content, and the ends of its last jobs (S4; HOT).

A job can write here, so nothing is believed that is not well formed. Fields are separated by NULs. The note is replaced
before a checkout begins and after it has ended. Starts and ends of jobs are appended, each by one write, since jobs of
one invocation may run there at the same time.
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.untrusted import blob_id, read_regular
from dodo_hooks.host.files.atomic_files import put
from dodo_hooks.host.posix import decode_path, encode_path, os
from dodo_hooks.snapshots.model import CheckoutPaths

_HEAD = "dodo-hooks snapshot 2"
_BEGUN, _SUCCEEDED, _FAILED = "+", "=", "!"
_WHOLE, _PARTIAL = "whole", "partial"


class Note(Record):
    """The state of a checkout."""

    paths: CheckoutPaths
    is_whole: bool  # else its checkout failed, or was killed
    ended_ns: int  # when the last checkout ended
    commit: str  # "": the tree of an index
    tree: str
    conversions: str  # a digest of all that decides how files are written
    shares: str  # in one line each
    job: str  # for which it was made
    index_ns: int  # when its own index was last changed, since a job can reach that
    events: "tuple[str, ...]" = ()

    @property
    def is_clean(self) -> bool:
        """True if every job that began there has succeeded."""
        started = self._names(_BEGUN)
        return len(self.events) == 2 * len(started) and sorted(started) == sorted(self._names(_SUCCEEDED))

    @property
    def is_abandoned(self) -> bool:
        """True if a job that began there has no recorded end: if its run was killed, it may still be alive."""
        return len(self._names(_BEGUN)) > len(self._names(_SUCCEEDED, _FAILED))

    def is_same_checkout(self, other: "Note | None") -> bool:
        """Return whether nothing was checked out since the other note was read. Jobs may have begun and ended."""
        return other is not None and self._replace(events=()) == other._replace(events=())

    def _names(self, *kinds: str) -> "list[str]":
        return [one[1:] for one in self.events if one[:1] in kinds]


def read_note(paths: CheckoutPaths) -> "Note | None":
    """Return the note of a checkout; None where there is none to be believed."""
    try:
        fields = decode_path(read_regular(_file(paths))).split("\0")
        head, area, tree, whole, ended_ns, commit, tree_id, conversions, shares, job, index_ns, *events = fields
        if head != _HEAD or whole not in (_WHOLE, _PARTIAL) or events.pop() or not ended_ns.isdigit():
            return None
        commit = commit and blob_id(commit)
        return Note(
            *(CheckoutPaths(area, tree), whole == _WHOLE, int(ended_ns), commit, blob_id(tree_id)),
            *(conversions, shares, job, int(index_ns), tuple(events)),
        )
    except (OSError, ValueError, IndexError):
        return None


def write_note(note: Note) -> None:
    """Replace the note. Raises OSError."""
    fields = (
        *(_HEAD, *note.paths, _WHOLE if note.is_whole else _PARTIAL, str(note.ended_ns), note.commit, note.tree),
        *(note.conversions, note.shares, note.job, str(note.index_ns), *note.events),
    )
    put(_file(note.paths), encode_path("".join(f"{field}\0" for field in fields)), 0o600)


def begun(job: str) -> str:
    """Return the event that a job begins."""
    return _BEGUN + job


def note_begun(paths: CheckoutPaths, job: str) -> None:
    """Record that a job begins in the checkout. Raises OSError."""
    _append(paths, begun(job))


def note_ended(paths: CheckoutPaths, job: str, succeeded: bool) -> None:
    """Record how a job ended. Never raises: without the record the job counts as failed."""
    try:
        _append(paths, (_SUCCEEDED if succeeded else _FAILED) + job)
    except OSError:
        pass


def last_used_ns(area: str) -> int:
    """Return when something last happened in the snapshot; 0: nothing was ever checked out there."""
    try:
        return os.lstat(f"{area}/note").st_mtime_ns
    except OSError:
        return 0


def _append(paths: CheckoutPaths, event: str) -> None:
    descriptor = os.open(_file(paths), os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.write(descriptor, encode_path(f"{event}\0"))
    finally:
        os.close(descriptor)


def _file(paths: CheckoutPaths) -> str:
    return f"{paths.area}/note"
