"""The checks of `doctor` about snapshots (S2, S8)."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dodo_hooks.core.diagnostics import ERROR, NOTE, Diagnostic, Location
from dodo_hooks.core.errors import UnsafeFileError
from dodo_hooks.core.plan import Plan
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.world import World
from dodo_hooks.snapshots.model import CheckoutPaths
from dodo_hooks.snapshots.note import last_used_ns, read_note
from dodo_hooks.snapshots.pool import areas_dir, numbers_in, trees_dir
from dodo_hooks.store.cache_dirs import expect_private_cache
from dodo_hooks.store.identity import repository_id

_SUBJECT = "snapshots"


def diagnose_snapshots(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    """Yield an error where jobs can have no snapshot, and a note for each whose record is damaged."""
    if plan is None or not any(job.workspace for hook in plan.hooks for job in hook.jobs):
        return
    areas = areas_dir(repo.common_dir)
    trees = trees_dir(world.cache, repository_id(repo.common_dir))
    above = areas
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    if not os.access(above, os.W_OK):
        yield Diagnostic(Location(), f"cannot write to {above}", _SUBJECT, ERROR, "change its owner or its mode")
    try:
        expect_private_cache(trees)
    except UnsafeFileError as error:
        fix = f"{error.fix}, or set XDG_CACHE_HOME to another directory"
        yield Diagnostic(Location(), error.message, _SUBJECT, ERROR, fix)
    for number in numbers_in(areas):
        paths = CheckoutPaths(f"{areas}/{number}", f"{trees}/{number}")
        note = read_note(paths)
        is_whole = note is not None and note.is_whole and note.paths == paths
        if last_used_ns(paths.area) and not is_whole and not is_locked(paths.area):  # else it is being checked out
            message = f"snapshot {number} is damaged or of another version, and is created again for the next job"
            yield Diagnostic(Location(), message, _SUBJECT, NOTE, "no action is needed")
