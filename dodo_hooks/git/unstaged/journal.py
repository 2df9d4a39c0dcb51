"""The journal of hidden unstaged changes (G5; HOT).

    GIT_DIR/dodo-hooks-aside/journal     what is hidden; as long as it is there, something needs recovery
                            /unstaged    the bytes of all that is hidden, one after the other: so one fsync does
                            /original/N  the very files; empty where they wait elsewhere (storage_areas.py)
                            /base/PATH   what we put there: the index versions, as git checks them out
                            /fixed       what jobs made of them and is staged, one after the other
                            /merged/N    bytes to restore instead, since a job or somebody else wrote meanwhile
                            /before/PATH what a job fixed and staged, as it was before (only when a commit is refused)
                            /swap/N      what is just on its way into the tree, or out of it (replace.py)

The journal is replaced as a whole, by a rename, and synced with its directory each time. Everything else in the
directory may be thrown away when there is no journal.
"""

import errno

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text.json_text import json_text, parse_json
from dodo_hooks.git import untrusted
from dodo_hooks.git.content.file_state import ABSENT, FILE, KINDS, LINK, NOTHING, FileState, parents_of, pieces_of
from dodo_hooks.git.event import JOURNAL
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.untrusted import path_text
from dodo_hooks.host.files.atomic_files import create_file
from dodo_hooks.host.files.file_owner import inherit_owner, make_folder
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import decode_path, encode_path, is_link, os
from dodo_hooks.host.world import boot_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

DIRECTORY = JOURNAL.rpartition("/")[0]
KEPT = "dodo-hooks-kept"
FEW = 16  # files that are synced one by one
_FORMAT = 2
_FOLDERS_OF_OURS = (b"swap", b"merged", b"original")
_FOLDERS = (*_FOLDERS_OF_OURS, b"base", b"before")
_FOLDERS_WITH_BYTES = (b"merged", b"original", b"before")  # that can hold what is restored
_PLACED = (FILE, LINK, NOTHING)  # what we put somewhere


class Restaged(Record):
    """An entry of the index that we replaced by what a job made of the file."""

    path: bytes
    mode: int
    blob: str
    new_mode: int  # 0 until it has been read back, or where the entry was removed
    new_blob: str
    made: FileState  # what the job left in the working tree


class Entry:
    """A path of the working tree that has to be restored."""

    def __init__(
        self,
        number: int,
        path: bytes,
        unstaged: FileState,
        offset: int,
        base: FileState,
        folders: "tuple[bytes, ...]" = (),
    ) -> None:
        self.number = number
        self.path = path  # relative to the top
        self.unstaged = unstaged  # what its owner had there, when it was copied
        self.target = unstaged  # what has to stand there in the end
        self.target_file = b""  # our file with `target` in it; none: the owner's file, or its copy at `offset`
        self.offset = offset
        self.inode = 0  # of the owner's file; 0: there was none
        self.written_ns = 0  # when its owner had written what was copied, before anything else was done
        self.merged = ABSENT  # what the owner's file was when `target` was merged from it
        self.base = base  # what we put there
        self.folders = folders  # those that we had to make for it
        self.fixed: list[FileState] = []  # what a job of this run, whose fixes are staged, made of it
        self.fix_offset = 0  # where the last of them is in `fixed`
        self.has_fixes = False  # `target` has them in it
        self.replaces = [base]  # what `target` may replace, since nothing in it is anybody's only copy
        self.is_kept = False  # both the file there and `target` are to be kept

    def known(self) -> "list[FileState]":
        return [self.base, self.unstaged, self.target, *self.fixed, *self.replaces]


