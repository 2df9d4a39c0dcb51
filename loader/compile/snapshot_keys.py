"""`workspace: snapshot` and the keys beside it: what they make of a job, and what is wrong with them (S1, S6, S7)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from dodo_hooks.core.diagnostics import WARNING, Diagnostic
from dodo_hooks.core.git_hooks import BEFORE_COMMIT, WITHOUT_COMMIT
from dodo_hooks.core.plan import SNAPSHOT, Job
from dodo_hooks.core.plan_parts import Share
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.compile.flatten import Flat, Member, around
from dodo_hooks.loader.compile.validation import Owner, subject_of_job
from dodo_hooks.loader.read.nodes import Node, Path, key_mark_at, mark_at
from dodo_hooks.loader.schema.job_models import HookBody, JobBody
from dodo_hooks.loader.schema.part_models import LinkBody

_FOR_SNAPSHOTS = ("share", "clean", "supersede")
_KEYS = frozenset(("workspace", *_FOR_SNAPSHOTS))


def with_snapshot(job: Job, member: Member, hook: HookBody) -> Job:
    """Return a job in a snapshot with its workspace; `job` has its results (job_files.py)."""
    bodies = around(member, hook)
    shared = next((body.share for body in bodies if "share" in body.given), [])
    results = job.results._replace(
        supersedes=next((body.supersede for body in bodies if body.supersede is not None), True),
        counts_commit=member.body.incremental is False,
        is_incremental=True,
        inputs=tuple(one._replace(reaches_outputs=False) for one in job.results.inputs),
    )
    return job._replace(
        results=results,
        workspace=SNAPSHOT,
        shares=tuple(share for item in shared for share in _shares(item)),
        cleans=next((body.clean for body in bodies if body.clean is not None), False),
    )


def _shares(item: str | LinkBody) -> list[Share]:
    return [Share(item, False)] if isinstance(item, str) else [Share(path, True) for path in item.link]


def check_snapshots(
    hook: str, body: HookBody, flat: Flat, every: Iterable[Owner], tree: Node, needs: Sequence[Sequence[int]]
) -> Iterator[Diagnostic]:
    """Yield errors about snapshots and their keys, and a warning about shared paths that no key stands for."""
    for path, written, numbers, subject in every:
        owner = written or body
        if _KEYS.isdisjoint(owner.given):
            continue
        if owner.workspace == SNAPSHOT and hook in WITHOUT_COMMIT:
            message = f"{hook} has no snapshot, since HEAD is not the commit that it is about"
            yield Diagnostic(mark_at(tree, [*path, "workspace"]), message, subject, fix="use another hook")
        for key in _FOR_SNAPSHOTS:
            if key in owner.given and owner.workspace != SNAPSHOT and flat.snapshots.isdisjoint(numbers):
                message = f'{quote(key)} has no effect without "workspace: snapshot"'
                yield Diagnostic(key_mark_at(tree, [*path, key]), message, subject)
        yield from _overlaps(owner, path, subject, tree)
        users = [flat.members[number] for number in flat.snapshots & {*numbers}] if owner.share else []
        if any(_is_keyless(member, owner, body) for member in users):
            mark, fix = key_mark_at(tree, [*path, "share"]), 'add "uptodate" or "inputs" that stand for them'
            yield Diagnostic(mark, "shared paths are not in the commit", subject, WARNING, fix)
    for number in sorted(flat.snapshots):
        yield from _check_job(number, flat, tree, needs[number])
    fixers = [number for number, member in enumerate(flat.members) if member.body.stage_fixed]
    if flat.snapshots and fixers and hook == BEFORE_COMMIT:
        mark = key_mark_at(tree, [*flat.members[fixers[0]].path, "stage_fixed"])
        message, fix = "the snapshot would not have what it fixes", "move the jobs with a snapshot to post-commit"
        yield Diagnostic(mark, message, subject_of_job(flat.names[fixers[0]]), fix=fix)


def _check_job(number: int, flat: Flat, tree: Node, needs: Sequence[int]) -> Iterator[Diagnostic]:
    member, subject = flat.members[number], subject_of_job(flat.names[number])
    for key, message in _clashes(member.body):
        yield Diagnostic(key_mark_at(tree, [*member.path, key]), message, subject, fix="keep one of them")
    for need in needs:
        if need not in flat.snapshots:
            message, fix = f"needs {quote(flat.names[need])}, which has no snapshot", 'set "workspace: snapshot" on it'
            yield Diagnostic(mark_at(tree, member.path), message, subject, fix=fix)


def _overlaps(owner: JobBody | HookBody, path: Path, subject: str, tree: Node) -> Iterator[Diagnostic]:
    shared = ((share.path, place) for place, item in enumerate(owner.share) for share in _shares(item))
    in_order = sorted((path.split("/"), place) for path, place in shared)  # what a folder holds is right behind it
    for (one, _), (other, place) in pairwise(in_order):
        if other[: len(one)] == one:
            message = f"{quote('/'.join(other))} is in {quote('/'.join(one))}, which is shared"
            yield Diagnostic(mark_at(tree, [*path, "share", place]), message, subject, fix="remove one of them")


def _is_keyless(member: Member, owner: JobBody | HookBody, hook: HookBody) -> bool:
    """Return whether the job gets the shared paths of `owner`, and nothing in its key stands for them."""
    giver = next((body for body in around(member, hook) if "share" in body.given), None)
    return giver is owner and not (member.body.inputs or member.body.uptodate)


def _clashes(job: JobBody) -> Iterator[tuple[str, str]]:
    excluded = (
        ("stage_fixed", job.stage_fixed, "its fixes stay in the snapshot"),
        ("interactive", job.interactive, "its result depends on the commit alone"),
        ("fail_on_changes", job.fail_on_changes, "it changes none of your files"),
        ("outputs", job.outputs, "they stay in the snapshot"),
        ("cache", job.cache, "its outputs stay in the snapshot"),
        ("incremental", job.incremental, "its result is about the whole commit"),
    )
    for key, is_on, why in excluded:
        if is_on:
            yield key, f'{quote(key)} and "workspace: snapshot" cannot be combined ({why})'
    if job.incremental is False and job.inputs:
        yield "inputs", '"inputs" has no effect with "incremental: false", which is about the commit'
