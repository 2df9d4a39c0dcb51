"""The moves between the working tree and our directories while unstaged changes are hidden (G5; HOT).

There are two, and neither destroys anything. `take` renames what is at a path to a name of ours, whatever it is by
then. `put` gives a file of ours the name of a path if that is free. A name can only be moved within one file system, so
an entry has its files in one of three areas:

    0  GIT_DIR/dodo-hooks-aside/original/N, swap/N   the journal's own directory
    1  TOP/.dodo-hooks-aside/N, N.swap               where the working tree is on another file system
    2  FOLDER/.dodo-hooks-aside/N, N.swap            where the folder of the path is on yet another one

The latter have a `.gitignore` for themselves, and are gone when all is restored. Others can see them there, and `git
clean -x` removes them. So the owner's file is copied to the first area before it is moved to another, and what we put
at such a path comes from the first by a copy in the other.
"""

import errno

from dodo_hooks.git.content.file_state import (
    FILE,
    copy_state,
    obstacle_of,
    parents_of,
    read_state,
)
from dodo_hooks.git.unstaged.journal import Entry, Journal, sync_file, sync_files
from dodo_hooks.host.files.atomic_files import try_unlink, unlink
from dodo_hooks.host.files.exchange import move_if_free
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.files.ignored_folder import make_ignored_folder
from dodo_hooks.host.posix import S_ISLNK, S_ISREG, encode_path, is_real_folder, lexists, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OWNERS = 0  # the owner's file
OUT = 1  # what was taken out of the tree, until it is decided what becomes of it
NEW = 2  # the index version; in the working tree, any copy that is on its way to a path
_NEAR = (b"/original/%d", b"/swap/%d", b"/swap/%d.new")
_FAR = (b"/%d", b"/%d.swap", b"/%d.new")
_NAME = b"/.dodo-hooks-aside"
_LONGEST = 200  # of the old name in a new one: a name has at most 255 bytes


def numbered(name: bytes, form: bytes) -> "Iterator[bytes]":
    """Yield the name, and then the name with 2, 3, ..."""
    number = 1
    while True:
        yield name + (form % number if number > 1 else b"")
        number += 1


