"""Moving a version into the working tree, and the version that it replaces out of it, without losing either (G5; HOT).

A version is written whole into a slot first, a file of ours beside nobody else's. Then it is exchanged with the file at
the path in one step (host/files/exchange.py). Only then, when it is in our hands, is the replaced file read. What we
put there ourselves goes. The owner's file is kept (storage_areas.py), also if somebody has written to it in this
moment. What has to be saved is moved beside the path. If it is anything else, somebody wrote there in between, and the
two are exchanged back.

So a kill here leaves a slot with complete bytes: those that were on their way in, or those that were taken out. `sweep`
throws away what is known and returns the names of the rest.
"""

import errno

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.content.file_state import (
    ABSENT,
    FILE,
    NOTHING,
    OTHER,
    FileState,
    obstacle_of,
    parents_of,
    read_state,
    write_state,
)
from dodo_hooks.git.unstaged.journal import FEW, Entry, Journal
from dodo_hooks.git.unstaged.storage_areas import StorageArea, StorageAreas
from dodo_hooks.host.files.atomic_files import try_unlink
from dodo_hooks.host.files.exchange import AWAY, PART, move_if_free, put_in_place
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.files.ignored_folder import make_ignored_folder
from dodo_hooks.host.posix import encode_path, is_real_folder, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

OWNERS = b".unstaged"  # the unstaged version, beside a path where it cannot stand
OTHERS = b".during-hook"  # what was written to the path while the unstaged version was hidden


class Wanted(Record):
    """The file that is to stand at a path."""

    version: FileState
    pieces: "Callable[[], Iterator[bytes]]"
    expected: "Sequence[FileState]"  # what it may replace
    saved: "Sequence[FileState]" = ()  # and what goes beside then
    hides: bool = False  # it is the index version, and replaces the owner's file, which is kept


