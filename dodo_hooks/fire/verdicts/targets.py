"""The target of a firing: the commit or tree that its jobs in snapshots are about (S1; HOT, with such jobs)."""

from dodo_hooks.core.git_hooks import BEFORE_COMMIT
from dodo_hooks.git.repo import head_of
from dodo_hooks.git.target import Target, head_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.fire.firing import Firing


def with_target(firing: "Firing") -> "Firing":
    """Return the firing with its target: the tree of the index before a commit, else the commit that HEAD names.

    Raises:
        GitError: there is none.
    """
    if firing.target is not None or not any(
        job.workspace and job.number not in firing.left_out for job in firing.hook.jobs
    ):
        return firing
    repo, environ = firing.repo, firing.world.environ
    if firing.hook.name == BEFORE_COMMIT:
        from dodo_hooks.snapshots.index_tree import write_index_tree
        from dodo_hooks.snapshots.model import Origin

        tree = write_index_tree(Origin(repo, environ, firing.world.cache))
        return firing._replace(target=Target(None, tree, head_of(repo)[1]))
    return firing._replace(target=head_target(repo, environ))
