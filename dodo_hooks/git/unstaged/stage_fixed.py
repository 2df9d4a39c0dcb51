"""Staging what a job has changed among its files, and nothing else (`stage_fixed`, G6; HOT).

The index is the one that git named to its hook: its own, the lock file that `commit -a` and `-p` fill, or the temporary
one of `commit -- FILE` (sync_index.py updates the real one afterwards). Names go in by standard input, where they are
taken literally; only entries that are in the index are replaced, so nothing that is ignored or not tracked comes in.

Stamps distinguish a job's change from others': stamps of all files before the first job, and of a job's files around
its run. If a file has changed since the last stamp when the job starts, somebody else wrote there, and the result of
the job is not its work alone: it is not staged, and a sentence says so. The same if the file changes while git reads
it. What an editor writes while the job runs cannot be distinguished.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.content.file_stamps import Stamp, differs, stamps_of
from dodo_hooks.git.content.file_state import OTHER, FileState, obstacle_of, read_state
from dodo_hooks.git.index_entries import index_entries, update_index, write_index_entries
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.unstaged import sync_index
from dodo_hooks.git.unstaged.hide import HiddenChanges
from dodo_hooks.git.unstaged.journal import Restaged
from dodo_hooks.git.worktree_status import NO_ENTRY, Change, unstaged_changes
from dodo_hooks.host.posix import encode_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Staged(Record):
    """The result of staging the fixes of one job."""

    paths: "tuple[bytes, ...]"  # the index has now what the job made of these
    sentences: "tuple[str, ...]"  # what was not staged, and why


class FilesBefore(Record):
    """The files of one job as it found them."""

    stamps: "dict[bytes, Stamp]"
    foreign: "frozenset[bytes]"  # those that somebody else had changed by then


class FixStager:
    """The stager for the jobs of one hook; used by one process, so that never two stage at once."""

    def __init__(
        self,
        repo: Repo,
        environ: "Mapping[str, str]",
        hidden: "HiddenChanges | None",
        files: "Iterable[bytes]",
        entries: "Mapping[bytes, tuple[int, str]] | None" = None,
    ) -> None:
        """Stamp the files of all the jobs, relative to the top. Call it after changes are hidden, before any job.

        `entries`: what is staged now. A job may run git, and change that before its fix is staged.
        """
        self._entries = entries or {}
        self._repo = repo
        self._environ = environ
        self._hidden = hidden
        self._top = encode_path(repo.top)
        self._last = self._stamps(files)
        self._replaced: dict[bytes, sync_index.Replaced] = {}
        sync_index.drop_stale_commit(repo, environ)

    def before(self, files: "Iterable[bytes]") -> FilesBefore:
        """Stamp the files of a job that is about to start."""
        stamps = self._stamps(files)
        return FilesBefore(stamps, frozenset(path for path in stamps if self._is_foreign(path)))

    def changed(self, watch: FilesBefore) -> "list[bytes]":
        """Return those of the job's files that have changed since it started."""
        return [path for path, stamp in watch.stamps.items() if self._differs(path, stamp)]

    def after(self, watch: FilesBefore) -> Staged:
        """Stage what an ended job changed.

        Do not call it for a job that did not succeed: its files are nobody's fix, but as if another program had written
        them.

        Raises:
            GitError: the index cannot be written, or the record of it cannot.
        """
        changed = self.changed(watch)
        self._last.update(self._stamps(changed))
        ours = [path for path in changed if path not in watch.foreign]
        staged, disturbed = self._stage(ours) if ours else ((), ())
        return Staged(
            staged, tuple(_not_staged(path) for path in changed if path in watch.foreign or path in disturbed)
        )

    def _is_foreign(self, path: bytes) -> bool:
        """Return whether somebody else has written there since we, or the last job, did."""
        if self._hidden is not None and path in self._hidden.paths:
            return not self._hidden.is_ours(path)
        return path in self._last and self._differs(path, self._last[path])

    def _stage(self, ours: "Sequence[bytes]") -> "tuple[tuple[bytes, ...], tuple[bytes, ...]]":
        """Stage these paths; return those that are staged, and those that somebody else changed in that moment."""
        differing = {one.path: one for one in unstaged_changes(self._repo, self._environ)}
        changes = [differing[path] for path in ours if path in differing and self._can_be_staged(differing[path])]
        made = {one.path: self._version(one.path) for one in changes}
        if self._hidden is not None:
            old = {one.path: self._entries.get(one.path, (one.mode, one.blob)) for one in changes}
            restaged = [Restaged(path, *entry, 0, "", made[path]) for path, entry in old.items()]
            self._hidden.record_fixes(ours, restaged)
        if not changes:
            return (), ()
        names = b"".join(one.path + b"\0" for one in changes)
        keep = self._hidden.lock if self._hidden is not None else None
        flags = {one.path: one.flag for one in changes if one.flag}
        try:
            update_index(self._repo, self._environ, ("--remove", "--stdin"), names, flags, keep)
        except GitError:
            if self._hidden is not None:
                self._hidden.withdraw_fixes(frozenset(ours))
            raise
        disturbed = [one for one in changes if not self._version(one.path).is_same_as(made[one.path])]
        old = {one.path: (one.mode, one.blob) for one in disturbed}
        write_index_entries(self._repo, self._environ, old, keep)
        if self._hidden is not None:
            self._hidden.withdraw_fixes(old.keys())
        self._note_new(changes)
        return tuple(one.path for one in changes if one.path not in old), tuple(old)

    def _note_new(self, changes: "Sequence[Change]") -> None:
        is_temporary = sync_index.is_temporary(self._repo, self._environ)
        if self._hidden is None and not is_temporary:
            return
        entries = index_entries(self._repo, self._environ)
        if self._hidden is not None:
            self._hidden.record_new_entries(entries)
        if is_temporary:
            for one in changes:
                first = self._replaced.get(one.path, sync_index.Replaced(one.path, one.mode, one.blob, 0, ""))
                mode, blob = entries.get(one.path, (0, ""))
                self._replaced[one.path] = first._replace(new_mode=mode, new_blob=blob)
            sync_index.record_pending_commit(self._repo, self._environ, list(self._replaced.values()))

    def _can_be_staged(self, change: Change) -> bool:
        """Return whether an entry can be replaced.

        It cannot where the path is only intended to be added, or a directory has taken the place of the file.
        """
        if change.mode == NO_ENTRY or obstacle_of(self._top, change.path) is not None:
            return False
        return self._version(change.path).kind != OTHER

    def _version(self, path: bytes) -> FileState:
        return read_state(self._top + b"/" + path)

    def _stamps(self, paths: "Iterable[bytes]") -> "dict[bytes, Stamp]":
        return stamps_of(self._top, self._repo.git_dir, paths)

    def _differs(self, path: bytes, before: Stamp) -> bool:
        return differs(self._top, path, before)


def _not_staged(path: bytes) -> str:
    name = path.decode("utf-8", "backslashreplace")
    return (
        f"the fix of {name} is not staged: another program, or a job that failed, changed the file before;"
        " check the file, and stage it"
    )
