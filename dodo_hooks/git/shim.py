"""Install, chain and uninstall: what lies in a repository's hooks directory because of us (G1, G2, section 8).

A hook that was there before is kept beside the shim, the very same file under another name, and put back in one step.
There is no moment at which neither it nor the shim is in place: first it gets the second name, then the shim replaces
the first. Whatever is killed in between, the next install or uninstall goes on from what it finds.
"""

import contextlib
import difflib
import fcntl
import filecmp
import os
import shutil
from collections.abc import Generator, Mapping, Sequence

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.events import CLIENT_HOOKS, SERVER_HOOKS, known_hooks, shim_of
from dodo_hooks.core.record import Record
from dodo_hooks.git import launcher
from dodo_hooks.git.event import MARKER, mark_fired
from dodo_hooks.git.hooks_dir import hooks_directory, own_directory, worktree_git_dirs
from dodo_hooks.git.launcher import KEPT_SUFFIX, MARKER_LINE
from dodo_hooks.git.repo import Repo
from dodo_hooks.host import bundle

INSTALLED = "installed"
CHAINED = "chained"  # installed, and the hook that was there is kept
REMOVED = "removed"
RESTORED = "restored"  # removed, and the hook that was kept is back
LEFT = "left"  # not ours any more, while a hook that we kept lies beside it: nothing was done

NEW_SUFFIX = ".dodo-new"


class Change(Record):
    """What was done with one hook of git."""

    hook: str
    path: str  # of the hook
    what: str  # one of the words above


def install(
    repo: Repo, hooks: Sequence[str], environ: Mapping[str, str], site: "Sequence[str] | None" = None
) -> list[Change]:
    """Make `hooks` fire, derived ones through git's; what is installed already is renewed.

    `site` is where third-party modules are, by default where this interpreter finds them. Raises UsageError, before
    anything is changed, for a hook that cannot have a shim and where hooks are not this repository's alone; GitError
    where a file cannot be written.
    """
    names = shims_for(hooks)
    directory = hooks_directory(repo, environ)
    interpreter, package = launcher.interpreter(), launcher.package_directory()
    if site is None:
        site = launcher.site_directories({repo.top, os.path.realpath(os.curdir)})
    with _lock(repo):
        for name in names:
            _expect_one_hook(f"{directory}/{name}")
        path = _launcher_path(repo)
        _put(path, launcher.launcher_text(package, site), 0o644)
        _put(_bundle_path(repo), launcher.bundle_content(), 0o644)
        os.makedirs(directory, exist_ok=True)
        changes = [_install_one(directory, name, interpreter, path) for name in names]
        for git_dir in worktree_git_dirs(repo):
            mark_fired(Repo("", git_dir, repo.common_dir))
    launcher.compile_package()
    return changes


def uninstall(repo: Repo, environ: Mapping[str, str]) -> list[Change]:
    """Take every shim away and put back what was there before, byte for byte; hooks that are not ours stay.

    Raises GitError where a file cannot be written.
    """
    directories = {own_directory(repo)}
    with contextlib.suppress(UsageError):  # where install would have refused there is nothing of ours
        directories.add(hooks_directory(repo, environ))
    with _lock(repo):
        changes = [
            change
            for directory in sorted(directories)
            for name in CLIENT_HOOKS
            if (change := _uninstall_one(directory, name))
        ]
        launcher_path = _launcher_path(repo)
        markers = (f"{git_dir}/{MARKER}" for git_dir in worktree_git_dirs(repo))
        ours = [path + suffix for path in (launcher_path, _bundle_path(repo)) for suffix in ("", NEW_SUFFIX)]
        for path in (*ours, *markers):
            _unlink(path)
    return changes


def installed_shims(repo: Repo, environ: Mapping[str, str]) -> list[str]:
    """The hooks of git that have a shim of ours. Raises UsageError where hooks are not this repository's alone."""
    directory = hooks_directory(repo, environ)
    return [name for name in CLIENT_HOOKS if _is_ours(f"{directory}/{name}")]


def refresh_bundle(repo: Repo) -> None:
    """Write the byte code of the hot modules anew, after an upgrade; where it cannot be, hooks are only slower."""
    if os.path.exists(_launcher_path(repo)):
        with contextlib.suppress(GitError, OSError), _lock(repo):
            _put(_bundle_path(repo), launcher.bundle_content(), 0o644)


def shims_for(hooks: Sequence[str]) -> list[str]:
    """The hooks of git that need a shim so that `hooks` fire, in git's order. Raises UsageError."""
    wanted = {_shim_for(hook) for hook in hooks}
    return [name for name in CLIENT_HOOKS if name in wanted]


