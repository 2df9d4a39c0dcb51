"""Telling, once, at the next command in the repository, what went wrong in the background."""

from dodo_hooks.host.console import say
from dodo_hooks.store.failure_notices import take_notices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.host.world import World

MOST_TOLD = 3


def print_failures(world: "World", repository_dir: str) -> None:
    """Say what is to be told on standard error."""
    if is_in_job(world):
        return
    lines = take_notices(repository_dir)
    if len(lines) > MOST_TOLD:
        older = len(lines) - MOST_TOLD
        lines = [f"{older} more background runs have failed: dodo-hooks jobs --failed", *lines[older:]]
    for line in lines:
        say(line)


def is_in_job(world: "World") -> bool:
    """Whether a job is what runs this command: what it prints goes into a log, where nobody would see it."""
    return "DODO_INVOCATION" in world.environ
