"""The lock of a working tree with hidden unstaged changes, and waiting for it (G5; HOT: every firing queries it).

The lock is held exclusively as long as the tree is not as its owner left it. It is a `flock` on a file in the git
directory, which follows a fork, so that whatever may still write there can have it too.
"""

from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock

from dodo_hooks.git.event import HIDDEN_LOCK
from dodo_hooks.host.files.file_locks import is_unsupported, try_lock
from dodo_hooks.host.files.file_owner import inherit_owner
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.git.repo import Repo

# In its file: the pid of whoever took the lock, until it is released, and a note.
_KILLED = b"killed"  # the one before did not release it
_RECOVERY = b"recovery"  # it did, and the lock was taken to finish what it had left: not for a hook's jobs
_LONGEST = 64


def take_lock(
    repo: "Repo", *, waits: bool, is_recovery: bool = False, report: "Callable[[str], None] | None" = None
) -> "int | None":
    """Take the lock exclusively; return None where another holds it and `waits` is False. `release_lock` releases it.

    After a second of waiting, `report` gets a sentence about the holder.

    Raises:
        OSError: there can be no lock in the git directory.
    """
    lock = _lock(repo, LOCK_EX, waits, report)
    if lock is not None:
        try:
            left = _words(lock)
            note = _KILLED if left and left[1:] != [_RECOVERY] else _RECOVERY if is_recovery else b""
            os.ftruncate(lock, 0)
            os.pwrite(lock, b"%d %b" % (os.getpid(), note), 0)
        except OSError:  # somebody else's file, or a full disk
            pass
    return lock


def was_killed(lock: int) -> bool:
    """Return whether the run before ours was killed while it had changes hidden.

    Whoever releases the lock empties its file.
    """
    return _words(lock) == [b"%d" % os.getpid(), _KILLED]


def is_held_by_ancestor(repo: "Repo") -> bool:
    """Return whether whoever has changes hidden here has started us, through a job.

    To wait for its end would be to wait for our own. Jobs have a variable that says so, but may start others without
    it, as tox and sudo do.
    """
    try:
        if not is_held(repo):
            return False
    except OSError:
        return False
    from dodo_hooks.git.unstaged.lock_holder import recorded_pid
    from dodo_hooks.host.process import is_ancestor

    holder = recorded_pid(repo.git_dir)
    return holder is not None and is_ancestor(holder)


def is_held(repo: "Repo") -> bool:
    """Return whether somebody has changes hidden here, or is about to hide them.

    Raises:
        OSError: the lock cannot be opened. Where files cannot be locked, nobody has it.
    """
    try:
        descriptor = lock_shared(repo)
    except OSError as error:
        if is_unsupported(error):
            return False
        raise
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def lock_shared(repo: "Repo", *, creates: bool = True) -> "int | None":
    """Take the lock shared, so that nobody hides changes until the descriptor is closed; None: they are hidden now.

    `creates`: make the file of the lock if it is missing.

    Raises:
        OSError: as for `take_lock`.
    """
    return _lock(repo, LOCK_SH, False, creates=creates)


def make_lock_file(repo: "Repo") -> None:
    """Make the file of the lock, if it can be made.

    A hook does it before git returns, and its jobs open what is there: `git worktree remove` fails if a file appears
    while it empties the git directory.
    """
    try:
        os.close(_open(repo))
    except OSError:  # whoever needs the lock reports it
        pass


def wait_until_restored(repo: "Repo", report: "Callable[[str], None] | None" = None) -> None:
    """Wait until no living run has changes hidden here. Not for what runs inside one. `report`: as for `take_lock`.

    Raises:
        OSError: as for `is_held`.
    """
    if os.access(f"{repo.git_dir}/{HIDDEN_LOCK}", os.F_OK) and is_held(repo):
        descriptor = _lock(repo, LOCK_SH, True, report)
        if descriptor is not None:
            os.close(descriptor)


def release_lock(lock: int) -> None:
    """Release the lock, also for all who have it by a fork.

    What could be restored is restored, whoever of them still lives. The empty file says that we were not killed.
    """
    try:
        os.ftruncate(lock, 0)
    except OSError:  # somebody else's file
        pass
    flock(lock, LOCK_UN)
    os.close(lock)


def _lock(
    repo: "Repo", how: int, waits: bool, report: "Callable[[str], None] | None" = None, *, creates: bool = True
) -> "int | None":
    descriptor = _open(repo, os.O_CREAT if creates else 0)
    try:
        if try_lock(descriptor, how):
            return descriptor
        if not waits:
            os.close(descriptor)
            return None
        from dodo_hooks.git.unstaged.lock_holder import wait_for_lock

        wait_for_lock(repo.git_dir, descriptor, how, report or _ignore)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _open(repo: "Repo", creation: int = os.O_CREAT) -> int:
    path = f"{repo.git_dir}/{HIDDEN_LOCK}"
    try:
        descriptor = os.open(path, os.O_RDWR | creation | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        inherit_owner(descriptor, path)
    except PermissionError:  # somebody else's, in a repository that is shared: for a lock, reading is enough
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    return descriptor


def _words(lock: int) -> "list[bytes]":
    return os.pread(lock, _LONGEST, 0).split()


def _ignore(sentence: str) -> None:
    pass
