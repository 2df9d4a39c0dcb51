"""The results of a run's jobs: which jobs are up to date, and which successes are kept (K4, K5, K6; HOT).

A job is checked when its needs have ended and it could start. After its success its key is computed again. The
success is kept if the key is the same, and nobody has touched an input meanwhile (results/input_watch.py).

What a job in a snapshot is given does not change; its results are in results/verdicts/verdicts.py.
"""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.job_key import digest_of
from dodo_hooks.core.statuses import COMPLETED, CONDITION, FAILED, SKIPPED, UP_TO_DATE, Outcome
from dodo_hooks.host.world import local_time, wall_ns
from dodo_hooks.results import IGNORE, USE
from dodo_hooks.results.facts import Known, Occasion, file_part
from dodo_hooks.results.found import TrackedOutputError, Undecidable
from dodo_hooks.results.kept import KeptResults, Output, PassedFiles, Success

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dodo_hooks.core.job_key import Value
    from dodo_hooks.core.plan import Job
    from dodo_hooks.results.cached_outputs import CachedOutputs
    from dodo_hooks.results.input_watch import Begun
    from dodo_hooks.results.verdicts.verdicts import Verdicts
    from dodo_hooks.results.worktree_keys import WorktreeKeys


class RunResults:
    """The results of one run's jobs; a guard of the loop, which also asks it whether a job is up to date."""

    def __init__(
        self,
        occasion: Occasion,
        kept: KeptResults,
        cache: "CachedOutputs | None",
        invocation: str,
        say: "Callable[[str], None]",
        use: str = USE,
        narrow: "Callable[[int, list[bytes]], None]" = lambda number, files: None,
        verdicts: "Verdicts | None" = None,
    ) -> None:
        """Prepare the results.

        Args:
            occasion: the hook as it is in the file, and its event.
            kept: the store.
            cache: the stored outputs; None where all jobs that have results run in a snapshot.
            invocation: the run's id, which is kept with its successes.
            say: prints one sentence.
            use: how kept results are used: dodo_hooks.results.
            narrow: gives a job a shorter list of files, relative to the top.
            verdicts: the results of the jobs that run in a snapshot; None where there is no such job.
        """
        self.verdicts = verdicts
        self.jobs = occasion.hook.jobs
        self.kept = kept
        self._occasion = occasion
        self._cache = cache
        self._invocation = invocation
        self._say = say
        self._use = use
        self._narrow = narrow
        self._read: WorktreeKeys | None = None  # see `_keys`
        self._begun: dict[int, Begun] = {}
        self._held: dict[int, str] = {}  # the keys of the jobs whose success holds
        self._manifests: dict[int, str] = {}  # of their outputs, where they are cached
        self._ended: dict[int, Outcome] = {}
        self._lists: dict[int, PassedFiles] = {}  # of the jobs that are given only what has not passed
        self._passed: dict[int, int] = {}  # how many of their files have passed in batches of a job that runs

    @property
    def _keys(self) -> "WorktreeKeys":
        """The keys of the jobs in the working tree. A run whose jobs are all in snapshots does not import them."""
        if self._read is None:
            from dodo_hooks.results.worktree_keys import WorktreeKeys

            self._read = WorktreeKeys(self._occasion, self.kept, self._part_of)
        return self._read

    def enter_background(self, environ: "Mapping[str, str]") -> None:
        """Continue in the background phase, where git has no variables of a command that is over by then."""
        self._occasion = self._occasion._replace(git_environ=environ)
        self._read_again(environ)

    # Whether a job has to run.

    def check(self, number: int, *, after_wait: bool = False, restores: bool = True) -> "Outcome | None":
        """Return the outcome of an up-to-date job; None for a job that has to run.

        Its needs have ended. `after_wait`: it has waited for another run, so the tree is read again. `restores`:
        outputs may be restored from the cache, which takes its time.
        """
        if self.verdicts is not None and self.jobs[number].workspace:
            return self.verdicts.check(number)
        if after_wait:
            self._read_again()
        outcome = self._check(number) if self._use == USE else None
        return outcome if outcome is not None or not restores else self.restore([number]).get(number)

    def can_restore(self, number: int) -> bool:
        """Return whether outputs are stored for a job that `check` has found to be no longer up to date."""
        job = self.jobs[number]
        if self._cache is None or not job.results.cache or job.workspace or self._use != USE:
            return False
        known = self._keys.find(number)
        return not isinstance(known, Undecidable) and self._cache.has(known.key)

    def restore(self, numbers: "Sequence[int]") -> "dict[int, Outcome]":
        """Restore the outputs that are stored for these jobs, all at once; return the outcomes of those that have any.

        A job whose outputs are restored has a success in this worktree (K9).
        """
        wanted = [(number, self.known(number)) for number in numbers if self.can_restore(number)]
        if self._cache is None or not wanted:
            return {}
        keyed = [(self.jobs[number], known.key) for number, known in wanted]
        digests = self._cache.restore(keyed, self._occasion.git_environ)
        outcomes: dict[int, Outcome] = {}
        for (number, known), digest in zip(wanted, digests, strict=True):
            if digest:
                success = self._success(self.jobs[number], digest)
                try:
                    self.kept.keep(self.jobs[number], known.key, success, known.named_facts)
                except (StoreError, Undecidable) as error:
                    self._say(f"the result of {self.jobs[number].name} is not kept: {error}")
                outcomes[number] = self._up_to_date(number, known, success)
        return outcomes

    def _check(self, number: int) -> "Outcome | None":
        job = self.jobs[number]
        if not job.results.is_incremental:
            return None
        known = self._keys.find(number)
        if isinstance(known, Undecidable):
            return None
        if job.results.is_per_file:
            return self._check_list(number, known)
        success = self._holding(job, known)
        return None if success is None else self._up_to_date(number, known, success)

    def _up_to_date(self, number: int, known: Known, success: Success) -> Outcome:
        self._manifests[number] = success.manifest
        self._held[number] = known.key
        run = f", run {success.invocation}" if success.invocation else ""
        return Outcome(UP_TO_DATE, reason=f"up to date since {local_time(success.ended_ns)}{run}")

    def _check_list(self, number: int, known: Known) -> "Outcome | None":
        """Check the files of a list; where some have passed, the job is given the others alone (K8)."""
        left = PassedFiles(self.jobs[number], self.kept, known.key, known.listed).left
        if left:
            if self._use == USE and len(left) < len(known.listed):
                self._narrow(number, left)
            return None
        self._held[number] = _key_of_list(known)
        count = len(known.listed)
        words = "its file has passed" if count == 1 else f"its {count} files have passed"
        return Outcome(UP_TO_DATE, reason=f"up to date: {words}")

    def input_paths(self, number: int) -> "list[str]":
        """Return the inputs of a job that are there now; none where they cannot be listed. No command is run.

        A job in a snapshot has none here: they are those of a commit.
        """
        try:
            return [] if self.jobs[number].workspace else self._keys.input_paths(number)
        except Undecidable:
            return []

    def known(self, number: int) -> Known:
        """Return the key of an incremental job, and what it rests on. Raises Undecidable."""
        if self.verdicts is not None and self.jobs[number].workspace:
            return self.verdicts.known(number)
        known = self._keys.find(number)
        if isinstance(known, Undecidable):
            raise known
        return known

    def is_as_made(self, output: Output) -> bool:
        """Return whether an output is there as it was kept. Raises Undecidable."""
        return self._keys.is_as_made(output)

    def _holding(self, job: "Job", known: Known) -> "Success | None":
        """Return the kept success under this key, if the outputs are still as that run has left them (K6)."""
        success = self.kept.find(job, known.key)
        try:
            if success is None or tuple(output.path for output in success.outputs) != job.results.outputs:
                return None
            if success.manifest:  # also where the job says `cache` no longer: a folder that is there may be another
                is_same = self._cache is not None and (self._cache.digest(job, self._keys.contents) == success.manifest)
                return success if is_same else None
            return success if all(map(self._keys.is_as_made, success.outputs)) else None
        except Undecidable:
            return None

    def _success(self, job: "Job", manifest: str) -> Success:
        """Return the success of a job whose outputs are all there; `manifest`: their digest, where they are cached."""
        outputs = tuple(one for one in map(self._keys.output, job.results.outputs) if one is not None)
        return Success(wall_ns(), self._invocation, outputs, manifest)

    def _part_of(self, need: int) -> "Value":
        """Return what a need contributes to a key (K5). Raises Undecidable."""
        job, outcome = self.jobs[need], self._ended.get(need)
        if self.verdicts is not None and job.workspace:
            return self.verdicts.part_of(need)
        if job.order.is_setup:
            return (*job.execution.argv, *(f"{name}={value}" for name, value in sorted(job.execution.env)))
        if outcome is not None and outcome.status == SKIPPED and outcome.cause == CONDITION and not job.results.outputs:
            return SKIPPED
        files, has_others = file_part(job, self._keys.contents)
        if job.results.outputs and not has_others:
            return files
        if need not in self._held and need not in self._ended and self._check(need) is None:
            if not job.results.is_incremental:
                raise Undecidable(f"{job.name}, which it needs, runs each time")
            raise Undecidable(f"{job.name}, which it needs, is not up to date")
        if need not in self._held:
            raise Undecidable(f"{job.name} ran, and has no result that is kept")
        return files, self._manifests.get(need) or self._held[need]

    def decided(self, number: int, outcome: Outcome) -> None:
        """Note the end of a job that did not run, such as one that does not apply."""
        self._ended[number] = outcome

    # The guard.

    def starting(self, number: int) -> None:
        """Note what the job starts from."""
        job = self.jobs[number]
        if self.verdicts is not None and job.workspace:
            self.verdicts.starting(number)
            return
        if not job.results.is_incremental:
            return
        try:
            self.kept.drop_made(job)
        except StoreError as error:
            self._say(f"the results of {job.name} cannot be removed: {error}")
        if self._use == IGNORE:
            return
        begun = self._keys.begin(number)
        if begun is None:
            if isinstance(why := self._keys.find(number), TrackedOutputError):
                self._say(f"{job.name} runs each time: {why}")
            return
        self._begun[number] = begun
        if job.results.is_per_file:
            self._lists[number] = PassedFiles(job, self.kept, begun.known.key, begun.known.listed)

    def passed(self, number: int, files: int) -> None:
        """Note that so many files of a job's list have passed, in batches; the job runs on."""
        self._passed[number] = files

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        """Keep the success of a job that ran; remove the success under the key of one that failed (K7)."""
        self._ended[number] = outcome
        job = self.jobs[number]
        if self.verdicts is not None and job.workspace:
            return self.verdicts.ended(number, outcome)
        begun = self._begun.pop(number, None)
        if outcome.status != UP_TO_DATE:
            self._held.pop(number, None)
        if begun is not None or outcome.status not in (SKIPPED, UP_TO_DATE):
            self._read_again()
        try:
            if begun is not None:
                self._keep_or_drop(number, job, begun, outcome)
        except Undecidable as error:
            self.kept.note_not_kept(job, str(error))
        except StoreError as error:
            self._say(f"the result of {job.name} is not kept: {error}")
        return outcome

    def save(self) -> None:
        """Keep what was learned about files, for the next run."""
        if self._read is not None:
            self._read.save()

    def _keep_or_drop(self, number: int, job: "Job", begun: "Begun", outcome: Outcome) -> None:
        if job.results.is_per_file:
            self._keep_list(number, begun, outcome)
        elif outcome.status == COMPLETED:
            self._keep(number, job, begun)
        elif outcome.status == FAILED:
            self.kept.drop(job, begun.known.key)
            if job.results.cache and self._cache is not None:
                self._cache.remove(begun.known.key)

    def _keep(self, number: int, job: "Job", begun: "Begun") -> None:
        from dodo_hooks.results.input_watch import difference

        missing = [path for path in job.results.outputs if self._keys.output(path) is None]
        if missing:
            other, root = missing[0].removeprefix(job.execution.root + "/"), job.execution.root
            fix = f" (write /{other} for that of the top)" if root and self._keys.output(other) is not None else ""
            self._say(f"{job.name} runs each time: it did not make its output {missing[0]}{fix}")
            return
        known = self.known(number)
        if why := difference(self._occasion.repo, begun, known):
            self.kept.note_not_kept(job, f"{why} changed while it ran")
            return
        self._held[number] = known.key
        cache = self._cache if job.results.cache else None
        success = self._success(job, cache.store(job, known.key, self._keys.contents) if cache is not None else "")
        self._manifests[number] = success.manifest
        self.kept.keep(job, known.key, success, known.named_facts)

    def _keep_list(self, number: int, begun: "Begun", outcome: Outcome) -> None:
        """Keep which files have passed: all of them, or those of the batches that succeeded."""
        from dodo_hooks.results.input_watch import stamps_of

        known, listed = self._keys.find(number), begun.known.listed
        if isinstance(known, Undecidable) or known.key != begun.known.key:
            return
        files = self._lists[number].left if self._use == USE else list(listed)
        end = len(files) if outcome.status == COMPLETED else self._passed.get(number, 0)
        moved = begun.moved(stamps_of(self._occasion.repo, begun.known))
        good = [path for path in files[:end] if path not in moved] if moved <= listed.keys() else []
        self._lists[number].keep(good, files[end:] if outcome.status == FAILED else [])
        if outcome.status == COMPLETED and not moved:
            self._held[number] = _key_of_list(known)

    def _read_again(self, environ: "Mapping[str, str] | None" = None) -> None:
        if self._read is not None:
            self._read.read_again(environ)


def _key_of_list(known: Known) -> str:
    """Return the key of a job all of whose files have passed."""
    return digest_of((known.key, tuple(sorted(known.listed.items()))))
