"""The refusal of a commit where the fixes of jobs and the unstaged changes conflict (G5, G6; HOT).

The index gets its old entries again. Files that were wholly staged, and that jobs have fixed, are added to the journal
with their content before the fix, so that they are restored as all others are.

The files in the tree by then were made by a job, or so it seems: an editor that saved while the job ran cannot be
distinguished from it, and its file may be an hour's work. So none of it is thrown away, but moved to

    GIT_DIR/dodo-hooks-kept/TIME/PATH

which nobody but its owner removes.
"""

import errno
import time

from dodo_hooks.git.content.file_state import ABSENT, FILE, LINK, copy_state, parents_of, read_state, reader_of
from dodo_hooks.git.index_entries import check_out, index_entries, wait_for_index, write_index_entries
from dodo_hooks.git.index_flags import SPARSE, flags_of
from dodo_hooks.git.repo import Repo, index_file
from dodo_hooks.git.unstaged.journal import Entry, Journal, sync_file
from dodo_hooks.git.unstaged.merge_file import Side, texts_of, with_line_ends
from dodo_hooks.git.unstaged.moves import Moves, numbered
from dodo_hooks.host.files.atomic_files import unlink
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.posix import decode_path, encode_path, is_real_folder, lexists, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

BEFORE = b"before/"  # where those versions are, relative to the journal's directory
_FEW = 5  # names in one sentence


def revert(repo: Repo, environ: "Mapping[str, str]", journal: Journal, lock: int) -> None:
    """Undo the staged fixes, and add the old versions to the journal.

    Raises GitError: the index cannot be written, and has the fixes.
    """
    _revert_index(repo, environ, journal, lock)
    _add_old_versions(repo, environ, journal, lock)


def refusal(names: "list[str]", failure: str, *, was_killed: bool) -> str:
    """Return the sentence for people.

    `names`: of the files with a conflict; none where the run was killed that had found them. `failure`: of `revert`.
    """
    listed = ", ".join(names[:_FEW]) or "files"
    if len(names) > _FEW:
        listed += f" and {len(names) - _FEW} more"
    if failure:
        refused = "" if was_killed else "commit refused: "
        return (
            f"{refused}the fixes to {listed} conflict with your unstaged changes, and the fixes of jobs stay staged:"
            f" {failure}"
        )
    if was_killed:
        return f"the fixes to {listed} conflict with your unstaged changes; the fixes are no longer staged"
    return (
        f"commit refused: the fixes to {listed} conflict with your unstaged changes; nothing was changed."
        f" Stage the rest of {'it' if len(names) == 1 else 'them'}, or stash it, and commit again"
    )


def _revert_index(repo: Repo, environ: "Mapping[str, str]", journal: Journal, lock: int) -> None:
    if not journal.restaged or not lexists(index_file(repo, environ)):
        return  # one that git had made for this commit alone is gone with it
    old = {one.path: (one.mode, one.blob) for one in reversed(journal.restaged)}  # the first one of each path counts
    new = {one.path: (one.new_mode, one.new_blob) for one in journal.restaged}  # and here the last
    wait_for_index(repo, environ)
    now = index_entries(repo, environ)
    reverted = {path: old[path] for path in old if not new[path][1] or now.get(path) == new[path]}
    write_index_entries(repo, environ, reverted, lock)


def _add_old_versions(repo: Repo, environ: "Mapping[str, str]", journal: Journal, lock: int) -> None:
    now = index_entries(repo, environ) if journal.restaged else {}
    known = journal.paths()
    made = {one.path: one.made for one in journal.restaged if one.path in now and one.path not in known}
    if not made:
        return
    moves = Moves(repo.top, journal)
    is_sparse = any(flag in SPARSE for flag in flags_of(repo, environ, made).values())
    check_out(repo, environ, list(made), journal.directory + b"/" + BEFORE, lock, is_sparse=is_sparse)
    for path, version in made.items():
        old = journal.directory + b"/" + BEFORE + path
        _take_line_ends(old, encode_path(repo.top) + b"/" + path)
        before = read_state(old)
        if before.kind in (FILE, LINK):
            if before.kind == version.kind == FILE and bool(before.mode & 0o100) == bool(version.mode & 0o100):
                before = before._replace(mode=version.mode)
                os.chmod(old, version.mode)
            entry = Entry(len(journal.entries), path, ABSENT)
            entry.target, entry.target_file = before, BEFORE + path
            entry.fixed = [version]
            moves.locate(entry)
            journal.entries.append(entry)


def _take_line_ends(path: bytes, fixed: bytes) -> None:
    """Give a text that git has checked out the line ends of the fixed one, as the owner's editor had written them."""
    sides = [Side(read_state(one), reader_of(one)) for one in (path, fixed)]
    texts = texts_of(*sides)
    if texts is None:
        return
    text = with_line_ends(texts, texts[1])[0]
    if text is not texts[0]:
        with open(path, "wb") as file:
            file.write(text)


# What is taken out of the tree


def keep_edit(journal: Journal, path: bytes, file: bytes) -> None:
    """Move our `file`, which stood at `path`, to where the owner finds it. Raises OSError: it was not moved."""
    if not journal.kept_in:
        journal.kept_in = _new_directory(journal.kept)
        journal.write()  # a recovery says where it is, too
    for parent in parents_of(path):
        _make_folder(journal.kept_in + b"/" + parent)
    wanted = journal.kept_in + b"/" + path
    name = next(name for name in numbered(wanted, b".%d") if not lexists(name))
    try:
        os.rename(file, name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = wanted + b".part"
        unlink(part)
        copy_state(file, part)
        sync_file(part)
        os.rename(part, name)
        os.unlink(file)


def format_kept(journal: Journal) -> "tuple[str, ...]":
    """Return the sentence that says where that is, if there is any."""
    if not journal.kept_in:
        return ()
    return (f"edits made during the run were saved in {decode_path(journal.kept_in)}",)


def _new_directory(kept: bytes) -> bytes:
    _make_folder(kept)
    names = numbered(kept + time.strftime("/%Y-%m-%d-%H%M%S").encode("ascii"), b"-%d")
    while True:
        name = next(names)
        try:
            make_folder(name, 0o700)
            return name
        except FileExistsError:
            continue


def _make_folder(path: bytes) -> None:
    """Make a folder, if it is not there. Raises OSError also where a link is there."""
    try:
        make_folder(path, 0o700)
    except FileExistsError:
        if not is_real_folder(path):
            raise
