"""The refusal of a commit where the fixes of jobs and the unstaged changes conflict (G5, G6; HOT).

The index gets its old entries again. Files that were wholly staged, and that jobs have fixed, are added to the journal
with their content before the fix, so that they are restored as all others are.
"""

from dodo_hooks.git.content.file_state import FILE, LINK, read_state, reader_of
from dodo_hooks.git.index_entries import check_out, index_entries, wait_for_index, write_index_entries
from dodo_hooks.git.index_flags import SPARSE, flags_of
from dodo_hooks.git.repo import Repo, index_file
from dodo_hooks.git.unstaged.journal import Entry, Journal
from dodo_hooks.git.unstaged.merge_file import Side, texts_of, with_line_ends
from dodo_hooks.host.posix import encode_path, lexists

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
    is_sparse = any(flag in SPARSE for flag in flags_of(repo, environ, made).values())
    check_out(repo, environ, list(made), journal.directory + b"/" + BEFORE, lock, is_sparse=is_sparse)
    for path, version in made.items():
        _take_line_ends(journal.directory + b"/" + BEFORE + path, encode_path(repo.top) + b"/" + path)
        before = read_state(journal.directory + b"/" + BEFORE + path)
        if before.kind in (FILE, LINK):
            if before.kind == version.kind and bool(before.mode & 0o100) == bool(version.mode & 0o100):
                before = before._replace(mode=version.mode)
            entry = Entry(len(journal.entries), path, before, 0, version)
            entry.target_file = BEFORE + path
            entry.fixed, entry.replaces = [version], []  # so it is restored as other fixes are
            entry.has_fixes = True
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
