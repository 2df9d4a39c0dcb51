"""The effect of a new commit on the runs of older commits of its branch (V6; HOT).

Each run that git's event has dispatched notes itself as the newest of its branch, for each job. It ends the older runs
that have begun, and an older run that has not begun checks the note when it may start. A run is left alone where
somebody waits for it, and where it is under the same key: then the newer run waits for its result.
"""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.job_key import digest_of
from dodo_hooks.host.files.atomic_files import replace_unlocked
from dodo_hooks.host.posix import encode_path, os, read_file
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.results.verdicts.run_locks import JobRun, RunLocks

    Supersede = Callable[[str, str, str], bool]  # directory of the invocation, job, the run that supersedes it


class Branch:
    """The runs of jobs on the commits of one branch, as one run of them sees it."""

    def __init__(self, repository_dir: str, locks: "RunLocks") -> None:
        self._repository_dir = repository_dir
        self._locks = locks

    def note_newest(self, run: "JobRun") -> None:
        """Note a run as the newest of its job and branch."""
        path = self._path(run)
        try:
            replace_unlocked(path, encode_path(f"{run.invocation} {run.key}"))
        except StoreError:  # nothing is superseded then
            pass

    def end_older(self, run: "JobRun", supersede: "Supersede") -> None:
        """Ask for the end of the older runs of the job on this branch."""
        for older in self._locks.running():
            if not _is_older(older, run):
                continue
            claim = self._locks.claim_unwanted(older)
            if claim is not None:
                directory = layout.invocation_dir(self._repository_dir, older.invocation)
                supersede(directory, older.job, run.invocation)
                os.close(claim)

    def newer_than(self, run: "JobRun") -> str:
        """Return the invocation that supersedes a run which has not begun; "" for none."""
        try:
            newest, _, key = read_file(self._path(run)).decode("utf-8", "surrogateescape").partition(" ")
        except OSError:
            return ""
        if newest <= run.invocation or key == run.key:
            return ""
        return "" if self.is_wanted(run) else newest

    def is_wanted(self, run: "JobRun") -> bool:
        """Return whether somebody waits for a run."""
        claim = self._locks.claim_unwanted(run)
        if claim is not None:
            os.close(claim)
        return claim is None

    def _path(self, run: "JobRun") -> str:
        name = digest_of((run.hook, run.job, run.branch))[:32]
        return f"{layout.run_locks_dir(self._repository_dir)}/{name}.newest"


def _is_older(older: "JobRun", run: "JobRun") -> bool:
    is_same_job = (older.hook, older.job, older.branch) == (run.hook, run.job, run.branch)
    return is_same_job and older.can_end and older.key != run.key and older.invocation < run.invocation
