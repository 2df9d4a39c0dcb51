"""Changes of a working tree under its background jobs: it is removed (G2), or its HEAD or index change (HOT).

A background job works on a tree that its owner keeps using. If HEAD moved meanwhile, the job's result belongs to two
commits, and its record says so. The index counts as changed when an entry has changed: git also rewrites the file when
only the cached times and sizes in it have.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.head import head_of
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.files.atomic_files import try_unlink, write_file
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.store.writer import InvocationWriter

IndexFile = tuple[int, int, int]  # inode, size, time in ns


class Sight(Record):
    """HEAD and the index of a working tree at one moment."""

    commit: "str | None"
    staged: "IndexFile | None"


class WorktreeGuard:
    """The loop's guard that sees the start and the end of each background job of a run."""

    def __init__(self, repo: Repo, git_file: str, environ: "Mapping[str, str]", writer: "InvocationWriter") -> None:
        """Make a guard that has seen nothing yet.

        `git_file`: the `.git` of the working tree; empty if it never had one.
        """
        self._repo = repo
        self._git_file = git_file
        self._environ = environ
        self._writer = writer
        self._before: dict[int, Sight] = {}
        self._kept: dict[IndexFile, int] = {}  # each index file that was seen, open: git replaces it by another

    def starting(self, number: int) -> None:
        if self._writer.hook.jobs[number].phase == BACKGROUND:
            self._before[number] = self._look()

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        before = self._before.pop(number, None)
        if before is None:
            return outcome
        if outcome.status in (statuses.FAILED, statuses.CRASHED) and is_gone(self._git_file):
            return outcome._replace(
                status=statuses.CANCELLED, cause=statuses.VANISHED, reason=removal_text(self._repo.top)
            )
        if not self._writer.hook.jobs[number].workspace:  # a job in a snapshot has not seen the working tree
            self._writer.jobs[number].changed_meanwhile = self._difference(before, self._look())
        return outcome

    def close(self) -> None:
        for descriptor in self._kept.values():
            os.close(descriptor)
        self._kept.clear()

    def _look(self) -> Sight:
        return Sight(head_of(self._repo, self._environ)[1], self._index())

    def _index(self) -> "IndexFile | None":
        try:
            descriptor = os.open(f"{self._repo.git_dir}/index", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # nothing was ever staged
            return None
        stat = os.fstat(descriptor)
        index = stat.st_ino, stat.st_size, stat.st_mtime_ns
        if index in self._kept:
            os.close(descriptor)
        else:
            self._kept[index] = descriptor
        return index

    def _difference(self, before: Sight, after: Sight) -> "str | None":
        """Return the changes as a part of a sentence; None if there are none."""
        found = []
        if before.commit != after.commit:
            found.append(f"HEAD moved from {_short(before.commit)} to {_short(after.commit)}")
        if before.staged != after.staged and self._entries(before.staged) != self._entries(after.staged):
            found.append("the index changed")
        return f"{' and '.join(found)} while it ran" if found else None

    def _entries(self, index: "IndexFile | None") -> bytes:
        """Return the entries of an index that was seen; empty where git cannot list them: it then counts as changed."""
        if index is None:
            return b""
        copy = f"{self._writer.directory}/index"
        try:
            write_file(copy, os.pread(self._kept[index], index[1], 0))
            return run_git_at_top(self._repo, {**self._environ, "GIT_INDEX_FILE": copy}, ("ls-files", "-s", "-z"))
        except (OSError, GitError):
            return b""
        finally:
            try_unlink(copy)


def is_gone(git_file: str) -> bool:
    """Return whether the working tree with this `.git` was removed."""
    if not git_file:
        return False
    try:
        os.lstat(git_file)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # unreadable just now, which proves nothing
        return False
    return False


def removal_text(top: str) -> str:
    return f"the worktree {top} was removed"


def _short(commit: "str | None") -> str:
    return commit[:7] if commit else "nothing"
