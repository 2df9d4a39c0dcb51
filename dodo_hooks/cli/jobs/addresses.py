"""The addresses of jobs on a command line: `[WORKTREE:]JOB[@INVOCATION]` or `@INVOCATION` (section 5).

A job's name may hold colons and slashes but no `@`. So the last `@` ends the name, and a colon is ambiguous. The whole
text is taken for a job's name first. Only if no such job is on record, the part before a colon is a worktree (its path,
or the last part of it) or a hook, as doit names its tasks. A text that is no job's name may be a whole id without its
`@`. Of several matching runs, the newest of the caller's worktree in which the job was not skipped wins, then the
newest of any worktree in which it was not skipped, then the newest that did not leave it out by selection, then the
newest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.statuses import SELECTION, SKIPPED
from dodo_hooks.core.text.names import directory_name
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import World
from dodo_hooks.store import layout
from dodo_hooks.store.read_records import InvocationRecord, JobRecord
from dodo_hooks.store.reader import (
    identities,
    is_identity,
    is_worktree,
    job_directories,
    list_invocations,
    read_invocation,
    read_jobs,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.store.read_records import Report


MOST_CANDIDATES = 10  # named in an error
BEST_OF = 100  # matches that are searched for one that ran
SUGGEST_FROM = 50  # invocations whose jobs are suggested for an unknown name

# One way to read the part before the `@`: a working tree or a hook (None: any), and a job.
_Reading = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Found:
    """The jobs of one invocation that an address means."""

    invocation: InvocationRecord
    jobs: tuple[JobRecord, ...]
    has_all_jobs: bool = False  # the invocation was meant, and not some jobs of it


def find_here(world: World, repository_dir: str, text: str, report: Report) -> Found:
    """Return the jobs of an address, as seen from this worktree. Raises UsageError."""
    try:
        top = find_repo(world.environ, world.cwd).top
    except GitError:
        top = ""
    return find(repository_dir, text, report, top or None)


def find_addressed(world: World, repository_dir: str, texts: Sequence[str], report: Report) -> list[Found]:
    """Return the jobs of the addresses, in their order, each job once.

    Raises:
        UsageError: an address means nothing that is on record, or several invocations.
    """
    seen: set[str] = set()
    result: list[Found] = []
    for text in texts:
        found = find_here(world, repository_dir, text, report)
        jobs = tuple(job for job in found.jobs if job.directory not in seen)
        seen.update(job.directory for job in jobs)
        if jobs or (found.has_all_jobs and not found.jobs):
            result.append(replace(found, jobs=jobs))
    return result


def find_invocations(world: World, repository_dir: str, texts: Sequence[str], report: Report) -> list[Found]:
    """Return all jobs of the addressed invocations; without an address, of the newest.

    Raises:
        UsageError: an address means nothing that is on record, or several invocations; or there is no invocation.
    """
    if not texts:
        newest = next(list_invocations(repository_dir, report=report), None)
        if newest is None:
            raise UsageError("no runs yet")
        return [Found(newest, read_jobs(newest, report), True)]
    found = {one.invocation.directory: one.invocation for one in find_addressed(world, repository_dir, texts, report)}
    return [Found(one, read_jobs(one, report), True) for one in found.values()]


def _parts(text: str) -> tuple[str, str]:
    """Return the job, with its worktree or hook if any ("": all jobs), and the beginning of the id ("": any).

    Raises:
        UsageError: the text is no address.
    """
    job, at, invocation = text.rpartition("@")
    if not at:
        job, invocation = text, ""
    elif not invocation:
        raise UsageError(f"no invocation id after the @ in {quote(text)}; list the ids with `dodo-hooks jobs -v`")
    if not job and not at:
        raise UsageError("empty address; use JOB, JOB@INVOCATION or @INVOCATION")
    return job, invocation


def find(repository_dir: str, text: str, report: Report, worktree: str | None = None) -> Found:
    """Return the jobs that the address `text` means.

    Args:
        worktree: the top of the caller's worktree, whose runs come first; None: all count alike.

    Raises:
        UsageError: it means nothing that is on record, or several invocations.
    """
    job, prefix = _parts(text)
    if not job:
        return _find_all_jobs(repository_dir, prefix, report)
    for readings in _readings(job):
        found = _matches(repository_dir, prefix, readings, report)
        first = next(found, None)
        if first is not None and prefix:
            _refuse_more(prefix, [first.invocation, *(other.invocation for other in found)])
        if first is not None:
            return first if prefix else _choose_match(first, found, worktree)
    if is_identity(text):
        return _find_all_jobs(repository_dir, text, report)
    raise _unknown_job(repository_dir, job, prefix, report)


def _find_all_jobs(repository_dir: str, prefix: str, report: Report) -> Found:
    """Return all jobs of the one invocation whose id begins with `prefix`.

    Raises:
        UsageError: there is none, or there are several.
    """
    found = list(_invocations(repository_dir, prefix, report))
    if not found:
        raise _unknown_invocation(prefix)
    _refuse_more(prefix, found)
    return Found(found[0], read_jobs(found[0], report), has_all_jobs=True)


def _choose_match(newest: Found, older: Iterator[Found], worktree: str | None) -> Found:
    """Return the match that a person is most likely to mean."""
    ran_elsewhere: Found | None = None
    was_meant: Found | None = None
    for found in islice(chain([newest], older), BEST_OF):
        if any(job.status != SKIPPED for job in found.jobs):
            if worktree is None or found.invocation.worktree == worktree:
                return found
            ran_elsewhere = ran_elsewhere or found
        elif any(job.cause != SELECTION for job in found.jobs):  # a retry or a manual run of other jobs says nothing
            was_meant = was_meant or found
    return ran_elsewhere or was_meant or newest


def _readings(text: str) -> Iterator[list[_Reading]]:
    """Yield the ways to read the text; the second list counts only where the first finds nothing."""
    yield [(None, text)]
    colons = [place for place, character in enumerate(text) if character == ":"]
    if colons:
        yield [(text[:place], text[place + 1 :]) for place in colons]


def _matches(repository_dir: str, prefix: str, readings: list[_Reading], report: Report) -> Iterator[Found]:
    # The history may be long, and names are what its directories are named after: the records are read only where a
    # directory has the right one.
    wanted = {_directory(job) for _, job in readings}
    for identity in identities(repository_dir, prefix):
        directory = layout.invocation_dir(repository_dir, identity)
        if not any(name.partition("-")[2] in wanted for name in job_directories(directory)):
            continue
        invocation = read_invocation(directory, report)
        if invocation is not None:
            jobs = tuple(job for job in read_jobs(invocation, report) if _is_meant(readings, invocation, job))
            if jobs:
                yield Found(invocation, jobs)


def _directory(name: str) -> str:
    """Return the directory name of a job, without its number."""
    return directory_name(0, name).partition("-")[2]


def _is_meant(readings: list[_Reading], invocation: InvocationRecord, job: JobRecord) -> bool:
    return any(
        job.name == name and (scope is None or scope == invocation.hook or is_worktree(invocation, scope))
        for scope, name in readings
    )


def _invocations(repository_dir: str, prefix: str, report: Report) -> Iterator[InvocationRecord]:
    for identity in identities(repository_dir, prefix):
        invocation = read_invocation(layout.invocation_dir(repository_dir, identity), report)
        if invocation is not None:
            yield invocation


def _refuse_more(prefix: str, candidates: list[InvocationRecord]) -> None:
    """Raise UsageError if there is more than one candidate."""
    if len(candidates) == 1:
        return
    lines = [f"  @{one.id}  {one.hook} in {one.worktree!r}" for one in candidates[:MOST_CANDIDATES]]
    if len(candidates) > MOST_CANDIDATES:
        lines.append(f"  and {len(candidates) - MOST_CANDIDATES} older ones")
    raise UsageError(f"@{prefix} matches {len(candidates)} invocations:\n" + "\n".join(lines))


def _unknown_invocation(prefix: str) -> UsageError:
    return UsageError(f"no invocation id begins with {quote(prefix)}; list the ids with `dodo-hooks jobs -v`")


def _unknown_job(repository_dir: str, job: str, prefix: str, report: Report) -> UsageError:
    recent = list(islice(_invocations(repository_dir, prefix, report), SUGGEST_FROM))
    if not recent:
        return _unknown_invocation(prefix) if prefix else UsageError(f"no job {quote(job)}: no runs yet")
    names = {f"{before}{one.name}" for run in recent for one in read_jobs(run, report) for before in _scopes(run)}
    where = f" in an invocation that begins with {quote(prefix)}" if prefix else " on record"
    hint = did_you_mean(job, sorted(names)) or "; list the runs with `dodo-hooks jobs`"
    return UsageError(f"no job {quote(job)}{where}{hint}")


def _scopes(invocation: InvocationRecord) -> tuple[str, str, str]:
    """Return the prefixes that a job's name may have in an address."""
    return "", f"{invocation.hook}:", f"{invocation.worktree.rpartition('/')[2]}:"
