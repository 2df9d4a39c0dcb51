"""What is written down while unstaged work is set aside (G5).

    GIT_DIR/dodo-hooks-aside/journal     what is set aside; as long as it is there, something is owed to the tree
                            /unstaged    the bytes of all that is set aside, one after the other: so one fsync does
                            /original/N  the very files; empty where they wait elsewhere (git/places.py)
                            /base/PATH   what we put there: the index versions, as git checks them out
                            /fixed       what jobs made of them and is staged, one after the other
                            /merged/N    bytes that are owed instead, since a job or somebody else wrote meanwhile
                            /before/PATH what a job fixed and staged, as it was before (only when a commit is refused)
                            /swap/N      what is just on its way into the tree, or out of it (git/placing.py)

The journal is replaced as a whole, by a rename, and synced with its directory each time. Everything else in the
directory may be thrown away when there is no journal.
"""

import json
import os
from collections.abc import Iterator

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.record import Record
from dodo_hooks.git.event import JOURNAL
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.versions import ABSENT, Version, pieces_of
from dodo_hooks.host.world import boot_id

DIRECTORY = JOURNAL.rpartition("/")[0]
_FORMAT = 1
_FOLDERS = (b"swap", b"merged", b"original")


class Restaged(Record):
    """An entry of the index that we replaced by what a job made of the file."""

    path: bytes
    mode: int
    blob: str
    new_mode: int  # 0 until it has been read back, or where the entry was removed
    new_blob: str
    made: Version  # what the job left in the working tree


class Entry:
    """A path of the working tree that something is owed to."""

    __slots__ = (
        "base",
        "fix_offset",
        "fixed",
        "folders",
        "has_fixes",
        "inode",
        "is_kept",
        "merged",
        "number",
        "offset",
        "owed",
        "owed_in",
        "path",
        "replaces",
        "unstaged",
        "written_ns",
    )

    def __init__(
        self, number: int, path: bytes, owed: Version, offset: int, base: Version, folders: "tuple[bytes, ...]" = ()
    ) -> None:
        self.number = number
        self.path = path  # relative to the top
        self.unstaged = owed  # what its owner had there, when it was copied
        self.owed = owed  # what has to stand there in the end
        self.owed_in = b""  # the file of ours that has it; none: the owner's file, or its copy from `offset` on
        self.offset = offset
        self.inode = 0  # of the owner's file; 0: there was none
        self.written_ns = 0  # when its owner had written what was copied, before anything else was done
        self.merged = ABSENT  # what the owner's file was when `owed` was merged from it
        self.base = base  # what we put there
        self.folders = folders  # those that we had to make for it
        self.fixed: list[Version] = []  # what a job of this run, whose fixes are staged, made of it
        self.fix_offset = 0  # where the last of them is in `fixed`
        self.has_fixes = False  # `owed` has them in it
        self.replaces = [base]  # what may be replaced by `owed`, since nothing in it is anybody's only copy
        self.is_kept = False  # both what stands there and what is owed are to be kept

    def known(self) -> "list[Version]":
        return [self.base, self.unstaged, self.owed, *self.fixed, *self.replaces]


class Journal:
    """Read and written by whoever holds the lock exclusively, and nobody else."""

    def __init__(self, git_dir: str) -> None:
        self.directory = os.fsencode(f"{git_dir}/{DIRECTORY}")
        self.entries: list[Entry] = []
        self.restaged: list[Restaged] = []
        self.is_refused = False  # a job's fixes and the unstaged edits collide: all goes back to where it was
        self.has_reverted = False  # and the index is there already
        self.kept_in = b""  # the directory with copies of what is dropped then: git/dropped.py
        self.boot = boot_id() or ""  # of the machine, when it was begun

    def __contains__(self, path: bytes) -> bool:
        return any(entry.path == path for entry in self.entries)

    def copy_pieces(self, entry: Entry) -> "Iterator[bytes]":
        """Of what its owner had there."""
        return pieces_of(self.directory + b"/unstaged", entry.offset, entry.unstaged.size)

    def fix_pieces(self, entry: Entry) -> "Iterator[bytes]":
        """Of the last of its fixes."""
        return pieces_of(self.directory + b"/fixed", entry.fix_offset, entry.fixed[-1].size)

    def base_file(self, path: bytes) -> bytes:
        return self.directory + b"/base/" + path

    def original_file(self, entry: Entry) -> bytes:
        return self.directory + b"/original/%d" % entry.number

    def prepare(self) -> None:
        """An empty directory, for what is set aside now. Only without a journal in it."""
        remove_tree(self.directory)
        os.mkdir(self.directory, 0o700)
        for folder in _FOLDERS:
            os.mkdir(self.directory + b"/" + folder)

    def write(self) -> None:
        """Raises OSError: then the journal is as it was."""
        data = {
            "format": _FORMAT,
            "refused": self.is_refused,
            "reverted": self.has_reverted,
            "kept_in": _text(self.kept_in),
            "boot": self.boot,
            "entries": [_from_entry(entry) for entry in self.entries],
            "restaged": [[_text(one.path), *one[1:5], list(one.made)] for one in self.restaged],
        }
        temporary = self.directory + b"/journal.new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(json.dumps(data).encode("ascii"))
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, self.directory + b"/journal")
        sync_file(self.directory)

    def finish(self) -> None:
        """Nothing is owed any more. Whoever is killed in here leaves rubbish, and no journal."""
        os.unlink(self.directory + b"/journal")
        sync_file(self.directory)
        remove_tree(self.directory)


