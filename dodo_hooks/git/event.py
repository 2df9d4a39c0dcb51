"""The state of the repository at the beginning of an event (HOT).

Some hooks are derived from one of git's, because a clone or a worktree has just been made (G2). An earlier run may have
left unstaged changes to restore, or an index to sync (G5, G6).
"""

from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo

HIDDEN_LOCK = "dodo-hooks-aside.lock"  # git/unstaged/lock.py
JOURNAL = "dodo-hooks-aside/journal"  # there while unstaged changes are hidden: git/unstaged/journal.py
ROLLBACK = "dodo-hooks-rollback"  # has a journal while files are taken back: git/rollback/restore_tree.py
RESTAGED = "dodo-hooks-restaged"  # there while a real index has to be synced: git/unstaged/sync_index.py
MARKER = "dodo-hooks-fired"  # in the git directory of every worktree whose event is past


def needs_recovery(repo: "Repo") -> bool:
    """Return whether a run has hidden unstaged changes, takes files back, or has left an index to sync.

    The run may be alive, or may have been killed. The answer costs three calls of lstat(2).
    """
    return has_journal(repo) or _is_there(f"{repo.git_dir}/{RESTAGED}") or is_rolling_back(repo)


def is_rolling_back(repo: "Repo") -> bool:
    """Return whether files are being taken back to an earlier state (P6)."""
    return _is_there(f"{repo.git_dir}/{ROLLBACK}/journal")


def has_journal(repo: "Repo") -> bool:
    """Return whether unstaged changes are hidden.

    A journal that may not be read counts: it belongs to another user (root).
    """
    return _is_there(f"{repo.git_dir}/{JOURNAL}")


def _is_there(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


def derived_hooks(hook: str, args: "tuple[str, ...]", repo: "Repo") -> "tuple[str, ...]":
    """Return our hooks that fire with this hook of git's: at the first checkout of a clone or of a linked worktree.

    Whoever gets one calls `mark_fired` first, also if no hook file names it: the moment is past then.
    """
    if hook != "post-checkout" or len(args) != 3 or os.access(f"{repo.git_dir}/{MARKER}", os.F_OK):
        return ()
    old, _new, flag = args
    is_new = not old.strip("0")
    if not repo.is_linked:
        return ("post-clone",) if is_new else ()
    # After `worktree add --no-checkout` the first checkout comes from a commit, not from nothing. All worktrees that
    # were there when the hooks were installed have the marker, so this one is younger, and has not fired yet. Where
    # they were not installed in this repository, but for all of a user's, nobody can know.
    is_later = flag == "1" and os.access(f"{repo.common_dir}/{MARKER}", os.F_OK)
    return ("worktree-post-create",) if is_new or is_later else ()


def mark_fired(repo: "Repo") -> bool:
    """Record that the event is past; return False if that was recorded already.

    Of two hooks at once, one continues.
    """
    try:
        descriptor = os.open(f"{repo.git_dir}/{MARKER}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        return False
    except OSError:  # full or read-only: the event is real all the same
        return True
    from dodo_hooks.host.files.file_owner import inherit_owner

    inherit_owner(descriptor, f"{repo.git_dir}/{MARKER}")
    os.close(descriptor)
    return True
