"""The check that a working tree is registered in its repository (HOT).

Any folder can name a repository next to it as its own, in a `.git` file or in a `commondir`, and git accepts that. A
user who trusts the repository does not thereby trust such a folder.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.repo import configured_tree
from dodo_hooks.host.posix import joined, read_file, real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo


def is_registered(repo: "Repo") -> bool:
    """Return whether the repository itself records this working tree, as the main one or a linked one.

    Its own directory, from where a bare one is pushed, is nobody else's.
    """
    if repo.top == repo.common_dir:
        return True
    if repo.git_dir != repo.common_dir:
        return _is_linked_from(repo)
    try:
        is_bare, configured = configured_tree(repo.git_dir, repo.common_dir)
        if is_bare:
            return False
        directory = real(joined(repo.git_dir, configured)) if configured else repo.git_dir.removesuffix("/.git")
    except GitError:  # a path goes in circles
        return False
    return directory == repo.top


def _is_linked_from(repo: "Repo") -> bool:
    """Return whether the repository records this linked working tree where `git worktree add` writes it."""
    if repo.git_dir.rpartition("/")[0] != f"{repo.common_dir}/worktrees":
        return False
    try:
        content = read_file(f"{repo.git_dir}/gitdir").rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        directory, _, name = joined(repo.git_dir, content).rpartition("/")
        return name == ".git" and real(directory) == repo.top
    except (OSError, GitError):
        return False
