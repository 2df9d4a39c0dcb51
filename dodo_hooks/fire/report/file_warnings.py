"""The warnings and notes about a hook file, printed once for each content of the file.

`validate` and `doctor` print them always.
"""

from dodo_hooks.core.errors import GitError, StoreError
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.console import say
from dodo_hooks.host.files.atomic_files import replace_unlocked
from dodo_hooks.host.posix import try_read
from dodo_hooks.store import layout
from dodo_hooks.store.identity import records_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Plan
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World

_MOST_KEPT = 100  # contents: switching between branches with other hook files prints nothing twice


def print_warnings(world: "World", repo: "Repo", plan: "Plan") -> bool:
    """Print the warnings and notes unless they were printed in this repository for the same files.

    Returns whether it did.
    """
    return bool(plan.diagnostics) and print_unless_printed(
        world, repo, plan.digest, [one.sentence for one in plan.diagnostics]
    )


def print_unless_printed(world: "World", repo: "Repo", key: str, sentences: "Sequence[str]") -> bool:
    """Print sentences unless they were printed in this repository under the same key; return whether it did."""
    path = layout.warnings_file(records_dir(world.state, repo.common_dir))
    printed = _read(path)
    if key in printed:
        return False
    for sentence in sentences:
        say(sentence)
    try:
        lines = [*printed, key][-_MOST_KEPT:]
        replace_unlocked(path, "".join(f"{line}\n" for line in lines).encode())
    except StoreError:  # then they are printed again
        pass
    return True


def print_warnings_here(world: "World", plan: "Plan") -> bool:
    """Print the warnings and notes as `print_warnings` does, in the current repository; outside of one, always."""
    try:
        repo = find_repo(world.environ, world.cwd)
    except GitError:
        for one in plan.diagnostics:
            say(one.sentence)
        return bool(plan.diagnostics)
    return print_warnings(world, repo, plan)


def _read(path: str) -> list[str]:
    return try_read(path).decode("ascii", "replace").splitlines()
