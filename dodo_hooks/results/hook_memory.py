"""The memory of what the hooks of a repository have written (P6; HOT, for hooks of pre-commit alone).

    STATE/dodo-hooks/jobs/REPOSITORY/hook-memory    a line for each hook: a digest of its identity, and a number

The number counts the runs in which the hook has written nothing. A hook that writes is back at 0. WROTE is for one that
wrote although it was taken for a hook that does not: it is not trusted any more, and runs alone.
"""

from dodo_hooks.core.digests import sha256
from dodo_hooks.core.plan import ANYTHING, NOTHING
from dodo_hooks.host.files.atomic_files import replace_unlocked
from dodo_hooks.host.posix import try_read
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Hook, Job
    from dodo_hooks.core.plan_parts import Conduct

RUNS = 3  # without a write, after which a hook counts as one that only reads
WROTE = -1
_MOST_HOOKS = 2000


class HookMemory:
    """The memory of one repository, as a run finds and leaves it."""

    def __init__(self, repository_dir: str) -> None:
        self._path = layout.hook_memory_file(repository_dir)
        self._counts = _parse(try_read(self._path))
        self._changed: dict[str, int] = {}

    def known(self, job: "Job", conduct: "Conduct") -> "Conduct":
        """Return the conduct of a job as it is known by now."""
        count = self._counts.get(_key(job, conduct), 0)
        if count == WROTE:
            return conduct._replace(reads=ANYTHING, writes=ANYTHING)
        is_learned = conduct.writes == ANYTHING and conduct.identity and count >= RUNS
        return conduct._replace(reads=ANYTHING, writes=NOTHING) if is_learned else conduct

    def note_run(self, job: "Job", conduct: "Conduct", *, has_written: bool) -> None:
        """Note a run of a hook of which nothing is known."""
        key = _key(job, conduct)
        count = self._counts.get(key, 0)
        new = 0 if has_written else min(count + 1, RUNS)
        if conduct.identity and count != WROTE and new != count:
            self._counts[key] = self._changed[key] = new

    def distrust(self, job: "Job", conduct: "Conduct") -> None:
        """Note that a hook has written what it was trusted not to write."""
        self._counts[_key(job, conduct)] = self._changed[_key(job, conduct)] = WROTE

    def save(self) -> None:
        """Write what has changed, beside what other runs have written meanwhile. Raises StoreError."""
        if not self._changed:
            return
        counts = {**_parse(try_read(self._path)), **self._changed}
        kept = [*counts.items()][-_MOST_HOOKS:]
        replace_unlocked(self._path, "".join(f"{key} {count}\n" for key, count in kept).encode("ascii"))
        self._changed.clear()


def with_memory(hook: "Hook", repository_dir: str) -> "Hook":
    """Return the hook with the conduct of its jobs as it is known by now."""
    memory = HookMemory(repository_dir)
    jobs = []
    for job in hook.jobs:
        conduct = job.changes.conduct
        if conduct is not None and (known := memory.known(job, conduct)) != conduct:
            job = job._replace(changes=job.changes._replace(conduct=known))
        jobs.append(job)
    return hook._replace(jobs=tuple(jobs))


def _key(job: "Job", conduct: "Conduct") -> str:
    identity = conduct.identity or f"{job.name}\0{job.execution.command}"
    return sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()


def _parse(data: bytes) -> "dict[str, int]":
    counts: dict[str, int] = {}
    for line in data.decode("ascii", "replace").splitlines():
        key, _, number = line.partition(" ")
        if number.lstrip("-").isdigit():
            counts[key] = int(number)
    return counts
