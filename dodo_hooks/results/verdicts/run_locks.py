"""The locks that make a job run once under a key, however many runs of it there are (V5, V6; HOT, with such jobs).

    REPO/checks/DIGEST          locked exclusively by the run of a job under a key, from before its start until its end
                                is recorded; its wave holds it too. The text says which run it is
               /DIGEST.wanted   locked shared by those who wait for that run. Who takes it exclusively may end the run
               /DIGEST.newest   the newest run of a job on a branch

Each run that git's event has dispatched notes itself as the newest of its branch, for each job. It ends the older runs
that have begun, and an older run that has not begun checks the note when it may start. A run is left alone where
somebody waits for it, and where it is under the same key: then the newer run waits for its result.

`prune` removes files that nobody has locked for long. A lock on a file that is gone would exclude nobody, so whoever
has taken one checks that the file is still there.
"""

from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.job_key import digest_of
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.files.atomic_files import make_private_directory, replace_unlocked
from dodo_hooks.host.posix import decode_path, encode_path, names_in, os, read_file, read_rest
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Supersede = Callable[[str, str, str], bool]  # directory of the invocation, job, the run that supersedes it

_MARK = "\0"
_WANTED, _NEWEST = ".wanted", ".newest"


class JobRun(Record):
    """The run of a job under a key."""

    invocation: str
    hook: str
    job: str
    branch: str  # that was checked out when it was dispatched; "" for none
    key: str
    can_end: bool  # a newer commit of the branch may end it (`supersede`)


class RunLocks:
    """The locks of one repository."""

    def __init__(self, repository_dir: str) -> None:
        """Name the locks. `repository_dir`: store.layout.repository_dir."""
        self._repository_dir = repository_dir
        self._directory = layout.run_locks_dir(repository_dir)

    def take(self, run: JobRun) -> "int | None":
        """Lock a job under a key; None where another run has it.

        Raises:
            StoreError: the lock cannot be made.
        """
        descriptor = self._locked(self._path(run.job, run.key), LOCK_EX | LOCK_NB)
        if descriptor is not None:
            text = _MARK.join((*run[:-1], "x" if run.can_end else ""))
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode("utf-8", "surrogateescape"), 0)
        return descriptor

    def find(self, job: str, key: str) -> "JobRun | None":
        """Return the run that has the job under this key now; None where none has."""
        return _holder(self._path(job, key))

    def want(self, job: str, key: str) -> int:
        """Say that this process waits for a run: nobody ends it until the descriptor is closed. Raises StoreError.

        It is called before the state of the run is read.
        """
        descriptor = self._locked(self._path(job, key) + _WANTED, LOCK_SH)
        assert descriptor is not None  # it is waited for: who has it exclusively keeps it for a moment
        return descriptor

    def is_wanted(self, run: JobRun) -> bool:
        """Return whether somebody waits for a run."""
        claim = self._claim_unwanted(run)
        if claim is not None:
            os.close(claim)
        return claim is None

    def note_newest(self, run: JobRun) -> None:
        """Note a run as the newest of its job and branch."""
        try:
            replace_unlocked(self._newest_file(run), encode_path(f"{run.invocation} {run.key}"))
        except StoreError:  # nothing is superseded then
            pass

    def end_older(self, run: JobRun, supersede: "Supersede") -> None:
        """Ask for the end of the older runs of the job on its branch."""
        for name in names_in(self._directory):
            older = None if name.endswith(_WANTED) else _holder(f"{self._directory}/{name}")
            claim = self._claim_unwanted(older) if older is not None and _is_older(older, run) else None
            if older is not None and claim is not None:
                supersede(layout.invocation_dir(self._repository_dir, older.invocation), older.job, run.invocation)
                os.close(claim)

    def newer_than(self, run: JobRun) -> str:
        """Return the invocation that supersedes a run which has not begun; "" for none."""
        try:
            newest, _, key = decode_path(read_file(self._newest_file(run))).partition(" ")
        except OSError:
            return ""
        return "" if newest <= run.invocation or key == run.key or self.is_wanted(run) else newest

    def prune(self, older_than_ns: int) -> None:
        """Remove the files that nobody has used since then. Raises OSError."""
        for entry in os.scandir(self._directory):
            descriptor = os.open(entry.path, os.O_RDWR)
            try:
                if entry.stat().st_mtime_ns < older_than_ns and _lock(descriptor, LOCK_EX | LOCK_NB):
                    os.unlink(entry.path)
            finally:
                os.close(descriptor)

    def _path(self, *of: str) -> str:
        return f"{self._directory}/{digest_of(of)[:32]}"

    def _newest_file(self, run: JobRun) -> str:
        return self._path(run.hook, run.job, run.branch) + _NEWEST

    def _claim_unwanted(self, run: JobRun) -> "int | None":
        """Keep others from waiting for a run until the descriptor is closed; None where somebody waits, or unknown."""
        try:
            return self._locked(self._path(run.job, run.key) + _WANTED, LOCK_EX | LOCK_NB)
        except StoreError:
            return None

    def _locked(self, path: str, how: int) -> "int | None":
        """Open and lock a file; None where another has it. Raises StoreError."""
        while True:
            try:
                descriptor = self._open(path)
            except OSError as error:
                raise StoreError(f"cannot lock {path}: {error.strerror}") from error
            if not _lock(descriptor, how):
                os.close(descriptor)
                return None
            if os.fstat(descriptor).st_nlink:
                return descriptor
            os.close(descriptor)  # it was pruned at this moment

    def _open(self, path: str) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            make_private_directory(self._directory)
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _lock(descriptor: int, how: int) -> bool:
    try:
        flock(descriptor, how)
        return True
    except BlockingIOError:
        return False
    except OSError:  # no locks on this file system: then the runs of a key do not exclude each other
        return True


def _holder(path: str) -> "JobRun | None":
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        if _lock(descriptor, LOCK_SH | LOCK_NB):
            return None
        fields = read_rest(descriptor).decode("utf-8", "surrogateescape").split(_MARK)
    finally:
        os.close(descriptor)
    if len(fields) != len(JobRun._fields):  # it is being written at this moment
        return None
    invocation, hook, job, branch, key, can_end = fields
    return JobRun(invocation, hook, job, branch, key, bool(can_end))


def _is_older(older: JobRun, run: JobRun) -> bool:
    is_same_job = (older.hook, older.job, older.branch) == (run.hook, run.job, run.branch)
    return is_same_job and older.can_end and older.key != run.key and older.invocation < run.invocation