class Moves:
    """The working tree, and the files of a journal's entries."""

    def __init__(self, top: str, journal: Journal) -> None:
        self.top = encode_path(top)
        self._journal = journal

    def path(self, entry: Entry) -> bytes:
        return self.top + b"/" + entry.path

    def file(self, entry: Entry, which: int, area: "int | None" = None) -> bytes:
        """Return the path of a file of ours, in the entry's own area or in the journal's."""
        if area == 0 or not entry.area:
            return self._journal.directory + _NEAR[which] % entry.number
        return self._area(entry) + _FAR[which] % entry.number

    def locate(self, entry: Entry) -> None:
        """Choose the area of a new entry, and remove what somebody has left there."""
        device = os.lstat(self._existing_folder(entry)).st_dev
        if self._journal.has_mounts:
            entry.area = 2
        elif device != os.lstat(self._journal.directory).st_dev:
            entry.area = 1 if device == os.lstat(self.top).st_dev else 2
        if entry.area:
            self._remove_files(entry)

    def can_move(self, entry: Entry) -> bool:
        """Return whether a file, a link or nothing is at the path, and no link above it."""
        if obstacle_of(self.top, entry.path) is not None:
            return False
        try:
            mode = os.lstat(self.path(entry)).st_mode
        except OSError:
            return True
        return S_ISREG(mode) or S_ISLNK(mode)

    def take(self, entry: Entry, which: int) -> None:
        """Move what is at the path to one of our files.

        Raises:
            FileNotFoundError: nothing is there. OSError: nothing was moved.
        """
        if entry.area:
            make_ignored_folder(self._area(entry))
            if which == OWNERS:
                copy = self.file(entry, OWNERS, 0)
                self._copy(self.path(entry), copy + b".part")
                os.rename(copy + b".part", copy)
        os.rename(self.path(entry), self.file(entry, which))

    def put(self, entry: Entry, source: bytes) -> None:
        """Move our file `source` to the path.

        Raises:
            FileExistsError: something is there, and stays. OSError: nothing is there, and `source` stays.
        """
        try:
            self._move(entry, source, self.path(entry))
        except FileNotFoundError:
            for parent in parents_of(entry.path):
                try:
                    make_folder(self.top + b"/" + parent)
                except FileExistsError:
                    pass
            self._move(entry, source, self.path(entry))

    def put_beside(self, entry: Entry, source: bytes, suffix: bytes) -> bytes:
        """Move our file `source` beside the path, under a name that is free; return the name. Raises OSError.

        Where a file with the same bytes is there under such a name, that is enough.
        """
        wanted = self._existing_folder(entry) + b"/" + entry.path.rpartition(b"/")[2][:_LONGEST] + suffix
        names = numbered(wanted, b"-%d")
        while True:
            target = next(names)
            try:
                self._move(entry, source, target)
            except FileExistsError:
                if not read_state(target).is_same_as(read_state(source)):
                    continue
                unlink(source)
            return target[len(self.top) + 1 :]

    def found(self, entry: Entry, which: int) -> "bytes | None":
        """Return the path of a file of ours if it is there."""
        if entry.area and not is_real_folder(self._area(entry)):  # somebody's link would lead elsewhere
            return None
        path = self.file(entry, which)
        return path if lexists(path) else None

    def owners_file(self, entry: Entry) -> "bytes | None":
        """Return where the owner's file waits, or its copy; None: it was never moved, or is restored."""
        path, copy = self.found(entry, OWNERS), self.file(entry, OWNERS, 0)
        if path is not None or not entry.area or lexists(self.file(entry, NEW, 0)):  # it was copied, and not moved
            return path
        return copy if lexists(copy) else None

    def refresh(self, entry: Entry, source: bytes) -> None:
        """Set the times of the owner's file as if it had been written now, and the executable bit if a job set it.

        git/unstaged/hide.py says why.
        """
        try:
            os.utime(source, follow_symlinks=False)
            mode, wanted = os.lstat(source).st_mode, entry.target.mode
            if S_ISREG(mode) and entry.target.kind == FILE and (mode ^ wanted) & 0o100:
                os.chmod(source, wanted)
        except OSError:  # another's file, which comes back all the same
            pass

    def remove_folders(self, entry: Entry) -> None:
        """Remove the folders that we made, as far as nothing is in them."""
        for folder in reversed(entry.folders):
            try:
                os.rmdir(self.top + b"/" + folder)
            except FileNotFoundError:  # a killed run had not come that far
                continue
            except OSError:
                return

    def drop_part(self, entry: Entry) -> None:
        """Remove a copy that was on its way to the path when somebody was killed."""
        if entry.area and (part := self.found(entry, NEW)):
            try_unlink(part)

    def clear(self) -> None:
        """Remove our areas in the working tree; what was moved there is on the disk first. Nothing needs recovery."""
        far = [entry for entry in self._journal.entries if entry.area]
        for entry in far:
            self._remove_files(entry)
        for folder in {self._area(entry) for entry in far}:
            if is_real_folder(folder):
                try_unlink(folder + b"/.gitignore")
                try:
                    os.rmdir(folder)
                except OSError:  # something of somebody else's is in it
                    pass
        sync_files(sorted({self._existing_folder(entry) for entry in far}))

    # Files that are not where they have to be

    def _move(self, entry: Entry, source: bytes, target: bytes) -> None:
        try:
            move_if_free(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV or not entry.area:
                raise
            make_ignored_folder(self._area(entry))
            self._copy(source, self.file(entry, NEW))
            move_if_free(self.file(entry, NEW), target)
            unlink(source)
        if entry.area and source == self.file(entry, OWNERS):
            unlink(self.file(entry, OWNERS, 0))

    def _copy(self, source: bytes, target: bytes) -> None:
        unlink(target)
        copy_state(source, target)
        sync_file(target)

    def _area(self, entry: Entry) -> bytes:
        """Return our directory in the working tree."""
        return (self.top if entry.area == 1 else self._existing_folder(entry)) + _NAME

    def _existing_folder(self, entry: Entry) -> bytes:
        """Return the innermost folder of the path that is there, and no link on the way."""
        found = self.top
        for parent in parents_of(entry.path):
            if not is_real_folder(self.top + b"/" + parent):
                break
            found = self.top + b"/" + parent
        return found

    def _remove_files(self, entry: Entry) -> None:
        for which in (OWNERS, OUT, NEW):
            if path := self.found(entry, which):
                try_unlink(path)
