"""Hiding unstaged changes while the jobs of a commit run, so that they see what will be committed (G5; HOT).

No byte may be lost, whoever is killed and when. This is the argument; the rest of the package only carries it out.

*What there is.* For each path that differs between index and tree, U is the file that its owner has there (or a link,
or nothing), and B what the index has, as git checks it out. F is what a job made of B, where that is staged. S is what
stands at the path in the end, and T what has to stand there: U, or U merged with F or S.

*Two moves.* `take` renames what is at a path, whatever it is by then, to a name in our directory. `put` links a file of
ours to a path, which fails if anything is there, and then removes our name of it (moves.py). No file of others is
written to, and no name of theirs is removed or replaced. So what anybody has written, at any moment, is at the path, or
was taken and is in our directory. A kill can come between two moves, and the names say which were made. (It can come
between the two calls of `put`, too: the next `put` finds one file under both names, and finishes.) For path N:

    swap/N.new   there: B was not put, so nobody but the owner wrote to the path
    original/N   there: U was taken, and is to be restored
    merged/N-K   there, and named by the journal: T is to be put instead of U
    swap/N       there: S was taken, and it is not decided what becomes of it

*The moments*, and what a kill leaves:

1. B is checked out, and copied to swap/N.new. The tree is unchanged, and without a journal all this is thrown away.
2. The journal is written, with the paths and the hashes of B, and synced. From here on a *recovery* finds it: no U was
   taken, so it is done.
3. Path by path U is taken, and B is put. A recovery continues with moment 5. So does this run where U is gone, or where
   somebody wrote to the path between the two moves; then it begins anew. (Where an unstaged `.gitattributes` would tell
   git how to check out B, 1 to 3 are done for it alone, and then for the rest.)
4. The jobs run. F is copied, and its hash is in the journal, before it is staged (stage_fixed.py).
5. T is chosen by the hash of S. A merge is written to merged/N-K and synced; then the journal names it, and the hash
   of the S that is in it. Then S is taken. If it is B, F, or an S that is in T, swap/N is removed. If it is the S that
   was seen, it is moved beside the path. If it is neither, it is moved to the path again, and T is chosen anew. Then T
   is put. A recovery begins with the swap/N that it finds, and does the same. What was put is not there to be put
   again. So restoring once more finishes what was begun, and restoring twice changes nothing.
6. After a merge U is still in original/N. If a program has written to it since, it goes beside. Then the journal is
   removed, and after it what is left in our directory: B, F, and U where all of it is in T.

*Power cuts.* On a file system with a journal, names change on the disk in the order in which we change them. The bytes
of U are there as they would be without us, since nobody writes them. What is new, a merge, is synced before anything
that is in it is removed. Where our directory and the tree are two file systems, U is copied to the one and synced
before it is moved within the other, and the folders in the tree are synced before the journal is removed.

*What is restored.* If F and U cannot be merged, the commit is refused, and tree and index are as they were. The run is
good if git may continue: its jobs exited 0 (also if that is failed because they changed files), or the hook only warns.

    who wrote S                                    good run                       failed, refused, killed
    ---------------------------------------------  -----------------------------  -----------------------------
    nobody (S is B), or a fixer that is staged     T                              T (refused: U, F is kept)
    a job without `stage_fixed`, or an editor      T merged with S; if it cannot  T, and S beside
      that had read B                                be: T, and S beside
    the same, where a job staged it (`git add`)    T merged with S; if it cannot  the same (killed: T, and S
                                                     be: T, and S beside            beside)
    a job that failed, was cancelled, or too late  T, and S beside                T, and S beside
    a job that took the path's staged changes out  T, and S beside                T, and S beside
      of the index (`git reset --hard`)
    an editor that had read U: S has all of it     S merged with F                S merged with F (refused: S)
    a program that has U's own file open           its file, as it is by now      its file, as it is by now

Beside is `PATH.during-hook`; a sentence names it and the job that wrote it, or ran when it was written. That an editor
had read U is known by the lines that are in U and not in B: no job has seen them. What was staged is safe in the index,
and an empty S has nothing to lose. Where a folder or the like is at the path, T goes beside, as `PATH.unstaged`. A
recovery knows of no good run. Where a path was never hidden, what stands there is its owner's, and stays.

*Who may do this.* The holder of the `aside` lock: it is taken before 1 and released after 6, by closing if its holder
is killed. Processes that we start, and that change something, have it too: a `git` that outlives us keeps a recovery
waiting until it is done. So two runs, or a run and a recovery, or two recoveries, never meet. Those who read (a later
hook, a background job) wait for the lock, or hold it shared.

*What is not ours.* Directories in the place of files, submodules and unmerged paths are left as they are. Nothing is
moved through a link. U comes back as the file that it was, with its links, owner and attributes, so a program that has
it open continues with it; but its modification time is new: make would take what was built from B for newer than U.
"""

