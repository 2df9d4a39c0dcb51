"""The jobs that several addresses on a command line mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import World
from dodo_hooks.store import address
from dodo_hooks.store.reader import InvocationRecord, JobRecord, Report, list_invocations, read_jobs


@dataclass(frozen=True, slots=True)
class Addressed:
    """Jobs of one invocation."""

    invocation: InvocationRecord
    jobs: tuple[JobRecord, ...]
    is_whole: bool  # the invocation was meant, and not some jobs of it


def find_here(world: World, repository_dir: str, text: str, report: Report) -> address.Found:
    """Return what an address means to somebody who is in this worktree. Raises UsageError."""
    try:
        top = find_repo(world.environ, world.cwd).top
    except GitError:
        top = ""
    return address.find(repository_dir, text, report, top or None)


def addressed(world: World, repository_dir: str, texts: Sequence[str], report: Report) -> list[Addressed]:
    """Return what the addresses mean, in their order; a job that two of them mean is there once.

    Raises:
        UsageError: one means nothing that is on record, or several invocations.
    """
    seen: set[str] = set()
    result: list[Addressed] = []
    for text in texts:
        found = find_here(world, repository_dir, text, report)
        jobs = tuple(job for job in found.jobs if job.directory not in seen)
        seen.update(job.directory for job in jobs)
        if jobs or (found.is_whole and not found.jobs):
            result.append(Addressed(found.invocation, jobs, found.is_whole))
    return result


def whole_invocations(world: World, repository_dir: str, texts: Sequence[str], report: Report) -> list[Addressed]:
    """All jobs of the invocations that the addresses mean; without an address, of the newest.

    Raises:
        UsageError: as above, or there is none.
    """
    if not texts:
        newest = next(list_invocations(repository_dir, report=report), None)
        if newest is None:
            raise UsageError("no hook has run in this repository")
        return [Addressed(newest, read_jobs(newest, report), True)]
    found = {one.invocation.directory: one.invocation for one in addressed(world, repository_dir, texts, report)}
    return [Addressed(one, read_jobs(one, report), True) for one in found.values()]
