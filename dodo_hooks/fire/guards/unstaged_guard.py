"""The working tree and the index while the foreground jobs of a commit run (G5, G6, G7; HOT, for commits alone).

Unstaged changes are hidden before the first job is started, and restored on every way out, before the background phase
starts. In between, the files that a job with `stage_fixed` changed are staged as it ends. The guard records which jobs
ran and how they ended, so that other writes to the hidden paths can be judged when the changes are restored.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.host.console import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.core.plan import Job
    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.fire.run_state import Run
    from dodo_hooks.git.unstaged.hide import HiddenChanges
    from dodo_hooks.git.unstaged.job_writes import Ending, Writers
    from dodo_hooks.git.unstaged.stage_fixed import FilesBefore, FixStager

GRACE_S = 1.0  # for jobs that are terminated while changes are hidden: their owner waits for them (R17)

_STOPPED = (statuses.TIMEOUT, statuses.INTERRUPTED, statuses.SPAWN)  # causes of jobs that should have run but did not


class Staging:
    """The guard of a commit's unstaged changes, made before the first job is started.

    Its maker calls `end` on every way out.
    """

    def __init__(self, run: "Run", numbers: "Iterable[int]") -> None:
        """Hide the unstaged changes. `numbers`: the jobs that will run.

        Raises:
            GitError: the changes cannot be hidden. Nothing has changed then, or the message says where they are.
        """
        firing = run.firing
        assert firing.status is not None
        self._run = run
        self._jobs = firing.hook.jobs
        self._hidden: HiddenChanges | None = None
        self._writers: Writers | None = None
        self._fix_stager: FixStager | None = None
        self._numbers = tuple(numbers)
        self._watches: dict[int, FilesBefore] = {}
        if changes := firing.status.answer().unstaged():
            from dodo_hooks.git.unstaged.hide import hide_unstaged

            self._hidden = hide_unstaged(firing.repo, firing.world.environ, changes, say)
        if self._hidden is not None:
            from dodo_hooks.git.unstaged import job_writes

            self._writers = job_writes.Writers(firing.repo.top, self._hidden.paths)
            run.notes += self._hidden.sentences
        fixers = [self._jobs[number] for number in self._numbers if self._jobs[number].changes.stage_fixed]
        if fixers:
            from dodo_hooks.git.unstaged import stage_fixed

            files = {path for job in fixers for path in self._files(job)}
            try:
                entries = firing.status.answer().entries()
                self._fix_stager = stage_fixed.FixStager(
                    firing.repo, firing.world.environ, self._hidden, files, entries
                )
            except BaseException:
                self.end()
                raise

    def guard(self, loop: "Loop") -> None:
        """Let the loop call this guard at each job's start and end.

        The waves hold the lock, so that no recovery begins while a job of a killed run still writes.
        """
        if self._hidden is not None:
            loop.guard(self, (self._hidden.lock,), GRACE_S)
        elif self._fix_stager is not None:
            loop.guard(self, (), loop.context.grace_s)

    def starting(self, number: int) -> None:
        job = self._jobs[number]
        if self._writers is not None:
            self._writers.started(number, job.name)
        if self._fix_stager is not None and job.changes.stage_fixed:
            self._watches[number] = self._fix_stager.before(self._files(job))

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        is_good, watch, staged = _has_done_its_work(outcome), self._watches.pop(number, None), None
        if self._jobs[number].is_judged_by_diff and outcome.exit_code is not None:
            is_good = is_good or outcome.cause in (statuses.EXIT, statuses.CHANGES)  # fixers exit with 1
        if watch is not None and self._fix_stager is not None and is_good:
            try:
                staged = self._fix_stager.after(watch)
                self._run.notes += staged.sentences
            except GitError as error:
                reason = f"cannot stage the fixed files: {error}"
                outcome, is_good = Outcome(statuses.FAILED, statuses.STAGING, reason, outcome.exit_code), False
        if self._writers is not None:
            self._writers.ended(number, is_good=is_good)
            if staged is not None:
                self._writers.staged(staged.paths)
        return outcome

    def end(self) -> None:
        """Restore the hidden changes. A conflict is an error of the run: git must not continue."""
        if self._hidden is not None:
            result = self._hidden.restore(self._ending())
            if result.conflict:
                self._run.errors += result.sentences
            else:
                self._run.notes += result.sentences

    def _ending(self) -> "Ending":
        """Return how the jobs ended: whether all of them succeeded, so that git may continue."""
        assert self._writers is not None
        outcomes = self._run.writer.outcomes()
        is_complete = all(number in outcomes for number in self._numbers) and self._run.interrupted is None
        were_stopped = any(outcomes[number].cause in _STOPPED for number in self._numbers if number in outcomes)
        is_good = not self._writers.has_failed_job or self._run.firing.hook.warns
        return self._writers.ending(has_succeeded=is_complete and is_good and not were_stopped)

    def _files(self, job: "Job") -> "list[bytes]":
        """Return the file list of a job, relative to the top."""
        below = job.below
        return [below + path for path in self._run.firing.files.get(job.number, ())]


def _has_done_its_work(outcome: Outcome) -> bool:
    """Return whether the job wrote what it should; also if it failed only because it wrote (`fail_on_changes`)."""
    if outcome.status in (statuses.COMPLETED, statuses.UP_TO_DATE):
        return True
    return outcome.status == statuses.FAILED and outcome.exit_code == 0 and outcome.cause == statuses.CHANGES
