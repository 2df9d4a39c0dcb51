"""Verdicts: the kept results of jobs that run in a snapshot, on a tree or a commit (V1, V4, V5; HOT, with such jobs).

The key of such a job rests on what it is given, and not on the working tree. So all keys of a run are known before
anything starts, and the same job on the same tree has the same key, whichever event it was run by.

A success is kept as that of any incremental job (results/kept.py). A failure is kept beside it: a push that needs the
job is refused without running it again. A run that was cancelled or has crashed says nothing.
"""

from dodo_hooks.core.dependency_graph import closure
from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.statuses import (
    CHECKOUT,
    COMPLETED,
    CONCURRENCY,
    CRASHED,
    FAILED,
    FROM_OUTSIDE,
    SIGNAL,
    UP_TO_DATE,
    Outcome,
)
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import local_time, wall_ns
from dodo_hooks.results import IGNORE, USE
from dodo_hooks.results.facts import FactCollector
from dodo_hooks.results.found import Undecidable
from dodo_hooks.results.kept import Success
from dodo_hooks.results.verdicts.commit_tree import CommitTree
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from dodo_hooks.core.job_key import Value
    from dodo_hooks.git.target import Target
    from dodo_hooks.results.facts import Known, Occasion
    from dodo_hooks.results.kept import KeptResults
    from dodo_hooks.results.verdicts.run_locks import JobRun, RunLocks

PASSED = "passed"
FAILED_BEFORE = "failed"
RUNNING = "running"
NONE = "none"


class Verdict(Record):
    """The state of one job on one target."""

    state: str  # one of the four above
    job: int  # its number; of a job that needs others, the one that the state comes from
    success: "Success | None" = None  # for PASSED and FAILED_BEFORE: when that was, and in which run
    run: "JobRun | None" = None  # for RUNNING


