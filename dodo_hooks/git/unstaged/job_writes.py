"""The jobs that may have written to the hidden paths of a run (G5; HOT).

A path that has changed since the last job ended, or since the first check, was changed by one of the jobs that ran in
between, or while they ran: an editor cannot be distinguished from them. A check is cheap: it compares sizes and times.
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.content.file_state import stamp_of
from dodo_hooks.host.posix import encode_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Ending(Record):
    """The result of a run, as far as it matters for the files at the hidden paths."""

    has_succeeded: bool
    writers: "Mapping[bytes, tuple[str, ...]]"  # the jobs that may have changed a path
    suspects: "frozenset[bytes]" = frozenset()  # paths that one may have changed which did not succeed
    staged: "frozenset[bytes]" = frozenset()  # paths where a job has staged its own edit, by `git add`
    was_killed: bool = False

    def can_merge(self, path: bytes) -> bool:
        """Return whether what was written there is to be merged with the unstaged changes."""
        return path in self.staged or (self.has_succeeded and path not in self.suspects)

    def describe_writer(self, path: bytes) -> str:
        """Return who wrote there, as far as that is known."""
        if self.was_killed:
            return "changed while the hook ran that was killed, or since then"
        names = self.writers.get(path, ())
        if not names:
            return "changed by another program while the hook ran"
        if len(names) == 1:
            return f"changed by job {names[0]}, or while it ran"
        return f"changed by one of the jobs {', '.join(names)}, or while they ran"


SUCCEEDED = Ending(True, {})
KILLED = Ending(False, {}, was_killed=True)


class Writers:
    """A record of the jobs that ran while a path changed. It needs each start and end of a job."""

    def __init__(self, top: str, paths: "Iterable[bytes]") -> None:
        self._top = encode_path(top)
        self._seen = {path: stamp_of(self._top + b"/" + path) for path in paths}
        self._writers: dict[bytes, set[int]] = {}
        self._names: dict[int, str] = {}
        self._running: set[int] = set()
        self._bad: set[int] = set()
        self._since: set[int] = set()  # those that ran since the last look

    def started(self, number: int, name: str) -> None:
        self._names[number] = name
        self._running.add(number)
        self._since.add(number)

    def ended(self, number: int, *, is_good: bool) -> None:
        """Record the end of a job, and check the paths; ignore a job that never started."""
        if number not in self._running:
            return
        if not is_good:
            self._bad.add(number)
        self._check_paths()
        self._running.discard(number)
        self._since = set(self._running)

    @property
    def has_failed_job(self) -> bool:
        """True if a job that ran did not succeed."""
        return bool(self._bad)

    def staged(self, paths: "Iterable[bytes]") -> None:
        """Record that the files at these paths are the fix of a job, which is known."""
        for path in paths:
            self._writers.pop(path, None)

    def ending(self, *, has_succeeded: bool) -> Ending:
        self._check_paths()
        names = {path: tuple(self._names[one] for one in sorted(some)) for path, some in self._writers.items() if some}
        suspects = {path for path in self._seen if self._bad and not self._is_innocent(path)}
        return Ending(has_succeeded, names, frozenset(suspects))

    def _is_innocent(self, path: bytes) -> bool:
        """Return whether no failed job can have written to the path.

        Where we have not seen who it was, any of them may have been.
        """
        return bool(self._writers.get(path)) and not self._writers[path] & self._bad

    def _check_paths(self) -> None:
        for path, before in self._seen.items():
            now = stamp_of(self._top + b"/" + path)
            if now != before:
                self._seen[path] = now
                self._writers.setdefault(path, set()).update(self._since)
