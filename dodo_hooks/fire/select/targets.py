"""The target of a firing: the commit or tree that its jobs in snapshots are about (S1; HOT, with such jobs)."""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.git_hooks import BEFORE_COMMIT
from dodo_hooks.git.head import head_of
from dodo_hooks.git.target import Target, head_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Hook
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World


def find_target(world: "World", repo: "Repo", hook: "Hook") -> "Target | None":
    """Return the tree of the index before a commit, else the commit that HEAD names; None if it names none yet.

    Raises:
        GitError: git cannot be queried.
    """
    if hook.name == BEFORE_COMMIT:
        from dodo_hooks.snapshots.index_tree import write_index_tree
        from dodo_hooks.snapshots.model import Origin

        tree = write_index_tree(Origin(repo, world.environ, world.cache))
        return Target(None, tree, head_of(repo, world.environ)[1])
    try:
        return head_target(repo, world.environ)
    except GitError:
        if head_of(repo, world.environ)[1]:
            raise
        return None
