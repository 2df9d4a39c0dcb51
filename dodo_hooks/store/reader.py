"""The reader of the store: invocations, the newest first, and the state of their jobs (R18, R19).

The reader writes nothing and keeps no lock. An invocation's `lock` alone proves that it is alive: while that is held,
its records are the truth. If the lock is free under a record that has not ended, the writer died, and the open jobs get
the outcomes that the next repair will write (store/orphans.py).

A record that cannot be used is passed to `report` in one sentence, and left out.
"""

import os

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.posix import names_in
from dodo_hooks.store import layout, orphans
from dodo_hooks.store.fields import read_fields
from dodo_hooks.store.read_records import InvocationRecord, JobRecord
from dodo_hooks.store.reserve import read_slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dodo_hooks.store.read_records import Report


# Listing


def list_invocations(
    repository_dir: str, *, hook: "str | None" = None, worktree: "str | None" = None, report: "Report"
) -> "Iterator[InvocationRecord]":
    """Yield the invocations of a repository, the newest first; a caller that takes N of them reads N.

    Args:
        hook: only those of this hook.
        worktree: only those of this working tree: its path, or the last part of it.
    """
    for identity in identities(repository_dir):
        record = read_invocation(layout.invocation_dir(repository_dir, identity), report)
        if record is None or (hook is not None and record.hook != hook):
            continue
        if worktree is None or is_worktree(record, worktree):
            yield record


def list_alive(repository_dir: str, report: "Report") -> "Iterator[InvocationRecord]":
    """Yield the invocations that have not ended, the newest first; reads only those, however long the history."""
    for name in find_names(layout.live_dir(repository_dir), _is_marker):
        directory = layout.invocation_dir(repository_dir, name.partition(".")[0])
        record = read_invocation(directory, report) if os.path.isdir(directory) else None
        if record is not None and record.is_alive:
            yield record


def identities(repository_dir: str, prefix: str = "") -> "Iterator[str]":
    """Yield the ids that begin with `prefix`, the newest first; lists one directory for each day that is reached."""
    for day in find_names(repository_dir, _is_day):
        begins = day.replace("-", "")
        if begins.startswith(prefix[:8]):
            yield from (name for name in find_names(f"{repository_dir}/{day}", is_identity) if name.startswith(prefix))


def is_identity(text: str) -> bool:
    """Return whether this has the form of a whole invocation id, such as `20261127-160625-123456`."""
    return _are_numbers(text, (8, 6, 6))


def _is_day(text: str) -> bool:
    return _are_numbers(text, (4, 2, 2))


def _is_marker(text: str) -> bool:
    """Return whether this is a name in live/ (store/layout.py)."""
    identity, _, hook = text.partition(".")
    return is_identity(identity) and hook != ""


def _are_numbers(text: str, digits: "tuple[int, ...]") -> bool:
    """Return whether the text is numbers of so many digits with hyphens between them; `re` takes 7 ms to import."""
    numbers = text.split("-")
    return text.isascii() and tuple(map(len, numbers)) == digits and all(map(str.isdecimal, numbers))


def is_worktree(record: InvocationRecord, wanted: str) -> bool:
    return wanted in (record.worktree, record.worktree.rpartition("/")[2])


def find_names(directory: str, is_wanted: "Callable[[str], bool]") -> "Iterator[str]":
    """Return the wanted names in a directory, in reverse order, never dot-names (R19); none if it is missing.

    A name is checked when it is taken: there may be very many.

    Raises:
        StoreError: the directory cannot be listed.
    """
    try:
        found = os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return iter(())
    except OSError as error:
        raise StoreError(f"cannot list {directory}: {error.strerror}") from error
    return filter(is_wanted, sorted(found, reverse=True))


# Records


def read_invocation(directory: str, report: "Report") -> "InvocationRecord | None":
    """Return the record of an invocation; None if it cannot be used, or was removed meanwhile."""
    record = _read_invocation(directory, report)
    if record is None or record.finished_at is not None or is_locked(layout.lock_file(directory)):
        return record
    # Free now: the writer has died, or has ended the run since we read it. Only a repair changes it from now on.
    record = _read_invocation(directory, report)
    if record is None or record.finished_at is not None:
        return record
    end = read_slots(layout.lock_file(directory)).get(0)
    ended = None if end is None else _read_invocation(directory, report, end)
    return record._replace(writer_died=True) if ended is None else ended._replace(is_reserved=True)


def read_jobs(invocation: InvocationRecord, report: "Report") -> "tuple[JobRecord, ...]":
    """Return the jobs of an invocation in their present state, in the order of the plan (R18)."""
    jobs = stored_jobs(invocation.directory, report)
    if invocation.is_alive or all(job.has_ended for job in jobs):
        return jobs
    return tuple(orphans.close_orphans(with_reserved_ends(invocation.directory, jobs, report)))


def with_reserved_ends(invocation_dir: str, jobs: "tuple[JobRecord, ...]", report: "Report") -> "tuple[JobRecord, ...]":
    """Return the jobs, with the ends that a full disk has kept out of their records (store/reserve.py)."""
    slots = read_slots(layout.lock_file(invocation_dir))
    found = []
    for job in jobs:
        end = slots.get(number_of(job) + 1)
        is_open = end is not None and not job.has_ended
        found.append((is_open and read_job(job.directory, report, end)) or job)
    return tuple(found)


def number_of(job: JobRecord) -> int:
    """Return a job's number in the plan, with which its directory's name begins."""
    return int(job.directory.rpartition("/")[2].partition("-")[0])


def stored_jobs(invocation_dir: str, report: "Report") -> "tuple[JobRecord, ...]":
    """Return the jobs exactly as their records have them."""
    found = (read_job(layout.job_dir(invocation_dir, name), report) for name in job_directories(invocation_dir))
    return tuple(job for job in found if job is not None)


def job_directories(invocation_dir: str) -> "list[str]":
    """Return the names below jobs/, in the order of the plan."""
    # None: it is half made, or being removed; an unreadable invocation.json was reported already.
    numbered = [(name.partition("-")[0], name) for name in names_in(f"{invocation_dir}/jobs")]
    return [name for _, name in sorted((int(number), name) for number, name in numbered if _is_number(number))]


def read_job(job_dir: str, report: "Report", end: "Mapping[str, object] | None" = None) -> "JobRecord | None":
    """Return a job's record; None if it cannot be used. `end`: newer fields, from the reserve."""
    path = layout.meta_file(job_dir)
    try:
        return JobRecord(**read_fields(path, JobRecord, end or {}))
    except (OSError, ValueError, RecursionError) as error:
        _report_unreadable(path, error, report)
        return None


def _read_invocation(
    directory: str, report: "Report", end: "Mapping[str, object] | None" = None
) -> "InvocationRecord | None":
    path = layout.invocation_file(directory)
    try:
        record = InvocationRecord(**read_fields(path, InvocationRecord, end or {}))
        if record.id != directory.rpartition("/")[2]:
            raise ValueError(f"record of another invocation, {record.id!r}")
        return record
    except (OSError, ValueError, RecursionError) as error:
        _report_unreadable(path, error, report)
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _report_unreadable(path: str, error: Exception, report: "Report") -> None:
    if not os.path.isdir(os.path.dirname(path)):
        return  # removed between the listing and the reading
    why = error.strerror if isinstance(error, OSError) else error
    report(f"skipped unreadable record {path}: {why}")
