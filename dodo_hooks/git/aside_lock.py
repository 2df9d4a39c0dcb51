"""Whether work is set aside in a working tree, and waiting until it is not (G5; HOT: every firing asks).

The lock is held exclusively as long as the tree is not as its owner left it. It is a `flock` on a file in the git
directory, which follows a fork, so that whatever may still write there can have it too.
"""

from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock

from dodo_hooks.host.posix import os, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo

ASIDE_LOCK = "dodo-hooks-aside.lock"


def take_lock(repo: "Repo", *, waits: bool) -> "int | None":
    """Hold it exclusively; None where another holds it and we do not wait. `release_lock` lets it go.

    Raises:
        OSError: there can be no lock in the git directory.
    """
    lock = _lock(repo, LOCK_EX, waits)
    if lock is not None:
        try:
            os.ftruncate(lock, 0)
            os.pwrite(lock, b"%d" % os.getpid(), 0)  # for `is_held_around_us`
        except OSError:  # somebody else's file, or a full disk
            pass
    return lock


def is_held_around_us(repo: "Repo") -> bool:
    """Whether whoever has work set aside here has started us, through a job: to wait for its end would be to wait for
    our own. Jobs have a variable that says so, but may start others without it, as tox and sudo do.
    """
    try:
        if not is_held(repo):
            return False
        holder = read_file(f"{repo.git_dir}/{ASIDE_LOCK}")
    except OSError:
        return False
    from dodo_hooks.host.process import is_ancestor

    return holder.isdigit() and is_ancestor(int(holder))


def is_held(repo: "Repo") -> bool:
    """Whether somebody has work set aside here, or is about to.

    Raises:
        OSError: as for `take_lock`.
    """
    descriptor = hold_shared(repo, waits=False)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def hold_shared(repo: "Repo", *, waits: bool) -> "int | None":
    """Keep anybody from setting work aside, until the descriptor is closed.

    None: work is set aside now, and we do not wait for its end. Whoever runs inside such a run must not wait.

    Raises:
        OSError: as for `take_lock`.
    """
    return _lock(repo, LOCK_SH, waits)


def wait_until_whole(repo: "Repo") -> None:
    """Until no living run has work set aside here. Not for what runs inside one.

    Raises:
        OSError: as for `take_lock`.
    """
    if not os.access(f"{repo.git_dir}/{ASIDE_LOCK}", os.F_OK):
        return
    descriptor = hold_shared(repo, waits=True)
    if descriptor is not None:
        os.close(descriptor)


def release_lock(lock: int) -> None:
    """For all who have it by a fork, too: the tree is whole again, whoever of them still lives."""
    flock(lock, LOCK_UN)
    os.close(lock)


def _lock(repo: "Repo", how: int, waits: bool) -> "int | None":
    path = f"{repo.git_dir}/{ASIDE_LOCK}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except PermissionError:  # somebody else's, in a repository that is shared: for a lock, reading is enough
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        flock(descriptor, how if waits else how | LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
