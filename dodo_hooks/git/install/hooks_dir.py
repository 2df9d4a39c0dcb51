"""The directory that git really takes a repository's hooks from, and whether we may write there (section 8)."""

import os

from dodo_hooks.core.errors import UsageError
from dodo_hooks.git.command import run_git
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.posix import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.git.repo import Repo

NOTHING_DONE = "nothing was changed"


def hooks_directory(repo: "Repo", environ: "Mapping[str, str]") -> str:
    """Return the directory for this repository's hooks: its own, or the one that it alone is configured to use.

    Raises UsageError where hooks are shared with other repositories or under version control: the sentence says what
    there is and what can be done.
    """
    return checked_directory(repo, configured(repo, environ))


def checked_directory(repo: "Repo", found: "tuple[str, str] | None") -> str:
    """Do the same as `hooks_directory` where core.hooksPath is known already. `found`: as `configured` returns it."""
    if found is None:
        return _without_link(own_directory(repo))
    scope, value = found
    path = os.path.realpath(os.path.join(repo.top or repo.git_dir, value))
    if scope not in ("local", "worktree"):
        raise UsageError(_shared(scope, value))
    if is_inside(path, repo.common_dir) or is_inside(path, repo.git_dir):
        return path
    if any(is_inside(path, top) for top in worktree_tops(repo)):
        raise UsageError(_versioned(path))
    if os.path.isfile(f"{os.path.dirname(path)}/HEAD"):
        raise UsageError(
            f"core.hooksPath is {value}, which belongs to another repository, or to this one before it was moved or"
            f" copied; {NOTHING_DONE}. {_LOCAL}"
        )
    if not os.path.isdir(path):
        raise UsageError(
            f"core.hooksPath is {value}, which is not a directory; {NOTHING_DONE}. Create it and install again, or"
            " run `dodo-hooks install --local` to use this repository's own hooks directory"
        )
    return path


def own_directory(repo: "Repo") -> str:
    """Return the directory where git has a repository's hooks if nothing is configured."""
    return f"{repo.common_dir}/hooks"


def worktree_git_dirs(repo: "Repo") -> list[str]:
    """Return the git directories of all its working trees, the main one first."""
    try:
        names = sorted(os.listdir(f"{repo.common_dir}/worktrees"))
    except FileNotFoundError:
        names = []
    return [repo.common_dir, *(f"{repo.common_dir}/worktrees/{name}" for name in names)]


def worktree_tops(repo: "Repo") -> list[str]:
    """Return the tops of its working trees, as far as they are known."""
    tops = {repo.top} - {""}
    if os.path.basename(repo.common_dir) == ".git":
        tops.add(os.path.dirname(repo.common_dir))
    for git_dir in worktree_git_dirs(repo)[1:]:
        try:
            dot_git = os.fsdecode(read_file(f"{git_dir}/gitdir").rstrip(b"\r\n"))
        except OSError:
            continue
        tops.add(os.path.realpath(os.path.dirname(os.path.join(git_dir, dot_git))))
    return sorted(tops)


def _without_link(path: str) -> str:
    """Return the path of a hooks directory. Raises UsageError where it leads to another one."""
    if os.path.realpath(path) != path:
        raise UsageError(
            f"{path} is a link to {os.path.realpath(path)}, whose hooks are not this repository's alone;"
            f" {NOTHING_DONE}. Replace the link with a directory and install again, or call {_RUN} in the hooks there"
        )
    return path


def configured(repo: "Repo", environ: "Mapping[str, str]") -> "tuple[str, str] | None":
    """Return the scope and the value of the core.hooksPath that counts; None if there is none."""
    environ = {**without_local(environ), "GIT_DIR": repo.git_dir}
    # The last one is how `run_git` keeps hooks off.
    found = configured_paths("core.hooksPath", repo.top or repo.git_dir, environ)[:-1]
    return found[-1] if found else None


def of_variables(environ: "Mapping[str, str]") -> "str | None":
    """Return the core.hooksPath that variables (GIT_CONFIG_COUNT) give to each git command, whatever is configured."""
    found = configured_paths("core.hooksPath", "/", environ)[:-1]
    return found[-1][1] if found and found[-1][0] == "command" else None


def configured_paths(key: str, cwd: str, environ: "Mapping[str, str]") -> "list[tuple[str, str]]":
    """Return the scope and the value of each setting of a path in git's configuration, those that win last."""
    query = ("config", "--null", "--show-scope", "--type=path", "--get-all", key)
    answer = run_git(query, cwd, environ, accepted=(0, 1)).split(b"\0")
    return [(scope.decode(), os.fsdecode(value)) for scope, value in zip(answer[::2], answer[1::2], strict=False)]


def is_inside(path: str, directory: str) -> bool:
    """Return whether the path is this directory or lies below it; both without links."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _shared(scope: str, value: str) -> str:
    return (
        f"core.hooksPath is {value} in the {scope} git configuration; {NOTHING_DONE}. {_LOCAL} (the hooks in {value} no"
        f" longer run here then), {_GLOBAL}, or `git config --{scope} --unset core.hooksPath`"
    )


def _versioned(path: str) -> str:
    from dodo_hooks.git.install.other_tools import manager_of_directory

    manager = manager_of_directory(path)
    whose = f"where {manager.name} has its hooks" if manager else "where hooks are under version control"
    again = f" until {manager.name} sets it again" if manager else ""
    return (
        f"core.hooksPath is {path}, inside the work tree, {whose}; {NOTHING_DONE}. {_LOCAL}{again} (the hooks in {path}"
        f" no longer run then), {_GLOBAL} without a core.hooksPath of their own, or call {_RUN} in the hooks there"
    )


_LOCAL = "Run `dodo-hooks install --local` to use this repository's own hooks directory"
_GLOBAL = "`dodo-hooks install --global` for all repositories that you trust"
_RUN = '`dodo-hooks run HOOK -- "$@"`'
