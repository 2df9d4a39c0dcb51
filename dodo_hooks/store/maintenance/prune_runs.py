"""Pruning: deletes the invocations that store/maintenance/retention.py names, and never one that is alive (section 7).

An invocation is deleted with both of its locks held, so nobody writes it and none of its processes lives. It is first
renamed to a dot-name: no reader sees half of it (R19), and where the deletion is killed, the next one finishes it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from shutil import rmtree

from dodo_hooks.core.plan import Retention
from dodo_hooks.host.files.atomic_files import make_private_directory
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.posix import names_in
from dodo_hooks.store import layout
from dodo_hooks.store.maintenance.repair import repair
from dodo_hooks.store.maintenance.retention import StoredRun, to_delete, trusted_now
from dodo_hooks.store.prune_stamp import is_due, parse_stamp
from dodo_hooks.store.read_records import ignore
from dodo_hooks.store.reader import identities, read_invocation

STRAY_AFTER_S = 3_600.0  # an invocation under its dot-name is built within milliseconds
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def prune(repository_dir: str, rules: Retention, now_s: float, *, is_dry: bool = False) -> list[StoredRun]:
    """Delete the invocations that need not be kept, and return them, the oldest first.

    One that cannot be deleted is left for the next time.
    """
    repair(repository_dir)
    kept = {one.id: one for one in survey(repository_dir)}
    outdated = to_delete(list(kept.values()), now_s, rules)
    pruned = [kept[one] for one in outdated if is_dry or _delete(repository_dir, one)]
    if not is_dry:
        _sweep(repository_dir, now_s)
    return pruned


def prune_if_due(repository_dir: str, rules: Retention, now_s: float) -> None:
    """Prune at most once a day, and in one process at a time."""
    with _stamp(repository_dir) as stamp:
        if stamp is None:
            return
        if not is_due(repository_dir, now_s):
            return
        _, trusted_s = parse_stamp(os.pread(stamp, 64, 0))
        trusted_s = trusted_now(trusted_s, now_s)
        os.ftruncate(stamp, 0)
        os.pwrite(stamp, f"{int(now_s)} {int(trusted_s)}\n".encode(), 0)  # rounded up, it would lie ahead
        prune(repository_dir, rules, trusted_s)


def survey(repository_dir: str) -> Iterator[StoredRun]:
    """Yield the invocations on disk, the newest first."""
    for identity in identities(repository_dir):
        directory = layout.invocation_dir(repository_dir, identity)
        record = read_invocation(directory, ignore)
        worktree = record.worktree if record is not None and os.path.isdir(record.worktree) else None
        # A run that has not ended, and that the repair before this has not ended, is alive: here or on another host.
        is_alive = record is not None and record.finished_at is None
        if record is None:
            is_alive = is_locked(layout.lock_file(directory))
        retention_s = None if record is None else record.retention_s
        yield StoredRun(identity, worktree, _size_of(directory), is_alive, retention_s)


def _delete(repository_dir: str, identity: str) -> bool:
    directory = layout.invocation_dir(repository_dir, identity)
    trash = layout.trash_dir(repository_dir, identity)
    with _both_locks(directory) as is_ours:
        if not is_ours:
            return False
        try:
            os.rename(directory, trash)
        except OSError:  # read-only, or gone already
            return False
    rmtree(trash, ignore_errors=True)
    _delete_notices(repository_dir, identity)
    return True


@contextmanager
def _both_locks(directory: str) -> Iterator[bool]:
    """Try to take both locks, and yield whether that worked. A missing lock, of a broken invocation, counts as free."""
    held: list[int] = []
    try:
        for path in (layout.lock_file(directory), layout.alive_file(directory)):
            with suppress(FileNotFoundError):
                held.append(os.open(path, os.O_RDWR))
                flock(held[-1], LOCK_EX | LOCK_NB)
        is_ours = True
    except OSError:
        is_ours = False
    try:
        yield is_ours
    finally:
        for descriptor in held:
            os.close(descriptor)


def _delete_notices(repository_dir: str, identity: str) -> None:
    """Delete the failure notices of a deleted invocation: the command in their line would find nothing."""
    directory = layout.failed_dir(repository_dir)
    with suppress(OSError):
        for name in os.listdir(directory):
            if name.partition(".")[0] == identity:
                os.unlink(f"{directory}/{name}")


def _sweep(repository_dir: str, now_s: float) -> None:
    """Delete the dot-names that killed writers and killed prunings left, and the directories of empty days."""
    days = [name for name in names_in(repository_dir) if _DAY.fullmatch(name)]
    for day in days:
        directory = f"{repository_dir}/{day}"
        for name in names_in(directory):
            path = f"{directory}/{name}"
            if name.startswith(".") and _is_stray(path, now_s):
                rmtree(path, ignore_errors=True)
        if day != max(days):  # the next invocation may be about to be made in the newest
            with suppress(OSError):  # not empty
                os.rmdir(directory)


def _is_stray(path: str, now_s: float) -> bool:
    try:
        age_s = now_s - os.stat(path).st_mtime
    except OSError:
        return False
    return age_s > STRAY_AFTER_S and not is_locked(layout.lock_file(path))


def _size_of(directory: str) -> int:
    """Return the bytes that a directory takes of the disk: a log with a hole takes less than its length."""
    total = 0
    for parent, _, files in os.walk(directory):
        for name in files:
            with suppress(OSError):
                total += os.lstat(f"{parent}/{name}").st_blocks * 512
    return total


@contextmanager
def _stamp(repository_dir: str) -> Iterator[int | None]:
    """Yield the open stamp file, locked; None if another process holds it, or it cannot be written."""
    descriptor = None
    try:
        make_private_directory(repository_dir)
        descriptor = os.open(layout.prune_stamp(repository_dir), os.O_RDWR | os.O_CREAT, 0o600)
        flock(descriptor, LOCK_EX | LOCK_NB)
        is_ours = True
    except OSError:
        is_ours = False
    try:
        yield descriptor if is_ours else None
    finally:
        if descriptor is not None:
            os.close(descriptor)
