"""What a background phase is run from: made before the fork, used behind it (HOT)."""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import Retention
from dodo_hooks.engine.waves.job import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.engine.protocols import Recorder
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World
    from dodo_hooks.store.writer import InvocationWriter


class Background(Record):
    """A background phase that is to be run."""

    world: "World"
    context: Context
    writer: "InvocationWriter"
    selected: "tuple[int, ...]"  # the background jobs that are to run, with all that is open of what they need
    slots: int
    deadline_s: "float | None"  # of the whole hook, on the monotonic clock
    database: str  # doit's
    retention: Retention  # what is kept when the records are pruned
    permit: "Callable[[], int | None]"  # to start a job, see engine/worktree_permit.py
    repo: "Repo"
    git_file: str  # of the working tree, see engine/worktree.py
    run_jobs: "Callable[[Background, Recorder, Loop], object]"  # lets the loop run them, by whatever decides the order
