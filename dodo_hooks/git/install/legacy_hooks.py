"""Legacy hooks: hooks that were there before ours, kept in such a way that they do not notice it (G1).

Hooks depend on their own path: for the name under which git knows them (`basename "$0"`), for files that lie beside
them (`$(dirname "$0")/common.sh`), for the repository two steps up. So a legacy hook has its name, in a directory
beside the hooks directory (`hooks.dodo-kept/pre-commit`), as deep as it was, so that a relative link in its place leads
where it led; and whatever else lies in the hooks directory is there too, as links that we call stand-ins.

Earlier versions kept `pre-commit` as `hooks/pre-commit.dodo-kept`; such a hook is moved by the next install.

There is no moment at which neither the hook nor a shim is in place: first the hook gets the second name, then the shim
replaces the first. After a kill in between, the next install or uninstall continues from what it finds.
"""

import filecmp
import os
import shutil
from collections.abc import Callable

from dodo_hooks.host.files.atomic_files import NEW_SUFFIX, unlink

SUFFIX = ".dodo-kept"
REPLACED = ".replaced"  # behind the name of a hook that is kept and does not run: replaced_hooks.py
SAMPLE_SUFFIX = ".sample"


def legacy_directory(directory: str) -> str:
    """Return the directory for the legacy hooks of this hooks directory."""
    if os.path.lexists(f"{directory}/HEAD"):  # hooks in the git directory itself: beside it is the work tree
        return f"{directory}/dodo-kept"
    return directory + SUFFIX


def find_legacy_hook(directory: str, name: str) -> "str | None":
    """Return the path of the legacy hook of this name."""
    path = f"{legacy_directory(directory)}/{name}"
    if os.path.lexists(path) and not _is_stand_in(directory, name):
        return path
    old = f"{directory}/{name}{SUFFIX}"
    return old if os.path.lexists(old) else None


def keep_legacy_hook(directory: str, name: str) -> None:
    """Give the hook, also if it is a link, its second name.

    A hook that an earlier version kept gets the present name.
    """
    kept = legacy_directory(directory)
    os.makedirs(kept, exist_ok=True)
    if _is_stand_in(directory, name):
        os.unlink(f"{kept}/{name}")
    old = f"{directory}/{name}{SUFFIX}"
    path = old if os.path.lexists(old) else f"{directory}/{name}"
    try:
        os.link(path, f"{kept}/{name}", follow_symlinks=False)
    except OSError:  # not on this file system, or not for somebody else's file
        copy_hook(path, f"{kept}/{name}")


def remove_old_copy(directory: str, name: str) -> None:
    """Remove what an earlier version kept, once the hook has its present name too."""
    old = f"{directory}/{name}{SUFFIX}"
    if find_legacy_hook(directory, name) != old and os.path.lexists(old):
        os.unlink(old)


def sync_stand_ins(directory: str, is_ours: "Callable[[str], bool]") -> None:
    """Make the stand-ins that legacy hooks need, and remove the others; without legacy hooks remove their directory."""
    kept = legacy_directory(directory)
    if not os.path.isdir(kept):
        return
    names = os.listdir(kept)
    for name in names:
        if _is_stand_in(directory, name) or name.endswith(NEW_SUFFIX):
            os.unlink(f"{kept}/{name}")
    if any(os.path.lexists(f"{kept}/{name}") and not name.endswith(REPLACED) for name in names):
        for name in _others(directory, is_ours):
            if not os.path.lexists(f"{kept}/{name}"):
                os.symlink(_stand_in(directory, name), f"{kept}/{name}")
    elif not os.listdir(kept):
        os.rmdir(kept)


def is_same_hook(one: str, other: str) -> bool:
    """Return whether both paths are the same hook, linked or copied by us."""
    if os.path.samestat(os.lstat(one), os.lstat(other)):
        return True
    if os.path.islink(one) or os.path.islink(other):
        return os.path.islink(one) and os.path.islink(other) and os.readlink(one) == os.readlink(other)
    return os.stat(one).st_mode == os.stat(other).st_mode and filecmp.cmp(one, other, shallow=False)


def copy_hook(path: str, kept: str) -> None:
    """Make a copy of the hook, in one step."""
    new = path + NEW_SUFFIX
    unlink(new)
    shutil.copy2(path, new, follow_symlinks=False)
    os.replace(new, kept)


def _others(directory: str, is_ours: "Callable[[str], bool]") -> list[str]:
    """Return the names in the hooks directory that need a stand-in: neither shims, nor samples, nor files of ours."""
    if os.path.lexists(f"{directory}/HEAD"):  # the git directory: nothing in it lies there for a hook's sake
        return []
    passed = (SAMPLE_SUFFIX, NEW_SUFFIX, SUFFIX)
    names = [name for name in os.listdir(directory) if not name.endswith(passed)]
    kept = legacy_directory(directory)
    return [name for name in names if f"{directory}/{name}" != kept and not is_ours(f"{directory}/{name}")]


def _stand_in(directory: str, name: str) -> str:
    """Return the target of the link that stands for a file of the hooks directory among the legacy hooks."""
    return f"{os.path.relpath(directory, legacy_directory(directory))}/{name}"


def _is_stand_in(directory: str, name: str) -> bool:
    path = f"{legacy_directory(directory)}/{name}"
    return os.path.islink(path) and os.readlink(path) == _stand_in(directory, name)
