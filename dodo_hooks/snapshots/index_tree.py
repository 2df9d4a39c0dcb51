"""The tree of what is about to be committed (S1; HOT)."""

from dodo_hooks.core.errors import CheckoutError, GitError
from dodo_hooks.git.command import git_environ, run_git
from dodo_hooks.git.untrusted import create_file
from dodo_hooks.git.worktree_status import index_file
from dodo_hooks.host.descriptors import write_all
from dodo_hooks.host.files.atomic_files import unlink
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.snapshots.model import Origin, with_settings
from dodo_hooks.snapshots.pool import areas_dir, make_areas

_SETTINGS = (("core.splitIndex", "false"), ("core.fsmonitor", "false"))


def write_index_tree(origin: Origin) -> str:
    """Write the tree of the index that git uses for this command, and return its id.

    The index stays as it is: a copy is written, and no shared index beside it. What is only intended to be added is
    left out, as git leaves it out of the commit.

    Raises:
        CheckoutError: a path is unmerged, or git does not answer.
    """
    repo, environ = origin.repo, origin.environ
    areas = areas_dir(repo.common_dir)
    copy = f"{areas}/.index-{os.getpid()}"
    try:
        make_areas(areas)
        try:
            _copy(index_file(repo, environ), copy)
            environ = with_settings({**git_environ(repo, environ), "GIT_INDEX_FILE": copy}, _SETTINGS)
            if run_git(("ls-files", "-z", "--unmerged"), repo.top, environ, repo=repo):
                raise CheckoutError("the index has unmerged paths; resolve them, and run `git add`")
            return run_git(("write-tree",), repo.top, environ, repo=repo).strip().decode("ascii")
        finally:
            unlink(copy)
    except (GitError, OSError) as error:
        raise CheckoutError(f"cannot write the tree of the index: {error}") from error


def _copy(source: str, target: str) -> None:
    try:
        content = read_file(source)
    except FileNotFoundError:  # nothing is staged
        return
    descriptor = create_file(target)
    try:
        write_all(descriptor, content)
    finally:
        os.close(descriptor)