class Journal:
    """The journal in memory. Only the holder of the exclusive lock reads and writes it."""

    def __init__(self, git_dir: str) -> None:
        self.directory = encode_path(f"{git_dir}/{DIRECTORY}")
        self.kept = encode_path(f"{git_dir}/{KEPT}")  # where all such directories are: git/unstaged/rescue.py
        self.entries: list[Entry] = []
        self.restaged: list[Restaged] = []
        self.is_refused = False  # a job's fixes and the unstaged changes conflict: all goes back to where it was
        self.has_reverted = False  # and the index is there already
        self.kept_in = b""  # the directory with copies of what is removed then: git/unstaged/rescue.py
        self.boot = boot_id() or ""  # of the machine, when it was begun

    def paths(self) -> "set[bytes]":
        return {entry.path for entry in self.entries}

    def open_pack(self, name: bytes) -> "BinaryIO":
        """Return a file of the journal that bytes are added to."""
        path = self.directory + b"/" + name
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        inherit_owner(descriptor, path)
        return open(descriptor, "ab")

    def copy_pieces(self, entry: Entry) -> "Iterator[bytes]":
        """Return the bytes that the owner's file had when it was copied, in pieces."""
        pieces = pieces_of(self.directory + b"/unstaged", entry.offset, entry.unstaged.size)
        return self._checked(entry.unstaged, pieces, b"/unstaged")

    def fix_pieces(self, entry: Entry) -> "Iterator[bytes]":
        """Return the bytes of the entry's last fix, in pieces."""
        pieces = pieces_of(self.directory + b"/fixed", entry.fix_offset, entry.fixed[-1].size)
        return self._checked(entry.fixed[-1], pieces, b"/fixed")

    def _checked(self, version: FileState, pieces: "Iterator[bytes]", name: bytes) -> "Iterator[bytes]":
        """Yield the same pieces, and compare their digest.

        Raises OSError at their end where they are not what was copied: a slot is not filled with that.
        """
        found = sha256_for(version.size)()
        for piece in pieces:
            found.update(piece)
            yield piece
        if found.hexdigest() != version.digest:
            raise OSError(errno.EIO, "the copy is damaged", decode_path(self.directory + name))

    def base_file(self, path: bytes) -> bytes:
        return self.directory + b"/base/" + path

    def original_file(self, entry: Entry) -> bytes:
        return self.directory + b"/original/%d" % entry.number

    def prepare(self) -> None:
        """Make an empty directory for the changes to hide. Call it only without a journal in it."""
        remove_tree(self.directory)
        make_folder(self.directory, 0o700)
        for folder in _FOLDERS_OF_OURS:
            make_folder(self.directory + b"/" + folder)

    def write(self) -> None:
        """Replace the journal on the disk. Raises OSError: then the journal is as it was."""
        data = {
            "format": _FORMAT,
            "refused": self.is_refused,
            "reverted": self.has_reverted,
            "kept_in": path_text(self.kept_in),
            "boot": self.boot,
            "entries": [_from_entry(entry) for entry in self.entries],
            "restaged": [[path_text(one.path), *one[1:5], list(one.made)] for one in self.restaged],
        }
        replace_synced(self.directory + b"/journal", json_text(data))

    def finish(self) -> None:
        """Remove the journal: nothing needs recovery any more. A kill in here leaves rubbish, and no journal."""
        os.unlink(self.directory + b"/journal")
        sync_file(self.directory)
        remove_tree(self.directory)


def load_journal(repo: Repo) -> "Journal | None":
    """Return the journal; None if there is none.

    Raises GitError where it cannot be read, or is none of ours: then nothing may be hidden, changed or thrown away.
    """
    journal = Journal(repo.git_dir)
    try:
        return journal if _read(journal) else None
    except PermissionError as error:
        from dodo_hooks.git.unstaged.lock_holder import unreadable

        raise unreadable(repo.git_dir) from error
    except (OSError, ValueError, KeyError, RecursionError) as error:
        directory = decode_path(journal.directory)
        reason = f"no {error}" if isinstance(error, KeyError) else getattr(error, "strerror", None) or error
        raise GitError(
            f"the journal of hidden unstaged changes in {directory} is not valid ({reason}); nothing was changed."
            f" Copy what you need out of {directory}/unstaged, then remove {directory}"
        ) from error


def _read(journal: Journal) -> bool:
    """Fill the journal from its file; return False if there is none.

    Raises OSError, ValueError, KeyError or RecursionError.
    """
    untrusted.expect_folders(journal.directory, _FOLDERS)
    try:
        content = untrusted.read_regular(journal.directory + b"/journal")
    except FileNotFoundError:
        return False
    data = untrusted.fields(parse_json(content.decode()))
    if data["format"] != _FORMAT:
        raise ValueError("written by another version")
    journal.is_refused, journal.has_reverted = untrusted.flag(data["refused"]), untrusted.flag(data["reverted"])
    journal.kept_in = _kept_in(journal, data["kept_in"])
    journal.boot = untrusted.text(data["boot"])
    journal.entries = [_to_entry(number, one) for number, one in enumerate(untrusted.items(data["entries"]))]
    journal.restaged = [_to_restaged(one) for one in untrusted.items(data["restaged"])]
    paths = [*(one.path for one in journal.entries), *(one.path for one in journal.restaged)]
    parents = {parent for path in paths for parent in parents_of(path)}
    untrusted.expect_folders(journal.directory, [area + one for area in (b"base/", b"before/") for one in parents])
    return True


