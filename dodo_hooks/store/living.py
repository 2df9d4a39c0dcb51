"""The invocations of a repository that have not ended, found by their `live/` markers: it costs what is alive, and not
what there ever was."""

from __future__ import annotations

import os

from dodo_hooks.store import layout
from dodo_hooks.store.reader import InvocationRecord, Report, is_identity, read_invocation


def living_ids(repository_dir: str) -> list[str]:
    """The ids that have a marker, the newest first. The invocation may just have ended, or its writer have died."""
    try:
        names = os.listdir(layout.live_dir(repository_dir))
    except OSError:  # nothing was ever recorded here
        return []
    return sorted((name.partition(".")[0] for name in names if is_identity(name.partition(".")[0])), reverse=True)


def living_invocations(repository_dir: str, report: Report) -> list[InvocationRecord]:
    """Those whose writer lives, the newest first."""
    directories = [layout.invocation_dir(repository_dir, one) for one in living_ids(repository_dir)]
    found = [read_invocation(one, report) for one in directories if os.path.isdir(one)]
    return [one for one in found if one is not None and one.is_alive]
