"""The copies of shared folders, while no job in their snapshot has them (S6; HOT, with such jobs).

Before a checkout each copy is moved out of the tree, and for a job that shares the folder it is moved back. So git
removes whatever else is ignored, and nothing is copied again because another job was there in between. A stamp says
which folder the copy was made equal to, and when: what has changed since then on either side is known by its ctime,
which no job can set. A job can write here, so a link in the place of the folder is not followed.
"""

from dodo_hooks.core.digests import sha256
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.untrusted import is_tracked_path, read_regular
from dodo_hooks.host.files.atomic_files import put, unlink
from dodo_hooks.host.posix import decode_path, encode_path, is_real_folder, lexists, names_in, os
from dodo_hooks.host.world import wall_ns
from dodo_hooks.snapshots.git_directory import make_real_folder, remove
from dodo_hooks.snapshots.model import CheckoutPaths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_STAMP = ".stamp"


class Stamp(Record):
    """The moment at which a copy was equal to its source."""

    source: str  # its path, device and inode
    begun_ns: int  # before the first file of the source was read
    ended_ns: int  # after the last file of the copy was written


def store_copies(paths: CheckoutPaths, shared: "Iterable[str]") -> None:
    """Move the copies of these folders out of the tree. Raises CheckoutError, OSError."""
    for path in shared:
        copy = f"{paths.tree}/{path}"
        if not is_tracked_path(encode_path(path)) or not all(map(is_real_folder, _folders(paths.tree, path))):
            continue  # a job has written the note, or has put something in the place of a folder
        make_real_folder(paths.copies)
        stored = _stored(paths, path)
        remove(stored)
        try:
            os.chmod(copy, 0o700)
            os.rename(copy, stored)
        except OSError:  # such as a file system that a job has mounted there
            remove(copy)


def restore_copy(paths: CheckoutPaths, path: str, source: str) -> "Stamp | None":
    """Move a copy into the tree, unless it is there; return its stamp.

    None: nothing is known of it, or it was made of another folder, such as that of another worktree. Raises OSError.
    """
    stored = _stored(paths, path)
    if not is_real_folder(paths.copies):
        return None
    if is_real_folder(stored) and not lexists(f"{paths.tree}/{path}"):
        os.rename(stored, f"{paths.tree}/{path}")
    try:
        name, begun_ns, ended_ns = decode_path(read_regular(stored + _STAMP)).split("\0")
        stamp = Stamp(name, int(begun_ns), int(ended_ns))
    except (OSError, ValueError):
        return None
    # A stamp of the future: somebody has set the clock.
    return stamp if stamp.source == _name_of(source) and stamp.ended_ns <= wall_ns() else None


def write_stamp(paths: CheckoutPaths, path: str, source: str, begun_ns: int) -> None:
    """Record that the copy is equal to its source now. Raises OSError."""
    make_real_folder(paths.copies)
    put(_stored(paths, path) + _STAMP, encode_path(f"{_name_of(source)}\0{begun_ns}\0{wall_ns()}"), 0o600)


def remove_copy(paths: CheckoutPaths, path: str) -> None:
    """Remove the copy, wherever it is. Raises CheckoutError, OSError."""
    remove(f"{paths.tree}/{path}")
    if is_real_folder(paths.copies):
        remove(_stored(paths, path))
        unlink(_stored(paths, path) + _STAMP)


def prune_copies(paths: CheckoutPaths, before_ns: int) -> None:
    """Remove the stored copies that no job has had since then. Raises CheckoutError, OSError."""
    for name in names_in(paths.copies) if is_real_folder(paths.copies) else ():
        if not name.endswith(_STAMP):
            stamp = f"{paths.copies}/{name}{_STAMP}"
            if not lexists(stamp) or os.lstat(stamp).st_mtime_ns < before_ns:
                remove(f"{paths.copies}/{name}")
                unlink(stamp)


def _folders(tree: str, path: str) -> "list[str]":
    """Return the path with each folder above it, up to the tree."""
    parts = path.split("/")
    return ["/".join((tree, *parts[:count])) for count in range(1, len(parts) + 1)]


def _stored(paths: CheckoutPaths, path: str) -> str:
    return f"{paths.copies}/{sha256(encode_path(path)).hexdigest()[:32]}"


def _name_of(source: str) -> str:
    status = os.lstat(source)
    return f"{status.st_dev}:{status.st_ino}:{source}"
