"""The jobs of a run that run in a snapshot: one run for each key, and a place to run in (S5, V5; HOT, with such jobs).

A job that could start takes the lock of its key first. Where another run has it, that run's result is awaited. Then it
takes a snapshot: that of its chain, which are the jobs that are joined by needs, or a free one of the pool. A job holds
no lock while it waits for the other: two runs would wait for each other.

The locks are held by this process and by the job's wave. They are free again when both have closed them.
"""

from fcntl import LOCK_EX, flock

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND
from dodo_hooks.core.statuses import CANCELLED, CHECKOUT, COMPLETED, CONCURRENCY, CRASHED, FAILED, Outcome
from dodo_hooks.engine.groups import ancestors_of
from dodo_hooks.fire.firing import BY_GIT
from dodo_hooks.git.head import head_of
from dodo_hooks.git.replay import rebased_branch
from dodo_hooks.host.posix import os
from dodo_hooks.results.found import Undecidable
from dodo_hooks.results.verdicts.run_locks import JobRun
from dodo_hooks.snapshots.checkout import prepare, renew
from dodo_hooks.snapshots.git_directory import remove
from dodo_hooks.snapshots.model import Origin, Snapshot, environment_of
from dodo_hooks.snapshots.note import note_ended, read_note
from dodo_hooks.snapshots.pool import acquire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.core.plan import Job
    from dodo_hooks.fire.run_state import Run
    from dodo_hooks.git.target import Target
    from dodo_hooks.results.verdicts.run_locks import Supersede
    from dodo_hooks.results.verdicts.verdicts import Verdicts
    from dodo_hooks.snapshots.note import Note


_LOCK_FILE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class SnapshotWorkspace(Record):
    """The snapshot that one job runs in."""

    snapshot: Snapshot
    origin: Origin
    target: "Target"
    job: "Job"
    before: "Note | None"  # what the snapshot held when the job's chain took it

    @property
    def top(self) -> str:
        return self.snapshot.tree

    def environ(self, environ: "Mapping[str, str]") -> "dict[str, str]":
        return environment_of(environ, self.snapshot, self.origin, self.target)

    def prepare(self) -> None:
        """Check the target out, unless another job of the chain has done so (S4, S5). Raises HooksError."""
        # Held until this process becomes the command: jobs of one chain may start at one moment.
        flock(_open_lock(f"{self.snapshot.paths.area}/turn"), LOCK_EX)
        now, job = read_note(self.snapshot.paths), self.job
        if now is not None and now.is_whole and not now.is_same_checkout(self.before):
            renew(self.snapshot, self.origin, self.target, job.name, job.shares)
        else:
            may_fetch = job.phase == FOREGROUND  # somebody waits, and can be asked for a password (S4)
            prepare(self.snapshot, self.origin, self.target, job.name, job.shares, job.cleans, may_fetch)


