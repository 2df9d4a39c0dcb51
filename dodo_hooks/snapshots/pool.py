"""The pool of a repository's snapshots: who may have which (S5; HOT)."""

from fcntl import LOCK_EX

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.files import file_locks
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.posix import is_real_folder, names_in, os, real
from dodo_hooks.snapshots.model import CheckoutPaths, Origin, Snapshot
from dodo_hooks.snapshots.note import last_used_ns, read_note
from dodo_hooks.store.identity import repository_id

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def acquire(origin: Origin, limit: int, preferred_job: str) -> "Snapshot | None":
    """Return a free snapshot, held; None where all are held. Never blocks.

    The one that a job had last is preferred, then the one that was not used for the longest time. A new one is made
    where all are held, and there are fewer than `limit`.

    Raises:
        StoreError: there can be no snapshot here.
    """
    areas = areas_dir(origin.repo.common_dir)
    try:
        make_areas(areas)
        trees = trees_dir(origin.cache, repository_id(origin.repo.common_dir))
        there = [number for number in numbers_in(areas) if number <= limit and is_real_folder(f"{areas}/{number}")]
        new = [number for number in range(1, limit + 1) if number not in there]
        for number in (*_in_order(areas, trees, there, preferred_job), *new):
            if number in new:
                _make(f"{areas}/{number}")
            lock = try_lock(f"{areas}/{number}")
            if lock is not None:
                return Snapshot(number, CheckoutPaths(f"{areas}/{number}", f"{trees}/{number}"), lock)
    except OSError as error:
        raise StoreError(f"cannot use the snapshots in {areas}: {error.strerror}") from error
    return None


def areas_dir(common_dir: str) -> str:
    """Return the directory of the areas of all snapshots of a repository."""
    return real(f"{common_dir}/dodo-hooks/snapshots")  # as git says it


def make_areas(areas: str) -> None:
    """Make the directory of the areas. Raises OSError."""
    for folder in (areas.rpartition("/")[0], areas):
        if not os.access(folder, os.F_OK):
            _make(folder)


def trees_root(cache: str) -> str:
    """Return the directory of the trees of all repositories. `cache`: the user's directory (host/world.py)."""
    return real(f"{cache}/dodo-hooks/snapshots")  # as git says it


def trees_dir(cache: str, repository: str) -> str:
    """Return the directory of the trees of a repository. `repository`: its id (store/identity.py)."""
    return f"{trees_root(cache)}/{repository}"


def numbers_in(directory: str) -> "list[int]":
    """Return the numbers of the snapshots that have something there."""
    names = names_in(directory)
    return sorted(int(name) for name in names if name.isascii() and name.isdigit() and name[0] != "0")


def try_lock(area: str) -> "int | None":
    """Return a descriptor that holds the snapshot, until it is closed everywhere; None where it is held, or gone.

    Raises:
        OSError: it cannot be locked at all.
    """
    try:
        descriptor = os.open(area, _FOLDER)
    except (FileNotFoundError, PermissionError):  # the latter: it is root's
        return None
    try:
        if file_locks.try_lock(descriptor, LOCK_EX):
            named, held = os.lstat(area), os.fstat(descriptor)
            if (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino):  # else it was pruned before it was locked
                return descriptor
    except FileNotFoundError:  # it was pruned
        pass
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _in_order(areas: str, trees: str, numbers: "list[int]", preferred_job: str) -> "list[int]":
    def rank(number: int) -> "tuple[bool, int]":
        area = f"{areas}/{number}"
        note = read_note(CheckoutPaths(area, f"{trees}/{number}"))
        return note is None or note.job != preferred_job, last_used_ns(area)

    return sorted(numbers, key=rank)


def _make(folder: str) -> None:
    try:
        make_folder(folder, 0o777)
    except FileExistsError:
        if not is_real_folder(folder):  # a job has made it
            os.unlink(folder)  # never a folder that another run has made meanwhile
            make_folder(folder, 0o777)
