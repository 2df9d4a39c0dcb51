"""The guard that fails the hooks of pre-commit which have modified files (P5, P6; HOT, for such hooks alone).

pre-commit compares `git diff` before and after each hook. Hooks that run at the same time share no file that one of
them writes, so each is judged by the files of its own list. A hook that ran alone is judged by all files.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.plan import GIVEN
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.core.text.terminal_text import escape
from dodo_hooks.engine.hook_lines import MODIFIED, shows_output
from dodo_hooks.fire.guards.change_guard import ChangeGuard, differing, failed
from dodo_hooks.git.content.worktree_diff import DiffState, WorktreeDiff, entries_in
from dodo_hooks.host.posix import os, read_file, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Job
    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.fire.run_state import Run


def is_judged(job: "Job") -> bool:
    """Return whether a job fails if it modifies files. One whose fixes are staged does not."""
    return job.is_judged_by_diff and not job.changes.stage_fixed


def watch_modified_files(run: "Run", loop: "Loop") -> None:
    """Let the loop fail the hooks that modify files.

    Raises:
        GitError: the state of the tree cannot be read.
    """
    try:
        loop.guard(_ModifiedFiles(run), (), loop.context.grace_s)
    except OSError as error:
        raise GitError(f"cannot read {error.filename!r}: {error.strerror}") from error


class _ModifiedFiles(ChangeGuard):
    def __init__(self, run: "Run") -> None:
        super().__init__(run)
        firing = run.firing
        is_clean = firing.status is not None and firing.status.answer().is_clean
        self._diff = WorktreeDiff(firing.repo, firing.world.environ, is_clean=is_clean)
        self._last = self._diff.read()
        self._before: dict[int, DiffState] = {}  # of the running jobs
        self._beside: dict[int, set[int]] = {}  # of the running jobs: those that ran while they did

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
        if log_file and was_running and shows_output(job, outcome):
            self._write_log_file(job, log_file)
        return outcome

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

    def judge(self, number: int, outcome: Outcome) -> Outcome:
        """Return the outcome as pre-commit has it."""
        before, beside, last = self._before.pop(number), self._beside.pop(number), self._last
        state = self._last = self._diff.read()
        if state is before:
            return outcome
        if beside and (strays := self._strays(number, last, state)):
            return self._refuse(number, beside, strays, outcome)
        paths = differing(before.patches, state.patches)
        if beside:
            paths = {path for path in paths if self.has(number, path)}
        return _modified(outcome) if paths and is_judged(self._jobs[number]) else outcome

    def _refuse(self, number: int, beside: "set[int]", strays: "list[bytes]", outcome: Outcome) -> Outcome:
        names = ", ".join(escape(self._jobs[one].name) for one in sorted({number, *beside}))
        path = escape(strays[0].decode("utf-8", "backslashreplace"))
        return failed(f"one of {names} wrote {path}, which it is not given; run again", outcome)

    def _strays(self, number: int, last: DiffState, state: DiffState) -> "list[bytes]":
        """Return the paths that changed while several jobs ran, though none of them is known to write there."""
        # The fixes of these are staged when they have ended.
        fixers = [job.number for job in self._jobs if job.changes.stage_fixed]
        writers = [one for one in (number, *self._running) if _writes_given(self._jobs[one])]
        changed = differing(last.patches, state.patches)
        strays = {path for path in changed if not any(self.has(one, path) for one in (*writers, *fixers))}
        if last.entries != state.entries:  # no job that runs beside others writes the index
            entries = differing(entries_in(last.entries), entries_in(state.entries))
            strays |= {path for path in entries if not any(self.has(one, path) for one in fixers)}
        return sorted(strays)


def _writes_given(job: "Job") -> bool:
    return job.changes.conduct is not None and job.changes.conduct.writes == GIVEN


def _modified(outcome: Outcome) -> Outcome:
    """Return the outcome of a hook that has modified files; one that was ended keeps its own."""
    if outcome.status == statuses.COMPLETED:
        return failed(MODIFIED, outcome)
    if outcome.cause in (statuses.EXIT, statuses.SIGNAL):
        return outcome._replace(cause=statuses.CHANGES, reason=f"{outcome.reason}; {MODIFIED}")
    return outcome