def load_journal(repo: Repo) -> "Journal | None":
    """Raises GitError where it cannot be read: then nothing may be set aside, and nothing is thrown away."""
    journal = Journal(repo.git_dir)
    try:
        with open(journal.directory + b"/journal", "rb") as file:
            data = json.loads(file.read())
        if data["format"] != _FORMAT:
            raise ValueError("another format")
        journal.is_refused, journal.has_reverted = data["refused"], data["reverted"]
        journal.kept_in = _bytes(data.get("kept_in", ""))
        journal.boot = str(data.get("boot", ""))
        journal.entries = [_to_entry(number, fields) for number, fields in enumerate(data["entries"])]
        journal.restaged = [_to_restaged(one) for one in data["restaged"]]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        place = os.fsdecode(journal.directory)
        raise GitError(
            f"unstaged work that was set aside is in {place}, whose journal cannot be read ({error}): take what you"
            " need out of it (the bytes are in `unstaged`), and remove the directory"
        ) from error
    return journal


# The disk


def sync_file(path: bytes) -> None:
    """A file or a directory; a link is on the disk with its directory."""
    if os.path.islink(path):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(path: bytes) -> None:
    """As far as that can be done: what stays is in nobody's way."""
    try:
        with os.scandir(path) as found:
            children = list(found)
        for child in children:
            if child.is_dir(follow_symlinks=False):
                remove_tree(child.path)
            else:
                os.unlink(child.path)
        os.rmdir(path)
    except OSError:
        pass


# Any bytes as JSON, whatever the locale: each becomes the character of its number.


def _text(data: bytes) -> str:
    return data.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def _from_entry(entry: Entry) -> "dict[str, object]":
    return {
        "path": _text(entry.path),
        "unstaged": list(entry.unstaged),
        "owed": list(entry.owed),
        "owed_in": _text(entry.owed_in),
        "offset": entry.offset,
        "inode": entry.inode,
        "merged": list(entry.merged),
        "written_ns": entry.written_ns,
        "base": list(entry.base),
        "folders": [_text(folder) for folder in entry.folders],
        "fixed": [list(one) for one in entry.fixed],
        "fix_offset": entry.fix_offset,
        "has_fixes": entry.has_fixes,
        "replaces": [list(one) for one in entry.replaces],
        "kept": entry.is_kept,
    }


def _to_entry(number: int, fields: "dict[str, object]") -> Entry:
    get: dict[str, object] = fields
    entry = Entry(
        number,
        _bytes(str(get["path"])),
        _version(get["owed"]),
        int(str(get["offset"])),
        _version(get["base"]),
        tuple(_bytes(one) for one in _list(get["folders"])),
    )
    _read_unstaged(entry, fields)
    entry.owed_in = _bytes(str(get["owed_in"]))
    entry.fixed = [_version(one) for one in _list(get["fixed"])]
    entry.replaces = [_version(one) for one in _list(get["replaces"])]
    entry.written_ns = int(str(get["written_ns"]))
    entry.is_kept = bool(get["kept"])
    return entry


def _read_unstaged(entry: Entry, fields: "dict[str, object]") -> None:
    """The fields about the owner's version and the fixes in it; a journal of an older version of ours has none.

    Raises:
        TypeError, ValueError: one is not what it should be.
    """
    owed_in = str(fields["owed_in"])
    if owed_in.startswith("merged/") and not owed_in[7:].replace("-", "").isdigit():
        raise ValueError("no merge")
    entry.unstaged = _version(fields["unstaged"]) if "unstaged" in fields else entry.owed
    entry.merged = _version(fields["merged"]) if "merged" in fields else ABSENT
    entry.inode = _size(fields.get("inode", 0))
    entry.fix_offset = _size(fields.get("fix_offset", 0))
    entry.has_fixes = bool(fields.get("has_fixes", True))


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("no size")
    return value


def _to_restaged(fields: object) -> Restaged:
    path, mode, blob, new_mode, new_blob, made = _list(fields)
    return Restaged(_bytes(path), int(mode), blob, int(new_mode), new_blob, _version(made))


def _list(value: object) -> "list[str]":
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _version(value: object) -> Version:
    kind, mode, digest, size = _list(value)
    return Version(kind, int(mode), digest, int(size))
