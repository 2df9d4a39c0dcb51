"""Concurrency groups: one job of a group runs at a time in a repository (section 7; HOT).

A group is a file in REPO/groups/, and the holder of its flock holds the group. The runner takes all groups of a job
together, in the order of their names, or none: no job holds one group while it waits for another, so there is no
deadlock. The job's wave inherits the locks by the fork. They are free again when the wave, and with it the job, is
gone.

First come, first served: a job that has to wait draws a ticket, a file in REPO/groups/waiting/ that is locked as long
as the waiting run is alive. No job overtakes an earlier ticket for one of the same groups. All of this is done under
one more lock, which is held for a moment and never waited for: nothing here blocks, the loop asks again.

A group of the whole hook is shared by the jobs of one run, and excludes those of other runs.

A background job that names no group is in a group of its own, so that it does not overlap with itself in one worktree:
two quick switches do not install packages twice at once. A job in a snapshot has no such group: it works on a tree of
its own, and once for each key. The coordinator holds that group, not a wave, so that jobs
still share waves. Where the coordinator was killed the name of its run is left in the file, and the group counts as
held until nothing of that run is alive.
"""

from fcntl import LOCK_EX, LOCK_NB, flock

from dodo_hooks.core import statuses
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import CANCEL_PREVIOUS, QUEUE, SKIP
from dodo_hooks.core.plan_parts import Group
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.host.files.atomic_files import make_private_directory, try_unlink
from dodo_hooks.host.files.file_locks import is_disk_full, is_locked, is_unsupported, try_lock
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.engine.waves.job import Context

    Supersede = Callable[[str, str, str], bool]  # directory of the invocation, job, the run that supersedes it

FOREGROUND_WAIT_S = 60.0
_LAST = "~"  # sorts after every ticket
_OWN = Group("", QUEUE, is_shared=False, wait_s=None)


class Member(Record):
    """A job of some run that holds a group, or waits for it."""

    invocation: str
    job: str


