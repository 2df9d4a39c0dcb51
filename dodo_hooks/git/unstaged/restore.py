"""Restoring unstaged changes: from a journal to the tree that its owner had, as hide.py argues for it (G5; HOT).

It is done by the run that hid the changes, and from the same journal by whoever comes after that run was killed. Each
step may be done again, and destroys nothing that another needs:

1. *Sweep*: judge what a killed run had taken out of the tree, as in step 4.
2. *Merge* the unstaged changes with the fixes that jobs made and that are staged. Where that cannot be done the commit
   is refused (refused_commit.py).
3. *Choose* for each path what has to stand there, by the file that is there now: the table in hide.py. The journal says
   so before anything is moved.
4. *Move* that file out of the tree. If it is not the one that was seen in step 3, move it back, and choose again. Then
   move the chosen one in.
5. *Finish*: remove the journal, if nothing needs recovery any more.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.content.file_state import ABSENT, FILE, NOTHING, OTHER, FileState, read_state, reader_of
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.unstaged.job_writes import KILLED, Ending
from dodo_hooks.git.unstaged.journal import Entry, Journal
from dodo_hooks.git.unstaged.merge_file import Case, Merger, MergeResult, Side
from dodo_hooks.git.unstaged.moves import NEW, OUT, OWNERS, Moves
from dodo_hooks.git.unstaged.refused_commit import BEFORE, format_kept, keep_edit, refusal, revert
from dodo_hooks.host.posix import decode_path, lexists, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OWNERS_BESIDE = b".unstaged"  # the unstaged version, beside a path where it cannot stand
OTHERS_BESIDE = b".during-hook"  # what was written to the path while the unstaged version was hidden
_ATTEMPTS = 5  # at one path that somebody else writes to again and again


class RestoreResult(Record):
    """The result of one attempt to restore."""

    sentences: "tuple[str, ...]"  # for people
    conflict: bool  # the commit has to be refused
    is_complete: bool  # everything is restored; if not, the journal stays, and the next attempt continues


class _Choice(Record):
    """A merge on which depends what has to stand at a path."""

    entry: Entry
    seen: FileState  # what stands there now
    unstaged: FileState  # the owner's file
    case: Case
    is_newest: bool  # what stands there was written by an editor that had read the owner's file


class Restorer:
    """One attempt to restore, by the holder of the lock."""

    def __init__(
        self, repo: Repo, environ: "Mapping[str, str]", journal: Journal, lock: int, ending: Ending = KILLED
    ) -> None:
        self._repo = repo
        self._environ = environ
        self._journal = journal
        self._lock = lock
        self._ending = ending
        self._moves = Moves(repo.top, journal)
        self._merger = Merger(repo, environ, journal)
        self._saved: dict[int, FileState] = {}  # by entry: what is to go beside the path
        self._failed: set[int] = set()  # entries that cannot be restored now
        self._sentences: list[str] = []
        self._is_complete = True

    def run(self) -> RestoreResult:
        """Restore everything. Errors become sentences of the result."""
        try:
            self._each(self._journal.entries, self._sweep)
            self._merge_fixes()
            self._choose(self._journal.entries)
            self._put_all()
            if self._is_complete:
                self._finish()
        except (OSError, GitError) as error:
            self._record_error(error)
        sentences = (*self._sentences, *format_kept(self._journal))
        return RestoreResult(sentences, self._journal.is_refused or not self._is_complete, self._is_complete)

    def _each(self, entries: "Sequence[Entry]", act: "Callable[[Entry], None]") -> None:
        """Do this with each entry; one that fails holds up no other, and is left alone from there on."""
        for entry in entries:
            if entry.number not in self._failed:
                try:
                    act(entry)
                except OSError as error:
                    self._record_error(error, entry)

    # 1

    def _sweep(self, entry: Entry) -> None:
        self._moves.drop_part(entry)
        out = self._moves.found(entry, OUT)
        if out is not None and not self._settle(entry, out):
            self._give_back(entry, out)

    # 2

    def _merge_fixes(self) -> None:
        """Merge the last fix of each file with its unstaged changes; refuse the commit where that cannot be done."""
        journal, conflicts = self._journal, list[str]()
        if not journal.is_refused:
            entries = [entry for entry in journal.entries if entry.fixed and entry.fixed[-1] not in entry.replaces]
            conflicts = self._merge_into_unstaged(entries)
            if conflicts:
                journal.is_refused = True
                for entry in entries:
                    entry.target_file, entry.target, entry.merged = b"", ABSENT, ABSENT
                journal.write()
        if journal.is_refused and not journal.has_reverted:
            reason = ""
            try:
                revert(self._repo, self._environ, journal, self._lock)
            except GitError as error:
                reason = str(error)
            journal.has_reverted = True
            self._sentences.append(refusal(conflicts, reason, was_killed=self._ending.was_killed))

    def _merge_into_unstaged(self, entries: "Sequence[Entry]") -> "list[str]":
        """Merge all at once; return the files where that cannot be done."""
        # Where the file is deleted that stands, and the fix is in the commit.
        sides = {entry: self._unstaged(entry) for entry in entries if not entry.is_deleted}
        cases = [Case(self._base(one), self._last_fix(one), side, _merged_name(one)) for one, side in sides.items()]
        conflicts = []
        for (entry, side), merged in zip(sides.items(), self._merger.merge_all(cases), strict=True):
            if merged is None:
                conflicts.append(format_path(entry.path))
            else:
                self._set_merged(entry, merged, side.version)
        for entry in entries:
            if not (self._ending.was_killed and entry.is_deleted):  # nobody knows whether the commit was made
                entry.replaces += entry.fixed
        return conflicts

    def _set_merged(self, entry: Entry, merged: MergeResult, unstaged: FileState) -> None:
        if merged.is_in_file:
            if not entry.target_file:
                entry.merged = unstaged
            entry.target_file = _merged_name(entry)
        entry.target = merged.version

    # 3

    def _choose(self, entries: "Sequence[Entry]") -> None:
        """Decide what has to stand at the paths, with all merges at once, and write it down."""
        choices: list[_Choice] = []
        self._each(entries, lambda entry: choices.extend(self._decide(entry)))
        for choice, merged in self._merge_all(choices):
            self._accept(choice, merged)
        self._journal.write()

    def _merge_all(self, choices: "Sequence[_Choice]") -> "list[tuple[_Choice, MergeResult | None]]":
        """Merge all at once or, where one of them cannot be written, one by one."""
        try:
            return list(zip(choices, self._merger.merge_all([choice.case for choice in choices]), strict=True))
        except OSError as error:
            if len(choices) == 1:
                self._record_error(error, choices[0].entry)
                return []
        return [merged for choice in choices for merged in self._merge_all([choice])]

    def _decide(self, entry: Entry) -> "list[_Choice]":
        """Decide what has to stand at the path, given the file there; return the merge if one decides."""
        if entry.is_done or not self._moves.can_move(entry):
            return []
        if not self._is_pending(entry):
            if not self._ending.was_killed and self._has_journal():  # nobody has restored it yet
                where = decode_path(self._journal.directory)
                self._report(entry, f"another program removed your unstaged version from {where} while the hook ran")
            return []
        seen = read_state(self._moves.path(entry))
        if seen.kind in (NOTHING, OTHER) or self._may_go(entry, seen):
            return []
        if entry.target_file.startswith(BEFORE) or (entry.is_deleted and not self._was_hidden(entry)):
            entry.is_done = True  # somebody has changed it after the job did, or before anything was hidden
            return []
        unstaged, here = self._unstaged(entry), Side(seen, reader_of(self._moves.path(entry)))
        if seen.is_same_as(unstaged.version):  # saved again as it was
            entry.replaces.append(seen)
            return []
        try:
            is_newest = self._merger.contains(self._base(entry), unstaged, here)  # no job has seen those lines
        except FileNotFoundError:  # it has just been taken away
            is_newest = False
        if is_newest:  # A change of the permissions is the owner's, too: an editor may have lost it.
            before = Side(unstaged.version._replace(mode=entry.base.mode), unstaged.pieces)
        elif self._ending.can_merge(entry.path) and not self._journal.is_refused:
            before = self._last_fix(entry) if entry.fixed else self._base(entry)
        else:
            self._saved[entry.number] = seen
            return []
        case = Case(before, here, self._target(entry, unstaged), _merged_name(entry))
        return [_Choice(entry, seen, unstaged.version, case, is_newest)]

    def _accept(self, choice: _Choice, merged: "MergeResult | None") -> None:
        entry = choice.entry
        if choice.is_newest and merged is None and entry.fixed:
            self._report(entry, "saved while the hook ran, in lines that a job fixed: only the commit has the fix")
        if choice.is_newest and (merged is None or merged.version.is_same_as(choice.seen)):
            entry.is_done, entry.merged = True, entry.merged if entry.target_file else choice.unstaged
        elif merged is None:
            self._saved[entry.number] = choice.seen
        else:
            self._set_merged(entry, merged, choice.unstaged)
            entry.replaces.append(choice.seen)

    def _may_go(self, entry: Entry, seen: FileState) -> bool:
        """Return whether the file need not be saved: it is empty, or ours, or a fix that is staged or is moved away."""
        is_kept = self._journal.is_refused and seen.is_one_of(entry.fixed)
        is_empty = seen.kind == FILE and seen.size == 0
        return is_kept or is_empty or seen.is_one_of([entry.base, entry.target, *entry.replaces])

    def _is_pending(self, entry: Entry) -> bool:
        """Return whether something has to be moved to the path, or away from it."""
        return entry.is_deleted or self._source(entry) is not None

    def _was_hidden(self, entry: Entry) -> bool:
        """Return whether the index version was put at the path: it has no file of ours any more."""
        return not lexists(self._moves.file(entry, NEW, 0))

    def _source(self, entry: Entry) -> "bytes | None":
        """Return our file that has to stand at the path; None: it is there, or nothing was ever moved."""
        if not entry.target_file:
            return self._moves.owners_file(entry)
        found = self._journal.directory + b"/" + entry.target_file
        return found if lexists(found) else None

    # The sides of a merge

    def _base(self, entry: Entry) -> Side:
        return Side(entry.base, reader_of(self._journal.base_file(entry.path)))

    def _last_fix(self, entry: Entry) -> Side:
        return Side(entry.fixed[-1], reader_of(self._journal.fix_file(entry, len(entry.fixed))))

    def _unstaged(self, entry: Entry) -> Side:
        path = self._moves.owners_file(entry)
        return Side(ABSENT, lambda: iter(())) if path is None else Side(read_state(path), reader_of(path))

    def _target(self, entry: Entry, unstaged: Side) -> Side:
        if entry.target_file:
            return Side(entry.target, reader_of(self._journal.directory + b"/" + entry.target_file))
        return (
            unstaged
            if entry.target == ABSENT
            else Side(unstaged.version._replace(mode=entry.target.mode), unstaged.pieces)
        )

    # 4

    def _put_all(self) -> None:
        """Put all entries in place.

        Paths that are to be absent go first: something may stand there where a folder is needed.
        """
        self._each(sorted(self._journal.entries, key=lambda entry: not entry.is_deleted), self._put)

    def _put(self, entry: Entry) -> None:
        for _ in range(_ATTEMPTS):
            if entry.is_done or entry.number in self._failed or not self._is_pending(entry):
                return
            if not self._moves.can_move(entry):
                break
            if self._take_out(entry) and self._put_in(entry):
                self._moves.remove_folders(entry)
                return
            self._choose([entry])
        if (source := self._source(entry)) is not None:
            name = self._moves.put_beside(entry, source, OWNERS_BESIDE)
            sentence = "something else is there now, and cannot be merged: your unstaged version is saved"
            self._report(entry, f"{sentence} as {format_path(name)}")

    def _take_out(self, entry: Entry) -> bool:
        """Move the file at the path to where it belongs; return False if it is not the one that was chosen to go."""
        try:
            self._moves.take(entry, OUT)
        except FileNotFoundError:
            return True
        out, is_settled = self._moves.file(entry, OUT), False
        try:
            is_settled = self._settle(entry, out)
        finally:
            if not is_settled:
                self._give_back(entry, out)
        return is_settled

    def _settle(self, entry: Entry, out: bytes) -> bool:
        """Move what was taken out of the tree to where it belongs; return False where nobody knows what it is."""
        seen = read_state(out)
        if seen.kind != OTHER and self._may_go(entry, seen):
            if self._journal.is_refused and seen.is_one_of(entry.fixed):
                keep_edit(self._journal, entry.path, out)
            else:
                os.unlink(out)
        elif seen.is_same_as(self._saved.get(entry.number, ABSENT)):
            name = self._moves.put_beside(entry, out, OTHERS_BESIDE)
            writer = self._ending.describe_writer(entry.path)
            self._report(entry, f"{writer}: saved as {format_path(name)}; your unstaged version is restored")
        else:
            return False
        return True

    def _give_back(self, entry: Entry, out: bytes) -> None:
        try:
            if not self._moves.can_move(entry):
                raise FileExistsError
            self._moves.put(entry, out)
        except FileExistsError:
            name = self._moves.put_beside(entry, out, OTHERS_BESIDE)
            self._report(entry, f"changed while the hook ran: saved as {format_path(name)}")

    def _put_in(self, entry: Entry) -> bool:
        """Move what has to stand at the path there; return False if somebody has just put something else there."""
        source = self._source(entry)
        if source is None:
            return True
        self._moves.refresh(entry, source)
        try:
            self._moves.put(entry, source)
        except FileExistsError:
            return False
        return True

    # 5

    def _finish(self) -> None:
        """Save beside the path what a program has written to the owner's open file since it was merged, and end."""
        for entry in self._journal.entries:
            path = self._moves.found(entry, OWNERS) if entry.merged != ABSENT else None
            if path is not None and not read_state(path).has_bytes_of(entry.merged):
                name = self._moves.put_beside(entry, path, OWNERS_BESIDE)
                sentence = "another program wrote to the file during the merge: saved"
                self._report(entry, f"{sentence} as {format_path(name)}")
        self._moves.clear()
        self._journal.finish()

    def _has_journal(self) -> bool:
        return lexists(self._journal.directory + b"/journal")

    # Sentences for people

    def _report(self, entry: Entry, sentence: str) -> None:
        self._sentences.append(f"{format_path(entry.path)}: {sentence}")

    def _record_error(self, error: "OSError | GitError", entry: "Entry | None" = None) -> None:
        self._is_complete = False
        if entry is not None:
            self._failed.add(entry.number)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        what = format_path(entry.path) if entry else "the unstaged changes"
        area = decode_path(self._journal.directory)
        git_dir = area.rpartition("/")[0]
        if not lexists(git_dir):
            self._sentences.append(
                f"{what} cannot be restored now: while the hook ran, {git_dir} was moved or removed; if it was moved,"
                " nothing is lost: the next hook or dodo-hooks command there restores the unstaged changes"
            )
            return
        if not self._has_journal():
            self._sentences.append(
                f"{what} cannot be restored: while the hook ran, another program removed {area}, which held the"
                " unstaged changes"
            )
            return
        self._sentences.append(
            f"{what} cannot be restored now ({reason}); nothing is lost: {area} holds the unstaged changes, and the"
            " next hook or dodo-hooks command tries again"
        )


def _merged_name(entry: Entry) -> bytes:
    """Return the name for the next merge: a file that the journal names is not overwritten."""
    return b"merged/%d-%d" % (entry.number, len(entry.replaces))


def format_path(path: bytes) -> str:
    """Return a path as people can read it, on one line."""
    text = path.decode("utf-8", "backslashreplace")
    return text if text.isprintable() else ascii(text)[1:-1]
