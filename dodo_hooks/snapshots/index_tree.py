"""The tree of what is about to be committed (S1; HOT)."""

from dodo_hooks.core.errors import CheckoutError, GitError
from dodo_hooks.git.command import git_environ, run_git
from dodo_hooks.git.repo import index_file
from dodo_hooks.host.files.atomic_files import put
from dodo_hooks.host.posix import names_in, os, read_file
from dodo_hooks.snapshots.git_directory import make_real_folder, remove
from dodo_hooks.snapshots.model import Origin, with_settings
from dodo_hooks.snapshots.pool import areas_dir, make_areas, try_lock

_FOLDER = ".staged-"
_SETTINGS = (("core.splitIndex", "false"), ("core.fsmonitor", "false"))


def write_index_tree(origin: Origin) -> str:
    """Write the tree of the index that git uses for this command, and return its id.

    The index stays as it is: a copy is written, and no shared index beside it. What is only intended to be added is
    left out, as git leaves it out of the commit.

    Raises:
        CheckoutError: a path is unmerged, or git does not answer.
    """
    repo, areas = origin.repo, areas_dir(origin.repo.common_dir)
    try:
        make_areas(areas)
        folder, lock = _take_folder(areas)
        try:
            try:
                put(f"{folder}/index", read_file(index_file(repo, origin.environ)), 0o600)
            except FileNotFoundError:  # nothing is staged
                pass
            environ = {**git_environ(repo, origin.environ), "GIT_INDEX_FILE": f"{folder}/index"}
            environ = with_settings(environ, _SETTINGS)
            if run_git(("ls-files", "-z", "--unmerged"), repo.top, environ, repo=repo, lock=lock):
                raise CheckoutError("the index has unmerged paths; resolve them, and run `git add`")
            return run_git(("write-tree",), repo.top, environ, repo=repo, lock=lock).strip().decode("ascii")
        finally:
            remove(folder)
            os.close(lock)
    except (GitError, OSError) as error:
        raise CheckoutError(f"cannot write the tree of the index: {error}") from error


def _take_folder(areas: str) -> "tuple[str, int]":
    """Return a folder for this process and the lock on it, and remove those of processes that were killed."""
    for name in names_in(areas):
        lock = try_lock(f"{areas}/{name}") if name.startswith(_FOLDER) else None
        if lock is not None:
            remove(f"{areas}/{name}")
            os.close(lock)
    number = os.getpid()
    while True:
        make_real_folder(f"{areas}/{_FOLDER}{number}")
        lock = try_lock(f"{areas}/{_FOLDER}{number}")
        if lock is not None:
            return f"{areas}/{_FOLDER}{number}", lock
        number += 1  # another one has removed it, or it is that of a process in another container
