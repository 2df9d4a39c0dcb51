"""`dodo-hooks status --short`: a few words for a shell's prompt, or nothing.

It runs before each prompt, so nothing is imported but what reads three directories: no click, no JSON. What runs has a
marker in `live/` and a lock that is held; a marker under a free lock was left by a run that died. What went wrong lies
in `failed/` until a command has told it.
"""

import sys

from dodo_hooks.core.errors import HooksError
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.files.private_files import expect_private_directory
from dodo_hooks.host.posix import os
from dodo_hooks.store import layout
from dodo_hooks.store.failure_notices import count_notices
from dodo_hooks.store.identity import known_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.host.world import World


def print_short_status(world: "World") -> int:
    """`2 running, 1 failed`, in runs; nothing where there is nothing, and where no repository is."""
    try:
        words = short_status(world)
    except (HooksError, OSError):  # a prompt is no place for a complaint
        return 0
    if words:
        sys.stdout.write(f"{words}\n")
    return 0


def short_status(world: "World") -> str:
    identity = known_id(find_repo(world.environ, world.cwd).common_dir)
    if identity is None:
        return ""
    expect_private_directory(layout.own_dir(world.state))
    repository_dir = layout.repository_dir(world.state, identity)
    running, dead = _alive(repository_dir)
    failed = count_notices(repository_dir) + dead
    return ", ".join(f"{count} {word}" for count, word in ((running, "running"), (failed, "failed")) if count)


def _alive(repository_dir: str) -> "tuple[int, int]":
    """How many runs are alive, and how many have died and wait for their end to be written."""
    try:
        markers = os.listdir(layout.live_dir(repository_dir))
    except OSError:
        return 0, 0
    running = dead = 0
    for marker in markers:
        lock = layout.lock_file(layout.invocation_dir(repository_dir, marker.partition(".")[0]))
        if is_locked(lock):
            running += 1
        elif os.access(lock, os.F_OK):  # not there: it is just being made
            from dodo_hooks.store.reserve import has_end

            dead += not has_end(lock)
    return running, dead
