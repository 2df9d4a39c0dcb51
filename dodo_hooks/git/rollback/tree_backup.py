"""The backup of tracked files and of the index at one moment of a run, and the way back to it (P6; HOT, if needed).

The moment is the last one at which all was as it should be. A file that equals its index entry needs no copy, since the
index of that moment is kept. The other files were changed by hooks before, or were unstaged, and are copied into the
area.
"""

from fcntl import LOCK_EX, LOCK_NB

from dodo_hooks.git.content.file_state import ABSENT, FILE, LINK, obstacle_of, pieces_of, read_state, write_state
from dodo_hooks.git.content.worktree_diff import DiffState, entries_in
from dodo_hooks.git.event import is_rolling_back
from dodo_hooks.git.index_entries import check_out
from dodo_hooks.git.repo import index_file
from dodo_hooks.git.rollback.restore_tree import area_of, restore, write_journal
from dodo_hooks.host.files.atomic_files import try_unlink, unlink, write_file
from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import decode_path, encode_path, is_real_folder, os, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dodo_hooks.git.repo import Repo

_SUBMODULE = b"160000"
_NO_PATHS: "Collection[bytes]" = ()


class TreeBackup:
    """The backup of one run. It holds the area's lock, so nobody takes its journal for that of a killed run."""

    def __init__(self, repo: "Repo", environ: "Mapping[str, str]", state: DiffState) -> None:
        """Begin with this state.

        Raises:
            BlockingIOError: another run in this working tree has a backup. OSError: it cannot be made here.
        """
        self._repo = repo
        self._environ = environ
        self._top = encode_path(repo.top)
        self._index = encode_path(index_file(repo, environ))
        self._area = area_of(repo)
        self._state = DiffState({}, b"")
        self._copies: dict[bytes, bytes] = {}  # the copy of each path that has one
        self._absent: set[bytes] = set()
        self._others: set[bytes] = set()  # where a folder, or what we may not read, is in the place of a file
        if not is_real_folder(self._area):
            make_folder(self._area, 0o700)
        self._lock = lock_directory(self._area, LOCK_EX | LOCK_NB)
        try:
            if is_rolling_back(repo):
                raise BlockingIOError
            self._clear()
            self.keep(state)
        except BaseException:
            os.close(self._lock)
            raise

    def keep(self, state: DiffState, but: "Collection[bytes]" = _NO_PATHS) -> None:
        """Take this state for the one to go back to, but for some paths, to which somebody may be writing.

        Raises:
            OSError: a file cannot be copied.
        """
        if state.entries != self._state.entries:
            # A hard link would do, since git replaces its index, but it would change the stamp of the index.
            unlink(self._area + b"/index")
            write_file(decode_path(self._area + b"/index"), try_read(decode_path(self._index)))
        patches = {path: patch for path, patch in self._state.patches.items() if path in but}
        for path, patch in state.patches.items():
            if path not in but:
                patches[path] = patch
                if self._state.patches.get(path) != patch:
                    self._copy(path)
        for path in [path for path in (*self._copies, *self._absent, *self._others) if path not in patches]:
            self._drop(path)
        self._state = DiffState(patches, state.entries)

    def go_back(self, state: DiffState) -> str:
        """Restore what `state`, the present one, has else; return the folder of what was there, or "".

        Raises:
            OSError, GitError: something cannot be restored. The journal stays, and the next run finishes it.
        """
        before, now = entries_in(self._state.entries), entries_in(state.entries)
        changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        paths = self._state.patches.keys() | state.patches.keys() | changed
        paths = {one for one in paths if one in changed or self._state.patches.get(one) != state.patches.get(one)}
        absent = paths & self._absent
        tracked = {one for one in paths if one in before and not before[one].startswith(_SUBMODULE)}
        files = sorted((tracked | (paths & self._copies.keys())) - absent - self._others)
        self._prepare(files)
        if changed:
            unlink(self._area + b"/index-in")
            os.link(self._area + b"/index", self._area + b"/index-in")
        journal = write_journal(self._repo, files, sorted(absent))
        restore(self._repo, journal, decode_path(self._index) if changed else None)
        kept = f"{self._repo.git_dir}/dodo-hooks-kept/{journal.kept_in}"
        return kept if is_real_folder(kept) else ""

    def end(self) -> None:
        """Remove the backup, once no hook runs any more."""
        try:
            if not is_rolling_back(self._repo):
                self._clear()
                os.rmdir(self._area)
        except OSError:  # what stays is removed by the next run
            pass
        os.close(self._lock)

    def _prepare(self, files: "list[bytes]") -> None:
        """Put the version of each path that it is to get into the area."""
        checked_out = [path for path in files if path not in self._copies]
        prefix = self._area + b"/checkout/"
        if checked_out:
            environ = {**self._environ, "GIT_INDEX_FILE": decode_path(self._area + b"/index")}
            check_out(self._repo, environ, checked_out, prefix, None)
        for number, path in enumerate(files):
            slot = self._area + b"/in-%d" % number
            unlink(slot)
            if path in self._copies:
                write_state(slot, read_state(self._copies[path]), pieces_of(self._copies[path]))
            else:
                os.rename(prefix + path, slot)
        remove_tree(prefix.rstrip(b"/"))

    def _copy(self, path: bytes) -> None:
        self._drop(path)
        source = self._top + b"/" + path
        state = read_state(source) if obstacle_of(self._top, path) is None else ABSENT
        if state.kind not in (FILE, LINK):
            (self._absent if state == ABSENT else self._others).add(path)
            return
        copy = self._area + b"/copy-%d" % len(self._copies)
        while copy in self._copies.values():
            copy += b"-"
        write_state(copy, state, pieces_of(source))
        self._copies[path] = copy

    def _drop(self, path: bytes) -> None:
        self._absent.discard(path)
        self._others.discard(path)
        copy = self._copies.pop(path, None)
        if copy is not None:
            try_unlink(copy)

    def _clear(self) -> None:
        for name in os.listdir(self._area):
            path = self._area + b"/" + name
            if is_real_folder(path):
                remove_tree(path)
            else:
                unlink(path)
