"""The state of the tree before and after a job: what differs from HEAD, staged or not, and what is not tracked."""

import os
from collections.abc import Iterable, Mapping

from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.content.file_state import read_state
from dodo_hooks.git.repo import Repo

_STATUS = ("status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=all")
_FIELDS = {b"1": 8, b"u": 10, b"?": 1}  # before the path: git-status(1), "Porcelain Format Version 2"
_DIFF = ("--literal-pathspecs", "diff", "--no-ext-diff", "--no-textconv", "--no-renames", "--submodule=short")
_MOST_DIFFED = 200  # paths of one diff, for the command line's sake
_MOST_BYTES = 256 * 1024

TreeState = dict[bytes, tuple[object, ...]]


def read_tree_state(repo: Repo, environ: Mapping[str, str]) -> TreeState:
    """Return the path of each difference, relative to the top, with the facts of its index entry and its file.

    Raises:
        GitError: git does not answer. OSError: a file cannot be read.
    """
    state: TreeState = {}
    top = os.fsencode(repo.top) + b"/"
    for line in run_git_at_top(repo, environ, _STATUS, is_shielded=True).split(b"\0"):
        count = _FIELDS.get(line[:1])
        if count is not None:
            *facts, path = line.split(b" ", count)
            state[path] = (*facts, *_content(top + path, facts))
    return state


def _content(path: bytes, facts: list[bytes]) -> tuple[object, ...]:
    """Return what distinguishes one content from another.

    Of an untracked file that is its stamp, since such files may be large and many.
    """
    if facts[0] == b"?":
        try:
            status = os.lstat(path)
        except OSError:
            return ()
        return status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino
    is_as_staged = facts[0] == b"1" and facts[1][1:] == b"."
    return () if is_as_staged else tuple(read_state(path))


def is_untracked(state: TreeState, path: bytes) -> bool:
    return state.get(path, ())[:1] == (b"?",)


def diff_of(repo: Repo, environ: Mapping[str, str], paths: Iterable[bytes], *, has_colors: bool) -> bytes:
    """Return how tracked files differ from the index, for people; cut where it is long.

    Raises:
        GitError: git does not answer.
    """
    names = [os.fsdecode(path) for path in paths][:_MOST_DIFFED]
    if not names:
        return b""
    color = "--color=always" if has_colors else "--color=never"
    diff = run_git_at_top(repo, environ, (*_DIFF, color, "--", *names), is_shielded=True)
    return diff if len(diff) <= _MOST_BYTES else diff[:_MOST_BYTES] + b"\n[the rest of the diff is left out]\n"