import errno

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.content.file_state import OTHER, copy_state, read_state
from dodo_hooks.git.event import needs_recovery
from dodo_hooks.git.index_entries import index_entries
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.unstaged import sync_index
from dodo_hooks.git.unstaged.index_versions import DisturbedError, replace_by_index_versions
from dodo_hooks.git.unstaged.job_writes import SUCCEEDED, Ending
from dodo_hooks.git.unstaged.journal import Journal, Restaged, load_journal
from dodo_hooks.git.unstaged.lock import release_lock, take_lock, was_killed
from dodo_hooks.git.unstaged.restore import Restorer, RestoreResult, format_path
from dodo_hooks.git.variables import without_local
from dodo_hooks.git.worktree_status import Change, staged_changes, unstaged_changes
from dodo_hooks.host.files.atomic_files import unlink
from dodo_hooks.host.files.file_locks import is_unsupported
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import decode_path, encode_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Set

_ATTEMPTS = 4  # beside an editor that saves again and again


class HiddenChanges:
    """Unstaged changes that are hidden. Whoever has them calls `restore` on every way out."""

    def __init__(
        self, repo: Repo, environ: "Mapping[str, str]", journal: Journal, changes: "Sequence[Change]", lock: int
    ) -> None:
        self.lock = lock  # keep it open in processes that may still write into the tree
        self.sentences: tuple[str, ...] = ()  # to print: what happened while the changes were hidden
        self._repo = repo
        self._environ = environ
        self._journal = journal
        self._staged = {change.path: (change.mode, change.blob) for change in changes}
        self._entries = {entry.path: entry for entry in journal.entries}
        self._result: RestoreResult | None = None
        self._noted: frozenset[bytes] = frozenset()  # the paths of the last record

    @property
    def paths(self) -> "Set[bytes]":
        return self._entries.keys()

    def is_ours(self, path: bytes) -> bool:
        """Return whether the file at one of `paths` is the one that we put there, or the last recorded fix of a job."""
        entry, seen = self._entries[path], read_state(self._path(path))
        return seen.is_same_as((entry.base, *entry.fixed)[-1])

    def record_fixes(self, paths: "Sequence[bytes]", restaged: "Sequence[Restaged]" = ()) -> None:
        """Record the files at these paths as the fix of a job, and the index entries that are about to be replaced.

        Call it before they are replaced.

        Raises:
            GitError: the record cannot be written.
        """
        made = {}
        try:
            for entry in (self._entries[path] for path in paths if path in self._entries):
                copy = self._journal.fix_file(entry, len(entry.fixed) + 1)
                unlink(copy)
                made[entry.path] = copy_state(self._path(entry.path), copy)
        except OSError as error:
            raise self._write_error(error) from error
        self._noted = frozenset(path for path, state in made.items() if state.kind != OTHER)
        for path in self._noted:
            self._entries[path].fixed.append(made[path])
        count = len(self._journal.restaged)
        self._journal.restaged += restaged
        try:
            self._journal.write()
        except OSError as error:
            self.withdraw_fixes(self._noted)
            del self._journal.restaged[count:]
            raise self._write_error(error) from error

    def withdraw_fixes(self, paths: "Set[bytes]") -> None:
        """Remove these paths from the last record: somebody else wrote there in that moment, and it is not staged."""
        for path in self._noted & paths:
            self._entries[path].fixed.pop()

    def record_new_entries(self, entries: "Mapping[bytes, tuple[int, str]]") -> None:
        """Record the new index entries of the paths that were about to be replaced. Raises GitError."""
        for number, one in enumerate(self._journal.restaged):
            if not one.new_blob and one.path in entries:
                mode, blob = entries[one.path]
                self._journal.restaged[number] = one._replace(new_mode=mode, new_blob=blob)
        try:
            self._journal.write()
        except OSError as error:
            raise self._write_error(error) from error

    def restore(self, ending: Ending = SUCCEEDED) -> RestoreResult:
        """Restore the unstaged changes, and release the lock. The second call returns the result of the first."""
        if self._result is None:
            ending, removed = self._compare_index(ending)
            result = Restorer(self._repo, self._environ, self._journal, self.lock, ending).run()
            sentences = [f"{format_path(path)}: a job removed what you had staged; stage it again" for path in removed]
            self._result = result._replace(sentences=(*result.sentences, *sentences))
            release_lock(self.lock)
        return self._result

    def _compare_index(self, ending: Ending) -> "tuple[Ending, list[bytes]]":
        """Find what jobs have done to the index; return the paths whose staged changes one of them removed.

        A fix that the index does not have is forgotten. What a job has staged by itself is merged, whatever else has
        failed. A job that runs `git reset --hard`, or `git stash` beside a fixer, puts HEAD's version into the index
        and at the path. Merging that would take the staged half of its owner's work out of the file as well.
        """
        known = {one.path for one in self._journal.restaged}
        paths = [one.path for one in self._journal.entries if one.fixed or one.path in ending.writers]
        paths = [path for path in paths if path not in known and path in self._staged]
        if not paths:
            return ending, []
        try:
            now = index_entries(self._repo, self._environ)
            staged = staged_changes(self._repo, self._environ)
        except GitError:  # where nobody can tell, nothing is merged
            return ending._replace(suspects=ending.suspects.union(paths)), []
        is_same = {path for path in paths if now.get(path) == self._staged[path]}
        removed = [path for path in paths if path not in is_same and path not in staged]
        for path in (*is_same, *removed):
            self._entries[path].fixed.clear()
        by_jobs = frozenset(paths).difference(is_same, removed)
        return ending._replace(suspects=ending.suspects.union(removed), staged=by_jobs), removed

    def _path(self, path: bytes) -> bytes:
        return encode_path(self._repo.top) + b"/" + path

    def _write_error(self, error: OSError) -> GitError:
        return GitError(f"cannot record the fixes of a job in {self._repo.git_dir}: {error.strerror}")


