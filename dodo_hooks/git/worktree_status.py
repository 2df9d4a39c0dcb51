"""The differences between the index that git is about to commit and the working tree (G5; HOT: on the prompt's path).

One git process finds them, whatever the number of files. It has git's own environment, so that it reads the index which
git uses for this commit: a temporary one for `commit -- FILE`, the lock file for `commit -a`.

An answer counts only if no other run had changes hidden while git worked: what it hides is missing in the answer, and
is restored while our jobs run. Whoever hides changes writes into the file of the lock, and its times tell.
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.command import git_environ, output_of, run_git_at_top, start_git
from dodo_hooks.git.event import HIDDEN_LOCK
from dodo_hooks.git.repo import SUBMODULE
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dodo_hooks.git.repo import Repo

NO_ENTRY = 0
_REGULAR = (b"100644", b"100755")
_EMPTY_BLOBS = (  # of SHA-1 and of SHA-256; what is only intended to be added has one of them, too
    b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    b"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
_ADDED = ("--cached", "--name-only", "-z", "--no-renames", "--diff-filter=A", "--ita-visible-in-index", "-O/dev/null")
_STATUS = ("status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all")


class Change(Record):
    """A tracked path whose file in the working tree differs from the index."""

    path: bytes  # relative to the top
    mode: int  # of the entry; NO_ENTRY: the path is only intended to be added
    blob: str  # of the entry
    flag: str = ""  # git/index_flags.py: git ignores the file in the working tree


def unstaged_changes(repo: "Repo", environ: "Mapping[str, str]") -> "tuple[Change, ...]":
    """Return all unstaged changes, without submodules and unmerged paths.

    A path that git ignores because of its flag is included where it is staged: the caller checks whether it differs.

    Raises:
        GitError: git does not answer.
    """
    return Status(repo, environ, run_git_at_top(repo, environ, _STATUS)).unstaged()


def staged_changes(repo: "Repo", environ: "Mapping[str, str]") -> "dict[bytes, bool]":
    """Return what the index changes against HEAD, as `Status.staged`. Raises GitError."""
    return _parse_staged(_entries(run_git_at_top(repo, environ, _STATUS)))


class Status:
    """The answer of `git status`, with the paths that it ignores.

    `staged`: what the index changes against HEAD, without submodules. Each path comes with whether it is deleted there,
    or left out of a sparse checkout. `regular`: those changed paths, staged or not, that are regular files in the
    index: jobs find them like that.
    """

    def __init__(self, repo: "Repo", environ: "Mapping[str, str]", output: bytes) -> None:
        """Parse the output. Raises GitError: git does not answer."""
        from dodo_hooks.git.index_flags import flags_of, is_missed

        entries = _without_announced(repo, environ, _entries(output))
        staged = _parse_staged(entries)
        flags = flags_of(repo, environ, staged)
        missed = {path: True for path, flag in flags.items() if is_missed(repo.top, path, flag)}
        self._entries = entries
        self._flags = {path: flag for path, flag in flags.items() if path not in missed}
        self.staged = {**staged, **missed}
        self.regular = frozenset(one[8] for one in entries if one[4] in _REGULAR and one[8] not in flags)

    @property
    def is_clean(self) -> bool:
        """True if the working tree has nothing that `git diff` would show."""
        return not self._flags and all(one[1][1:] == b"." for one in self._entries)

    def unstaged(self) -> "tuple[Change, ...]":
        """Return the unstaged changes, as `unstaged_changes`: Y is what the working tree has done to the entry.

        What HEAD has, is only intended to be added again, and is gone, is `DD`: there is nothing to check out either.
        """
        return tuple(
            Change(path, int(mode, 8), blob.decode("ascii"), self._flags.get(path, ""))
            for _, states, _, _, mode, _, _, blob, path in self._entries
            if states != b"DD" and (states[1:] != b"." or path in self._flags) and mode != SUBMODULE
        )

    def entries(self) -> "dict[bytes, tuple[int, str]]":
        """Return mode and blob of each changed path in the index."""
        return {one[8]: (int(one[4], 8), one[7].decode("ascii")) for one in self._entries if one[4].strip(b"0")}


class StatusQuery:
    """A `git status` for staged and unstaged changes, in one process that runs while something else is done."""

    def __init__(self, repo: "Repo", environ: "Mapping[str, str]", recover: "Callable[[], None]") -> None:
        """Start git.

        `recover` waits for another run that has changes hidden, and restores what a killed one has left.

        Raises:
            GitError: git cannot be started.
        """
        self._recover = recover
        self._repo = repo
        self._environ = environ
        self._answer: Status | None = None
        self._start()

    def has_answered(self) -> bool:
        """Return whether git has begun to answer."""
        return self._answer is not None or self._pending.has_answered()

    def answer(self) -> Status:
        """Return the answer. Raises GitError: git gives none."""
        if self._answer is None:
            self._answer = Status(self._repo, self._environ, self._undisturbed_output())
        return self._answer

    def _start(self) -> None:
        self._stamp = _lock_stamp(self._repo)
        self._pending = start_git(_STATUS, self._repo.top, git_environ(self._repo, self._environ), self._repo)

    def _undisturbed_output(self) -> bytes:
        """Return git's output from a time at which nobody had changes hidden."""
        while True:
            output = output_of(_STATUS, self._pending.result())
            if self._stamp == _lock_stamp(self._repo) and not any(self._stamp[1:]):
                return output
            self._recover()
            if self._stamp == _lock_stamp(self._repo):  # of one that was killed before, or that we are inside of
                return output
            self._start()


def _lock_stamp(repo: "Repo") -> "tuple[int, ...]":
    """Return time and size of the lock's file; its holder has written there, and empties it in the end."""
    try:
        status = os.stat(f"{repo.git_dir}/{HIDDEN_LOCK}")
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size


def _entries(output: bytes) -> "list[list[bytes]]":
    """Return the fields of the ordinary entries of git-status(1), "Porcelain Format Version 2".

    The line of such an entry is `1 XY sub mH mI mW hH hI path`.
    """
    return [line.split(b" ", 8) for line in output.split(b"\0") if line[:2] == b"1 "]


def _without_announced(repo: "Repo", environ: "Mapping[str, str]", entries: "list[list[bytes]]") -> "list[list[bytes]]":
    """Leave out what is only intended to be added and is gone: there is nothing to check out. Raises GitError.

    git calls it an empty file that was committed and is gone, and a link likewise.
    """
    if not any(one[1] == b".D" and one[7] in _EMPTY_BLOBS for one in entries):
        return entries
    added = frozenset(run_git_at_top(repo, environ, ("diff", *_ADDED)).split(b"\0"))
    return [one for one in entries if one[1] != b".D" or one[8] not in added]


def _parse_staged(entries: "list[list[bytes]]") -> "dict[bytes, bool]":
    """Return the staged paths: X is what the index has done to HEAD's entry, `D` for a deletion."""
    return {
        path: states[:1] == b"D"
        for _, states, _, _, mode, _, _, _, path in entries
        if states[:1] != b"." and mode != SUBMODULE
    }
