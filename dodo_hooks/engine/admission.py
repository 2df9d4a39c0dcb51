"""The admission of a ready job to a slot: the terminal, the permit and the concurrency groups that it needs (HOT)."""

from dodo_hooks.core.statuses import Outcome
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import monotonic_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.engine.groups import Groups, Supersede
    from dodo_hooks.engine.protocols import Workspaces
    from dodo_hooks.engine.recorder import Recorder
    from dodo_hooks.engine.waves.job import Context

RETRY_S = 0.1  # how often a job that waits for another run's concurrency group, or its end, asks again
RETRY_SELDOM_S = 10.0
NOTHING = -1  # a permit without a descriptor


class Admission:
    """The facilities that a job holds from before its start: a permit until its process is there, groups to its end.

    A permit to start a background job is a share of the lock under which the foreground hooks of other git commands
    hide unstaged changes (G5). So the working tree is as its owner left it when the job starts.
    """

    def __init__(self, context: "Context", recorder: "Recorder", supersede: "Supersede") -> None:
        self.ask_permit: Callable[[], int | None] | None = None  # returns a descriptor or NOTHING; None: not now
        self.workspaces: Workspaces | None = None
        self.alone: set[int] = set()  # jobs that run beside no other
        self.is_paused = False  # nothing starts
        self._context = context
        self._jobs = context.hook.jobs
        self._recorder = recorder
        self._supersede = supersede
        self._permits: dict[int, int] = {}  # by job
        self._groups: Groups | None = None
        self._refused: list[int] = []  # the ready jobs when one of them was refused something
        self._refused_s = 0.0  # since when they are
        self._waited: set[int] = set()  # jobs that another run kept waiting: it may have done their work
        self._is_refused = False  # a ready job waits for a permit or a workspace

    def begin(self) -> None:
        """Prepare to admit: what was refused the last time may be free by now."""
        self._is_refused = False

    def is_held_up(self, number: int, running: "Sequence[int]") -> bool:
        """Return whether this job and all behind it have to wait: for one that runs alone, or for a permit.

        An interactive job always runs alone (R14).
        """
        if self.is_paused or (running and not self.alone.isdisjoint((number, *running))):
            return True
        if any(self._jobs[other].execution.interactive for other in running):
            return True
        if self._jobs[number].execution.interactive and running:
            return True
        return not self._has_permit(number)

    def claim(self, number: int) -> "tuple[int, ...] | Outcome | None":
        """Return the locks that the job's wave must hold, an outcome if it must not run, or None if it has to wait."""
        if not self._jobs[number].is_in_group:
            return ()
        if self._groups is None:
            from dodo_hooks.engine.groups import Groups as Taken

            self._groups = Taken(self._context, self._supersede, self._recorder.note)
        claimed = self._groups.claim(number)
        if claimed is None:
            self._waited.add(number)
            self.release_permit(number)
        return claimed

    def claim_workspace(self, number: int) -> "tuple[int, ...] | Outcome | None":
        """Return the locks of the job's workspace, an outcome if it must not run, or None if it has to wait.

        A job that waits for a workspace holds no group meanwhile, or two runs could wait for each other.
        """
        if not self._jobs[number].workspace or self.workspaces is None:
            return ()
        claimed = self.workspaces.claim(number)
        if claimed is None:
            self.release(number)
            self._is_refused = True
        return claimed

    def has_waited(self, number: int) -> bool:
        """Return whether the job has waited for another run since this was asked the last time."""
        has_waited = number in self._waited
        self._waited.discard(number)
        return has_waited

    def release_permit(self, number: int) -> None:
        """Give back the permit of a job whose process is there, or that does not start now."""
        held = self._permits.pop(number, NOTHING)
        if held != NOTHING:
            os.close(held)

    def release(self, number: int) -> None:
        """Give back everything that a job holds that has ended, or will never start."""
        self.release_permit(number)
        if self._groups is not None:
            self._groups.release(number)

    def recorded(self, number: int, outcome: Outcome) -> None:
        """Give back the workspace of a job whose end is recorded (V5)."""
        if self._jobs[number].workspace and self.workspaces is not None:
            self.workspaces.release(number, outcome)

    def ask_again_in(self, ready: "Sequence[int]", has_free_slot: bool) -> "float | None":
        """Return in how many seconds to ask again, since a ready job waits for what another run holds; None: none does.

        The longer the background has waited, the later it asks: it may wait for hours.
        """
        has_groups = (
            self._groups is not None and has_free_slot and any(self._jobs[number].is_in_group for number in ready)
        )
        if not has_groups and not self._is_refused:
            self._refused.clear()
            return None
        if self._refused != list(ready):
            self._refused, self._refused_s = list(ready), monotonic_s()
        if not self._context.is_background:
            return RETRY_S
        return min(max(RETRY_S, (monotonic_s() - self._refused_s) / 20), RETRY_SELDOM_S)

    def ask_again_soon(self) -> None:
        """Ask as often as in the beginning: another run may have released something."""
        self._refused.clear()

    @property
    def waits(self) -> bool:
        """True if a ready job waits for what another run holds."""
        return bool(self._refused)

    def _has_permit(self, number: int) -> bool:
        """Return whether this job has a permit, or gets one now."""
        if self.ask_permit is None or number in self._permits:
            return True
        held = self.ask_permit()
        if held is None:
            self._is_refused = True
            return False
        self._permits[number] = held
        return True
