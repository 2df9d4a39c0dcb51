"""Reading the store: what ran, the newest first, and how it stands (R18, R19).

Nothing is written here and no lock is kept. Whether an invocation goes on is asked of its `lock` alone: while that is
held, its records are the truth; when it is free under a record that has not ended, the writer died, and the open jobs
are shown as what the next repair will make of them (store/orphans.py).

A record that cannot be used is told to `report` in one sentence, and everything goes on without it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.store import layout, orphans
from dodo_hooks.store.fields import Fields
from dodo_hooks.store.read_records import InvocationRecord, JobRecord, Report
from dodo_hooks.store.reserve import read_slots

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_IDENTITY = re.compile(r"\d{8}-\d{6}-\d{6}")
_MARKER = re.compile(_IDENTITY.pattern + r"\..+")  # in live/, see store/layout.py


# Listing


def list_invocations(
    repository_dir: str, *, hook: str | None = None, worktree: str | None = None, report: Report
) -> Iterator[InvocationRecord]:
    """The invocations of a repository, the newest first; whoever takes N of them pays for N.

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


def list_alive(repository_dir: str, report: Report) -> Iterator[InvocationRecord]:
    """The invocations that have not ended, the newest first; costs what is alive, however long the history."""
    for name in _names(layout.live_dir(repository_dir), _MARKER):
        directory = layout.invocation_dir(repository_dir, name.partition(".")[0])
        record = read_invocation(directory, report) if os.path.isdir(directory) else None
        if record is not None and record.is_alive:
            yield record


def identities(repository_dir: str, prefix: str = "") -> Iterator[str]:
    """The ids that begin with `prefix`, the newest first. One directory is listed for each day that is reached."""
    for day in _names(repository_dir, _DAY):
        begins = day.replace("-", "")
        if begins.startswith(prefix[:8]):
            yield from (name for name in _names(f"{repository_dir}/{day}", _IDENTITY) if name.startswith(prefix))


def is_identity(text: str) -> bool:
    """Whether this has the form of a whole invocation id."""
    return _IDENTITY.fullmatch(text) is not None


def is_worktree(record: InvocationRecord, wanted: str) -> bool:
    return wanted in (record.worktree, record.worktree.rpartition("/")[2])


def _names(directory: str, pattern: re.Pattern[str]) -> list[str]:
    """What is in a directory and looks right, backwards; dot-names never do (R19). Nothing, where it is not there."""
    try:
        found = os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"cannot list {directory}: {error.strerror}") from error
    return sorted(filter(pattern.fullmatch, found), reverse=True)


# Records


def read_invocation(directory: str, report: Report) -> InvocationRecord | None:
    """The record of an invocation; None where it cannot be used, or went away while it was looked for."""
    record = _read_invocation(directory, report)
    if record is None or record.finished_at is not None or is_locked(layout.lock_file(directory)):
        return record
    # Free now: whoever wrote it has died, or has ended it since we read it. Nothing but a repair changes it any more.
    record = _read_invocation(directory, report)
    if record is None or record.finished_at is not None:
        return record
    end = read_slots(layout.lock_file(directory)).get(0)
    if end is None:
        return replace(record, writer_died=True)
    try:
        fields = Fields(layout.invocation_file(directory), end)
        return replace(record, **_end_of_invocation(fields), is_reserved=True)
    except (OSError, ValueError) as error:
        _tell(layout.lock_file(directory), error, report)
        return replace(record, writer_died=True)


def read_jobs(invocation: InvocationRecord, report: Report) -> tuple[JobRecord, ...]:
    """The jobs of an invocation as they stand, in the order of the plan (R18)."""
    jobs = stored_jobs(invocation.directory, report)
    if invocation.is_alive or all(job.has_ended for job in jobs):
        return jobs
    return tuple(orphans.close_orphans(with_reserved_ends(invocation.directory, jobs, report)))


def with_reserved_ends(invocation_dir: str, jobs: tuple[JobRecord, ...], report: Report) -> tuple[JobRecord, ...]:
    """The jobs with the ends that a full disk has kept out of their records."""
    slots = read_slots(layout.lock_file(invocation_dir))
    found = []
    for job in jobs:
        end = slots.get(number_of(job) + 1)
        is_open = end is not None and not job.has_ended
        found.append((is_open and read_job(job.directory, report, end)) or job)
    return tuple(found)


def number_of(job: JobRecord) -> int:
    """Its number in the plan, with which its directory begins."""
    return int(job.directory.rpartition("/")[2].partition("-")[0])


def stored_jobs(invocation_dir: str, report: Report) -> tuple[JobRecord, ...]:
    """The jobs exactly as their records have them."""
    found = (read_job(layout.job_dir(invocation_dir, name), report) for name in job_directories(invocation_dir))
    return tuple(job for job in found if job is not None)