class SnapshotJobs:
    """The snapshot jobs of one phase of a run."""

    def __init__(self, run: "Run", numbers: "Sequence[int]", verdicts: "Verdicts") -> None:
        """Prepare the jobs with these numbers; nothing is locked yet."""
        firing, jobs = run.firing, run.firing.hook.jobs
        self.by_job: dict[int, SnapshotWorkspace] = {}
        self._run = run
        self._jobs = jobs
        self._verdicts = verdicts
        is_waited_for = any(jobs[number].phase == FOREGROUND for number in numbers)
        # Where git or a job waits for this run, it must not wait for a snapshot that the waiting job itself is in (S5).
        self._limit = firing.slots + (1 + run.nesting.level if is_waited_for else 0)
        self._origin = Origin(firing.repo, firing.world.environ, firing.world.cache)
        self._branch = rebased_branch(firing.repo) or head_of(firing.repo, firing.world.environ)[0] or ""
        self._chains = _chains(jobs, [number for number in numbers if jobs[number].workspace])
        self._snapshots: dict[int, Snapshot] = {}  # by the first job of the chain
        self._before: dict[int, Note | None] = {}  # what each of them held before
        self._locks: dict[int, int] = {}  # of the keys
        self._ancestors = ancestors_of(verdicts.repository_dir, run.nesting.within if is_waited_for else None)

    def begin(self, supersede: "Supersede") -> None:
        """Supersede the older runs of the branch. `supersede` asks for the end of a job, without waiting for it."""
        for number in self._chains:
            run = self._job_run(number)
            if run is not None and run.can_end:
                self._verdicts.locks.note_newest(run)
                self._verdicts.locks.end_older(run, supersede)

    def claim(self, number: int) -> "tuple[int, ...] | Outcome | None":
        """Return the locks that the job's wave must hold, the outcome of a job that must not run, or None to wait."""
        run, lock = self._job_run(number), None
        try:
            if run is not None:
                lock = self._verdicts.locks.take(run)
                if lock is None:
                    return self._outcome_of_waiting(number)
            claimed = self._claim_snapshot(number, run)
        except StoreError as error:
            claimed = Outcome(CRASHED, CHECKOUT, str(error))
        if not isinstance(claimed, Snapshot):
            if lock is not None:
                os.close(lock)
            return claimed
        if lock is not None:
            self._locks[number] = lock
        before = self._before[self._chains[number][0]]
        target = self._verdicts.target
        self.by_job[number] = SnapshotWorkspace(claimed, self._origin, target, self._jobs[number], before)
        return (claimed.lock,) if lock is None else (lock, claimed.lock)

    def _outcome_of_waiting(self, number: int) -> "Outcome | None":
        """Return the outcome of a job that waits for a run inside of which it is, and which waits for it; else None."""
        holder = self._verdicts.awaited(number)
        if holder is None or holder.invocation not in self._ancestors:
            return None
        return Outcome(FAILED, CONCURRENCY, f"{holder.job}@{holder.invocation} is running it, and fired this hook")

    def _claim_snapshot(self, number: int, run: "JobRun | None") -> "Snapshot | Outcome | None":
        """Return the snapshot of a job whose key is locked, the outcome of one that must not run, or None to wait.

        Raises:
            StoreError: there can be no snapshot.
        """
        outcome = self._verdicts.check(number)  # another run may have come to an end just now
        # What waits for an older run holds nothing that one may wait for: no snapshot, and no job around it.
        is_free = not self._ancestors and self._chains[number][0] not in self._snapshots
        if outcome is None and self._verdicts.is_continued(number, waits_for_pending=is_free):
            return None
        if outcome is None and run is not None and run.can_end and (newer := self._verdicts.locks.newer_than(run)):
            outcome = Outcome(CANCELLED, CONCURRENCY, f"superseded by {newer}")
        return outcome or self._snapshot_of(number, run)

    def starting(self, number: int) -> None:
        """Do nothing: see engine/protocols.py."""

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        """Return the outcome. A job whose snapshot somebody has removed has found out nothing about the commit."""
        workspace = self.by_job.get(number)
        is_there = workspace is None or os.access(workspace.top, os.F_OK)
        if is_there or outcome.status not in (COMPLETED, FAILED):
            return outcome
        return Outcome(CRASHED, CHECKOUT, "its snapshot was removed while it ran", outcome.exit_code, outcome.signal)

    def release(self, number: int, outcome: Outcome) -> None:
        """Take back what the job holds, and the snapshot after the last job of its chain."""
        chain = self._chains[number]
        if self.by_job.pop(number, None) is not None:
            note_ended(self._snapshots[chain[0]].paths, self._jobs[number].name, succeeded=outcome.exit_code == 0)
        lock = self._locks.pop(number, None)
        if lock is not None:
            os.close(lock)
        outcomes = self._run.writer.outcomes()
        if chain[0] in self._snapshots and all(one in outcomes for one in chain):
            os.close(self._snapshots.pop(chain[0]).lock)

    def _snapshot_of(self, number: int, run: "JobRun | None") -> "Snapshot | None":
        """Return the snapshot of the job's chain; None where all are taken. Raises StoreError."""
        first = self._chains[number][0]
        if first not in self._snapshots:
            # A gate may use one more (S5), be it in the run that it waits for.
            is_wanted = run is not None and self._verdicts.locks.is_wanted(run)
            limit = max(self._limit, self._run.firing.slots + is_wanted)
            snapshot = acquire(self._origin, limit, self._jobs[number].name)
            if snapshot is None:
                return None
            self._snapshots[first], self._before[first] = snapshot, read_note(snapshot.paths)
        return self._snapshots[first]

    def _job_run(self, number: int) -> "JobRun | None":
        """Return the run of a job under its key; None where the key cannot be known, and each run is one of its own."""
        try:
            key = self._verdicts.key(number)
        except Undecidable:
            return None
        firing, job = self._run.firing, self._jobs[number]
        can_end = job.results.supersedes and job.phase == BACKGROUND and bool(self._branch) and firing.trigger == BY_GIT
        return JobRun(self._run.writer.identity, firing.hook.name, job.name, self._branch, key, can_end)


def _open_lock(path: str) -> int:
    """Open a file to lock; what a job has left in its place, such as a link, goes. Raises CheckoutError, OSError."""
    try:
        return os.open(path, _LOCK_FILE, 0o600)
    except OSError:
        remove(path)
        return os.open(path, _LOCK_FILE, 0o600)


def _chains(jobs: "tuple[Job, ...]", numbers: "list[int]") -> "dict[int, tuple[int, ...]]":
    """Return, for each of these jobs, all of them that are joined to it by needs, in order."""
    chains = {number: {number} for number in numbers}
    for number in numbers:
        for need in jobs[number].order.needs:
            if need in chains and chains[need] is not chains[number]:
                joined = chains[number] | chains[need]
                chains.update(dict.fromkeys(joined, joined))
    return {number: tuple(sorted(chain)) for number, chain in chains.items()}
