"""The jobs that several addresses on a command line mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dodo_hooks.core.errors import UsageError
from dodo_hooks.store import address
from dodo_hooks.store.reader import InvocationRecord, JobRecord, Report, list_invocations, read_jobs


@dataclass(frozen=True, slots=True)
class Addressed:
    """Jobs of one invocation."""

    invocation: InvocationRecord
    jobs: tuple[JobRecord, ...]
    is_whole: bool  # the invocation was meant, and not some jobs of it


def addressed(repository_dir: str, texts: Sequence[str], report: Report) -> list[Addressed]:
    """What the addresses mean, in their order; a job that two of them mean is there once.

    Raises:
        UsageError: one means nothing that is on record, or several invocations.
    """
    seen: set[str] = set()
    result: list[Addressed] = []
    for text in texts:
        found = address.find(repository_dir, text, report)
        jobs = tuple(job for job in found.jobs if job.directory not in seen)
        seen.update(job.directory for job in jobs)
        is_whole = address.parse_address(text).job is None
        if jobs or (is_whole and not found.jobs):
            result.append(Addressed(found.invocation, jobs, is_whole))
    return result


def whole_invocations(repository_dir: str, texts: Sequence[str], report: Report) -> list[Addressed]:
    """All jobs of the invocations that the addresses mean; without an address, of the newest.

    Raises:
        UsageError: as above, or there is none.
    """
    if not texts:
        newest = next(list_invocations(repository_dir, report=report), None)
        if newest is None:
            raise UsageError("no hook has run in this repository")
        return [Addressed(newest, read_jobs(newest, report), True)]
    found = {one.invocation.directory: one.invocation for one in addressed(repository_dir, texts, report)}
    return [Addressed(one, read_jobs(one, report), True) for one in found.values()]