def job_directories(invocation_dir: str) -> list[str]:
    """The names below jobs/, in the order of the plan."""
    try:
        names = os.listdir(f"{invocation_dir}/jobs")
    except OSError:  # half made, or being removed; what can be said of it, its invocation.json has said
        return []
    numbered = [(name.partition("-")[0], name) for name in names]
    return [name for _, name in sorted((int(number), name) for number, name in numbered if _is_number(number))]


def read_job(job_dir: str, report: Report, end: Mapping[str, object] | None = None) -> JobRecord | None:
    """A job's record. `end`: fields that were kept elsewhere, and are newer."""
    path = layout.meta_file(job_dir)
    try:
        fields = Fields(path, end or {})
        return JobRecord(
            directory=job_dir,
            name=fields.text("name"),
            hook=fields.text("hook"),
            phase=fields.text("phase"),
            declared_background=fields.flag("declared_background"),
            command=fields.text("command"),
            root=fields.text("root"),
            needs=fields.texts("needs"),
            after=fields.texts("after"),
            tags=fields.texts("tags"),
            env=fields.pairs("env"),
            status=fields.status("status"),
            cause=fields.text_or_none("cause"),
            reason=fields.text_or_none("reason"),
            need=fields.text_or_none("need"),
            root_cause=fields.text_or_none("root_cause"),
            pid=fields.whole_or_none("pid"),
            wave=fields.whole_or_none("wave"),
            started_at=fields.text_or_none("started_at"),
            finished_at=fields.text_or_none("finished_at"),
            duration_s=fields.number_or_none("duration_s"),
            exit_code=fields.whole_or_none("exit_code"),
            signal=fields.whole_or_none("signal"),
            log_bytes=fields.whole("log_bytes"),
            log_left_out=fields.whole("log_left_out"),
            description=fields.text("description"),
            argv=fields.texts("argv"),
            timeout_s=fields.number_or_none("timeout_s"),
            nice=fields.whole_or_none("nice"),
            priority=fields.whole("priority"),
            groups=fields.groups("groups"),
            changed_meanwhile=fields.text_or_none("changed_meanwhile") if fields.has("changed_meanwhile") else None,
            **(_later_fields(fields) if fields.has("files") else {}),
        )
    except (OSError, ValueError, RecursionError) as error:
        _tell(path, error, report)
        return None


def _later_fields(fields: Fields) -> dict[str, Any]:
    """What records of an earlier kind do not have: they are read all the same."""
    return {
        "files": fields.text_or_none("files"),
        "files_at": fields.whole("files_at"),
        "files_uses": fields.whole("files_uses"),
        "refused": fields.text("refused") if fields.has("refused") else "",
        "use_stdin": fields.flag("use_stdin"),
        "interactive": fields.flag("interactive"),
        "fail_text": fields.text("fail_text"),
        "is_silent": fields.flag("is_silent"),
        "max_log_bytes": fields.whole_or_none("max_log_bytes"),
    }


def _read_invocation(directory: str, report: Report) -> InvocationRecord | None:
    path = layout.invocation_file(directory)
    try:
        fields = Fields(path)
        identity = fields.text("id")
        if identity != directory.rpartition("/")[2]:
            raise ValueError(f"it is that of invocation {identity!r}")
        return InvocationRecord(
            directory=directory,
            id=identity,
            hook=fields.text("hook"),
            args=fields.texts("args"),
            trigger=fields.text("trigger"),
            worktree=fields.text("worktree"),
            branch=fields.text_or_none("branch"),
            head=fields.text_or_none("head"),
            within=fields.text_or_none("within"),
            host=fields.text("host"),
            boot_id=fields.text_or_none("boot_id"),
            pid=fields.whole("pid"),
            started_at=fields.text("started_at"),
            **_end_of_invocation(fields),
            parent=fields.text_or_none("parent"),
            fail_fast=fields.flag("fail_fast"),
            timeout_s=fields.number_or_none("timeout_s"),
            retention_s=fields.number_or_none("retention_s") if fields.has("retention_s") else None,
        )
    except (OSError, ValueError, RecursionError) as error:
        _tell(path, error, report)
        return None


def _end_of_invocation(fields: Fields) -> dict[str, Any]:
    return {
        "coordinator": fields.whole_or_none("coordinator"),
        "finished_at": fields.text_or_none("finished_at"),
        "exit_code": fields.whole_or_none("exit_code"),
        "error": fields.text_or_none("error"),
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _tell(path: str, error: Exception, report: Report) -> None:
    if not os.path.isdir(os.path.dirname(path)):
        return  # removed between the listing and the look
    why = error.strerror if isinstance(error, OSError) else error
    report(f"skipping {path}, which cannot be read as a record: {why}")
