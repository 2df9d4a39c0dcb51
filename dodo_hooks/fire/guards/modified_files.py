"""The guard that fails the hooks of pre-commit which have modified files (P5, P6; HOT, for such hooks alone).

pre-commit compares `git diff` before and after each hook. Hooks that run at the same time share no file that one of
them writes, so each is judged by the files of its own list. A hook that ran alone is judged by all files.

Nobody trusts that a hook keeps to what is known of it. Where a file has changed that none of the running jobs is given
to write, all of them are ended, tracked files and index go back to what they were, and these jobs run again, one by
one in the order of the file. Then it is seen which of them it was.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GitError, StoreError
from dodo_hooks.core.plan import ANYTHING, GIVEN, NOTHING
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.core.text.terminal_text import escape
from dodo_hooks.engine.hook_lines import MODIFIED, shows_output
from dodo_hooks.fire.guards.change_guard import ChangeGuard, differing, failed
from dodo_hooks.git.content.worktree_diff import DiffState, WorktreeDiff, entries_in
from dodo_hooks.host.posix import os, read_file, write_all
from dodo_hooks.results.hook_memory import HookMemory
from dodo_hooks.store.layout import repository_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Job
    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.fire.run_state import Run
    from dodo_hooks.git.rollback.tree_backup import TreeBackup


def is_judged(job: "Job") -> bool:
    """Return whether a job fails if it modifies files. One whose fixes are staged does not."""
    return job.is_judged_by_diff and not job.changes.stage_fixed


def watch_modified_files(run: "Run", loop: "Loop", numbers: "Sequence[int]") -> "ModifiedFiles":
    """Let the loop fail those of these jobs that modify files; the caller calls `end` of the result on every way out.

    Raises:
        GitError: the state of the tree cannot be read.
    """
    try:
        guard = ModifiedFiles(run, loop, numbers)
    except OSError as error:
        raise GitError(f"cannot read {error.filename!r}: {error.strerror}") from error
    loop.guard(guard, (), loop.context.grace_s)
    return guard


class ModifiedFiles(ChangeGuard):
    """The guard; it also knows the way back to the last state at which all was as it should be."""

    def __init__(self, run: "Run", loop: "Loop", numbers: "Sequence[int]") -> None:
        super().__init__(run)
        firing = run.firing
        is_clean = firing.status is not None and firing.status.answer().is_clean
        self._loop = loop
        self._diff = WorktreeDiff(firing.repo, firing.world.environ, is_clean=is_clean)
        self._last = self._diff.read()
        self._before: dict[int, DiffState] = {}  # of the running jobs
        self._beside: dict[int, set[int]] = {}  # of the running jobs: those that ran while they did
        self._again: list[int] = []  # jobs that are to run again, while others are still being ended
        self._memory = HookMemory(repository_of(run.writer.directory))
        self._backup = self._open_backup(numbers)

    def end(self) -> None:
        """Keep what was learned, and remove the backup. No job runs any more."""
        if self._backup is not None:
            self._backup.end()
        try:
            self._memory.save()
        except StoreError as error:
            self._run.notes.append(str(error))

    def starting(self, number: int) -> None:
        for other in self._running:
            self._beside[other].add(number)
        self._beside[number] = set(self._running)
        self._before[number] = self._last
        super().starting(number)

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        was_running, outcome = number in self._running, super().ended(number, outcome)
        job = self._jobs[number]
        log_file = job.changes.conduct.log_file if job.changes.conduct else ""
        if log_file and was_running and outcome.status != statuses.PENDING and shows_output(job, outcome):
            self._write_log_file(job, log_file)
        return outcome

    def judge(self, number: int, outcome: Outcome) -> Outcome:
        """Return the outcome as pre-commit has it."""
        before, beside, last = self._before.pop(number), self._beside.pop(number), self._last
        if self._again:
            return self._run_again(number, outcome)
        state = self._diff.read()
        if state is last and state is before:
            self._learn(number, set(), outcome)
            return outcome
        if beside and (strays := self._strays(number, last, state)):
            return self._go_back(number, strays, outcome)
        self._last = state
        if self._backup is not None and state is not last:
            self._backup.keep(state, self._being_written(state))
        paths = differing(before.patches, state.patches)
        if beside:
            paths = {path for path in paths if self.has(number, path)}
        else:
            written = paths if before.entries == state.entries else paths | _changed_entries(before, state)
            self._learn(number, written, outcome)
        return _modified(outcome) if paths and is_judged(self._jobs[number]) else outcome

    def _open_backup(self, numbers: "Sequence[int]") -> "TreeBackup | None":
        """Begin the backup; None where all jobs run alone. Where there can be none, let all of them run alone."""
        conducts = [self._jobs[number].changes.conduct for number in numbers]
        trusted = [one for one in conducts if one is not None and one.writes != ANYTHING]
        if len(numbers) < 2 or not trusted:
            return None
        from dodo_hooks.git.rollback.tree_backup import TreeBackup

        try:
            return TreeBackup(self._run.firing.repo, self._run.firing.world.environ, self._last)
        except OSError:  # another run in this working tree has one, or the disk is full
            self._loop.admission.alone.update(numbers)
            return None

    # Strays

    def _strays(self, number: int, last: DiffState, state: DiffState) -> "list[bytes]":
        """Return the paths that changed while several jobs ran, though none of them is known to write there."""
        # The fixes of these are staged when they have ended.
        fixers = [job.number for job in self._jobs if job.changes.stage_fixed]
        writers = [one for one in (number, *self._running) if _writes_given(self._jobs[one])]
        changed = differing(last.patches, state.patches)
        strays = {path for path in changed if not any(self.has(one, path) for one in (*writers, *fixers))}
        if last.entries != state.entries:  # no job that runs beside others writes the index
            strays |= {path for path in _changed_entries(last, state) if not any(self.has(one, path) for one in fixers)}
        return sorted(strays)

    def _being_written(self, state: DiffState) -> "set[bytes]":
        writers = [one for one in self._running if _writes_given(self._jobs[one])]
        return {path for path in state.patches if any(self.has(one, path) for one in writers)}

    def _go_back(self, number: int, strays: "Sequence[bytes]", outcome: Outcome) -> Outcome:
        """End the jobs that run, and let them run again with this one, one by one, on the files as they were."""
        names = ", ".join(escape(self._jobs[one].name) for one in sorted({number, *self._running}))
        if self._backup is None:
            return failed(f"{_name(strays[0])} changed while {names} ran", outcome)
        self._loop.recorder.note(f"{_name(strays[0])} changed while {names} ran, so they run again, one by one")
        self._loop.admission.is_paused = True
        self._loop.run_again(sorted(self._running))
        return self._run_again(number, outcome)

    def _run_again(self, number: int, outcome: Outcome) -> Outcome:
        """Return what lets a job run again; after the last one has ended, restore the files before."""
        self._again.append(number)
        if self._running:
            return Outcome(statuses.PENDING)
        again, self._again = self._again, []
        self._loop.admission.is_paused = False
        self._loop.admission.alone.update(again)
        assert self._backup is not None
        try:
            kept = self._backup.go_back(self._diff.read())
            self._last = self._diff.read()
            for one in again:
                os.truncate(self._run.writer.jobs[one].log, 0)
        except (GitError, StoreError, OSError) as error:
            reason = f"cannot restore the files that hooks have written: {error}"
            self._run.errors.append(reason)
            self._loop.abort(statuses.ERROR, reason)
            return failed(reason, outcome)
        if kept:
            self._run.notes.append(f"files that hooks had written are in {kept}")
        return Outcome(statuses.PENDING)

    def _learn(self, number: int, written: "set[bytes]", outcome: Outcome) -> None:
        """Note what a job that ran alone has written."""
        job = self._jobs[number]
        conduct = job.changes.conduct
        if conduct is None or outcome.exit_code is None:
            return
        if conduct.writes == ANYTHING:
            self._memory.note_run(job, conduct, has_written=bool(written))
        elif any(conduct.writes == NOTHING or not self.has(number, path) for path in written):
            self._memory.distrust(job, conduct)
            others = sorted(path for path in written if conduct.writes == NOTHING or not self.has(number, path))
            self._loop.recorder.note(f"{job.name} wrote {_name(others[0])}, so it runs alone from now on")

    # The rest

    def _write_log_file(self, job: "Job", name: str) -> None:
        """Append the output of a hook to its `log_file`, once the differences were read, as pre-commit does."""
        path = f"{self._run.firing.repo.top}/{name}"
        try:
            output = read_file(self._run.writer.jobs[job.number].log)
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                write_all(descriptor, output)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._run.notes.append(f"cannot write the log file of {job.name}, {path}: {error.strerror}")


def _changed_entries(one: DiffState, other: DiffState) -> "set[bytes]":
    return differing(entries_in(one.entries), entries_in(other.entries))


def _writes_given(job: "Job") -> bool:
    return job.changes.conduct is not None and job.changes.conduct.writes == GIVEN


def _modified(outcome: Outcome) -> Outcome:
    """Return the outcome of a hook that has modified files; one that was ended keeps its own."""
    if outcome.status == statuses.COMPLETED:
        return failed(MODIFIED, outcome)
    if outcome.cause in (statuses.EXIT, statuses.SIGNAL):
        return outcome._replace(cause=statuses.CHANGES, reason=f"{outcome.reason}; {MODIFIED}")
    return outcome


def _name(path: bytes) -> str:
    return escape(path.decode("utf-8", "backslashreplace"))
