"""The target of a firing: the commit or tree that its jobs in snapshots are about (S1; HOT, with such jobs)."""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.git_hooks import BEFORE_COMMIT
from dodo_hooks.core.statuses import CONDITION, SKIPPED, Outcome
from dodo_hooks.git.repo import head_of
from dodo_hooks.git.target import Target, head_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.fire.firing import Firing


def with_target(firing: "Firing") -> "Firing":
    """Return the firing with its target: the tree of the index before a commit, else the commit that HEAD names.

    On a branch that has no commit yet these jobs are left out.

    Raises:
        GitError: git cannot be queried.
    """
    jobs = firing.hook.jobs
    if firing.target is not None or not any(job.workspace and job.number not in firing.left_out for job in jobs):
        return firing
    repo, environ = firing.repo, firing.world.environ
    if firing.hook.name == BEFORE_COMMIT:
        from dodo_hooks.snapshots.index_tree import write_index_tree
        from dodo_hooks.snapshots.model import Origin

        tree = write_index_tree(Origin(repo, environ, firing.world.cache))
        return firing._replace(target=Target(None, tree, head_of(repo)[1]))
    try:
        return firing._replace(target=head_target(repo, environ))
    except GitError:
        if head_of(repo)[1]:
            raise
        unborn = Outcome(SKIPPED, CONDITION, "HEAD has no commit yet")
        return firing._replace(left_out={**{job.number: unborn for job in jobs if job.workspace}, **firing.left_out})
