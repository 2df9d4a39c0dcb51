"""Deleting what core/retention names, without ever touching what is alive (section 7).

An invocation is deleted with both of its locks held, so nobody writes it and none of its processes lives. It gets a
dot-name first, in one step: no reader sees half of it (R19), and where the deletion is killed, the next one goes on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from shutil import rmtree

from dodo_hooks.core.plan import Retention
from dodo_hooks.host.files.atomic_files import make_private_directory
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.store import layout
from dodo_hooks.store.reader import identities, read_invocation
from dodo_hooks.store.repair import repair
from dodo_hooks.store.retention import StoredRun, to_delete, trusted_now

EVERY_S = 86_400.0
STRAY_AFTER_S = 3_600.0  # an invocation under its dot-name is built within milliseconds
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Pruned:
    """An invocation that was deleted, or would be."""

    id: str
    size_bytes: int


def prune(repository_dir: str, rules: Retention, now_s: float, *, is_dry: bool = False) -> list[Pruned]:
    """Delete what is not to be kept; returns that, the oldest first. What cannot be deleted is left for next time."""
    repair(repository_dir)
    kept = list(survey(repository_dir))
    sizes = {one.id: one.size_bytes for one in kept}
    pruned = []
    for identity in to_delete(kept, now_s, rules):
        if is_dry or _delete(repository_dir, identity):
            pruned.append(Pruned(identity, sizes[identity]))
    if not is_dry:
        _sweep(repository_dir, now_s)
    return pruned


def prune_if_due(repository_dir: str, rules: Retention, now_s: float) -> None:
    """The same, at most once a day, and by one process at a time."""
    with _stamp(repository_dir) as stamp:
        if stamp is None:
            return
        last_s, trusted_s = _read_stamp(stamp)
        if last_s is not None and 0 <= now_s - last_s < EVERY_S:
            return
        trusted_s = trusted_now(trusted_s, now_s)
        os.ftruncate(stamp, 0)
        os.pwrite(stamp, f"{int(now_s)} {int(trusted_s)}\n".encode(), 0)  # rounded up, it would lie ahead
        prune(repository_dir, rules, trusted_s)


def survey(repository_dir: str) -> Iterator[StoredRun]:
    """What is on disk, the newest first."""
    for identity in identities(repository_dir):
        directory = layout.invocation_dir(repository_dir, identity)
        record = read_invocation(directory, _ignore)
        worktree = record.worktree if record is not None and os.path.isdir(record.worktree) else None
        # What has not ended and was not ended by the repair before this is alive, here or on another host.
        is_alive = record is not None and record.finished_at is None
        if record is None:
            is_alive = is_locked(layout.lock_file(directory))
        retention_s = None if record is None else record.retention_s
        yield StoredRun(identity, worktree, _size_of(directory), is_alive, retention_s)


def _delete(repository_dir: str, identity: str) -> bool:
    directory = layout.invocation_dir(repository_dir, identity)
    doomed = layout.trash_dir(repository_dir, identity)
    with _both_locks(directory) as is_ours:
        if not is_ours:
            return False
        try:
            os.rename(directory, doomed)
        except OSError:  # read-only, or gone already
            return False
    rmtree(doomed, ignore_errors=True)
    _forget_news(repository_dir, identity)
    return True


@contextmanager
def _both_locks(directory: str) -> Iterator[bool]:
    """Whether nobody has them. A lock that is not there, of a broken invocation, is nobody's."""
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


def _forget_news(repository_dir: str, identity: str) -> None:
    """What is deleted is not worth telling: the command to see it would find nothing."""
    directory = layout.failed_dir(repository_dir)
    with suppress(OSError):
        for name in os.listdir(directory):
            if name.partition(".")[0] == identity:
                os.unlink(f"{directory}/{name}")


def _sweep(repository_dir: str, now_s: float) -> None:
    """Delete what killed writers and killed prunings left under dot-names, and days that are empty."""
    days = [name for name in _listed(repository_dir) if _DAY.fullmatch(name)]
    for day in days:
        directory = f"{repository_dir}/{day}"
        for name in _listed(directory):
            path = f"{directory}/{name}"
            if name.startswith(".") and _is_stray(path, now_s):
                rmtree(path, ignore_errors=True)
        if day != max(days):  # the newest is where the next invocation is about to be made
            with suppress(OSError):  # not empty
                os.rmdir(directory)


def _is_stray(path: str, now_s: float) -> bool:
    try:
        age_s = now_s - os.stat(path).st_mtime
    except OSError:
        return False
    return age_s > STRAY_AFTER_S and not is_locked(layout.lock_file(path))


def _size_of(directory: str) -> int:
    """What it takes of the disk: a log with a hole takes less than it is long."""
    total = 0
    for place, _, files in os.walk(directory):
        for name in files:
            with suppress(OSError):
                total += os.lstat(f"{place}/{name}").st_blocks * 512
    return total


@contextmanager
def _stamp(repository_dir: str) -> Iterator[int | None]:
    """The open stamp file, locked; None where another process has it, or where it cannot be written."""
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


def _read_stamp(descriptor: int) -> tuple[float | None, float | None]:
    """When it was pruned last, by the clock and by what was trusted of it."""
    words = os.pread(descriptor, 64, 0).split()
    try:
        last_s, trusted_s = map(float, words)
    except ValueError:  # the first time
        return None, None
    return last_s, trusted_s


def _listed(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _ignore(notice: str) -> None:
    """A record that cannot be read goes by the age of its id."""
