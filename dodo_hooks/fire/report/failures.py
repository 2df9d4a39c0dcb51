"""The failure notices of background runs, printed once, at the next command in the repository."""

from dodo_hooks.host.console import say
from dodo_hooks.store.failure_notices import take_notices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.host.world import World

MOST_TOLD = 3


def print_failures(world: "World", repository_dir: str) -> None:
    """Print the failure notices on standard error, and remove them."""
    if is_in_job(world):
        return
    lines = take_notices(repository_dir)
    if len(lines) > MOST_TOLD:
        older = len(lines) - MOST_TOLD
        lines = [f"{older} more background runs failed (`dodo-hooks jobs --failed`)", *lines[older:]]
    for line in lines:
        say(line)


def is_in_job(world: "World") -> bool:
    """Return whether this command runs inside a job, so that its output goes to a log."""
    return "DODO_INVOCATION" in world.environ
