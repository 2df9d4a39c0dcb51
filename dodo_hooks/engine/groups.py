"""Concurrency groups: of all jobs in a repository that are in one group, one runs at a time (section 7; HOT).

A group is a file in REPO/groups/, and whoever has its flock has the group. The runner takes all groups of a job
together, in the order of their names, or none: so nobody holds one while it waits for another, and nobody waits for
ever. It hands them to the job's wave by the fork; they are free again when the wave, and with it the job, is gone.

First come, first served: who has to wait draws a ticket, a file in REPO/groups/waiting/ that is locked as long as the
one who waits is alive. Nobody overtakes an earlier ticket that wants one of the same groups. All of this is done under
one more lock, which is held for a moment and never waited for: nothing here blocks, the loop asks again.

A group of the whole hook is shared by the jobs of one run, and keeps out those of others.

A background job that names no group is in one of its own, so that it does not overlap with itself in one worktree: two
quick switches do not install packages twice at once. It is held by the coordinator, not by a wave, so that jobs share
waves as ever. Where the coordinator was killed the name of its run is left in the file, and the group counts as held
until nothing of that run is alive.
"""

from fcntl import LOCK_EX, LOCK_NB, flock

from dodo_hooks.core import statuses
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import BACKGROUND, CANCEL_PREVIOUS, QUEUE, SKIP, Group
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.host.files.atomic_files import make_private_directory
from dodo_hooks.host.files.file_locks import is_disk_full, is_locked, is_unsupported
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.core.plan import Hook, Job

FOREGROUND_WAIT_S = 60.0
_LAST = "~"  # behind every ticket
_OWN = Group("", QUEUE, is_shared=False, wait_s=None)


class Member(Record):
    """A job of some run that has a group, or waits for it."""

    invocation: str
    job: str


