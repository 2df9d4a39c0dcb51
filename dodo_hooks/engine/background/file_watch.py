"""The coordinator's checks of files that others change: logs, a working tree, other runs' concurrency groups (HOT).

Logs are trimmed while their jobs write (section 7), and jobs end when their working tree is removed (G2). Hundreds of
coordinators may be waiting, so a look must not cost a wake-up for nothing. Where the kernel notifies of changes
(host/files/directory_watch.py), the next look is due a moment after that, and every 10 s for what it does not
see, such as a move of a directory further up. Elsewhere looks become rarer as long as nothing changes.
"""

from dodo_hooks.core import statuses
from dodo_hooks.engine.background.worktree_guard import is_gone, removal_text
from dodo_hooks.engine.waves.job import max_log_of
from dodo_hooks.host.files.directory_watch import REMOVALS, WRITES, notify_once, open_directory
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store import layout
from dodo_hooks.store.log import trim_log_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.engine.background.background_phase import Background
    from dodo_hooks.engine.loop import Loop

# A shorter time would see `.git` gone while somebody replaces it, and a log that grows steadily costs a look each time.
SOON_S = 0.5
SELDOM_S = 10.0
_NEVER_S = float("inf")


class FileWatch:
    """The looks of one background phase."""

    def __init__(self, phase: "Background", loop: "Loop") -> None:
        """Make a watch that has not looked yet."""
        self._phase = phase
        self._loop = loop
        self._pause_s = SOON_S
        self._due_s = _NEVER_S
        self._running: list[int] = []
        self._waits = False  # a ready job waits for what another run holds
        self._sizes: dict[int, int] = {}  # of the logs, at the last look
        self._descriptors: dict[str, int] = {}  # of the directories that the kernel tells of
        self._look_in(SOON_S)
        loop.clocks.every(None, self._check)

    def hear(self) -> None:
        """Look soon: the kernel has notified of a change, but not of which."""
        self._loop.admission.ask_again_soon()
        self._look_in(SOON_S)

    def close(self) -> None:
        """Stop being notified."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)

    def _check(self) -> None:
        running, waits = self._loop.running(), self._loop.admission.waits
        if (running, waits) != (self._running, self._waits):
            self._running, self._waits = running, waits
            self._look_in(SOON_S)
        if monotonic_s() >= self._due_s:
            self._look()

    def _look(self) -> None:
        """Look, and ask to be notified of the next change; but not of the changes of a log that grows all the time."""
        if self._has_changed():
            self._pause_s = SOON_S
        elif not self._ask_to_be_notified():
            self._pause_s = min(self._pause_s * 2, SELDOM_S)
        else:  # the kernel notifies of nothing that has changed since the look
            self._pause_s = SOON_S if self._has_changed() else SELDOM_S
        self._due_s = _NEVER_S
        self._look_in(self._pause_s)

    def _look_in(self, seconds: float) -> None:
        """Look then, unless that is due sooner anyway."""
        due_s = monotonic_s() + seconds
        if due_s < self._due_s:
            self._due_s = due_s
            self._loop.clocks.remind(due_s)

    def _has_changed(self) -> bool:
        """Trim the logs, end the jobs of a removed working tree, and return whether a log has grown."""
        phase = self._phase
        if is_gone(phase.git_file):
            self._loop.abort(statuses.VANISHED, removal_text(phase.context.top))
        before, self._sizes = self._sizes, {}
        for number in self._running:
            most_bytes = max_log_of(phase.context, phase.context.hook.jobs[number])
            self._sizes[number] = trim_log_file(self._phase.writer.jobs[number].log, most_bytes)
        return self._sizes != before

    def _ask_to_be_notified(self) -> bool:
        """Have the kernel tell of the next change of a log or of the working tree; return whether it will."""
        wanted = {self._phase.writer.jobs[number].log.rpartition("/")[0]: WRITES for number in self._running}
        if self._waits:  # a group is written when it is taken and when it is released
            wanted[layout.groups_dir(layout.repository_of(self._phase.writer.directory))] = WRITES
        if self._phase.git_file:
            top = self._phase.context.top
            wanted |= {top: REMOVALS, top.rpartition("/")[0] or "/": REMOVALS}
        for path in self._descriptors.keys() - wanted:
            os.close(self._descriptors.pop(path))
        for path in wanted - self._descriptors.keys():
            if (descriptor := open_directory(path)) is not None:
                self._descriptors[path] = descriptor
        are_watched = [notify_once(one, wanted[path]) for path, one in self._descriptors.items()]
        return len(are_watched) == len(wanted) and all(are_watched)
