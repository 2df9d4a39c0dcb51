"""The way back: from a journal to the tree that its owner had (G5). The argument for it is in git/aside.py.

Done by the run that set the work aside, and from the same journal by whoever comes after it was killed. There are four
steps, each of which may be done again by the next one, and none of which destroys what another needs:

1. *Sweep* the slots of those who were killed here before.
2. *Settle* for each path what is owed to it, by what stands there now. If that is ours, the unstaged version is. If a
   job of this run or somebody else wrote it, both are merged, and the result is owed; the journal says so before it is
   put anywhere. If a job's fixes and the unstaged edits collide, everything goes back to where it was before the hook,
   and what was written meanwhile is copied first (git/dropped.py).
3. *Put* what is owed in the place of what was seen in step 2, and of nothing else: whatever came in between is settled.
4. *Finish*: remove the journal, if nothing is owed any more.
"""

import os
from collections.abc import Mapping
from functools import partial

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.record import Record
from dodo_hooks.git.dropped import keep_copy, told
from dodo_hooks.git.index import check_out, index_entries, write_index_entries
from dodo_hooks.git.index_flags import SPARSE, flags_of
from dodo_hooks.git.journal import Entry, Journal
from dodo_hooks.git.merging import Merged, Merger, Side
from dodo_hooks.git.placing import Tree
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.versions import ABSENT, FILE, LINK, NOTHING, OTHER, Version, pieces_of, read_version

_BEFORE = b"before/"
_COLLISION = (
    "what the jobs fixed and what you have not staged are in the same lines, so the commit is refused and all is as it"
    " was: stage the rest of the file, or take it out of the working tree"
)
_MADE_AGAIN = (
    "you had deleted it and not staged that, and it was changed while the jobs ran: it stays: delete it again, if it"
    " is of no use"
)
_ATTEMPTS = 5  # at one path that somebody else writes to again and again


class Result(Record):
    sentences: "tuple[str, ...]"  # for people
    conflict: bool  # the commit has to be refused
    is_whole: bool  # nothing is owed any more; if not, the journal stays, and the next one tries again


