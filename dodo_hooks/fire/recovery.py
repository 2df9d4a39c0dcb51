"""Putting back what a killed run has set aside, and mending an index (G5, G6; HOT, imported if there is something).

Every hook that fires does it, and every command.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.git_hooks import OFTEN_UNSEEN, is_gate
from dodo_hooks.fire.run import say
from dodo_hooks.git.unstaged.lock import is_held_by_ancestor, wait_until_restored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World


def recover(world: "World", repo: "Repo", *, waits: bool) -> None:
    """Put back what is owed, and say so. With `waits` a run that is alive is waited for, unless we are inside of it;
    else it is left alone.

    Raises:
        GitError: it cannot be put back now.
    """
    from dodo_hooks.git.unstaged.hide import restore_interrupted

    waits = waits and "DODO_INVOCATION" not in world.environ and not is_held_by_ancestor(repo)
    try:
        if waits:
            wait_until_restored(repo, say)
        sentences = restore_interrupted(repo, world.environ, waits=waits, report=say)
    except PermissionError as error:
        from dodo_hooks.git.unstaged.lock_holder import unreadable

        raise unreadable(repo.git_dir) from error
    except OSError as error:
        raise GitError(f"unstaged changes cannot be restored: {error.filename}: {error.strerror}") from error
    for sentence in sentences:
        say(sentence)


def recover_before_hook(world: "World", repo: "Repo", hook: str, args: "tuple[str, ...]") -> None:
    """See to it that nothing is set aside here any more (G5, G6).

    Raises:
        GitError: that cannot be done, and this hook is a gate.
    """
    try:
        recover(world, repo, waits=True)
    except GitError as error:
        if is_gate(hook, args):
            raise
        if hook not in OFTEN_UNSEEN:  # of one git command others say it as well
            say(str(error))
