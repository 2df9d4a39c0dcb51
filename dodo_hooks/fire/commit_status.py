"""The `git status` of a commit, started before the rest of a run is imported, since git takes as long (G5; HOT)."""

from dodo_hooks.core.git_hooks import BEFORE_COMMIT
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.git.event import needs_recovery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from dodo_hooks.core.plan import Hook
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.worktree_status import StatusQuery
    from dodo_hooks.host.world import World


def query_status(world: "World", repo: "Repo", hook: "Hook", left_out: "Container[int]") -> "StatusQuery | None":
    """Start `git status` for a commit; None where no job needs it.

    `left_out`: the jobs that are not to run.

    Raises:
        GitError: git cannot be started.
    """
    if hook.name != BEFORE_COMMIT or all(
        job.phase == BACKGROUND or job.workspace or job.number in left_out for job in hook.jobs
    ):
        return None
    if _is_inside_of_another(world, repo):
        return None
    from dodo_hooks.git.worktree_status import StatusQuery

    def recover_first() -> None:
        from dodo_hooks.fire.recovery import recover

        recover(world, repo, waits=True)

    return StatusQuery(repo, world.environ, recover_first)


def _is_inside_of_another(world: "World", repo: "Repo") -> bool:
    """Return whether unstaged changes are hidden by a run whose job fired this hook.

    The tree belongs to that run, and waiting for its end would be a deadlock. A hook inside a job of any other run
    hides unstaged changes as usual.
    """
    if not needs_recovery(repo):
        return False
    from dodo_hooks.fire.firing import nesting_of
    from dodo_hooks.git.unstaged.lock import is_held, is_held_by_ancestor

    is_nested = nesting_of(world.environ).within is not None
    return is_held(repo) if is_nested else is_held_by_ancestor(repo)
