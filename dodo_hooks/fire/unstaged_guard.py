"""The working tree and the index while the foreground jobs of a commit run (G5, G6, G7; HOT, for commits alone).

What is not staged is set aside before the first wave is forked, and put back on every way out, before the background
begins. In between, what a job with `stage_fixed` changed among its files is staged as it ends. What else was written to
the hidden paths is somebody's to judge in the end: so it is noted which jobs ran then, and how they ended.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.fire.run import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.core.plan import Job
    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.fire.run import Run
    from dodo_hooks.git.unstaged.hide import HiddenChanges
    from dodo_hooks.git.unstaged.job_writes import Ending, Writers
    from dodo_hooks.git.unstaged.stage_fixed import FilesBefore, FixStager

GRACE_S = 1.0  # of jobs that are ended while work is set aside: its owner waits for it (R17)

_STOPPED = (statuses.TIMEOUT, statuses.INTERRUPTED, statuses.SPAWN)  # of jobs that were to run, and did not come to it


class Staging:
    """Made before the first wave is forked. Whoever makes it calls `end` on every way out."""

    def __init__(self, run: "Run", numbers: "Iterable[int]") -> None:
        """`numbers`: the jobs that are going to run.

        Raises:
            GitError: work cannot be set aside, and nothing has changed; or the sentence says where it is.
        """
        firing = run.firing
        assert firing.status is not None
        self._run = run
        self._jobs = firing.hook.jobs
        self._aside: HiddenChanges | None = None
        self._writers: Writers | None = None
        self._restager: FixStager | None = None
        self._numbers = tuple(numbers)
        self._watches: dict[int, FilesBefore] = {}
        if changes := firing.status.unstaged():
            from dodo_hooks.git.unstaged.hide import hide_unstaged

            self._aside = hide_unstaged(firing.repo, firing.world.environ, changes, say)
        if self._aside is not None:
            from dodo_hooks.git.unstaged import job_writes

            self._writers = job_writes.Writers(firing.repo.top, self._aside.paths)
            run.remarks += self._aside.sentences
        fixers = [self._jobs[number] for number in self._numbers if self._jobs[number].stage_fixed]
        if fixers:
            from dodo_hooks.git.unstaged import stage_fixed

            files = {path for job in fixers for path in self._files(job)}
            try:
                self._restager = stage_fixed.FixStager(firing.repo, firing.world.environ, self._aside, files)
            except BaseException:
                self.end()
                raise

    def guard(self, loop: "Loop") -> None:
        """Let the loop tell of each start and end. The waves hold the lock, so that a recovery does not begin while a
        job of a run that was killed still writes."""
        if self._aside is not None:
            loop.guard(self, (self._aside.lock,), GRACE_S)
        elif self._restager is not None:
            loop.guard(self, (), loop.context.grace_s)

    def starting(self, number: int) -> None:
        job = self._jobs[number]
        if self._writers is not None:
            self._writers.started(number, job.name)
        if self._restager is not None and job.stage_fixed:
            self._watches[number] = self._restager.before(self._files(job))

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        if self._writers is not None:
            self._writers.ended(number, is_good=_has_done_its_work(outcome))
        watch = self._watches.pop(number, None)
        if watch is None or self._restager is None:
            return outcome
        try:
            staged = self._restager.after(watch, stages=_has_done_its_work(outcome))
        except GitError as error:
            return Outcome(
                statuses.FAILED, statuses.STAGING, f"what it fixed cannot be staged: {error}", outcome.exit_code
            )
        self._run.remarks += staged.sentences
        if self._writers is not None:
            self._writers.staged(staged.paths)
        return outcome

    def end(self) -> None:
        """Put back what was set aside. What went wrong with that is a trouble of the run: git must not go on."""
        if self._aside is not None:
            result = self._aside.restore(self._ending())
            if result.conflict:
                self._run.troubles += result.sentences
            else:
                self._run.remarks += result.sentences

    def _ending(self) -> "Ending":
        """Whether the jobs have done what they should, so that git may go on as far as they are concerned."""
        assert self._writers is not None
        outcomes = self._run.writer.outcomes()
        is_complete = all(number in outcomes for number in self._numbers) and self._run.interrupted is None
        were_stopped = any(outcomes[number].cause in _STOPPED for number in self._numbers if number in outcomes)
        is_good = not self._writers.has_bad or self._run.firing.hook.warns
        return self._writers.ending(has_succeeded=is_complete and is_good and not were_stopped)

    def _files(self, job: "Job") -> "list[bytes]":
        """The list of a job, relative to the top."""
        below = f"{job.root}/".encode("utf-8", "surrogateescape") if job.root else b""
        return [below + path for path in self._run.firing.files.get(job.number, ())]


def _has_done_its_work(outcome: Outcome) -> bool:
    """Whether what it wrote is what it was to write; also where it fails because it wrote, with `fail_on_changes`."""
    if outcome.status in (statuses.COMPLETED, statuses.UP_TO_DATE):
        return True
    return outcome.status == statuses.FAILED and outcome.exit_code == 0 and outcome.cause == statuses.CHANGES
