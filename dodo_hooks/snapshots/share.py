"""Ignored paths of the firing worktree in a snapshot, such as `node_modules` (S6; HOT).

A copy is made equal to the original by the stat of each file, so that only what has changed is copied again; what a
job has changed in it is, too. Size and time alone do not tell: package managers give all files the same time.
"""

import time

from dodo_hooks.core.errors import CheckoutError
from dodo_hooks.core.plan_parts import Share
from dodo_hooks.git.untrusted import is_tracked_path
from dodo_hooks.host.files.clone import copy_file
from dodo_hooks.host.posix import S_ISDIR, S_ISLNK, S_ISREG, encode_path, is_real_folder, os, real
from dodo_hooks.host.world import wall_ns
from dodo_hooks.snapshots.git_directory import make_real_folder, remove
from dodo_hooks.snapshots.model import Caller, CheckoutPaths
from dodo_hooks.snapshots.shared_copies import remove_copy, restore_copy, write_stamp
from dodo_hooks.snapshots.working_tree import LATE_NS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.snapshots.shared_copies import Stamp

_COPY, _LINK = "copy ", "link "


def list_shares(shares: "Sequence[Share]") -> str:
    """Return the shares in one line each, for the note."""
    return "\n".join(sorted({(_LINK if one.is_link else _COPY) + one.path for one in shares}))


def join_shares(one: str, other: str) -> str:
    """Return the shares of two lists in one."""
    return "\n".join(sorted({*one.split("\n"), *other.split("\n")} - {""}))


def excludes_of(listed: str) -> "tuple[bytes, ...]":
    """Return a pattern of gitignore(5) for each share."""
    return tuple(encode_path(_pattern(line[5:])) for line in listed.split("\n") if line)


def copies_of(listed: str) -> "list[str]":
    """Return the paths of those that are copied."""
    return [line.removeprefix(_COPY) for line in listed.split("\n") if line.startswith(_COPY)]


def apply_shares(caller: Caller, paths: CheckoutPaths, shares: "Sequence[Share]") -> None:
    """Copy or link the shares; one that is not there any more goes.

    Raises:
        CheckoutError: a path is tracked, or leads out of the tree. OSError: it cannot be copied.
    """
    top = caller.origin.repo.top
    for share in shares:
        _reject_unless_ignorable(caller, paths, share.path)
        source, target = f"{top}/{share.path}", f"{paths.tree}/{share.path}"
        if not top or _status(source) is None:
            remove_copy(paths, share.path)
        elif share.is_link:
            _link(source, target)
        else:
            _refresh(paths, share.path, real(source))


def _refresh(paths: CheckoutPaths, path: str, source: str) -> None:
    stamp, begun_ns = restore_copy(paths, path, source), wall_ns()
    if _mirror(source, f"{paths.tree}/{path}", stamp):
        time.sleep(LATE_NS / 1e9)  # so that whatever a job changes is younger than what was copied
    write_stamp(paths, path, source, begun_ns)


def _reject_unless_ignorable(caller: Caller, paths: CheckoutPaths, path: str) -> None:
    if not is_tracked_path(encode_path(path)) or "\n" in path:
        raise CheckoutError(f"share {path!r} is not a path in the worktree")
    if caller.git(paths, "ls-files", "-z", "--", f":(top,literal){path}"):
        raise CheckoutError(f"share {path} is tracked; only ignored paths are shared")
    above = paths.tree
    for part in path.split("/")[:-1]:
        above = f"{above}/{part}"
        if _status(above) is None:
            os.mkdir(above)
        elif not is_real_folder(above):
            raise CheckoutError(f"share {path} would lie outside of the snapshot: {above} is not a folder")


def _link(text: str, target: str) -> None:
    try:
        if os.readlink(target) == text:
            return
    except OSError:  # no link, or nothing
        pass
    remove(target)
    os.symlink(text, target)


def _mirror(source: str, target: str, stamp: "Stamp | None") -> bool:
    """Make `target` equal to `source`; return whether a file was copied. `stamp`: when they were equal last.

    What is neither a file, a folder nor a link is left out. Raises OSError.
    """
    status = _status(source)
    mode = 0 if status is None else status.st_mode
    if S_ISLNK(mode):
        _link(os.readlink(source), target)
    elif status is not None and S_ISDIR(mode):
        return _mirror_folder(source, target, status, stamp)
    elif status is None or not S_ISREG(mode):
        remove(target)
    elif not _is_same(status, _status(target), stamp):
        remove(target)
        copy_file(encode_path(source), encode_path(target), status.st_mode & 0o777)
        os.utime(target, ns=(status.st_mtime_ns, status.st_mtime_ns))  # last: a copy that was killed differs
        return True
    return False


def _mirror_folder(source: str, target: str, status: "os.stat_result", stamp: "Stamp | None") -> bool:
    make_real_folder(target)
    os.chmod(target, status.st_mode & 0o777 | 0o700)
    names = os.listdir(source)
    for name in set(os.listdir(target)).difference(names):
        remove(f"{target}/{name}")
    if status.st_ctime_ns != status.st_mtime_ns and _is_younger(status, stamp):
        stamp = None  # it may have been moved there, and then the files in it have their old times
    return any([_mirror(f"{source}/{name}", f"{target}/{name}", stamp) for name in names])


def _is_same(one: "os.stat_result", other: "os.stat_result | None", stamp: "Stamp | None") -> bool:
    """Return whether a file is as it was copied, on both sides."""
    if other is None or stamp is None or _is_younger(one, stamp):
        return False
    facts = [(it.st_mode & 0o170777, it.st_size, it.st_mtime_ns) for it in (one, other)]
    return facts[0] == facts[1] and other.st_ctime_ns <= stamp.ended_ns - LATE_NS


def _is_younger(source: "os.stat_result", stamp: "Stamp | None") -> bool:
    """Return whether something of the source may have changed since its copy was made."""
    return stamp is None or source.st_ctime_ns >= stamp.begun_ns - LATE_NS


def _status(path: str) -> "os.stat_result | None":
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _pattern(path: str) -> str:
    for character in "\\*?[ ":
        path = path.replace(character, f"\\{character}")
    return f"/{path}"