def _kept_in(journal: Journal, value: object) -> bytes:
    """Return the directory with the copies.

    Only the last name of its path is believed, since all lie in one directory.
    """
    if value == "":
        return b""
    name = untrusted.relative_path(untrusted.text(value).rpartition("/")[2])
    untrusted.expect_folders(journal.kept, [name])
    return journal.kept + b"/" + name


# The disk


def replace_synced(path: bytes, text: str) -> None:
    """Replace a file of ours in one step; it is on the disk when this returns. Raises OSError."""
    new = path + b".new"
    with open(create_file(new), "wb") as file:
        file.write(text.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, path)
    sync_file(path.rpartition(b"/")[0])


def sync_files(paths: "Sequence[bytes]") -> None:
    """Sync these files and directories. Raises OSError."""
    if len(paths) > FEW:
        os.sync()  # one wait, if a long one, instead of hundreds
        return
    for path in paths:
        sync_file(path)


def sync_file(path: bytes) -> None:
    """Sync a file or a directory; a link is on the disk with its directory."""
    if is_link(path):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# Entries, to JSON and from it. The keys are those of format 2: older versions have written them, too.


def _from_entry(entry: Entry) -> "dict[str, object]":
    return {
        "path": path_text(entry.path),
        "unstaged": list(entry.unstaged),
        "owed": list(entry.target),
        "owed_in": path_text(entry.target_file),
        "offset": entry.offset,
        "inode": entry.inode,
        "merged": list(entry.merged),
        "written_ns": entry.written_ns,
        "base": list(entry.base),
        "folders": [path_text(folder) for folder in entry.folders],
        "fixed": [list(one) for one in entry.fixed],
        "fix_offset": entry.fix_offset,
        "has_fixes": entry.has_fixes,
        "replaces": [list(one) for one in entry.replaces],
        "kept": entry.is_kept,
    }


def _to_entry(number: int, value: object) -> Entry:
    get = untrusted.fields(value)
    path = untrusted.relative_path(get["path"])
    folders = tuple(untrusted.relative_path(one) for one in untrusted.items(get["folders"]))
    if not set(folders) <= set(parents_of(path)):
        raise ValueError(f"folders that are not those of {decode_path(path)!a}")
    entry = Entry(
        number,
        path,
        _version(get["owed"], _PLACED),
        untrusted.small_integer(get["offset"]),
        _version(get["base"], _PLACED),
        folders,
    )
    entry.target_file = _our_file(get["owed_in"])
    entry.fixed = [_version(one) for one in untrusted.items(get["fixed"])]
    entry.replaces = [_version(one) for one in untrusted.items(get["replaces"])]
    entry.written_ns = untrusted.small_integer(get["written_ns"])
    entry.is_kept = untrusted.flag(get["kept"])
    entry.unstaged = _version(get["unstaged"], _PLACED)
    entry.merged = _version(get["merged"], _PLACED)
    entry.inode = untrusted.small_integer(get["inode"])
    entry.fix_offset = untrusted.small_integer(get["fix_offset"])
    entry.has_fixes = untrusted.flag(get["has_fixes"])
    return entry


def _our_file(value: object) -> bytes:
    """Return the path of a file in one of our folders; b"": none."""
    path = b"" if value == "" else untrusted.relative_path(value)
    if path and path.partition(b"/")[0] not in _FOLDERS_WITH_BYTES:
        raise ValueError(f"not a file of the journal: {decode_path(path)!a}")
    return path


def _to_restaged(value: object) -> Restaged:
    *change, made = untrusted.items(value, 6)
    return Restaged(*untrusted.index_change(*change), _version(made))


def _version(value: object, kinds: "tuple[str, ...]" = KINDS) -> FileState:
    kind, mode, digest, size = untrusted.items(value, 4)
    kind = untrusted.choice(kind, kinds)
    has_bytes = kind in (FILE, LINK)
    return FileState(
        kind,
        untrusted.permission_bits(mode),
        untrusted.digest(digest) if has_bytes else "",
        untrusted.small_integer(size),
    )
