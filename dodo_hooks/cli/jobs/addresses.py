"""The addresses of jobs on a command line: `[WORKTREE:]JOB[@INVOCATION]` or `@INVOCATION` (section 5).

A job's name may hold colons and slashes but no `@`. So the last `@` ends the name, and a colon is ambiguous. The whole
text is taken for a job's name first. Only if no such job is on record, the part before a colon is a worktree (its path,
or the last part of it) or a hook, as doit names its tasks. A text that is no job's name may be a whole id without its
`@`. Of several matching runs, the newest of the caller's worktree in which the job was not skipped wins, then the
newest of any worktree in which it was not skipped, then the newest that did not leave it out by selection, then the
newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.statuses import SELECTION, SKIPPED
from dodo_hooks.core.text.names import directory_name
from dodo_hooks.core.text.nearest import nearest
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


@dataclass(frozen=True, slots=True)
class Addressed:
    """Addressed jobs of one invocation."""

    invocation: InvocationRecord
    jobs: tuple[JobRecord, ...]
    has_all_jobs: bool  # the invocation was meant, and not some jobs of it


def find_here(world: World, repository_dir: str, text: str, report: Report) -> Found:
    """Return the jobs of an address, as seen from this worktree. Raises UsageError."""
    try:
        top = find_repo(world.environ, world.cwd).top
    except GitError:
        top = ""
    return find(repository_dir, text, report, top or None)


def find_addressed(world: World, repository_dir: str, texts: Sequence[str], report: Report) -> list[Addressed]:
    """Return the jobs of the addresses, in their order, each job once.

    Raises:
        UsageError: an address means nothing that is on record, or several invocations.
    """
    seen: set[str] = set()
    result: list[Addressed] = []
    for text in texts:
        found = find_here(world, repository_dir, text, report)
        jobs = tuple(job for job in found.jobs if job.directory not in seen)
        seen.update(job.directory for job in jobs)
        if jobs or (found.has_all_jobs and not found.jobs):
            result.append(Addressed(found.invocation, jobs, found.has_all_jobs))
    return result


def find_invocations(world: World, repository_dir: str, texts: Sequence[str], report: Report) -> list[Addressed]:
    """Return all jobs of the addressed invocations; without an address, of the newest.

    Raises:
        UsageError: an address means nothing that is on record, or several invocations; or there is no invocation.
    """
    if not texts:
        newest = next(list_invocations(repository_dir, report=report), None)
        if newest is None:
            raise UsageError("no runs yet")
        return [Addressed(newest, read_jobs(newest, report), True)]
    found = {one.invocation.directory: one.invocation for one in find_addressed(world, repository_dir, texts, report)}
    return [Addressed(one, read_jobs(one, report), True) for one in found.values()]


MOST_CANDIDATES = 10  # named in an error
BEST_OF = 100  # matches that are searched for one that ran
SUGGEST_FROM = 50  # invocations whose jobs are suggested for an unknown name


@dataclass(frozen=True, slots=True)
class Address:
    job: str | None  # with its worktree or hook, if any; None: all jobs of the invocation
    invocation: str  # the beginning of an id; "": any


@dataclass(frozen=True, slots=True)
class Found:
    invocation: InvocationRecord
    jobs: tuple[JobRecord, ...]
    has_all_jobs: bool = False  # the invocation was meant, and not some jobs of it


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read the part before the `@`."""

    scope: str | None  # a working tree or a hook
    job: str


def parse_address(text: str) -> Address:
    """Return the parts of an address. Raises UsageError where the text is none."""
    job, at, invocation = text.rpartition("@")
    if not at:
        job, invocation = text, ""
    elif not invocation:
        raise UsageError(f"no invocation id after the @ in {text!r}; list the ids with `dodo-hooks jobs -v`")
    if not job and not at:
        raise UsageError("empty address; use JOB, JOB@INVOCATION or @INVOCATION")
    return Address(job or None, invocation)


def find(repository_dir: str, text: str, report: Report, worktree: str | None = None) -> Found:
    """Return the jobs that the address `text` means.

    Args:
        worktree: the top of the caller's worktree, whose runs come first; None: all count alike.

    Raises:
        UsageError: it means nothing that is on record, or several invocations.
    """
    address = parse_address(text)
    if address.job is None:
        return _find_all_jobs(repository_dir, address.invocation, report)
    for readings in _readings(address.job):
        found = _matches(repository_dir, address.invocation, readings, report)
        first = next(found, None)
        if first is not None and address.invocation:
            _refuse_more(address.invocation, [first.invocation, *(other.invocation for other in found)])
        if first is not None:
            return first if address.invocation else _choose_match(first, found, worktree)
    if is_identity(text):
        return _find_all_jobs(repository_dir, text, report)
    raise _unknown_job(repository_dir, address, report)


def find_invocation(repository_dir: str, prefix: str, report: Report) -> InvocationRecord:
    """Return the one invocation whose id begins with `prefix`.

    Raises:
        UsageError: there is none, or there are several.
    """
    found = _invocations(repository_dir, prefix, report)
    first = next(found, None)
    if first is None:
        raise _unknown_invocation(prefix)
    _refuse_more(prefix, [first, *found])
    return first


def _find_all_jobs(repository_dir: str, prefix: str, report: Report) -> Found:
    invocation = find_invocation(repository_dir, prefix, report)
    return Found(invocation, read_jobs(invocation, report), has_all_jobs=True)


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


def _nearest(wanted: str, known: Iterable[str]) -> str:
    """Return the end of a message, such as `, did you mean 'lint'?`; "" if no known name is near."""
    close = nearest(wanted, sorted(set(known)))
    return f", did you mean {close!r}?" if close else ""


def _readings(text: str) -> Iterator[list[_Reading]]:
    """Yield the ways to read the text; the second list counts only where the first finds nothing."""
    yield [_Reading(None, text)]
    colons = [place for place, character in enumerate(text) if character == ":"]
    scoped = [_Reading(text[:place], text[place + 1 :]) for place in colons]
    if scoped:
        yield scoped


def _matches(repository_dir: str, prefix: str, readings: list[_Reading], report: Report) -> Iterator[Found]:
    # The history may be long, and names are what its directories are named after: the records are read only where a
    # directory has the right one.
    wanted = {_directory(reading.job) for reading in readings}
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
    return any(job.name == one.job and _is_in(one.scope, invocation) for one in readings)


def _is_in(scope: str | None, invocation: InvocationRecord) -> bool:
    return scope is None or scope == invocation.hook or is_worktree(invocation, scope)


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
    return UsageError(f"no invocation id begins with {prefix!r}; list the ids with `dodo-hooks jobs -v`")


def _unknown_job(repository_dir: str, address: Address, report: Report) -> UsageError:
    recent = list(islice(_invocations(repository_dir, address.invocation, report), SUGGEST_FROM))
    if not recent:
        if address.invocation:
            return _unknown_invocation(address.invocation)
        return UsageError(f"no job {address.job!r}: no runs yet")
    names = {f"{before}{job.name}" for one in recent for job in read_jobs(one, report) for before in _scopes(one)}
    where = f" in an invocation that begins with {address.invocation!r}" if address.invocation else " on record"
    return UsageError(f"no job {address.job!r}{where}{_nearest(address.job or '', names)}")


def _scopes(invocation: InvocationRecord) -> tuple[str, str, str]:
    """Return the prefixes that a job's name may have in an address."""
    return "", f"{invocation.hook}:", f"{invocation.worktree.rpartition('/')[2]}:"
