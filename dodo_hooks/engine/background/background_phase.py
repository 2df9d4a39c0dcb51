"""The parameters of a background phase, made before the fork and used after it (HOT)."""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import Retention
from dodo_hooks.engine.waves.job import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.engine.protocols import Workspaces
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World
    from dodo_hooks.results.run_results import RunResults
    from dodo_hooks.store.writer import InvocationWriter


class Background(Record):
    """A background phase to run."""

    world: "World"
    context: Context
    writer: "InvocationWriter"
    selected: "tuple[int, ...]"  # the background jobs to run, with every dependency that has not ended yet
    slots: int
    deadline_s: "float | None"  # of the whole hook, on the monotonic clock
    database: str  # doit's
    retention: Retention  # the records that pruning keeps
    permit: "Callable[[], int | None]"  # asks for the permit to start a job, see engine/admission.py
    repo: "Repo"
    git_file: str  # of the working tree, see engine/background/worktree_guard.py
    results: "RunResults | None"  # says which jobs are up to date
    workspaces: "Callable[[], Workspaces] | None"  # makes those of the jobs that do not run in the working tree
    begin_next: "Callable[[], Background | None]"  # begins the phase that is to run after this one; None: there is none
    run_jobs: "Callable[[Background, Loop], object]"  # runs the loop with the source that decides the order
