"""The index versions of changed paths: checked out, and moved to where the owner's files are (G5; HOT).

These are the moments 1 to 3 of the argument in hide.py.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.content.file_state import ABSENT, NOTHING, copy_state, obstacle_of, parents_of, read_state
from dodo_hooks.git.index_entries import check_out
from dodo_hooks.git.index_flags import SPARSE
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.unstaged.journal import Entry, Journal
from dodo_hooks.git.unstaged.moves import NEW, OWNERS, Moves
from dodo_hooks.git.untrusted import is_tracked_path
from dodo_hooks.git.worktree_status import NO_ENTRY, Change, unstaged_changes
from dodo_hooks.host.posix import S_ISLNK, S_ISREG, decode_path, encode_path, is_real_folder, lexists, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class DisturbedError(Exception):
    """Somebody changed a path in the moment in which it was hidden."""


def replace_by_index_versions(
    repo: Repo, environ: "Mapping[str, str]", journal: Journal, changes: "tuple[Change, ...]", lock: int
) -> None:
    """Do all three moments. Where this raises, the entries of `journal` have to be restored.

    The `.gitattributes` of the working tree, if there is one, decides how git checks a file out. So where that file is
    among the changes, it goes first, and the others are what then differs from the index.

    Raises:
        DisturbedError: somebody changed a path. OSError, GitError: something cannot be read or written.
    """
    first = tuple(one for one in changes if _is_attributes_file(repo, one))
    if first:
        _replace(repo, environ, journal, first, lock)
        known = journal.paths()
        changes = tuple(one for one in unstaged_changes(repo, environ) if one.path not in known)
    _replace(repo, environ, journal, changes, lock)


def _is_attributes_file(repo: Repo, change: Change) -> bool:
    """Return whether the change is to a `.gitattributes` that git reads.

    Where none is in the tree, git takes that of the index.
    """
    top = encode_path(repo.top)
    is_one = change.path.rpartition(b"/")[2] == b".gitattributes"
    return is_one and obstacle_of(top, change.path) is None and lexists(top + b"/" + change.path)


def _replace(
    repo: Repo, environ: "Mapping[str, str]", journal: Journal, changes: "tuple[Change, ...]", lock: int
) -> None:
    count = len(journal.entries)
    try:
        add_entries(repo, environ, journal, changes, lock)
        if len(journal.entries) > count:
            journal.write()
    except BaseException:
        del journal.entries[count:]
        raise
    move_in(repo, journal, count)


def add_entries(
    repo: Repo, environ: "Mapping[str, str]", journal: Journal, changes: "tuple[Change, ...]", lock: int
) -> None:
    """Do moment 1: check everything out into the journal's directory; change nothing in the tree."""
    if not journal.entries:
        journal.prepare()
    top, moves = encode_path(repo.top), Moves(repo.top, journal)
    wanted = [change for change in changes if _can_be_hidden(top, change)]
    tracked = [change.path for change in wanted if change.mode != NO_ENTRY]
    if tracked:
        is_sparse = any(change.flag and change.flag in SPARSE for change in wanted)
        check_out(repo, environ, tracked, journal.directory + b"/base/", lock, is_sparse=is_sparse)
    known = journal.paths()
    for change in wanted:
        path, base = top + b"/" + change.path, journal.base_file(change.path) if change.mode != NO_ENTRY else None
        if base is not None and not lexists(base):
            raise GitError(f"git did not check out {decode_path(change.path)}")
        obstacle = obstacle_of(top, change.path)
        if obstacle is not None and obstacle not in known:
            _add(journal, moves, obstacle, None)
            known.add(obstacle)
        if obstacle is not None or not lexists(path):
            _add(
                journal, moves, change.path, base, is_deleted=True, folders=_missing_folders(top, change.path, obstacle)
            )
        elif base is None or not _is_same(path, base):
            _add(journal, moves, change.path, base)


def _add(
    journal: Journal,
    moves: Moves,
    path: bytes,
    base: "bytes | None",
    *,
    is_deleted: bool = False,
    folders: "tuple[bytes, ...]" = (),
) -> None:
    entry = Entry(len(journal.entries), path, ABSENT, is_deleted=is_deleted, folders=folders)
    moves.locate(entry)
    if base is not None:
        entry.base = copy_state(base, moves.file(entry, NEW, 0))
    journal.entries.append(entry)


def move_in(repo: Repo, journal: Journal, first: int = 0) -> None:
    """Do moment 3, for the entries from number `first` on.

    Paths that are to be absent go before the others: something may stand there where a folder is needed.

    Raises:
        DisturbedError: somebody changed a path. OSError: something cannot be moved.
    """
    moves = Moves(repo.top, journal)
    for entry in sorted(journal.entries[first:], key=lambda entry: entry.base.kind != NOTHING):
        try:
            if not moves.can_move(entry):
                raise DisturbedError(decode_path(entry.path))
            if not entry.is_deleted:
                moves.take(entry, OWNERS)
            if entry.base.kind != NOTHING:
                moves.put(entry, moves.file(entry, NEW, 0))
        except (FileNotFoundError, FileExistsError):
            raise DisturbedError(decode_path(entry.path)) from None


def _is_same(path: bytes, base: bytes) -> bool:
    """Return whether git would treat the two as equal. Bytes are only read where their number is the same."""
    seen, wanted = os.lstat(path), os.lstat(base)
    looks_same = seen.st_size == wanted.st_size and (seen.st_mode ^ wanted.st_mode) & 0o170100 == 0
    return looks_same and read_state(path).is_same_as(read_state(base))


def _can_be_hidden(top: bytes, change: Change) -> bool:
    """Return whether an unstaged change can be hidden.

    It cannot where a directory, or something stranger, has taken the place of the file or of one of its folders; nor
    where git tracks the path only with its protections off, since a recovery would reject the journal.
    """
    if not is_tracked_path(change.path):
        return False
    obstacle = obstacle_of(top, change.path)
    try:
        mode = os.lstat(top + b"/" + (change.path if obstacle is None else obstacle)).st_mode
    except OSError:  # nothing is there
        return True
    return S_ISREG(mode) or S_ISLNK(mode)


def _missing_folders(top: bytes, path: bytes, obstacle: "bytes | None") -> "tuple[bytes, ...]":
    parents = parents_of(path)
    if obstacle is not None:
        return tuple(parents[parents.index(obstacle) :])
    return tuple(parent for parent in parents if not is_real_folder(top + b"/" + parent))
