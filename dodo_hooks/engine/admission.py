"""The admission of a ready job to a slot: the terminal, the permit and the concurrency groups that it needs (HOT)."""

from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.engine.worktree_permit import Permits
from dodo_hooks.host.world import monotonic_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.engine.groups import Groups
    from dodo_hooks.engine.protocols import Workspaces
    from dodo_hooks.engine.recorder import Recorder
    from dodo_hooks.engine.waves.job import Context

    Supersede = Callable[[str, str, str], bool]  # see engine/groups.py

RETRY_S = 0.1  # how often a job that waits for another run's concurrency group, or its end, asks again
RETRY_SELDOM_S = 10.0


class Admission:
    """The facilities that a job holds from before its start: a permit until its process is there, groups to its end."""

    def __init__(self, context: "Context", recorder: "Recorder", supersede: "Supersede") -> None:
        self.permits = Permits()
        self.workspaces: Workspaces | None = None
        self._context = context
        self._jobs = context.hook.jobs
        self._recorder = recorder
        self._supersede = supersede
        self._groups: Groups | None = None
        self._refused: list[int] = []  # the ready jobs when one of them was refused something
        self._refused_s = 0.0  # since when they are
        self._waited: set[int] = set()  # jobs that another run kept waiting: it may have done their work
        self._lack_workspace = False  # a ready job waits for a workspace

    def begin(self) -> None:
        """Prepare to admit: what was refused the last time may be free by now."""
        self.permits.is_refused = False
        self._lack_workspace = False

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
            self._waited.add(number)
            self.permits.release(number)
            for sentence in self._groups.take_wait_notes(number):
                self._recorder.note(sentence)
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
            self._lack_workspace = True
        return claimed

    def has_waited(self, number: int) -> bool:
        """Return whether the job has waited for another run since this was asked the last time."""
        has_waited = number in self._waited
        self._waited.discard(number)
        return has_waited

    def started(self, number: int) -> None:
        """Give back the permit of a job whose process is there."""
        self.permits.release(number)

    def release(self, number: int) -> None:
        """Give back everything that a job holds that has ended, or will never start."""
        self.permits.release(number)
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
        has_groups = self._groups is not None and has_free_slot and any(map(self._has_groups, ready))
        if not has_groups and not self.permits.is_refused and not self._lack_workspace:
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

    def _has_groups(self, number: int) -> bool:
        """Return whether the job is in a concurrency group; a background job in the working tree is (section 7)."""
        job = self._jobs[number]
        return bool(job.groups) or (job.phase == BACKGROUND and not job.workspace)
