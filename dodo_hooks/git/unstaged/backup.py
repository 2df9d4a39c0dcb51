"""Hiding unstaged changes: copies of them, and the index versions in their place (G5; HOT).

These are the moments 1 to 3 of the argument in hide.py.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.content.file_state import (
    ABSENT,
    NOTHING,
    OTHER,
    FileState,
    obstacle_of,
    parents_of,
    read_state,
    reader_of,
)
from dodo_hooks.git.index_entries import check_out
from dodo_hooks.git.index_flags import SPARSE
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.unstaged.journal import Entry, Journal
from dodo_hooks.git.unstaged.replace import Wanted, WorktreeWriter
from dodo_hooks.git.untrusted import is_tracked_path
from dodo_hooks.git.worktree_status import NO_ENTRY, Change, unstaged_changes
from dodo_hooks.host.posix import S_ISLNK, S_ISREG, decode_path, encode_path, is_real_folder, lexists, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO


class DisturbedError(Exception):
    """A path has changed since it was copied."""


def back_up_and_replace(
    repo: Repo, environ: "Mapping[str, str]", journal: Journal, changes: "tuple[Change, ...]", lock: int
) -> None:
    """Do all three moments. Where this raises, the entries of `journal` have to be restored.

    The `.gitattributes` of the working tree, if there is one, decides how git checks a file out. So where that file is
    among the changes, it goes first, and the others are what then differs from the index.

    Raises:
        DisturbedError: a path has changed since it was copied. OSError, GitError: something cannot be read or written.
    """
    first = tuple(one for one in changes if _is_attributes_file(repo, one))
    if first:
        _back_up_and_replace(repo, environ, journal, first, lock)
        known = journal.paths()
        changes = tuple(one for one in unstaged_changes(repo, environ) if one.path not in known)
    _back_up_and_replace(repo, environ, journal, changes, lock)


def _back_up_and_replace(
    repo: Repo, environ: "Mapping[str, str]", journal: Journal, changes: "tuple[Change, ...]", lock: int
) -> None:
    count = len(journal.entries)
    try:
        back_up_unstaged(repo, environ, journal, changes, lock)
        if len(journal.entries) > count:
            journal.write()
    except BaseException:
        del journal.entries[count:]
        raise
    check_out_staged(repo, journal, count)


def _is_attributes_file(repo: Repo, change: Change) -> bool:
    """Return whether the change is to a `.gitattributes` that git reads.

    Where none is in the tree, git takes that of the index.
    """
    top = encode_path(repo.top)
    is_one = change.path.rpartition(b"/")[2] == b".gitattributes"
    return is_one and obstacle_of(top, change.path) is None and lexists(top + b"/" + change.path)


def back_up_unstaged(
    repo: Repo, environ: "Mapping[str, str]", journal: Journal, changes: "tuple[Change, ...]", lock: int
) -> None:
    """Do moment 1: copy everything into the journal's directory, and sync the copies; change nothing in the tree."""
    if not journal.entries:
        journal.prepare()
    top = encode_path(repo.top)
    wanted = [change for change in changes if _can_be_hidden(top, change)]
    tracked = [change.path for change in wanted if change.mode != NO_ENTRY]
    if tracked:
        is_sparse = any(change.flag and change.flag in SPARSE for change in wanted)
        check_out(repo, environ, tracked, journal.directory + b"/base/", lock, is_sparse=is_sparse)
    known = journal.paths()
    with journal.open_pack(b"unstaged") as pack:
        for change in wanted:
            base = read_state(journal.base_file(change.path)) if change.mode != NO_ENTRY else ABSENT
            if change.mode != NO_ENTRY and base == ABSENT:
                raise GitError(f"git did not check out {decode_path(change.path)}")
            obstacle = obstacle_of(top, change.path)
            if obstacle is not None and obstacle not in known:
                _copy(journal, top, obstacle, ABSENT, pack, ())
                known.add(obstacle)
            if obstacle is None:
                _copy(journal, top, change.path, base, pack, _missing_folders(top, change.path, None))
            else:
                folders = _missing_folders(top, change.path, obstacle)
                _add(journal, pack.tell(), change.path, ABSENT, base, folders)
        pack.flush()
        os.fsync(pack.fileno())


def check_out_staged(repo: Repo, journal: Journal, first: int = 0) -> None:
    """Do moment 3, for the entries from number `first` on.

    Paths that are to be absent go before the others: something may stand there where a folder is needed.

    Raises:
        DisturbedError: a path has changed since it was copied. OSError: it cannot be written.
    """
    tree = WorktreeWriter(repo.top, journal)
    entries = sorted(journal.entries[first:], key=lambda entry: entry.base.kind != NOTHING)
    for number, entry in enumerate(entries):
        pieces = reader_of(journal.base_file(entry.path))
        if tree.put(entry, Wanted(entry.base, pieces, [entry.unstaged], hides=True)) is None:
            for untouched in entries[number:]:  # they hold their owner's version, newer than our copy
                untouched.is_kept, untouched.target = True, ABSENT
            raise DisturbedError(decode_path(entry.path))


def _copy(
    journal: Journal, top: bytes, path: bytes, base: FileState, pack: "BinaryIO", folders: "tuple[bytes, ...]"
) -> None:
    """Add the file at the path to the journal, if it differs from the index."""
    offset, (inode, written_ns) = pack.tell(), _identity(top + b"/" + path)
    unstaged = read_state(top + b"/" + path, pack.write)
    if unstaged.kind == OTHER or unstaged.is_same_as(base):
        return
    if _identity(top + b"/" + path)[0] != inode:
        raise DisturbedError(decode_path(path))
    _add(journal, offset, path, unstaged, base, folders if unstaged == ABSENT else ())
    journal.entries[-1].inode, journal.entries[-1].written_ns = inode, written_ns


def _add(
    journal: Journal, offset: int, path: bytes, unstaged: FileState, base: FileState, folders: "tuple[bytes, ...]"
) -> None:
    if unstaged != base:
        journal.entries.append(Entry(len(journal.entries), path, unstaged, offset, base, folders))


def _identity(path: bytes) -> "tuple[int, int]":
    """Return inode and time of the file there; zeros where none is."""
    try:
        status = os.lstat(path)
    except OSError:
        return 0, 0
    return status.st_ino, max(status.st_mtime_ns, 0)


def _can_be_hidden(top: bytes, change: Change) -> bool:
    """Return whether an unstaged change can be hidden.

    It cannot where a directory, or something stranger, has taken the place of the file or of one of its folders; nor
    where git tracks the path only with its protections off, since a recovery would reject the journal.
    """
    if not is_tracked_path(change.path):
        return False
    obstacle = obstacle_of(top, change.path)
    path = top + b"/" + (change.path if obstacle is None else obstacle)
    try:
        mode = os.lstat(path).st_mode
    except OSError:  # nothing is there
        return True
    return S_ISREG(mode) or S_ISLNK(mode)


def _missing_folders(top: bytes, path: bytes, obstacle: "bytes | None") -> "tuple[bytes, ...]":
    parents = parents_of(path)
    if obstacle is not None:
        return tuple(parents[parents.index(obstacle) :])
    return tuple(parent for parent in parents if not is_real_folder(top + b"/" + parent))
