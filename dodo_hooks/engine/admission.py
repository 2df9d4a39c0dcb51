"""The admission of a ready job to a slot: the terminal, the permit and the concurrency groups that it needs (HOT)."""

from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.engine.worktree_permit import Permits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.engine.groups import Groups
    from dodo_hooks.engine.recorder import Recorder
    from dodo_hooks.engine.waves.job import Context

    Supersede = Callable[[str, str, str], bool]  # see engine/groups.py


class Admission:
    """The facilities that a job holds from before its start: a permit until its process is there, groups to its end."""

    def __init__(self, context: "Context", recorder: "Recorder", supersede: "Supersede") -> None:
        self.permits = Permits()
        self._context = context
        self._jobs = context.hook.jobs
        self._recorder = recorder
        self._supersede = supersede
        self._groups: Groups | None = None

    def begin(self) -> None:
        """Prepare to admit: what was refused the last time may be free by now."""
        self.permits.is_refused = False

    def is_held_up(self, number: int, running: "Sequence[int]") -> bool:
        """Return whether this job and all behind it have to wait: for an interactive job, or for a permit.

        An interactive job always runs alone (R14).
        """
        if any(self._jobs[other].interactive for other in running):
            return True
        if self._jobs[number].interactive and running:
            return True
        return not self.permits.has(number)

    def claim(self, number: int) -> "tuple[int, ...] | Outcome | None":
        """Return the locks that the job's wave must hold, an outcome if it must not run, or None if it has to wait."""
        if not self._has_groups(number):
            return ()
        if self._groups is None:
            from dodo_hooks.engine.groups import Groups as Taken

            context = self._context
            self._groups = Taken(
                context.invocation_dir,
                context.hook,
                context.top,
                context.ancestors,
                context.is_background,
                self._supersede,
            )
        claimed = self._groups.claim(number)
        if claimed is None:
            self.permits.release(number)
            for sentence in self._groups.take_wait_notes(number):
                self._recorder.note(sentence)
        return claimed

    def started(self, number: int) -> None:
        """Give back the permit of a job whose process is there."""
        self.permits.release(number)

    def release(self, number: int) -> None:
        """Give back everything that a job holds that has ended, or will never start."""
        self.permits.release(number)
        if self._groups is not None:
            self._groups.release(number)

    def must_ask_again(self, ready: "Sequence[int]", has_free_slot: bool) -> bool:
        """Return whether a ready job waits for what another run may release at any time."""
        if self.permits.is_refused:
            return True
        return self._groups is not None and has_free_slot and any(map(self._has_groups, ready))

    def _has_groups(self, number: int) -> bool:
        """Return whether the job is in a concurrency group; a background job always is (section 7)."""
        return bool(self._jobs[number].groups) or self._jobs[number].phase == BACKGROUND
