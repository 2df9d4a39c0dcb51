"""The journal of hidden unstaged changes (G5; HOT).

    GIT_DIR/dodo-hooks-aside/journal     what is hidden; as long as it is there, something needs recovery
                            /original/N  the very files; their copies where they wait elsewhere (moves.py)
                            /swap/N.new  an index version, until it is put into the tree
                            /swap/N      what was taken out of the tree, until it is decided what becomes of it
                            /base/PATH   the index versions, as git checks them out
                            /fixed/N-K   what jobs made of them and is staged
                            /merged/N-K  what is to be restored instead, since a job or somebody else wrote meanwhile
                            /before/PATH what a job fixed and staged, as it was before (only when a commit is refused)

The journal is replaced as a whole, by a rename, and synced with its directory each time. Everything else in the
directory may be thrown away when there is no journal.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text.json_text import json_text, parse_json
from dodo_hooks.git import untrusted
from dodo_hooks.git.content.file_state import ABSENT, FILE, KINDS, LINK, NOTHING, FileState, parents_of
from dodo_hooks.git.event import JOURNAL
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.untrusted import path_text
from dodo_hooks.host.files.atomic_files import create_file
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import decode_path, encode_path, is_link, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

DIRECTORY = JOURNAL.rpartition("/")[0]
KEPT = "dodo-hooks-kept"
_FEW = 16  # files that are synced one by one
_FORMAT = 3
_FOLDERS_OF_OURS = (b"original", b"swap", b"merged", b"fixed")
_FOLDERS = (*_FOLDERS_OF_OURS, b"base", b"before")
_FOLDERS_OF_TARGETS = (b"merged", b"before")
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
        base: FileState,
        *,
        is_deleted: bool = False,
        folders: "tuple[bytes, ...]" = (),
    ) -> None:
        self.number = number
        self.path = path  # relative to the top
        self.base = base  # what we put there
        self.is_deleted = is_deleted  # nothing was there
        self.area = 0  # where its files are: git/unstaged/moves.py
        self.folders = folders  # those that we had to make for it
        self.fixed: list[FileState] = []  # what a job of this run, whose fixes are staged, made of it
        self.target_file = b""  # our file that has to stand there in the end; none: the owner's file, or nothing
        self.target = ABSENT  # what that is; for the owner's file, if its permissions change
        self.merged = ABSENT  # what the owner's file was when it was merged, or was found in a newer one
        self.replaces: list[FileState] = []  # what may be dropped besides: nothing in it is anybody's only copy
        self.is_done = False  # what stands there stays


class Journal:
    """The journal in memory. Only the holder of the exclusive lock reads and writes it."""

    def __init__(self, git_dir: str) -> None:
        self.directory = encode_path(f"{git_dir}/{DIRECTORY}")
        self.kept = encode_path(f"{git_dir}/{KEPT}")  # where all such directories are: git/unstaged/refused_commit.py
        self.entries: list[Entry] = []
        self.restaged: list[Restaged] = []
        self.is_refused = False  # a job's fixes and the unstaged changes conflict: all goes back to where it was
        self.has_reverted = False  # and the index is there already
        self.has_mounts = False  # each entry has its files beside its path
        self.kept_in = b""  # the directory with what is taken out of the tree then
        self.written = ""  # what is on the disk

    def paths(self) -> "set[bytes]":
        return {entry.path for entry in self.entries}

    def base_file(self, path: bytes) -> bytes:
        return self.directory + b"/base/" + path

    def fix_file(self, entry: Entry, number: int) -> bytes:
        """Return where one of the fixes of the entry is, of which the first has the number 1."""
        return self.directory + b"/fixed/%d-%d" % (entry.number, number)

    def prepare(self) -> None:
        """Make an empty directory for the changes to hide. Call it only without a journal in it."""
        remove_tree(self.directory)
        make_folder(self.directory, 0o700)
        for folder in _FOLDERS_OF_OURS:
            make_folder(self.directory + b"/" + folder)

    def write(self) -> None:
        """Replace the journal on the disk, if it has changed. Raises OSError: then the journal is as it was."""
        data = {
            "format": _FORMAT,
            "refused": self.is_refused,
            "reverted": self.has_reverted,
            "kept_in": path_text(self.kept_in),
            "entries": [{name: _to_json(value) for name, value in vars(entry).items()} for entry in self.entries],
            "restaged": _to_json(self.restaged),
        }
        text = json_text(data)
        if text != self.written:
            replace_synced(self.directory + b"/journal", text)
            self.written = text

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
            f" Copy what you need out of {directory}, then remove it"
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
    journal.written = content.decode()
    data = untrusted.fields(parse_json(journal.written))
    if data["format"] == 2:
        raise ValueError("an older dodo-hooks has hidden them, and its `dodo-hooks status` restores them")
    if data["format"] != _FORMAT:
        raise ValueError("written by another version")
    journal.is_refused, journal.has_reverted = untrusted.flag(data["refused"]), untrusted.flag(data["reverted"])
    journal.kept_in = _kept_in(journal, data["kept_in"])
    journal.entries = [_to_entry(number, one) for number, one in enumerate(untrusted.items(data["entries"]))]
    journal.restaged = [_to_restaged(one) for one in untrusted.items(data["restaged"])]
    paths = [*(one.path for one in journal.entries), *(one.path for one in journal.restaged)]
    parents = {parent for path in paths for parent in parents_of(path)}
    untrusted.expect_folders(journal.directory, [area + one for area in (b"base/", b"before/") for one in parents])
    return True


def _kept_in(journal: Journal, value: object) -> bytes:
    """Return the directory with what a refused commit took out of the tree.

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
    if len(paths) > _FEW:
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


# Entries, to JSON and from it


def _to_json(value: object) -> object:
    if isinstance(value, bytes):
        return path_text(value)
    return [_to_json(one) for one in value] if isinstance(value, (list, tuple)) else value


def _to_entry(number: int, value: object) -> Entry:
    get = untrusted.fields(value)
    path = untrusted.relative_path(get["path"])
    entry = Entry(number, path, _version(get["base"], _PLACED), is_deleted=untrusted.flag(get["is_deleted"]))
    entry.area = untrusted.small_integer(get["area"])
    if entry.area > 2:
        raise ValueError(f"not an area: {entry.area}")
    entry.folders = tuple(untrusted.relative_path(one) for one in untrusted.items(get["folders"]))
    if not set(entry.folders) <= set(parents_of(path)):
        raise ValueError(f"folders that are not those of {decode_path(path)!a}")
    entry.fixed = [_version(one) for one in untrusted.items(get["fixed"])]
    entry.target_file = _target_file(get["target_file"])
    entry.target = _version(get["target"], _PLACED)
    entry.merged = _version(get["merged"], _PLACED)
    entry.replaces = [_version(one) for one in untrusted.items(get["replaces"])]
    entry.is_done = untrusted.flag(get["is_done"])
    return entry


def _target_file(value: object) -> bytes:
    """Return the path of a file in one of our folders; b"": none."""
    path = b"" if value == "" else untrusted.relative_path(value)
    if path and path.partition(b"/")[0] not in _FOLDERS_OF_TARGETS:
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
