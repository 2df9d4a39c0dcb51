"""What is to be known at the beginning of an event: hooks that are derived from one of git's, since a clone or a
worktree has just been made (G2), and whether an earlier run has left something to do (G5, G6; HOT)."""

from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo

JOURNAL = "dodo-hooks-aside/journal"  # there while work is set aside: git/unstaged/journal.py
RESTAGED = "dodo-hooks-restaged"  # there while a real index has to be mended: git/unstaged/sync_index.py
MARKER = "dodo-hooks-fired"  # in the git directory of every worktree whose event is past


def needs_recovery(repo: "Repo") -> bool:
    """Whether a run has set work aside, and is at it or was killed, or an index has to be mended: two looks."""
    return has_journal(repo) or _is_there(f"{repo.git_dir}/{RESTAGED}")


def has_journal(repo: "Repo") -> bool:
    """Whether work is set aside. What may not be looked at is taken for there: it is another user's (root's)."""
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
    """The hooks of ours that fire with this one of git's: at the first checkout of a clone or of a linked worktree.

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
    # they were not installed in this repository, but for all of a user's, that cannot be told.
    is_later = flag == "1" and os.access(f"{repo.common_dir}/{MARKER}", os.F_OK)
    return ("worktree-post-create",) if is_new or is_later else ()


def mark_fired(repo: "Repo") -> bool:
    """Write down that the event is past; False if that had been done, so that of two hooks at once one goes on."""
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