class Groups:
    """The groups of the jobs of one phase of one run."""

    def __init__(
        self,
        invocation_dir: str,
        hook: "Hook",
        top: str,
        ancestors: "Sequence[str]",
        is_background: bool,
        supersede: "Supersede",
    ) -> None:
        """`ancestors`: the runs inside of which this one was fired. `supersede`: asks for a job's end, does not wait
        for it, and says whether somebody could be asked."""
        day_dir, _, self._identity = invocation_dir.rpartition("/")
        self._repository_dir = day_dir.rpartition("/")[0]
        self._directory = layout.groups_dir(self._repository_dir)
        self._hook = hook.name
        self._jobs = hook.jobs
        self._top = top
        self._ancestors = ancestors
        self._is_background = is_background
        self._supersede = supersede
        self._held: dict[str, tuple[int, list[tuple[int, bool]]]] = {}  # name -> lock, (job, is it shared)
        self._tickets: dict[int, tuple[str, int, float]] = {}  # job -> path, lock, since when
        self._superseded: set[Member] = set()
        self._news: dict[int, list[str]] = {}
        self._told: set[tuple[int, Member]] = set()

    def claim(self, number: int) -> "tuple[int, ...] | Outcome | None":
        """Try to get a job's groups: their locks, for its wave; its outcome when it will not run; None: ask again."""
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
            if (is_unsupported(error) or is_disk_full(error)) and not has_named_groups(self._jobs[number]):
                return ()  # without locks runs are attached, one after the other; a full disk stops no job
            return Outcome(statuses.FAILED, statuses.CONCURRENCY, f"its groups cannot be taken: {error.strerror}")
        if not others:
            self._drop_ticket(number)
            return tuple(self._held[group.name][0] for group in self._groups_of(number) if not _is_own(group))
        outcome = self._verdict(number, others)
        if outcome is not None:
            self._drop_ticket(number)
        return outcome

    def news(self, number: int) -> "list[str]":
        """Whom the job waits for, each said once."""
        return self._news.pop(number, [])

    def release(self, number: int) -> None:
        """The job has ended, or will not run."""
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
        job = self._jobs[number]
        return tuple(
            group if group.name else group._replace(name=layout.own_group(self._hook, job.name, self._top))
            for group in groups_of(job)
        )

    def _guard(self) -> "int | None":
        make_private_directory(layout.waiting_dir(self._directory))
        descriptor = os.open(f"{self._directory}/.guard", os.O_RDWR | os.O_CREAT, 0o600)
        is_ours = False
        try:
            is_ours = _try_lock(descriptor)
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
            _remove(path)
            os.close(descriptor)

    def _waiting(self) -> "list[str]":
        return sorted(name for name in os.listdir(layout.waiting_dir(self._directory)) if name[:1].isdigit())

    def _take(self, number: int) -> "list[tuple[Group, Member]]":
        """Take all groups of the job; who is in the way when that cannot be."""
        wanted = [group for group in self._groups_of(number) if not self._is_shared_already(group)]
        others = self._earlier(number, wanted)
        locks: list[tuple[Group, int]] = []
        for group in () if others else wanted:
            path = layout.group_file(self._directory, group.name)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            locks.append((group, descriptor))
            if not _try_lock(descriptor):
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
        """Whether a process of this run, whose writer left without giving back the group, may still have a job."""
        path = layout.alive_file(layout.invocation_dir(self._repository_dir, member.invocation))
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return False
        try:
            return not _try_lock(descriptor)
        finally:
            os.close(descriptor)

    def _is_shared_already(self, group: "Group") -> bool:
        holders = self._held.get(group.name, (-1, []))[1]
        return group.is_shared and bool(holders) and all(is_shared for _, is_shared in holders)

    def _earlier(self, number: int, wanted: "Sequence[Group]") -> "list[tuple[Group, Member]]":
        """Those who have waited for one of these groups for longer. What a dead one has left is taken away."""
        ours = self._tickets[number][0].rpartition("/")[2] if number in self._tickets else _LAST
        found: list[tuple[Group, Member]] = []
        for name in self._waiting():
            path = f"{layout.waiting_dir(self._directory)}/{name}"
            if name >= ours:
                break
            if not is_locked(path):
                _remove(path)
                continue
            job, *groups = _read(path).split("\n")
            found += [(group, Member(name.split(".")[1], job)) for group in wanted if group.name in groups]
        return found

    def _verdict(self, number: int, others: "list[tuple[Group, Member]]") -> "Outcome | None":
        """What the job does about those who are in its way; None: it waits."""
        since_s = self._tickets[number][2]
        for group, member in others:
            if member.invocation == self._identity:
                continue  # a job of the same run: its end will come
            whose = f"{member.job}@{member.invocation}"
            if member.invocation in self._ancestors:
                reason = f"{_held(group)} by {whose}, inside of which this hook was fired"
                return Outcome(statuses.FAILED, statuses.CONCURRENCY, reason)
            if group.on_conflict == SKIP:
                return Outcome(statuses.SKIPPED, statuses.CONCURRENCY, f"{_held(group)} by {whose}")
            if group.on_conflict == CANCEL_PREVIOUS and member not in self._superseded:
                directory = layout.invocation_dir(self._repository_dir, member.invocation)
                if self._supersede(directory, member.job, self._identity):
                    self._superseded.add(member)
            limit_s = group.wait_s or (None if self._is_background else FOREGROUND_WAIT_S)
            if limit_s is not None and monotonic_s() - since_s > limit_s:
                reason = f"waited {limit_s:g} s for {_awaited(group, whose, 'holds')}"
                return Outcome(statuses.FAILED, statuses.CONCURRENCY, reason)
            if (number, member) not in self._told:
                self._told.add((number, member))
                sentence = f"{self._jobs[number].name} waits for {_awaited(group, whose, 'has')}"
                self._news.setdefault(number, []).append(sentence)
        return None


def groups_of(job: "Job") -> "tuple[Group, ...]":
    """The groups of a job; a background job that names none is in its own."""
    return job.groups or ((_OWN,) if job.phase == BACKGROUND else ())


def has_named_groups(job: "Job") -> bool:
    """Whether it is in a group that other jobs may be in: its wave has the locks, and so is for it alone."""
    return any(group.name for group in job.groups)


def _is_own(group: "Group") -> bool:
    return group.name.startswith("\0")


def _held(group: "Group") -> str:
    return "its group is held" if _is_own(group) else f"its group {group.name} is held"


def _awaited(group: "Group", whose: str, verb: str) -> str:
    return f"the end of {whose}" if _is_own(group) else f"its group {group.name}, which {whose} {verb}"


if TYPE_CHECKING:
    Supersede = Callable[[str, str, str], bool]  # directory of the invocation, job, who takes its place


def ancestors_of(repository_dir: str, within: "str | None") -> "list[str]":
    """The invocation inside of which a hook was fired, the one inside of which that was, and so on."""
    found: list[str] = []
    while within and within not in found:
        found.append(within)
        import json

        try:
            record = json.loads(_read(layout.invocation_file(layout.invocation_dir(repository_dir, within))))
            within = record["within"]
        except (OSError, ValueError, KeyError):  # in another repository, or gone
            break
    return found


def _try_lock(descriptor: int) -> bool:
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _members(descriptor: int) -> "list[Member]":
    text = os.pread(descriptor, 65536, 0).decode("utf-8", "replace")
    parts = [line.partition(" ") for line in text.splitlines()]
    return [Member(invocation, job) for invocation, _, job in parts if job]


def _read(path: str) -> str:
    return read_file(path).decode("utf-8", "replace")


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
