"""Our directories while unstaged changes are hidden: for files on their way, and the owner's files (G5; HOT).

The file that an owner had at a path is moved away and moved back, never written to. A program that has it open, as one
that appends to a log has, keeps writing there; what it writes comes back with the file. A name can only be moved
within one file system, so there are up to three areas, and the first that can be used is taken:

    GIT_DIR/dodo-hooks-aside/swap/N, original/N      the journal's own directory
    TOP/.dodo-hooks-aside/N.swap, N                  where the working tree is on another file system
    FOLDER/.dodo-hooks-aside/N.swap, N               where the folder of the file is on yet another one

The directories in the working tree have a `.gitignore` for themselves, and are gone when all is restored. A file there
counts as an owner's only if it has the inode in the journal, or the bytes.
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.content.file_state import (
    FILE,
    FileState,
    obstacle_of,
    parents_of,
    pieces_of,
    read_state,
    reader_of,
)
from dodo_hooks.git.unstaged.journal import Entry, Journal
from dodo_hooks.host.files.atomic_files import try_unlink
from dodo_hooks.host.files.file_owner import inherit_owner
from dodo_hooks.host.posix import S_ISLNK, S_ISREG, is_link, is_real_folder, lexists, os
from dodo_hooks.host.world import boot_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NAME = b"/.dodo-hooks-aside"


class StorageArea(Record):
    """The two files of an entry in one directory of ours."""

    slot: bytes  # what is just on its way
    original: bytes  # the owner's file
    folder: bytes  # to be made; empty: it is there


class StorageAreas:
    """The directories of a journal, in the git directory and in the working tree."""

    def __init__(self, top: bytes, journal: Journal) -> None:
        self._top = top
        self._journal = journal
        self._is_same_boot = journal.boot != "" and boot_id() == journal.boot

    def areas_of(self, entry: Entry) -> "list[StorageArea]":
        """Return the areas that an entry may use, the journal's own directory first."""
        swap = self._journal.directory + b"/swap/%d" % entry.number
        found = [StorageArea(swap, self._journal.original_file(entry), b"")]
        for folder in dict.fromkeys((self._top, self.folder_of(entry))):
            name = folder + _NAME + b"/%d" % entry.number
            found.append(StorageArea(name + b".swap", name, folder + _NAME))
        return found

    def existing_areas(self, entry: Entry) -> "list[StorageArea]":
        """Return the areas that can have something in them. We follow no link that others may have put there."""
        return [area for area in self.areas_of(entry) if not area.folder or is_real_folder(area.folder)]

    def folder_of(self, entry: Entry) -> bytes:
        """Return the innermost folder of the path that is there."""
        obstacle = obstacle_of(self._top, entry.path)
        found = self._top
        for parent in parents_of(entry.path):
            if parent == obstacle or not is_real_folder(self._top + b"/" + parent):
                break
            found = self._top + b"/" + parent
        return found

    def keep(self, entry: Entry, area: StorageArea) -> None:
        """Keep the owner's file, which is in the slot. What cannot be kept has a copy."""
        os.rename(area.slot, area.original)
        if area.folder:  # an empty file in the journal says that it was moved away, in case somebody cleans up there
            marker = self._journal.original_file(entry)
            descriptor = os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            inherit_owner(descriptor, marker)
            os.close(descriptor)

    def take(self, entry: Entry, area: StorageArea) -> None:
        """Move the owner's file back into the slot."""
        if area.folder:
            try_unlink(self._journal.original_file(entry))
        os.rename(area.original, area.slot)

    def is_owners(self, entry: Entry, path: bytes) -> bool:
        """Return whether the file there is the one that the owner had, whatever is in it by now.

        Do not call it for a path that others write to, as long as we have the owner's file: where only a copy could be
        kept, its inode may have been given to another file.
        """
        try:
            status = os.lstat(path)
        except OSError:
            return False
        is_movable = S_ISREG(status.st_mode) or S_ISLNK(status.st_mode)
        return entry.inode != 0 and status.st_ino == entry.inode and is_movable

    def find_original(self, entry: Entry) -> "bytes | None":
        """Return the path where the owner's file is kept."""
        for area in self.existing_areas(entry) if entry.inode else ():
            if self.is_owners(entry, area.original) or read_state(area.original).has_bytes_of(entry.unstaged):
                return area.original
        return None

    def was_moved(self, entry: Entry) -> bool:
        """Return whether the path was hidden at all, and not restored since; else the file there is its owner's."""
        if not entry.inode or lexists(self._journal.original_file(entry)):
            return True
        return self.find_original(entry) is not None

    def unstaged(self, entry: Entry) -> "tuple[FileState, Callable[[], Iterator[bytes]]]":
        """Return the owner's version and its bytes: the file, if it was written to since, and else the copy."""
        path = self.find_original(entry)
        if path is not None and not is_link(path) and not self.is_damaged(entry, path):
            return read_state(path), reader_of(path)
        return entry.unstaged, lambda: self._journal.copy_pieces(entry)

    def is_damaged(self, entry: Entry, path: bytes) -> bool:
        """Return whether an owner's file that differs from its copy has lost bytes in a power cut.

        It has not where somebody wrote there. As long as the machine runs, the file is right. Times alone do not
        decide: many writes share one second where a file system counts seconds.
        """
        if self._is_same_boot or os.lstat(path).st_mtime_ns > entry.written_ns:
            return False
        version = read_state(path)
        if version.kind != FILE or version.has_bytes_of(entry.unstaged):
            return False
        has_zeros = any(b"\0" in piece for piece in pieces_of(path))
        had_zeros = any(b"\0" in piece for piece in self._journal.copy_pieces(entry))
        return version.size < entry.unstaged.size or (has_zeros and not had_zeros)

    def clear(self) -> None:
        """Remove what we made in the working tree. Nothing may need recovery any more."""
        for folder in {area.folder for entry in self._journal.entries for area in self.areas_of(entry)}:
            if not is_real_folder(folder):
                continue
            for name in os.listdir(folder):
                if name == b".gitignore" or name.partition(b".")[0].isdigit():
                    try_unlink(folder + b"/" + name)
            try:
                os.rmdir(folder)
            except OSError:  # something of somebody else's is in it
                pass
