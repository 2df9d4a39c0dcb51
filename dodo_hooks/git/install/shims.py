"""Install, chain and uninstall of the shims in a repository's hooks directory (G1, G2, section 8).

A hook that was there before is kept (git/install/legacy_hooks.py), chained, and restored in one step. The launcher and
the bundle lie in the git directory, where the shims find them relative to their own path.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.git_hooks import CLIENT_HOOKS
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.event import MARKER, mark_fired
from dodo_hooks.git.install import hooks_path, launcher, legacy_hooks
from dodo_hooks.git.install.hooks_dir import (
    checked_directory,
    hooks_directory,
    is_inside,
    own_directory,
    worktree_git_dirs,
)
from dodo_hooks.git.install.install_lock import locked
from dodo_hooks.git.install.replaced_hooks import first_hook, keep_replaced, replaceable_hooks, replaced_hook
from dodo_hooks.git.install.shim_state import shims_for
from dodo_hooks.git.install.shim_text import PINNED, Chain, differs, is_of_template, is_shim, shim_text
from dodo_hooks.git.repo import Repo
from dodo_hooks.host import bundle
from dodo_hooks.host.files.atomic_files import NEW_SUFFIX, put, unlink

INSTALLED = "installed"
CHAINED = "chained"  # installed, and the hook that was there is kept
REMOVED = "removed"
RESTORED = "restored"  # removed, and the hook that was kept is back
LEFT = "left"  # not ours any more, while a hook that we kept lies beside it: nothing was done


class Change(Record):
    """The change to one hook of git."""

    hook: str
    path: str  # of the hook
    what: str  # one of the words above
    kept: str = ""  # the hook that is kept


def install(
    repo: Repo,
    hooks: Sequence[str],
    environ: Mapping[str, str],
    site: "Sequence[str] | None" = None,
    *,
    is_local: bool = False,
    replaces: bool = False,
) -> list[Change]:
    """Make `hooks` fire, derived ones through git's; what is installed already is renewed.

    `site` are the directories of third-party modules, by default those of this interpreter. With `is_local` git is made
    to use the repository's own hooks directory, whatever core.hooksPath says. With `replaces` the hooks of pre-commit
    and prek are replaced, those that are not among `hooks` too. Raises UsageError, before anything is
    changed, for a hook that cannot have a shim and where hooks are not this repository's alone; GitError where a file
    cannot be written.
    """
    directory = checked_directory(repo, None) if is_local else hooks_directory(repo, environ)
    names = shims_for([*hooks, *(replaceable_hooks(directory) if replaces else ())])
    launcher.interpreter()  # raises before anything is changed
    with _lock(repo):
        for name in names:
            if replaces:
                keep_replaced(directory, name)
            _expect_one_hook(directory, name)
        launcher.put_launcher(_our_directory(repo), site, repo.top)
        os.makedirs(directory, exist_ok=True)
        changes = [_install_one(repo, directory, name) for name in names]
        for name in CLIENT_HOOKS:  # from now on what is installed here counts
            if is_of_template(f"{directory}/{name}"):
                os.unlink(f"{directory}/{name}")
        legacy_hooks.sync_stand_ins(directory, is_shim)
        for git_dir in worktree_git_dirs(repo):
            mark_fired(Repo("", git_dir, repo.common_dir))
        if is_local:  # at last, when what git will find there is complete
            hooks_path.use_own(repo, environ)
    launcher.compile_package()
    return changes


def uninstall(repo: Repo, environ: Mapping[str, str]) -> list[Change]:
    """Remove every shim and restore what was there before, byte for byte; hooks that are not ours stay.

    Raises GitError where a file cannot be written.
    """
    directories = _directories(repo, environ)
    with _lock(repo):
        hooks_path.use_former(repo, environ)
        changes = [
            change for directory in directories for name in CLIENT_HOOKS if (change := _uninstall_one(directory, name))
        ]
        for directory in directories:
            for path in _moved_shims(directory):
                os.unlink(path)
                changes.append(Change(os.path.relpath(path, directory), path, REMOVED))
            legacy_hooks.sync_stand_ins(directory, is_shim)
        markers = (f"{git_dir}/{MARKER}" for git_dir in worktree_git_dirs(repo))
        ours = [path + end for path in (launcher_path(repo), bundle_path(repo)) for end in ("", NEW_SUFFIX)]
        for path in (*ours, *markers, _pin_path(repo)):
            unlink(path)
    return changes


def stale_shims(repo: Repo, directory: str) -> list[str]:
    """Return the shims in this directory that differ from what an install would write now.

    What an install writes depends on this Python and version.
    """
    paths = {name: f"{directory}/{name}" for name in CLIENT_HOOKS}
    return [
        name for name, path in paths.items() if is_shim(path) and differs(path, _expected_shim(repo, directory, name))
    ]


def is_pinned(repo: Repo) -> bool:
    """Return whether the shims check first that the hook files are those that were accepted (section 8)."""
    return os.path.exists(_pin_path(repo))


def pin_shims(repo: Repo, environ: Mapping[str, str], site: "Sequence[str] | None", is_wanted: bool) -> None:
    """Let the installed shims check the hook files from now on, or no more. Raises GitError."""
    if is_wanted == is_pinned(repo):
        return
    with _lock(repo):
        if is_wanted:
            put(_pin_path(repo), b"", 0o600)
        else:
            unlink(_pin_path(repo))
        if not os.path.exists(launcher_path(repo)):  # the shims that fire in all repositories look for that file
            return
        launcher.put_launcher(_our_directory(repo), site, repo.top)  # shims and launcher are of one Python
        for directory in _directories(repo, environ):
            for name in CLIENT_HOOKS:
                if is_shim(f"{directory}/{name}"):
                    _install_one(repo, directory, name)


def _directories(repo: Repo, environ: Mapping[str, str]) -> list[str]:
    """Return the directories that may hold shims of ours: where install would refuse there is nothing of ours."""
    directories = {own_directory(repo)}
    with suppress(UsageError):
        directories.add(hooks_directory(repo, environ))
    return sorted(directories)


def refresh_bundle(repo: Repo) -> None:
    """Write the byte code of the hot modules anew, after an upgrade.

    Where it cannot be written, hooks are only slower.
    """
    if os.path.exists(launcher_path(repo)):
        with suppress(GitError, OSError), _lock(repo):
            put(bundle_path(repo), launcher.bundle_content(), 0o644)


# One hook


def _install_one(repo: Repo, directory: str, name: str) -> Change:
    path = f"{directory}/{name}"
    found = legacy_hooks.find_legacy_hook(directory, name)
    is_old = found == path + legacy_hooks.SUFFIX
    if is_old or (found is None and os.path.lexists(path) and not is_shim(path) and not _is_replaced(directory, name)):
        legacy_hooks.keep_legacy_hook(directory, name)
        found = legacy_hooks.find_legacy_hook(directory, name)
    put(path, _expected_shim(repo, directory, name), 0o755)
    if is_old:
        legacy_hooks.remove_old_copy(directory, name)
    return Change(name, path, CHAINED if found else INSTALLED, found or "")


def _expected_shim(repo: Repo, directory: str, name: str) -> bytes:
    found = legacy_hooks.find_legacy_hook(directory, name) or first_hook(directory, name)
    relative = os.path.relpath(found, directory) if found else None
    chain = Chain(relative, PINNED if is_pinned(repo) else b"")
    return shim_text(name, launcher.interpreter(), _launcher_from(directory, repo), chain)


def _uninstall_one(directory: str, name: str) -> "Change | None":
    path = f"{directory}/{name}"
    found = legacy_hooks.find_legacy_hook(directory, name)
    unlink(path + NEW_SUFFIX)  # left by an install that was killed
    legacy_hooks.remove_old_copy(directory, name)
    replaced = replaced_hook(directory, name)
    if os.path.lexists(replaced):
        if is_shim(path) or not os.path.lexists(path):
            os.replace(replaced, path)
            return Change(name, path, RESTORED)
        os.unlink(replaced)  # theirs is in its place again
    if is_shim(path) or (found and not os.path.lexists(path)):
        if found:
            os.replace(found, path)
            return Change(name, path, RESTORED)
        os.unlink(path)
        return Change(name, path, REMOVED)
    if found is None:
        return None
    if legacy_hooks.is_same_hook(path, found):  # an install was killed between its two steps
        os.unlink(found)
        return Change(name, path, RESTORED)
    for moved in _moved_shims(directory):
        if is_shim(moved, name):  # what it runs first would lie there without us
            os.replace(found, moved)
            return Change(os.path.relpath(moved, directory), moved, RESTORED)
    return Change(name, path, LEFT, found)


def _is_replaced(directory: str, name: str) -> bool:
    """Return whether the hook in its place is one that is kept as replaced."""
    path, replaced = f"{directory}/{name}", replaced_hook(directory, name)
    return os.path.lexists(replaced) and legacy_hooks.is_same_hook(path, replaced)


def _moved_shims(directory: str) -> list[str]:
    """Return the shims to which other programs have given other names (pre-commit.legacy, pre-commit.old).

    Some run them from there, and all put them in place again when they are removed themselves.
    """
    folders = (directory, f"{directory}/old-hooks")  # overcommit's
    paths = [f"{folder}/{name}" for folder in folders if os.path.isdir(folder) for name in sorted(os.listdir(folder))]
    return [path for path in paths if path.removeprefix(f"{directory}/") not in CLIENT_HOOKS and is_shim(path)]


def _expect_one_hook(directory: str, name: str) -> None:
    """Raise UsageError where a shim cannot be put without losing one of two hooks that are not ours."""
    path, found = f"{directory}/{name}", legacy_hooks.find_legacy_hook(directory, name)
    if os.path.isdir(path):
        raise UsageError(f"{path} is a directory; remove it and install again")
    is_other = os.path.lexists(path) and not is_shim(path) and not _is_replaced(directory, name)
    if found and is_other and not legacy_hooks.is_same_hook(path, found):
        raise UsageError(
            f"{path} was replaced after the install, and the legacy hook is {found}; nothing was changed."
            " Merge the two or remove one, and install again"
        )


def launcher_path(repo: Repo) -> str:
    return f"{_our_directory(repo)}/launch.py"


def bundle_path(repo: Repo) -> str:
    return f"{_our_directory(repo)}/{bundle.FILE}"


def _pin_path(repo: Repo) -> str:
    return f"{_our_directory(repo)}/pinned"


def _our_directory(repo: Repo) -> str:
    return f"{repo.common_dir}/dodo-hooks"


def _launcher_from(directory: str, repo: Repo) -> str:
    """Return the path of the launcher in a shim of this directory: a relative one where both move together."""
    path, directory = launcher_path(repo), os.path.realpath(directory)
    return os.path.relpath(path, directory) if is_inside(directory, repo.common_dir) else path


def _lock(repo: Repo) -> AbstractContextManager[None]:
    return locked(_our_directory(repo), repo.common_dir)
