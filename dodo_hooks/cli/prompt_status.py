"""`dodo-hooks status --short`: a few words for a shell's prompt, or nothing.

It runs before each prompt, so it imports only the code that reads three directories: no click, no JSON. A live run has
a marker in `live/` and holds its lock. A marker whose lock is free was left by a run that died. Failure notices lie in
`failed/` until a command has printed them.
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
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World


def print_short_status(world: "World") -> int:
    """Print the numbers of runs, such as `2 running, 1 failed`; nothing where there are none, or no repository."""
    try:
        words = short_status(world)
    except (HooksError, OSError):  # no error messages in a prompt
        return 0
    if words:
        sys.stdout.write(f"{words}\n")
    return 0


def short_status(world: "World") -> str:
    repo = find_repo(world.environ, world.cwd)
    identity = known_id(repo.common_dir)
    if identity is None:
        return ""
    expect_private_directory(layout.own_dir(world.state))
    repository_dir = layout.repository_dir(world.state, identity)
    running, dead = _alive(repository_dir)
    failed = count_notices(repository_dir) + dead
    words = [f"{count} {word}" for count, word in ((running, "running"), (failed, "failed")) if count]
    if repo.top and os.access(layout.run_locks_dir(repository_dir), os.F_OK):  # a job has run in a snapshot
        words += _head(world, repo, repository_dir)
    return ", ".join(words)


def _head(world: "World", repo: "Repo", repository_dir: str) -> "list[str]":
    """Return `HEAD passed`, or its like, where a push requires a job."""
    from dodo_hooks.plans.plan_cache import cached_plan

    compiled = cached_plan(world, repo.top)
    if compiled is None or not compiled.rules.required_hooks:
        return []
    from dodo_hooks.cli.verdicts.head_states import head_states, sum_up

    state = sum_up(head_states(world, repo, compiled, repository_dir))
    return [f"HEAD {'unchecked' if state == 'none' else state}"] if state else []


def _alive(repository_dir: str) -> "tuple[int, int]":
    """Return how many runs are alive, and how many have died and have no recorded end yet."""
    try:
        markers = os.listdir(layout.live_dir(repository_dir))
    except OSError:
        return 0, 0
    running = dead = 0
    for marker in markers:
        lock = layout.lock_file(layout.invocation_dir(repository_dir, marker.partition(".")[0]))
        if is_locked(lock):
            running += 1
        elif os.access(lock, os.F_OK):  # without a lock file the run is just being made
            from dodo_hooks.store.reserve import has_end

            dead += not has_end(lock)
    return running, dead