class Verdicts:
    """The verdicts of the jobs of one hook on one target. In a run of them results/run_results.py asks for these."""

    def __init__(
        self,
        occasion: "Occasion",
        kept: "KeptResults",
        repository_dir: str,
        target: "Target",
        invocation: str,
        say: "Callable[[str], None]",
        use: str = USE,
    ) -> None:
        """Prepare the verdicts.

        Args:
            occasion: the hook as it is in the file, and its event.
            kept: the store.
            repository_dir: store.layout.repository_dir.
            target: what the jobs are about.
            invocation: the run's id, which is kept with its results; "" where nothing is run.
            say: prints one sentence.
            use: how kept results are used: dodo_hooks.results.
        """
        self.target = target
        self._hook = occasion.hook
        self.jobs = occasion.hook.jobs
        self._collector = FactCollector(occasion)
        self.kept = kept
        self.repository_dir = repository_dir
        self._tree = CommitTree(occasion.repo, occasion.git_environ, target)
        self._invocation = invocation
        self._say = say
        self._use = use
        self._known: dict[int, Known | Undecidable] = {}
        self._begun: set[int] = set()  # of the jobs in snapshots
        self._passed: set[int] = set()  # those that others need to have passed
        self._awaited: set[str] = set()  # other runs that ours waits for, or has waited for

    @property
    def locks(self) -> "RunLocks":
        """The locks that say who runs what. The prompt does not wait for them."""
        from dodo_hooks.results.verdicts.run_locks import RunLocks

        return RunLocks(self.repository_dir)

    def key(self, number: int) -> str:
        """Return the key of a job. Raises Undecidable."""
        return self.known(number).key

    def known(self, number: int) -> "Known":
        """Return the key of a job, and what it rests on. Raises Undecidable."""
        unknown = () if number in self._known else self._hook.with_needs([number]) - self._known.keys()
        for one in self._hook.order if unknown else ():  # in order: a long chain of needs is no deep recursion
            if one in unknown:
                try:
                    self._known[one] = self._collector.known(self.jobs[one], self._tree, self.part_of)
                except Undecidable as error:
                    self._known[one] = error
        known = self._known[number]
        if isinstance(known, Undecidable):
            raise known
        return known

    def part_of(self, need: int) -> "Value":
        """Return what a need contributes to a key: its own, since it leaves no outputs (K5). Raises Undecidable."""
        return {}, self.known(need).key

    def check(self, number: int) -> "Outcome | None":
        """Return the outcome of a job that has passed; None for one that has to run.

        A job runs also where one that needs it has to run: what it builds in the snapshot is not kept. One that has
        failed runs again, but for a failure in a run that ours has waited for: that is the result of both (V5).
        """
        if self._use != USE or not self.jobs[number].workspace:
            return None
        try:
            if (run := self._failed_in(number)) is not None:
                return Outcome(FAILED, CONCURRENCY, f"failed in run {run}, which this one has waited for")
            success = self.kept.find(self.jobs[number], self.key(number))
            if success is None or not all(map(self._is_settled, self._dependents(number))):
                return None
        except Undecidable:
            return None
        run = f", run {success.invocation}" if success.invocation else ""
        return Outcome(UP_TO_DATE, reason=f"passed since {local_time(success.ended_ns)}{run}")

    def _dependents(self, number: int) -> "set[int]":
        found = closure(self.jobs[number].order.dependents, lambda one: self.jobs[one].order.dependents)
        return {one for one in found if self.jobs[one].workspace}

    def _has_passed(self, number: int) -> bool:
        if number not in self._passed and self.kept.find(self.jobs[number], self.key(number)) is not None:
            self._passed.add(number)  # so that a long chain is not read again for each of its jobs
        return number in self._passed

    def _is_settled(self, number: int) -> bool:
        return self._has_passed(number) or self._failed_in(number) is not None

    def _failed_in(self, number: int) -> "str | None":
        """Return the run that ours has waited for, and in which the job has failed; None where there is none."""
        failure = self.kept.failure(self.jobs[number], self.key(number)) if self._awaited else None
        return failure.invocation if failure is not None and failure.invocation in self._awaited else None

    def awaited(self, number: int) -> "JobRun | None":
        """Return the run that has a job under its key, and that ours waits for now. Raises Undecidable."""
        run = self.locks.find(self.jobs[number].name, self.key(number))
        if run is not None:
            self._awaited.add(run.invocation)
        return run

    def pending(self, number: int) -> "JobRun | None":
        """Return a living run that has yet to run a job on these files, and that is older than ours if we are one."""
        from dodo_hooks.results.verdicts.run_locks import JobRun
        from dodo_hooks.store.read_records import ignore
        from dodo_hooks.store.reader import list_alive, read_jobs

        job = self.jobs[number]
        for run in list_alive(self.repository_dir, ignore):
            is_same = (run.hook, run.tree) == (self._hook.name, self.target.tree)
            is_same = is_same and (run.head == self.target.commit or not job.results.counts_commit)
            if is_same and (run.id < self._invocation or not self._invocation):
                for one in read_jobs(run, ignore):
                    if (one.name, one.argv) == (job.name, job.execution.argv) and not one.has_ended:
                        return JobRun(run.id, run.hook, job.name, "", "", can_end=False)
        return None

    def is_continued(self, number: int, *, waits_for_pending: bool) -> bool:
        """Return whether a job has passed, and another run has one that needs it: that one may pass without us (V5).

        `waits_for_pending`: that run may have it before it.
        """
        try:
            others = [one for one in self._dependents(number) if not self._is_settled(one)]
            if not others or self.kept.find(self.jobs[number], self.key(number)) is None:
                return False
            if any(self.awaited(one) for one in others):
                return True
            run = next(filter(None, map(self.pending, others)), None) if waits_for_pending else None
            if run is not None:
                self._awaited.add(run.invocation)
            return run is not None
        except Undecidable:
            return False

    def verdict(self, number: int, without: "Collection[int]" = ()) -> Verdict:
        """Return what is known about a job and all that it needs (V3, V4). `without`: needs that do not apply.

        A lock is checked before the results: whoever ends a run writes its result first.
        """
        wanted = self._hook.with_needs((number,)).difference(without)
        verdicts = [self._verdict(one) for one in self._hook.order if one in wanted]
        for state in (FAILED_BEFORE, RUNNING, NONE):
            for verdict in verdicts:
                if verdict.state == state:
                    return verdict
        return verdicts[-1]

    def _verdict(self, number: int) -> Verdict:
        job = self.jobs[number]
        try:
            key = self.key(number)
        except Undecidable:
            return Verdict(NONE, number)
        run = self.locks.find(job.name, key)
        success = self.kept.find(job, key)
        if success is not None:
            return Verdict(PASSED, number, success)
        if run is not None:
            return Verdict(RUNNING, number, run=run)
        failure = self.kept.failure(job, key)
        if failure is None or not os.access(layout.invocation_dir(self.repository_dir, failure.invocation), os.F_OK):
            return Verdict(NONE, number)  # also where its run was pruned with its log (V4)
        return Verdict(FAILED_BEFORE, number, failure)

    def has_failed_before(self, number: int, without: "Collection[int]" = ()) -> bool:
        """Return whether a job that has passed, or one that it needs, had failed on the same content."""
        wanted = self._hook.with_needs((number,)).difference(without)
        return any(self.kept.failure_before(self.jobs[one], self.key(one)) is not None for one in wanted)

    def why_unknown(self, number: int) -> "str | None":
        """Return why the key of a job cannot be known; None where it is."""
        try:
            self.key(number)
        except Undecidable as error:
            return str(error)
        return None

    def starting(self, number: int) -> None:
        if self.jobs[number].workspace:
            self._begun.add(number)

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        """Keep the verdict of a job that ran (K7, V4)."""
        was_ended = outcome.cause == SIGNAL and outcome.signal in FROM_OUTSIDE
        if number in self._begun and outcome.status == FAILED and self._tree.is_gone():
            return Outcome(CRASHED, CHECKOUT, "its commit was removed from the repository while it ran")
        if number in self._begun and outcome.status in (COMPLETED, FAILED) and self._use != IGNORE and not was_ended:
            self._keep(number, outcome)
        return outcome

    def _keep(self, number: int, outcome: Outcome) -> None:
        """Keep a success or a failure. The commands in `uptodate` are asked once more, and git's settings read (K4)."""
        job, before = self.jobs[number], self._known.pop(number, None)
        self._tree.read_again()
        try:
            known = self.known(number)
            if before is None or isinstance(before, Undecidable) or before.key != known.key:
                self.kept.note_not_kept(job, "what its key is made of changed while it ran")
                return
            result = Success(wall_ns(), self._invocation)
            if outcome.status == COMPLETED:
                self.kept.keep(job, known.key, result, known.named_facts)
            else:
                self.kept.keep_failure(job, known.key, result)
        except Undecidable as error:
            self.kept.note_not_kept(job, str(error))
        except StoreError as error:
            self._say(f"the result of {job.name} is not kept: {error}")