class Groups:
    """The groups of the jobs of one phase of one run."""

    def __init__(self, context: "Context", supersede: "Supersede", note: "Callable[[str], None]") -> None:
        """Make the groups of one phase; nothing is locked yet.

        `supersede`: requests a job's end without waiting for the end, and returns whether the request could be sent.
        `note`: takes a sentence for each holder that a job waits for, once.
        """
        self._context = context
        self._identity = context.invocation_dir.rpartition("/")[2]
        self._repository_dir = layout.repository_of(context.invocation_dir)
        self._directory = layout.groups_dir(self._repository_dir)
        self._jobs = context.hook.jobs
        self._supersede = supersede
        self._note = note
        self._held: dict[str, tuple[int, list[tuple[int, bool]]]] = {}  # name -> lock, (job, is it shared)
        self._tickets: dict[int, tuple[str, int, float]] = {}  # job -> path, lock, since when
        self._superseded: set[Member] = set()
        self._reported: set[tuple[int, Member]] = set()

    def claim(self, number: int) -> "tuple[int, ...] | Outcome | None":
        """Try to take a job's groups.

        Return their locks, for the job's wave; the job's outcome if it will not run; None if the caller must ask again.
        """
        try:
            guard = self._guard()
            if guard is None:
                return None
            try:
                others = self._take(number)
                if others:
                    self._draw_ticket(number)
            finally:
                os.close(guard)
        except OSError as error:
            self.release(number)
            if (is_unsupported(error) or is_disk_full(error)) and all(map(_is_own, self._groups_of(number))):
                return ()  # without locks runs are attached, one after the other; a full disk stops no job
            return Outcome(statuses.FAILED, statuses.CONCURRENCY, f"cannot lock its groups: {error.strerror}")
        if not others:
            self._drop_ticket(number)
            return tuple(self._held[group.name][0] for group in self._groups_of(number) if not _is_own(group))
        outcome = self._verdict(number, others)
        if outcome is not None:
            self._drop_ticket(number)
        return outcome

    def release(self, number: int) -> None:
        """Release the groups of a job that has ended, or will not run."""
        self._drop_ticket(number)
        for group in self._groups_of(number):
            lock, holders = self._held.get(group.name, (-1, []))
            holders[:] = [holder for holder in holders if holder[0] != number]
            if lock != -1 and not holders:
                if _is_own(group):
                    os.ftruncate(lock, 0)
                os.close(lock)
                del self._held[group.name]

    def _groups_of(self, number: int) -> "tuple[Group, ...]":
        """Return the groups of a job; a background job in the working tree that names none is in its own."""
        job, context = self._jobs[number], self._context
        return tuple(
            group if group.name else group._replace(name=layout.own_group(context.hook.name, job.name, context.top))
            for group in job.order.groups or ((_OWN,) if job.is_in_group else ())
        )

    def _guard(self) -> "int | None":
        make_private_directory(layout.waiting_dir(self._directory))
        descriptor = os.open(f"{self._directory}/.guard", os.O_RDWR | os.O_CREAT, 0o600)
        is_ours = False
        try:
            is_ours = try_lock(descriptor, LOCK_EX)
        finally:
            if not is_ours:
                os.close(descriptor)
        return descriptor if is_ours else None

    def _draw_ticket(self, number: int) -> None:
        if number in self._tickets:
            return
        last = max((name.partition(".")[0] for name in self._waiting()), default="0")
        path = f"{layout.waiting_dir(self._directory)}/{int(last) + 1:012d}.{self._identity}.{number}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        flock(descriptor, LOCK_EX | LOCK_NB)
        job = self._jobs[number]
        os.write(descriptor, "\n".join((job.name, *(group.name for group in self._groups_of(number)))).encode("utf-8"))
        self._tickets[number] = path, descriptor, monotonic_s()

    def _drop_ticket(self, number: int) -> None:
        path, descriptor, _ = self._tickets.pop(number, ("", -1, 0.0))
        if path:
            try_unlink(path)
            os.close(descriptor)

    def _waiting(self) -> "list[str]":
        return sorted(name for name in os.listdir(layout.waiting_dir(self._directory)) if name[:1].isdigit())

    def _take(self, number: int) -> "list[tuple[Group, Member]]":
        """Take all groups of the job, or none; return the members that hold one or wait for one longer."""
        wanted = [group for group in self._groups_of(number) if not self._is_shared_already(group)]
        others = self._earlier(number, wanted)
        locks: list[tuple[Group, int]] = []
        for group in () if others else wanted:
            path = layout.group_file(self._directory, group.name)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            locks.append((group, descriptor))
            if not try_lock(descriptor, LOCK_EX):
                others = [(group, member) for member in _members(descriptor)] or [(group, Member("?", "?"))]
                break
            if _is_own(group):
                others = [(group, member) for member in _members(descriptor) if self._is_alive(member)]
                if others:
                    break
        if others:
            for _, descriptor in locks:
                os.close(descriptor)
            return others
        for group, descriptor in locks:
            os.ftruncate(descriptor, 0)
            self._held[group.name] = descriptor, []
        for group in self._groups_of(number):
            descriptor, holders = self._held[group.name]
            holders.append((number, group.is_shared))
            line = f"{self._identity} {self._jobs[number].name}\n".encode()
            os.pwrite(descriptor, line, os.fstat(descriptor).st_size)
        return []

    def _is_alive(self, member: Member) -> bool:
        """Return whether a run whose writer died with the group may still have a job's process."""
        path = layout.alive_file(layout.invocation_dir(self._repository_dir, member.invocation))
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return False
        try:
            return not try_lock(descriptor, LOCK_EX)
        finally:
            os.close(descriptor)

    def _is_shared_already(self, group: "Group") -> bool:
        holders = self._held.get(group.name, (-1, []))[1]
        return group.is_shared and bool(holders) and all(is_shared for _, is_shared in holders)

    def _earlier(self, number: int, wanted: "Sequence[Group]") -> "list[tuple[Group, Member]]":
        """Return the members that have waited longer for one of these groups; delete the tickets of dead runs."""
        ours = self._tickets[number][0].rpartition("/")[2] if number in self._tickets else _LAST
        found: list[tuple[Group, Member]] = []
        for name in self._waiting():
            path = f"{layout.waiting_dir(self._directory)}/{name}"
            if name >= ours:
                break
            if not is_locked(path):
                try_unlink(path)
                continue
            job, *groups = read_file(path).decode("utf-8", "replace").split("\n")
            found += [(group, Member(name.split(".")[1], job)) for group in wanted if group.name in groups]
        return found

    def _verdict(self, number: int, others: "list[tuple[Group, Member]]") -> "Outcome | None":
        """Return the outcome of a job whose groups are held by others; None if it waits."""
        since_s, notes = self._tickets[number][2], []
        for group, member in others:
            if member.invocation == self._identity:
                continue  # a job of the same run: its end will come
            whose = f"{member.job}@{member.invocation}"
            if member.invocation in self._context.ancestors:
                reason = f"{_held_by(group, whose)}, which fired this hook"
                return Outcome(statuses.FAILED, statuses.CONCURRENCY, reason)
            if group.on_conflict == SKIP:
                return Outcome(statuses.SKIPPED, statuses.CONCURRENCY, _held_by(group, whose))
            if group.on_conflict == CANCEL_PREVIOUS and member not in self._superseded:
                directory = layout.invocation_dir(self._repository_dir, member.invocation)
                if self._supersede(directory, member.job, self._identity):
                    self._superseded.add(member)
            limit_s = group.wait_s or (None if self._context.is_background else FOREGROUND_WAIT_S)
            if limit_s is not None and monotonic_s() - since_s > limit_s:
                reason = f"waited {limit_s:g} s for {_awaited(group, whose)}"
                return Outcome(statuses.FAILED, statuses.CONCURRENCY, reason)
            if (number, member) not in self._reported:
                self._reported.add((number, member))
                notes.append(f"{self._jobs[number].name} waits for {_awaited(group, whose)}")
        for sentence in notes:
            self._note(sentence)
        return None


def _is_own(group: "Group") -> bool:
    return group.name.startswith("\0")


def _held_by(group: "Group", whose: str) -> str:
    return f"already running as {whose}" if _is_own(group) else f"group {group.name} is held by {whose}"


def _awaited(group: "Group", whose: str) -> str:
    return f"the end of {whose}" if _is_own(group) else f"group {group.name}, held by {whose}"


def ancestors_of(repository_dir: str, within: "str | None") -> "list[str]":
    """Return the invocation inside of which a hook was fired, the one inside of which that was fired, and so on."""
    found: list[str] = []
    while within and within not in found:
        found.append(within)
        from dodo_hooks.store.fields import read_object

        try:
            record = read_object(layout.invocation_file(layout.invocation_dir(repository_dir, within)))
        except (OSError, ValueError, RecursionError):  # in another repository, or gone
            break
        outer = record.get("within")
        within = outer if isinstance(outer, str) else None
    return found


def _members(descriptor: int) -> "list[Member]":
    text = os.pread(descriptor, 65536, 0).decode("utf-8", "replace")
    parts = [line.partition(" ") for line in text.splitlines()]
    return [Member(invocation, job) for invocation, _, job in parts if job]
