"""core.hooksPath of one repository: git uses the repository's own hooks whatever else is configured (section 8).

The value is absolute. A relative one is taken from the top of each working tree, and in a linked one `.git/hooks` is
nothing: its hooks would be off without a word. The price is that it names the old directory after the repository has
been moved, which `doctor` reports and `install --local` fixes.
"""

import os
from collections.abc import Mapping

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.install.config_override import Override, override_setting, read_override, restore_setting
from dodo_hooks.git.install.hooks_dir import configured, hooks_directory, own_directory, worktree_git_dirs
from dodo_hooks.git.repo import Repo

KEY = "core.hooksPath"


def use_own(repo: Repo, environ: Mapping[str, str]) -> None:
    """Let git use the repository's own hooks, and record what it used. Raises GitError, with nothing changed."""
    found = configured(repo, environ)
    own = own_directory(repo)
    if found is None or os.path.realpath(os.path.join(repo.top or repo.git_dir, found[1])) == own:
        return
    one = _of_worktree(repo, repo.git_dir) if found[0] == "worktree" else _of_repository(repo)
    if read_override(one.memory) == found[1]:  # by us, where this repository was before it was moved or copied
        restore_setting(one, environ)
    override_setting(one, own, environ)
    if hooks_directory(repo, environ) != own:
        restore_setting(one, environ)
        raise GitError(
            f"git does not use {own}: a later part of its configuration overrides core.hooksPath; remove that part"
        )


def use_former(repo: Repo, environ: Mapping[str, str]) -> None:
    """Undo `use_own`, if it was done. Raises GitError."""
    for one in _settings(repo):
        restore_setting(one, environ)


def _settings(repo: Repo) -> list[Override]:
    return [_of_repository(repo), *(_of_worktree(repo, git_dir) for git_dir in worktree_git_dirs(repo))]


def _of_repository(repo: Repo) -> Override:
    return Override(KEY, f"{repo.common_dir}/config", f"{repo.common_dir}/dodo-hooks/hooks-path.json")


def _of_worktree(repo: Repo, git_dir: str) -> Override:
    """Return the override in the configuration of one working tree, which wins over that of the repository."""
    name = "main" if git_dir == repo.common_dir else f"of-{os.path.basename(git_dir)}"
    return Override(KEY, f"{git_dir}/config.worktree", f"{repo.common_dir}/dodo-hooks/hooks-path.{name}.json")