def hide_unstaged(
    repo: Repo,
    environ: "Mapping[str, str]",
    changes: "tuple[Change, ...] | None" = None,
    report: "Callable[[str], None] | None" = None,
) -> "HiddenChanges | None":
    """Make the tree equal to the index that git uses; return None where it is equal already.

    `changes`: what differs, where that was found out a moment ago.

    The call waits while another run of this working tree has hidden changes, and passes a sentence about that to
    `report`.

    Raises:
        GitError: it cannot be done, and the tree is as it was; or the sentence says where the changes are.
    """
    if changes is None:
        changes = unstaged_changes(repo, environ)
    if not changes:
        return None
    lock, has_waited = _lock(repo, report)
    try:
        sentences = _finish_left_over(repo, environ, lock)
        hidden = _begin(repo, environ, lock, None if has_waited or sentences else changes, sentences)
    except BaseException:
        release_lock(lock)
        raise
    if hidden is None:
        release_lock(lock)
    else:
        hidden.sentences = tuple(dict.fromkeys(sentences))
    return hidden


def _lock(repo: Repo, report: "Callable[[str], None] | None") -> "tuple[int, bool]":
    """Return the lock, and whether another had it before us."""
    try:
        for waits in (False, True):
            lock = take_lock(repo, waits=waits, report=report)
            if lock is not None:
                return lock, waits
    except OSError as error:
        why = f"unstaged changes cannot be hidden: {error.filename or repo.git_dir}"
        if is_unsupported(error):
            why += ", where files cannot be locked: stage or stash them, and commit again"
        raise GitError(f"{why}: {error.strerror}") from error
    raise AssertionError("take_lock has waited and returned no lock")


