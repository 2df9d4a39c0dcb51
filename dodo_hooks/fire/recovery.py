"""The recovery of unstaged changes and of the index after a killed run (G5, G6; HOT, imported if needed).

Every fired hook and every command recovers first.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.git_hooks import OFTEN_UNSEEN, is_gate
from dodo_hooks.git.event import is_rolling_back
from dodo_hooks.git.unstaged.lock import is_held_by_ancestor, wait_until_restored
from dodo_hooks.host.console import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World


def recover(world: "World", repo: "Repo", *, waits: bool) -> None:
    """Restore the unstaged changes that a killed run has hidden, and report it.

    With `waits`, wait for a run that is alive, unless this process is inside of it. Else leave such a run alone.

    Raises:
        GitError: the changes cannot be restored now.
    """
    from dodo_hooks.git.unstaged.hide import restore_interrupted

    waits = waits and "DODO_INVOCATION" not in world.environ and not is_held_by_ancestor(repo)
    try:
        if is_rolling_back(repo):
            from dodo_hooks.git.rollback.restore_tree import recover as recover_rollback

            for sentence in recover_rollback(repo, waits=waits):
                say(sentence)
        if waits:
            wait_until_restored(repo, say)
        sentences = restore_interrupted(repo, world.environ, waits=waits, report=say)
    except PermissionError as error:
        from dodo_hooks.git.unstaged.lock_holder import unreadable

        raise unreadable(repo.git_dir) from error
    except OSError as error:
        raise GitError(f"cannot restore files: {error.filename}: {error.strerror}") from error
    for sentence in sentences:
        say(sentence)


def recover_before_hook(world: "World", repo: "Repo", hook: str, args: "tuple[str, ...]") -> None:
    """Restore hidden unstaged changes before a hook runs (G5, G6).

    Raises:
        GitError: they cannot be restored, and this hook is a gate.
    """
    try:
        recover(world, repo, waits=True)
    except GitError as error:
        if is_gate(hook, args):
            raise
        if hook not in OFTEN_UNSEEN:  # other hooks of the same git command print it as well
            say(str(error))