class WorktreeWriter:
    """The working tree, with a journal's slots."""

    def __init__(self, top: str, journal: Journal) -> None:
        self._top = encode_path(top)
        self.areas = StorageAreas(self._top, journal)

    def path(self, entry: Entry) -> bytes:
        return self._top + b"/" + entry.path

    def version(self, entry: Entry) -> FileState:
        """Return the state of the path now. Raises OSError."""
        if obstacle_of(self._top, entry.path) is not None:
            return FileState(OTHER)
        return read_state(self.path(entry))

    def put(self, entry: Entry, wanted: Wanted) -> "bytes | None":
        """Put the version at the path; return the name of what went beside, empty where nothing did.

        None: something else stood there, and still does. The owner's version is the owner's file, if we have it.

        Raises:
            OSError: nothing was done.
        """
        if obstacle_of(self._top, entry.path) is not None:
            return None

        def replace(area: StorageArea) -> "bytes | None":
            if wanted.version.kind == NOTHING:
                is_there = self._take_away(entry, area)
            else:
                self._make_folders(entry)
                self._load(entry, area, wanted)
                is_there = self._exchange(entry, area)
            return self._settle_replaced(entry, area, wanted) if is_there else None if is_there is None else b""

        return self._try_areas(entry, replace)

    def is_restored(self, entry: Entry) -> bool:
        """Return whether the owner's file stands there again, or still."""
        return self._is_owners(entry, self.path(entry))

    def keep_beside(self, entry: Entry, pieces: "Callable[[], Iterator[bytes]]") -> bytes:
        """Put `entry.target` beside the path, under a name that nothing had; return the name.

        A second call finds the file of the first.

        Raises:
            OSError: it cannot be written.
        """

        def keep(area: StorageArea) -> bytes:
            self._load(entry, area, Wanted(entry.target, pieces, ()))
            try:
                return self._move_beside(entry, area.slot, entry.target, OWNERS)
            except OSError:
                self._unload(entry, area)
                raise

        name = self._try_areas(entry, keep)
        assert name is not None
        return name

    def _try_areas(self, entry: Entry, move: "Callable[[StorageArea], bytes | None]") -> "bytes | None":
        """Return what `move` returns, in the first storage area that is on the file system of the path."""
        failure: OSError | None = None
        for area in self.areas.areas_of(entry):
            try:
                if area.folder:
                    make_ignored_folder(area.folder)
                return move(area)
            except OSError as error:
                if error.errno != errno.EXDEV and failure is None:
                    raise
                failure = error
        assert failure is not None
        raise failure

    def sweep(self, entry: Entry) -> "list[bytes]":
        """Remove what a killed run left on its way, and move what may be somebody's only copy beside the path.

        Return the names that it has now.
        """
        found = []
        for area in self.areas.existing_areas(entry):
            try_unlink(area.slot + PART)
            for left in (area.slot, area.slot + AWAY):
                if (version := read_state(left)) == ABSENT:
                    continue
                if self._is_owners(entry, left):
                    os.rename(left, area.slot)
                    self.areas.keep(entry, area)
                elif version.is_one_of(entry.known()):
                    os.unlink(left)
                else:
                    found.append(self._give_back(entry, left, version))
        return found

    def sync(self, paths: "Sequence[bytes]") -> None:
        """Sync the files at these paths to the disk. Raises OSError."""
        if len(paths) > FEW:
            os.sync()  # one wait, if a long one, instead of hundreds
            return
        for path in paths:
            try:
                descriptor = os.open(
                    self._top + b"/" + path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                )
            except OSError:  # a link, or what has been taken away meanwhile
                continue
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def remove_folders(self, entry: Entry) -> None:
        """Remove the folders that we made, as far as nothing is in them."""
        for folder in reversed(entry.folders):
            try:
                os.rmdir(self._top + b"/" + folder)
            except FileNotFoundError:  # a killed run had not come that far
                continue
            except OSError:
                return

    # A slot

    def _load(self, entry: Entry, area: StorageArea, wanted: Wanted) -> None:
        """Fill the slot with the wanted version; it is never incomplete.

        Where that is the owner's version, the owner's file goes in, with all that a copy would not have, and without
        room on the disk.
        """
        if not wanted.hides and not entry.target_file and wanted.version.kind == entry.unstaged.kind:
            source = self.areas.find_original(entry)
            if source == area.original and not self.areas.is_damaged(entry, source):
                _refresh_times(source, wanted.version)
                self.areas.take(entry, area)
                return
        part = area.slot + PART
        try_unlink(part)
        try:
            write_state(part, wanted.version, wanted.pieces())
        except OSError:
            try_unlink(part)
            raise
        os.rename(part, area.slot)

    def _unload(self, entry: Entry, area: StorageArea) -> None:
        """Take what was to go to the path out of the slot again."""
        if self._is_owners(entry, area.slot):
            self.areas.keep(entry, area)
        else:
            try_unlink(area.slot)

    def _is_owners(self, entry: Entry, path: bytes) -> bool:
        return not self.areas.was_moved(entry) and self.areas.is_owners(entry, path)

    def _exchange(self, entry: Entry, area: StorageArea) -> "bool | None":
        """Exchange the slot with the path; return whether anything stood at the path, which is in the slot now.

        None: nothing was done.
        """
        path = self.path(entry)
        if is_real_folder(path):
            self._unload(entry, area)
            return None
        try:
            return put_in_place(area.slot, path)
        except FileExistsError:
            self.sweep(entry)
            return None
        except OSError:
            self._unload(entry, area)
            raise

    def _take_away(self, entry: Entry, area: StorageArea) -> "bool | None":
        """Move what is at the path into the slot, where the path is to be empty; return the same as `_exchange`."""
        path = self.path(entry)
        try:
            if read_state(path).kind == OTHER:
                return None
            os.rename(path, area.slot)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def _settle_replaced(self, entry: Entry, area: StorageArea, wanted: Wanted) -> "bytes | None":
        """Move the file that stood at the path, and is in the slot now, to where it belongs.

        Return its name beside the path, empty where it has none. None: it was given back.
        """
        seen, is_owners = read_state(area.slot), self.areas.is_owners(entry, area.slot)
        is_expected = seen.is_one_of(wanted.expected)
        if wanted.hides and (is_owners or is_expected):
            self.areas.keep(entry, area)
            return b""
        if is_expected:
            os.unlink(area.slot)
            return b""
        if seen.is_one_of(wanted.saved):
            return self._move_beside(entry, area.slot, seen, OTHERS)
        if wanted.version.kind != NOTHING:
            try:
                put_in_place(area.slot, self.path(entry))  # somebody wrote there, after all: give it back
            except FileExistsError:
                pass
            if read_state(area.slot).is_same_as(wanted.version) or self._is_owners(entry, area.slot):
                self._unload(entry, area)
                return None
        self.sweep(entry)  # which gives it back, if it has not been done
        return None

    def _give_back(self, entry: Entry, left: bytes, version: FileState) -> bytes:
        try:
            if obstacle_of(self._top, entry.path) is not None:
                return self._move_beside(entry, left, version, OTHERS)
            move_if_free(left, self.path(entry))
            return entry.path
        except OSError:
            return self._move_beside(entry, left, version, OTHERS)

    def _move_beside(self, entry: Entry, source: bytes, version: FileState, suffix: bytes) -> bytes:
        folder = self.areas.folder_of(entry)
        name = entry.path.rpartition(b"/")[2][:200]  # a name has at most 255 bytes
        number = 1
        while True:
            target = folder + b"/" + name + suffix + (b"" if number == 1 else b"-%d" % number)
            try:
                move_if_free(source, target)
            except FileExistsError:
                number += 1
                if not read_state(target).is_same_as(version):
                    continue
                os.unlink(source)
            return target[len(self._top) + 1 :]

    def _make_folders(self, entry: Entry) -> None:
        for parent in parents_of(entry.path):
            try:
                make_folder(self._top + b"/" + parent)
            except FileExistsError:
                pass


def _refresh_times(path: bytes, version: FileState) -> None:
    """Set the times as if the file had been written now, and the executable bit where a job set it.

    git/unstaged/hide.py says why.
    """
    try:
        os.utime(path, follow_symlinks=False)
        status = os.lstat(path)
        if version.kind == FILE and bool(status.st_mode & 0o100) != bool(version.mode & 0o100):
            os.chmod(path, version.mode)
    except OSError:  # another's file, which comes back all the same
        pass