def _shim_for(hook: str) -> str:
    if hook in SERVER_HOOKS:
        raise UsageError(
            f"{hook} gets no shim: it is not for the client's side, and a hook of that name changes what git does even"
            " if it has nothing to do"
        )
    shim = shim_of(hook)
    if shim is None:
        near = difflib.get_close_matches(hook, known_hooks(), 1)
        meant = f": did you mean {near[0]}?" if near else f": there are {', '.join(known_hooks())}"
        raise UsageError(f"{hook} is not a hook{meant}")
    return shim


# One hook


def _install_one(directory: str, name: str, interpreter: str, launcher_path: str) -> Change:
    path = f"{directory}/{name}"
    kept = path + KEPT_SUFFIX
    if os.path.lexists(path) and not _is_ours(path) and not os.path.lexists(kept):
        _keep(path, kept)
    has_kept = os.path.lexists(kept)
    _put(path, launcher.shim_text(name, directory, interpreter, launcher_path, has_kept), 0o755)
    return Change(name, path, CHAINED if has_kept else INSTALLED)


def _uninstall_one(directory: str, name: str) -> "Change | None":
    path = f"{directory}/{name}"
    kept = path + KEPT_SUFFIX
    has_kept = os.path.lexists(kept)
    _unlink(path + NEW_SUFFIX)  # left by an install that was killed
    if _is_ours(path) or (has_kept and not os.path.lexists(path)):
        if has_kept:
            os.replace(kept, path)
            return Change(name, path, RESTORED)
        os.unlink(path)
        return Change(name, path, REMOVED)
    if not has_kept:
        return None
    if is_same_hook(path, kept):  # an install was killed between its two steps
        os.unlink(kept)
        return Change(name, path, RESTORED)
    return Change(name, path, LEFT)


def _expect_one_hook(path: str) -> None:
    """Raise UsageError where a shim cannot be put without losing one of two hooks that are not ours."""
    if os.path.isdir(path):
        raise UsageError(f"{path} is a directory: remove it, and install again")
    kept = path + KEPT_SUFFIX
    if os.path.lexists(path) and os.path.lexists(kept) and not _is_ours(path) and not is_same_hook(path, kept):
        raise UsageError(
            f"{path} was replaced after dodo-hooks had kept the hook before it as {kept}, and nothing was changed: make"
            " one hook of the two, or remove one, and install again"
        )


def _is_ours(path: str) -> bool:
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return MARKER_LINE in file.read().splitlines()


def is_same_hook(one: str, other: str) -> bool:
    """Whether it is the same hook under both names, linked or copied by us."""
    if os.path.samestat(os.lstat(one), os.lstat(other)):
        return True
    if os.path.islink(one) or os.path.islink(other):
        return os.path.islink(one) and os.path.islink(other) and os.readlink(one) == os.readlink(other)
    return os.stat(one).st_mode == os.stat(other).st_mode and filecmp.cmp(one, other, shallow=False)


# Files


def _keep(path: str, kept: str) -> None:
    """Give the hook, also if it is a link, the second name `kept`."""
    try:
        os.link(path, kept, follow_symlinks=False)
    except OSError:  # not on this file system, or not for somebody else's file
        copy_hook(path, kept)


def copy_hook(path: str, kept: str) -> None:
    """Make a copy of the hook, in one step."""
    new = path + NEW_SUFFIX
    _unlink(new)
    shutil.copy2(path, new, follow_symlinks=False)
    os.replace(new, kept)


def _put(path: str, content: bytes, mode: int) -> None:
    """Make `path` a file with this content and mode, in one step."""
    new = path + NEW_SUFFIX  # we have the lock, so nobody else writes there; what is there was left by a killed one
    _unlink(new)
    with open(new, "xb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
    os.replace(new, path)


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _our_directory(repo: Repo) -> str:
    return f"{repo.common_dir}/dodo-hooks"


def _launcher_path(repo: Repo) -> str:
    return f"{_our_directory(repo)}/launch.py"


def _bundle_path(repo: Repo) -> str:
    return f"{_our_directory(repo)}/{bundle.FILE}"


@contextlib.contextmanager
def _lock(repo: Repo) -> Generator[None, None, None]:
    """Alone with the hooks of this repository. Raises GitError for what cannot be read or written meanwhile."""
    path = f"{_our_directory(repo)}/install.lock"
    try:
        descriptor = _locked(path)
        try:
            yield
        finally:
            _unlink(path)
            with contextlib.suppress(OSError):  # there is more in it
                os.rmdir(_our_directory(repo))
            os.close(descriptor)
    except OSError as error:
        raise GitError(f"cannot change the hooks: {error.filename or repo.common_dir}: {error.strerror}") from error


def _locked(path: str) -> int:
    """A descriptor that has the lock on the file of this name, which its holder removes at the end."""
    while True:
        with contextlib.suppress(FileExistsError):
            os.mkdir(os.path.dirname(path))
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:  # the directory has just been removed
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # A lock on a file that has lost its name keeps nobody out.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        os.close(descriptor)
