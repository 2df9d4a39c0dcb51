"""The guard that fails jobs which change files (`fail_on_changes`).

The guard compares the tree with its state when the last job ended. Of jobs that run at the same time, a change belongs
to the job whose file list has the file, else to the job that ends first; where only others are watched, to a watched
one, since a change that nobody answers for would pass the gate.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.plan import CI, ELSEWHERE, Job
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.core.text.terminal_text import escape, wants_colors
from dodo_hooks.engine.loop import Loop
from dodo_hooks.fire.guards.change_guard import ChangeGuard, differing, failed
from dodo_hooks.fire.run_state import Run
from dodo_hooks.git.tree_state import TreeState, diff_of, is_untracked, read_tree_state

_MOST_NAMED = 3


def watch_changes(run: Run, loop: Loop, numbers: Sequence[int]) -> None:
    """Let the loop fail those of these jobs that change files and must not do so here (in CI, or elsewhere).

    Call this after the guard that stages fixed files was set: this guard must read the tree before that one stages.

    Raises:
        GitError: the state of the tree cannot be read.
    """
    where = CI if run.firing.world.is_ci else ELSEWHERE
    jobs = run.firing.hook.jobs
    watched = {number for number in numbers if where in jobs[number].changes.fails_on_changes}
    if not watched:
        return
    try:
        guard = _FailOnChanges(run, watched)
    except OSError as error:
        raise GitError(f"cannot read {error.filename!r}: {error.strerror}") from error
    loop.guard(guard, (), loop.context.grace_s)


class _FailOnChanges(ChangeGuard):
    def __init__(self, run: Run, watched: set[int]) -> None:
        super().__init__(run)
        self._watched = watched
        self._changed: dict[int, set[bytes]] = {}  # by a job that still runs
        self._last = read_tree_state(run.firing.repo, run.firing.world.environ)

    def judge(self, number: int, outcome: Outcome) -> Outcome:
        """Fail a watched job that has changed files, and append the diff to its log."""
        firing = self._run.firing
        state = read_tree_state(firing.repo, firing.world.environ)
        for path in differing(state, self._last):
            self._changed.setdefault(self._owner(path, number), set()).add(path)
        self._last = state
        paths = sorted(self._changed.pop(number, ()))
        if not paths or number not in self._watched or outcome.status != statuses.COMPLETED:
            return outcome
        self._show(self._jobs[number], state, paths)
        return failed(f"changed {_join_names(paths)} (fail_on_changes)", outcome)

    def _owner(self, path: bytes, ended: int) -> int:
        if self.has(ended, path):
            return ended
        running = sorted(self._running)
        claims = [other for other in running if self.has(other, path)]
        watched = [other for other in running if other in self._watched] if ended not in self._watched else []
        return next(iter((*claims, *watched)), ended)

    def _show(self, job: Job, state: TreeState, paths: list[bytes]) -> None:
        """Append the diff to the job's log."""
        firing = self._run.firing
        world = firing.world
        has_colors = wants_colors(world.environ, os.isatty(1), world.colors, firing.rules.has_colors)
        untracked = [path for path in paths if is_untracked(state, path)]
        tracked = [path for path in paths if path not in untracked]
        diff = diff_of(firing.repo, firing.world.environ, tracked, has_colors=has_colors)
        text = diff + "".join(f"new file: {_name(path)}\n" for path in untracked).encode()
        try:
            with open(self._run.writer.jobs[job.number].log, "ab") as file:
                file.write(text)
        except OSError as error:
            self._run.notes.append(f"cannot write the diff of {job.name} to its log: {error.strerror}")


def _join_names(paths: list[bytes]) -> str:
    names = [_name(path) for path in paths[:_MOST_NAMED]]
    rest = len(paths) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


def _name(path: bytes) -> str:
    return escape(path.decode("utf-8", "backslashreplace"))