class PutBack:
    """One attempt, by the holder of the lock."""

    def __init__(self, repo: Repo, environ: "Mapping[str, str]", journal: Journal, lock: int) -> None:
        self._repo = repo
        self._environ = environ
        self._journal = journal
        self._lock = lock
        self._tree = Tree(repo.top, journal)
        self._merger = Merger(repo, environ, journal)
        self._our_folders = {folder for entry in journal.entries for folder in entry.folders}
        self._sentences: list[str] = []
        self._written: list[bytes] = []
        self._is_whole = True

    def run(self) -> Result:
        """Never raises what can be said in a sentence."""
        try:
            self._sweep()
            self._settle_all()
            self._put_all()
            if self._is_whole:
                self._tree.sync(self._written)
                self._journal.finish()
        except (OSError, GitError) as error:
            self._fail(error)
        sentences = (*self._sentences, *told(self._journal))
        return Result(sentences, self._journal.is_refused or not self._is_whole, self._is_whole)

    # 1

    def _sweep(self) -> None:
        for entry in self._journal.entries:
            for name in self._tree.sweep(entry):
                self._say(entry, f"what was on its way to or from this path is kept in {_shown(name)}")

    def _look_at_originals(self) -> bool:
        """A program that had a file open when it was moved has gone on writing there: that is its newest version.

        A file that differs and was not written since has lost its bytes in a power cut, and our copy is the better one.
        """
        has_news = False
        for entry in self._journal.entries:
            if entry.owed.kind == FILE and not entry.owed_in and not entry.is_kept:
                path = self._journal.original_file(entry)
                version = read_version(path)
                if version.kind == FILE and version != entry.owed and os.stat(path).st_mtime_ns > entry.written_ns:
                    entry.owed, entry.owed_in, has_news = version, b"original/%d" % entry.number, True
        return has_news

    # 2

    def _settle_all(self) -> None:
        has_settled = self._look_at_originals()
        merges = self._merge_fixes()
        if None in merges.values() and not self._journal.is_refused:
            self._journal.is_refused = True
            for entry in self._journal.entries:
                if merges.get(entry.number, ABSENT) is None:
                    self._say(entry, _COLLISION)
        if self._journal.is_refused and not self._journal.has_reverted:
            self._journal.write()
            self._revert()
        has_settled |= self._journal.is_refused
        for entry in self._journal.entries:
            try:
                has_settled |= self._settle(entry, merges)
            except OSError as error:
                self._fail(error, entry)
        if has_settled:
            self._journal.write()

    def _merge_fixes(self) -> "dict[int, Merged | None]":
        """The unstaged edits of each file with what the jobs fixed in it, before anything is decided."""
        merges = {}
        for entry in self._journal.entries if not self._journal.is_refused else ():
            seen = self._tree.version(entry) if entry.fixed else ABSENT
            if self._is_new(entry, seen) and _is_in(seen, entry.fixed) and entry.owed.kind != NOTHING:
                merges[entry.number] = self._merge(entry, seen)
        return merges

    def _is_new(self, entry: Entry, seen: Version) -> bool:
        """Whether this is neither owed nor ours."""
        is_old = seen == ABSENT or seen.is_same_as(entry.owed) or _is_in(seen, entry.replaces)
        is_our_folder = seen.kind == OTHER and entry.path in self._our_folders  # it goes before the file comes
        return not (is_old or is_our_folder or entry.is_kept)

    def _settle(self, entry: Entry, merges: "Mapping[int, Merged | None]") -> bool:
        """Decide what is owed, now that this stands there; whether that is something new for the journal."""
        seen = self._tree.version(entry)
        if not self._is_new(entry, seen):
            return False
        is_fix = seen.kind != OTHER and _is_in(seen, entry.fixed)
        if is_fix and self._journal.is_refused:
            if not keep_copy(self._journal, entry.path, self._tree.path(entry), seen):
                return False  # it is another one by now
            entry.replaces.append(seen)
            return True
        if entry.owed.kind == NOTHING or entry.owed_in.startswith(_BEFORE):
            if is_fix:
                self._say(entry, _MADE_AGAIN)
            entry.is_kept, entry.owed = True, ABSENT  # somebody made the file anew, or changed it after the job did
            return True
        merged = merges.get(entry.number) if is_fix else None
        merged = merged or (None if seen.kind == OTHER else self._merge(entry, seen))
        if merged is None:
            entry.is_kept = True
            return True
        entry.replaces.append(seen)
        entry.owed = merged.version
        if merged.is_in_file:
            entry.owed_in = _merged_name(entry, -1)
        return True

    def _merge(self, entry: Entry, seen: Version) -> "Merged | None":
        """What stands there with what is owed; None where both have to be kept."""
        path = self._tree.path(entry)
        base_file = self._journal.base_file(entry.path)
        try:
            return self._merger.merge(
                Side(entry.base, lambda: pieces_of(base_file)),
                Side(seen, lambda: pieces_of(path)),
                Side(entry.owed, lambda: self._journal.owed_pieces(entry)),
                _merged_name(entry, 0),
            )
        except FileNotFoundError:  # the file has just been taken away, or a power cut took what it came from
            return None

    # 3

    def _put_all(self) -> None:
        """What is to be absent goes first: it may stand where a folder is needed."""
        entries = sorted(self._journal.entries, key=lambda entry: entry.owed.kind != NOTHING)
        for entry in entries:
            try:
                self._put(entry)
            except OSError as error:
                self._fail(error, entry)

    def _put(self, entry: Entry) -> None:
        for _ in range(_ATTEMPTS):
            if entry.is_kept:
                break
            is_there = self._tree.version(entry).is_same_as(entry.owed)
            pieces = partial(self._journal.owed_pieces, entry)
            source = None if entry.owed_in else self._journal.original_file(entry)
            if is_there or self._tree.put(entry, entry.owed, pieces, entry.replaces, source=source):
                self._written.append(entry.path)
                self._tree.remove_folders(entry)
                return
            if self._settle(entry, {}):
                self._journal.write()
        self._keep_both(entry)

    def _keep_both(self, entry: Entry) -> None:
        if entry.owed.kind == NOTHING:
            return
        name = self._tree.keep_beside(entry, entry.owed, lambda: self._journal.owed_pieces(entry))
        self._written.append(name)
        self._say(
            entry,
            "another program wrote it while your unstaged version was set aside, and the two cannot be merged: yours is"
            f" in {_shown(name)}",
        )

    # If the fixes of jobs and the unstaged edits collide

    def _revert(self) -> None:
        """Give the index its old entries again, and add to the journal what has to be as it was besides."""
        try:
            self._revert_index()
            self._owe_the_old_versions()
        except GitError as error:
            self._sentences.append(f"what jobs have fixed stays staged, since the index cannot be written: {error}")
        self._journal.has_reverted = True

    def _revert_index(self) -> None:
        old = {one.path: one for one in reversed(self._journal.restaged)}  # the first one of each path counts
        new = {one.path: one for one in self._journal.restaged}  # and here the last
        now = index_entries(self._repo, self._environ) if old else {}
        lines = []
        for path, one in old.items() if now else ():  # an empty one: it is gone, with the git that had made it
            ours = new[path]
            if not ours.new_blob or now.get(path) == (ours.new_mode, ours.new_blob):
                lines.append(b"%o %b\t%b\0" % (one.mode, one.blob.encode("ascii"), path))
        write_index_entries(self._repo, self._environ, lines, self._lock)

    def _owe_the_old_versions(self) -> None:
        """Of files that were wholly staged, and that jobs have fixed: what the old entries are checked out to."""
        journal = self._journal
        now = index_entries(self._repo, self._environ) if journal.restaged else {}
        made = {one.path: one.made for one in journal.restaged if one.path in now and one.path not in journal}
        if not made:
            return
        is_sparse = any(flag in SPARSE for flag in flags_of(self._repo, self._environ, made).values())
        before_dir = journal.directory + b"/" + _BEFORE
        check_out(self._repo, self._environ, list(made), before_dir, self._lock, is_sparse=is_sparse)
        for path, version in made.items():
            before = read_version(journal.directory + b"/" + _BEFORE + path)
            if before.kind in (FILE, LINK):
                if before.kind == version.kind and bool(before.mode & 0o100) == bool(version.mode & 0o100):
                    before = before._replace(mode=version.mode)
                entry = Entry(len(journal.entries), path, before, 0, version)
                entry.owed_in = _BEFORE + path
                entry.fixed, entry.replaces = [version], []  # so it is settled as other fixes are
                journal.entries.append(entry)

    # What people are told

    def _say(self, entry: Entry, sentence: str) -> None:
        self._sentences.append(f"{_shown(entry.path)}: {sentence}")

    def _fail(self, error: "OSError | GitError", entry: "Entry | None" = None) -> None:
        self._is_whole = False
        reason = error.strerror if isinstance(error, OSError) else str(error)
        what = _shown(entry.path) if entry else "the unstaged work"
        place = os.fsdecode(self._journal.directory)
        if not os.path.lexists(self._journal.directory + b"/journal"):
            self._sentences.append(
                f"{what} cannot be put back: {place}, where the unstaged work was, has been removed by another program"
                " while the hook ran"
            )
            return
        self._sentences.append(
            f"{what} cannot be put back now ({reason}); nothing is lost: it is in {place}, and the next hook or"
            " dodo-hooks command tries again"
        )


def _merged_name(entry: Entry, later: int) -> bytes:
    """Where the merge that adds an item to `replaces` is kept; -1 when it has been added."""
    return b"merged/%d-%d" % (entry.number, len(entry.replaces) + later)


def _is_in(version: Version, others: "list[Version]") -> bool:
    return any(version.is_same_as(one) for one in others)


def _shown(path: bytes) -> str:
    """A path as people can read it, on one line."""
    text = path.decode("utf-8", "backslashreplace")
    return text if text.isprintable() else ascii(text)[1:-1]
