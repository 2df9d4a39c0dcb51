"""The repair of invocations whose writer died: writes the end of every open record (R18).

A repair reads the `live/` markers alone, so its cost depends on what is alive and not on the history. The holder of
both locks of an invocation is its writer for a moment: two repairs at once, or one that dies half-way, do no harm.
Where the store cannot be written, nothing is reported: readers show the same outcomes without a repair.
"""

import os
from fcntl import LOCK_EX, LOCK_NB, flock

from dodo_hooks.core.errors import RUN_ERROR, StoreError
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.text.json_text import json_text
from dodo_hooks.host.files.atomic_files import replace_file
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.posix import names_in
from dodo_hooks.host.world import timestamp, wall_ns
from dodo_hooks.store import layout, orphans, records
from dodo_hooks.store.failure_notices import format_notice, write_notice
from dodo_hooks.store.fields import read_object
from dodo_hooks.store.log import hole_bytes
from dodo_hooks.store.read_records import InvocationRecord, JobRecord, ignore
from dodo_hooks.store.reader import is_identity, number_of, read_invocation, stored_jobs
from dodo_hooks.store.reserve import read_slots

STRAY_AFTER_S = 60  # a marker is made a moment before its invocation appears


def repair(repository_dir: str) -> list[str]:
    """End every invocation of this repository whose writer died and whose jobs are gone, and return their ids.

    Never waits and never raises: an invocation that is locked, belongs to another host, cannot be read or cannot be
    written is left as it is.
    """
    repaired: list[str] = []
    for name in _markers(repository_dir):
        identity, _, hook = name.partition(".")
        directory = layout.invocation_dir(repository_dir, identity)
        marker = layout.live_marker(repository_dir, identity, hook)
        try:
            if not os.path.isdir(directory):
                _remove_stray(marker, layout.unfinished_dir(repository_dir, identity))
            elif _end_if_orphaned(directory, marker):
                repaired.append(identity)
        except (StoreError, OSError):  # read-only, full, or removed meanwhile
            pass
    return repaired


def _markers(repository_dir: str) -> list[str]:
    return sorted(name for name in names_in(layout.live_dir(repository_dir)) if is_identity(name.partition(".")[0]))


def _remove_stray(marker: str, unfinished: str) -> None:
    """Remove a marker without an invocation: the writer died while building it, or pruning was quicker."""
    age_ns = wall_ns() - os.stat(marker).st_mtime_ns
    if age_ns > STRAY_AFTER_S * 1_000_000_000 and not is_locked(layout.lock_file(unfinished)):
        os.unlink(marker)


def _end_if_orphaned(directory: str, marker: str) -> bool:
    """End an invocation if it is an orphan, and return whether it was one.

    Raises:
        OSError: a process holds one of the locks, or the store cannot be written.
    """
    held: list[int] = []
    try:
        # First the writer's lock, then that of the waves, under which a job's process may still be ending (R20).
        for path in (layout.lock_file(directory), layout.alive_file(directory)):
            held.append(os.open(path, os.O_RDWR))
            flock(held[-1], LOCK_EX | LOCK_NB)
        return _write_the_end(directory, marker)
    finally:
        for descriptor in held:
            os.close(descriptor)


def _write_the_end(directory: str, marker: str) -> bool:
    """End an invocation; both of its locks are held. Return whether it was open."""
    invocation = read_invocation(directory, ignore)
    if invocation is None or invocation.host != records.host_name():
        return False
    is_open = invocation.finished_at is None or invocation.is_reserved
    if is_open:
        _write_records(invocation)
        _write_failure_notice(invocation)
    os.unlink(marker)  # also that of an invocation which did end, and whose writer could not remove it
    return is_open


def _write_failure_notice(invocation: InvocationRecord) -> None:
    """Write a notice about failed background jobs; the user has seen the foreground ones."""
    jobs = stored_jobs(invocation.directory, ignore)
    ended = [(job.name, job.status, job.reason) for job in jobs if job.phase == BACKGROUND]
    line = format_notice(invocation.hook, invocation.id, ended, None)
    if line is not None:
        write_notice(layout.repository_of(invocation.directory), invocation.id, invocation.hook, line)


def _write_records(invocation: InvocationRecord) -> None:
    """Write the ends of the jobs, then that of the invocation: until that is written, the next repair starts again."""
    now = timestamp(wall_ns())
    slots = read_slots(layout.lock_file(invocation.directory))
    for job in stored_jobs(invocation.directory, ignore):
        if not job.has_ended and (kept := slots.get(number_of(job) + 1)):
            _change(layout.meta_file(job.directory), kept)
    stored = stored_jobs(invocation.directory, ignore)
    for before, after in zip(stored, orphans.close_orphans(stored), strict=True):
        if after != before:
            _change(layout.meta_file(after.directory), _end_of(after, now))
    end: dict[str, object] = slots.get(0) or {
        "finished_at": now,
        "exit_code": RUN_ERROR,
        "error": invocation.error or orphans.WRITER_DIED,
    }
    _change(layout.invocation_file(invocation.directory), end)


def _end_of(job: JobRecord, now: str) -> dict[str, object]:
    """Return the changed fields of a job's record; nobody knows when exactly it ended, so it has no duration."""
    log_bytes = log_left_out = 0
    try:
        with open(layout.log_file(job.directory), "rb") as log:
            log_bytes, log_left_out = os.fstat(log.fileno()).st_size, hole_bytes(log.fileno())
    except OSError:  # a job that never began has no log
        pass
    return {
        "status": job.status,
        "cause": job.cause,
        "reason": job.reason,
        "need": job.need,
        "root_cause": job.root_cause,
        "finished_at": now,
        "log_bytes": log_bytes,
        "log_left_out": log_left_out,
    }


def _change(path: str, changes: dict[str, object]) -> None:
    replace_file(path, json_text({**read_object(path), **changes}).encode("ascii") + b"\n")
