"""Restoring unstaged changes: from a journal to the tree that its owner had, as hide.py argues for it (G5; HOT).

It is done by the run that hid the changes, and from the same journal by whoever comes after that run was killed. There
are five steps, each of which may be done again by the next one, and none of which destroys what another needs:

1. *Sweep* the slots of those who were killed here before.
2. *Merge* the unstaged changes with the fixes that jobs made and that are staged. Where that cannot be done the commit
   is refused: everything goes back to where it was before the hook, and what was written meanwhile is copied first
   (refused_commit.py, rescue.py).
3. *Choose* for each path what has to stand there, by the file that is there now: the table in hide.py. The journal says
   so before it is put anywhere.
4. *Put* the version to restore in the place of the file that was seen in step 3, and of nothing else. Where something
   came in between, step 3 is done again.
5. *Finish*: remove the journal, if nothing needs recovery any more.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.content.file_state import ABSENT, FILE, NOTHING, OTHER, FileState, read_state, reader_of
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.unstaged.job_writes import KILLED, Ending
from dodo_hooks.git.unstaged.journal import Entry, Journal
from dodo_hooks.git.unstaged.merge_file import Case, Merger, MergeResult, Side
from dodo_hooks.git.unstaged.refused_commit import BEFORE, refusal, revert
from dodo_hooks.git.unstaged.replace import Wanted, WorktreeWriter
from dodo_hooks.git.unstaged.rescue import format_rescued, rescue_copy
from dodo_hooks.host.posix import decode_path, lexists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    Choice = Generator[Case, MergeResult | None, bool]  # asks for merges; the value: whether the journal has changed

_ATTEMPTS = 5  # at one path that somebody else writes to again and again


class RestoreResult(Record):
    """The result of one attempt to restore."""

    sentences: "tuple[str, ...]"  # for people
    conflict: bool  # the commit has to be refused
    is_complete: bool  # everything is restored; if not, the journal stays, and the next attempt continues


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
        self._tree = WorktreeWriter(repo.top, journal)
        self._merger = Merger(repo, environ, journal)
        self._our_folders = {folder for entry in journal.entries for folder in entry.folders}
        self._saved: dict[int, FileState] = {}  # by entry: what is to go beside the path
        self._sentences: list[str] = []
        self._conflicts: list[str] = []  # the files whose fixes cannot be merged
        self._written: list[bytes] = []
        self._is_complete = True

    def run(self) -> RestoreResult:
        """Restore everything. Errors become sentences of the result."""
        try:
            self._sweep()
            self._choose_targets()
            self._put_all()
            if self._is_complete:
                self._save_late_writes()
                self._tree.sync(self._written)
                self._tree.areas.clear()
                self._journal.finish()
        except (OSError, GitError) as error:
            self._record_error(error)
        sentences = (*self._sentences, *format_rescued(self._journal))
        return RestoreResult(sentences, self._journal.is_refused or not self._is_complete, self._is_complete)

    # 1

    def _sweep(self) -> None:
        for entry in self._journal.entries:
            for name in self._tree.sweep(entry):
                if name == entry.path:  # nothing stood there any more, so it is back
                    continue
                self._report(entry, f"changed while the hook ran: saved as {format_path(name)}")

    # 2

    def _choose_targets(self) -> None:
        has_changed = self._merge_fixes()
        if self._journal.is_refused and not self._journal.has_reverted:
            self._journal.write()
            reason = ""
            try:
                revert(self._repo, self._environ, self._journal, self._lock)
            except GitError as error:
                reason = str(error)
            self._journal.has_reverted = True
            self._sentences.append(refusal(self._conflicts, reason, was_killed=self._ending.was_killed))
        has_changed |= self._journal.is_refused
        has_chosen, errors = self._choose(self._journal.entries)
        for entry, failure in errors:
            self._record_error(failure, entry)
        if has_changed or has_chosen:
            self._journal.write()

    def _choose(self, entries: "Sequence[Entry]") -> "tuple[bool, list[tuple[Entry, OSError]]]":
        """Decide what has to stand at the paths, with all merges at once.

        Return whether the journal has to be written, and the errors.
        """
        has_changed, errors = False, list[tuple[Entry, OSError]]()
        choices = [self._choose_target(entry) for entry in entries]
        merged: dict[int, MergeResult | None] = dict.fromkeys(range(len(entries)))
        while merged:
            cases: dict[int, Case] = {}
            for number, result in merged.items():
                try:
                    cases[number] = choices[number].send(result)
                except StopIteration as decided:
                    has_changed |= decided.value
                except OSError as error:
                    errors.append((entries[number], error))
            merged, failed = self._merge_all(cases)
            errors += [(entries[number], error) for number, error in failed]
        return has_changed, errors

    def _merge_all(
        self, cases: "Mapping[int, Case]"
    ) -> "tuple[dict[int, MergeResult | None], list[tuple[int, OSError]]]":
        """Merge all at once or, where one of them cannot be written, one by one; return the merges and the errors."""
        try:
            return dict(zip(cases, self._merger.merge_all(list(cases.values())), strict=True)), []
        except OSError as error:
            if len(cases) == 1:
                return {}, [(number, error) for number in cases]
        each = [self._merge_all({number: case}) for number, case in cases.items()]
        merged = {number: result for one, _ in each for number, result in one.items()}
        return merged, [error for _, errors in each for error in errors]

    def _merge_fixes(self) -> bool:
        """Merge the unstaged changes of each file with the staged fixes of jobs, before anything is decided.

        Where one of them cannot be merged the commit is refused.
        """
        if self._journal.is_refused:
            return False
        entries = [entry for entry in self._journal.entries if entry.fixed and not entry.has_fixes]
        cases = [
            Case(self._base(entry), self._last_fix(entry), self._unstaged(entry), _merged_name(entry))
            for entry in entries
            if entry.unstaged.kind != NOTHING  # a deletion stands, and the fix is in the commit
        ]
        can_merge = iter(self._merger.merge_all(cases))
        conflicting = []
        for entry in entries:
            merged = next(can_merge) if entry.unstaged.kind != NOTHING else MergeResult(entry.target, is_in_file=False)
            if merged is None:
                conflicting.append(entry)
            else:
                self._set_merged(entry, merged)
        if conflicting:
            self._journal.is_refused = True
            for entry in entries:
                entry.target, entry.target_file, entry.merged = entry.unstaged, b"", ABSENT
            self._conflicts = [format_path(entry.path) for entry in conflicting]
        for entry in entries:
            entry.has_fixes = True
        return bool(entries)

    def _set_merged(self, entry: Entry, merged: MergeResult) -> None:
        entry.target = merged.version
        if merged.is_in_file:
            entry.target_file = _merged_name(entry)
            entry.merged = self._tree.areas.unstaged(entry)[0]

    def _choose_target(self, entry: Entry) -> "Choice":
        """Decide what has to stand at the path, given the file there."""
        seen = self._tree.version(entry)
        if self._may_be_replaced(entry, seen) or entry.is_kept:
            return False
        if entry.target_file.startswith(BEFORE) or self._journal.is_refused:
            is_fix = seen.kind != OTHER and seen.is_one_of(entry.fixed)
            if is_fix and not rescue_copy(self._journal, entry.path, self._tree.path(entry), seen):
                return False  # it is another one by now
            if is_fix:
                entry.replaces.append(seen)
                return True
        if entry.target_file.startswith(BEFORE):
            entry.is_kept, entry.target = True, ABSENT  # somebody has changed it after the job did
            return True
        if seen.is_one_of(entry.fixed) and not (self._ending.was_killed and entry.unstaged.kind == NOTHING):
            entry.replaces.append(seen)  # it is staged
            return True
        return (yield from self._choose_by_table(entry, seen))

    def _may_be_replaced(self, entry: Entry, seen: FileState) -> bool:
        """Return whether the file there need not be saved.

        It is the version to restore, or ours, or a folder that goes before a file comes.
        """
        if not entry.target_file and self._tree.is_restored(entry):
            return True
        if seen == ABSENT or seen.is_one_of([entry.target, *entry.replaces]):
            return True
        return seen.kind == OTHER and entry.path in self._our_folders

    def _choose_by_table(self, entry: Entry, seen: FileState) -> "Choice":
        """Decide by the table of git/unstaged/hide.py: somebody wrote there, a job or an editor."""
        if seen.kind == OTHER:
            entry.is_kept = True
            return True
        if seen.is_same_as(entry.unstaged) or (seen.kind == FILE and seen.size == 0):
            entry.replaces.append(seen)  # saved again as it was; or there is nothing in it to be lost
            return True
        if self._is_owners_newest(entry, seen):
            yield from self._keep_newest(entry, seen)
            return True
        if not self._tree.areas.was_moved(entry):  # the owner's own, and newer than what we have
            entry.is_kept = True
            return True
        if self._ending.can_merge(entry.path) and not self._journal.is_refused:
            before = self._last_fix(entry) if entry.fixed else self._base(entry)
            merged = yield Case(before, self._seen(entry, seen), self._target(entry), _merged_name(entry))
            if merged is not None:
                self._set_merged(entry, merged)
                entry.replaces.append(seen)
                return True
        self._saved[entry.number] = seen
        return False

    def _is_owners_newest(self, entry: Entry, seen: FileState) -> bool:
        """Return whether the file has every unstaged change.

        Jobs have never seen those lines, so the owner's editor wrote it.
        """
        try:
            return self._merger.contains(self._base(entry), self._unstaged(entry), self._seen(entry, seen))
        except FileNotFoundError:  # it has just been taken away
            return False

    def _keep_newest(self, entry: Entry, seen: FileState) -> "Choice":
        """Keep the owner's newest version, merged with the fixes that are staged."""
        unstaged = self._unstaged(entry)
        # A change of the permissions is the owner's, too: an editor that saves a new file may have lost it.
        before = Side(unstaged.version._replace(mode=entry.base.mode), unstaged.pieces)
        merged = yield Case(before, self._seen(entry, seen), self._target(entry), _merged_name(entry))
        if merged is None and entry.fixed:
            self._report(entry, "saved while the hook ran, in lines that a job fixed: only the commit has the fix")
        if merged is None or merged.version.is_same_as(seen):
            entry.is_kept, entry.target = True, ABSENT
        else:
            self._set_merged(entry, merged)
            entry.replaces.append(seen)
        return True

    # The sides of a merge

    def _base(self, entry: Entry) -> Side:
        return Side(entry.base, reader_of(self._journal.base_file(entry.path)))

    def _last_fix(self, entry: Entry) -> Side:
        return Side(entry.fixed[-1], lambda: self._journal.fix_pieces(entry))

    def _unstaged(self, entry: Entry) -> Side:
        return Side(*self._tree.areas.unstaged(entry))

    def _seen(self, entry: Entry, seen: FileState) -> Side:
        return Side(seen, reader_of(self._tree.path(entry)))

    def _target(self, entry: Entry) -> Side:
        if entry.target_file:
            return Side(entry.target, reader_of(self._journal.directory + b"/" + entry.target_file))
        version, pieces = self._tree.areas.unstaged(entry)
        return Side(version._replace(mode=entry.target.mode), pieces)

    # 3

    def _put_all(self) -> None:
        """Put all entries in place.

        Paths that are to be absent go first: something may stand there where a folder is needed.
        """
        entries = sorted(self._journal.entries, key=lambda entry: entry.target.kind != NOTHING)
        for entry in entries:
            try:
                self._put(entry)
            except OSError as error:
                self._record_error(error, entry)

    def _put(self, entry: Entry) -> None:
        for _ in range(_ATTEMPTS):
            if entry.is_kept:
                break
            if self._is_there(entry) or self._put_once(entry):
                self._written.append(entry.path)
                self._tree.remove_folders(entry)
                return
            has_changed, errors = self._choose([entry])
            if errors:
                raise errors[0][1]
            if has_changed:
                self._journal.write()
        self._keep_both(entry)

    def _is_there(self, entry: Entry) -> bool:
        if not entry.target_file and self._tree.is_restored(entry):
            return True
        # The owner's file goes back also where its bytes are there already: a program may have it open.
        is_owners_away = not entry.target_file and self._tree.areas.find_original(entry) is not None
        return not is_owners_away and self._tree.version(entry).is_same_as(entry.target)

    def _put_once(self, entry: Entry) -> bool:
        saved = self._saved.pop(entry.number, None)
        expected = [*entry.replaces, entry.target]
        wanted = Wanted(entry.target, lambda: self._target(entry).pieces(), expected, () if saved is None else (saved,))
        beside = self._tree.put(entry, wanted)
        if beside:
            self._written.append(beside)
            writer = self._ending.describe_writer(entry.path)
            self._report(entry, f"{writer}: saved as {format_path(beside)}; your unstaged version is restored")
        return beside is not None

    def _keep_both(self, entry: Entry) -> None:
        if entry.target.kind == NOTHING:
            return
        sentence = "something else is there now, and cannot be merged: your unstaged version is saved"
        self._keep_beside(entry, self._target(entry).pieces, sentence)

    def _save_late_writes(self) -> None:
        """Save beside the path what a program has written to the owner's open file since it was merged."""
        for entry in self._journal.entries:
            path = self._tree.areas.find_original(entry) if entry.merged != ABSENT else None
            if path is None or read_state(path).has_bytes_of(entry.merged):
                continue
            entry.target, entry.target_file = read_state(path), b""
            self._keep_beside(entry, reader_of(path), "another program wrote to the file during the merge: saved")

    def _keep_beside(self, entry: Entry, pieces: "Callable[[], Iterator[bytes]]", sentence: str) -> None:
        name = self._tree.keep_beside(entry, pieces)
        self._written.append(name)
        self._report(entry, f"{sentence} as {format_path(name)}")

    # Sentences for people

    def _report(self, entry: Entry, sentence: str) -> None:
        self._sentences.append(f"{format_path(entry.path)}: {sentence}")

    def _record_error(self, error: "OSError | GitError", entry: "Entry | None" = None) -> None:
        self._is_complete = False
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
        if not lexists(self._journal.directory + b"/journal"):
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
    number = int(entry.target_file.rpartition(b"-")[2]) + 1 if entry.target_file.startswith(b"merged/") else 0
    return b"merged/%d-%d" % (entry.number, number)


def format_path(path: bytes) -> str:
    """Return a path as people can read it, on one line."""
    text = path.decode("utf-8", "backslashreplace")
    return text if text.isprintable() else ascii(text)[1:-1]
