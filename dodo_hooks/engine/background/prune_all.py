"""The daily pruning of a repository: records, snapshots, and the locks of verdicts (section 7, S8)."""

from __future__ import annotations

from contextlib import suppress

from dodo_hooks.core.errors import HooksError
from dodo_hooks.engine.background.background_phase import Background
from dodo_hooks.host.world import wall_ns
from dodo_hooks.results.verdicts.run_locks import RunLocks
from dodo_hooks.snapshots.prune_snapshots import UNUSED_FOR_S, prune_snapshots
from dodo_hooks.store import layout
from dodo_hooks.store.maintenance.prune_runs import prune_if_due


def prune_all(phase: Background) -> None:
    """Remove what is too old, once the records of this run are closed."""
    now_ns, directory = wall_ns(), layout.repository_of(phase.writer.directory)
    prune_if_due(directory, phase.retention, now_ns / 1e9)
    with suppress(HooksError, OSError):
        prune_snapshots(phase.repo.common_dir, phase.world.cache, UNUSED_FOR_S, now_ns)
    with suppress(OSError):
        RunLocks(directory).prune(now_ns - UNUSED_FOR_S * 1_000_000_000)