def restore_interrupted(
    repo: Repo, environ: "Mapping[str, str]", *, waits: bool = False, report: "Callable[[str], None] | None" = None
) -> "list[str]":
    """Finish what a killed run has left; return the sentences to print. (`needs_recovery` is a cheaper question.)

    A run that is alive is left alone. With `waits` the call waits for its end, and passes a sentence about that to
    `report`: a hook that is not inside that run needs the tree as it is.

    Raises:
        GitError: something cannot be restored now, or the journal cannot be read.
    """
    if not needs_recovery(repo):
        return []
    sentences: list[str] = []
    try:
        lock = take_lock(repo, waits=waits, is_recovery=True, report=report)
    except OSError as error:
        if not is_unsupported(error) or load_journal(repo) is not None:
            raise  # changes can be restored under the lock alone; an index can be synced without
    else:
        if lock is None:
            return []
        try:
            sentences = _finish_left_over(repo, environ, lock)
        finally:
            release_lock(lock)
    try:
        sync_index.load_pending_commits(repo)
    except GitError as error:
        raise GitError("; ".join((*sentences, str(error)))) from error
    try:
        sync_index.sync_index(repo, environ)
    except GitError as error:
        sentences.append(f"the index still lacks the fixes of the last commit: {error}")
    return sentences


def _finish_left_over(repo: Repo, environ: "Mapping[str, str]", lock: int) -> "list[str]":
    """Restore what an earlier run has left; return the sentences to print.

    Raises:
        GitError: something still needs recovery afterwards: then nothing else may be hidden.
    """
    journal = load_journal(repo)
    if journal is None:
        return []
    # The index that a killed commit had made for itself is gone: what we staged in the real one is all that counts.
    result = Restorer(repo, without_local(environ), journal, lock).run()
    if not result.is_complete:
        raise GitError("; ".join(result.sentences))
    count, end = len(journal.entries), "was killed" if was_killed(lock) else "could not restore them"
    restored = f"restored the unstaged changes of {count} file{'s'[: count != 1]}, hidden by a commit that {end}"
    return list(dict.fromkeys((restored, *result.sentences)))


def _begin(
    repo: Repo, environ: "Mapping[str, str]", lock: int, changes: "tuple[Change, ...] | None", sentences: "list[str]"
) -> "HiddenChanges | None":
    """Hide the changes, again where one was disturbed. Adds to `sentences`.

    `changes`: None where somebody else has been at work since they were listed.
    """
    reason, has_mounts = "", False
    for _ in range(_ATTEMPTS):
        try:
            now = unstaged_changes(repo, environ) if changes is None else changes
            return _hide(repo, environ, lock, now, sentences, has_mounts)
        except DisturbedError as disturbed:
            reason, changes = f"{disturbed} keeps changing", None
        except OSError as error:
            if error.errno == errno.EXDEV and not has_mounts:  # a folder of the same device is mounted in the tree
                has_mounts, changes = True, None
                continue
            path = error.filename or repo.git_dir
            where = decode_path(path) if isinstance(path, bytes) else path
            raise GitError(f"unstaged changes cannot be hidden: {where}: {error.strerror}") from error
    raise GitError(f"unstaged changes cannot be hidden: {reason}; wait, and try again")


def _hide(
    repo: Repo,
    environ: "Mapping[str, str]",
    lock: int,
    changes: "tuple[Change, ...]",
    sentences: "list[str]",
    has_mounts: bool,
) -> "HiddenChanges | None":
    journal = Journal(repo.git_dir)
    journal.has_mounts = has_mounts
    try:
        replace_by_index_versions(repo, environ, journal, changes, lock)
        if journal.entries:
            return HiddenChanges(repo, environ, journal, changes, lock)
        remove_tree(journal.directory)
        return None
    except BaseException as error:
        if not journal.entries:
            remove_tree(journal.directory)
            raise
        result = Restorer(repo, environ, journal, lock).run()
        if not result.is_complete:
            raise GitError("; ".join(result.sentences)) from error
        sentences += result.sentences
        raise
