"""The manifest of a job's outputs: every path below them, with its kind, its permissions and its content (K9; HOT).

Two manifests with the same digest are of the same outputs. Times do not count: a job that made the same bytes again
made the same outputs (K5). They are in the manifest all the same, so that a restore can give files their order of age
back, by which `make`, cargo and npm decide what is stale.

A manifest is stored as a checksum, a line with the format, and three fields for each entry, separated by NULs:
the kind with the mode and the time, the path, and the digest of a file or the target of a link. What is read back is
untrusted: `decode_manifest` accepts nothing that could lead out of the outputs, so whoever builds a tree in the order
of the entries writes into folders alone that he has just made.
"""

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.untrusted import expect_folders, is_tracked_path
from dodo_hooks.host.files.clone import digest_of
from dodo_hooks.host.files.file_tree import walk_below
from dodo_hooks.host.posix import decode_path, encode_path, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    # The full path of a file, and its stat -> the SHA-256 of its bytes, in hex. Raises OSError, or ValueError.
    DigestOf = Callable[[bytes, os.stat_result], bytes]

FILE, FOLDER, LINK = b"f", b"d", b"l"
_KINDS = {0o100000: FILE, 0o040000: FOLDER, 0o120000: LINK}  # of st_mode: inode(7)
_HEAD = b"dodo-hooks outputs 1\n"
_HEX = frozenset(b"0123456789abcdef")
_LATEST_NS = 1 << 62


class Entry(Record):
    """A file, a folder or a link. No other kind can be in a manifest."""

    path: bytes  # relative to the top of the working tree
    kind: bytes  # FILE, FOLDER or LINK
    mode: int  # the permission bits; 0 for a link
    content: bytes  # the SHA-256 of a file's bytes, in hex; the target of a link; b"" for a folder
    modified_ns: int  # since 1970

    @property
    def identity(self) -> bytes:
        """All that makes two entries the same."""
        return b"%b%o\0%b\0%b\0" % (self.kind, self.mode, self.path, self.content)


class Manifest(Record):
    """Entries in the order of their paths as bytes: each folder stands before what is in it."""

    entries: "tuple[Entry, ...]"

    @property
    def digest(self) -> str:
        """The SHA-256 of all but the times, in hex."""
        return _checksum(b"".join(entry.identity for entry in self.entries)).decode("ascii")

    def encode(self) -> bytes:
        """Return the bytes for `decode_manifest`."""
        fields = [
            b"%b%o %d\0%b\0%b" % (entry.kind, entry.mode, max(entry.modified_ns, 0), entry.path, entry.content)
            for entry in self.entries
        ]
        body = _HEAD + b"\0".join(fields)
        return _checksum(body) + b"\n" + body


def manifest_of(top: str, outputs: "Sequence[bytes]", digest_of_file: "DigestOf | None" = None) -> "Manifest | None":
    """Return the manifest of these paths of the working tree; None where there can be none.

    There is none where an output is missing, is reached through a link, cannot be read, or has something in it that
    cannot be restored exactly: a socket, a pipe, a device, a setuid or sticky bit, or a `.git`. `outputs` are
    relative to the top, and none is inside another. `digest_of_file` may know digests by the stat of a file; by default
    every file is read.
    """
    try:
        found = list_outputs(top, outputs)
        hasher = sha256_for(sum(status.st_size for _, status in found))
        read = digest_of_file or (lambda path, status: digest_of(path, hasher))
        return Manifest(tuple(entry_of(top, path, status, read) for path, status in found))
    except (OSError, ValueError):
        return None


def list_outputs(top: str, outputs: "Sequence[bytes]") -> "list[tuple[bytes, os.stat_result]]":
    """Return what is at and below the outputs, in the order of a manifest.

    Raises:
        OSError: an output is missing, or cannot be read. ValueError: there can be no manifest.
    """
    base = encode_path(top) + b"/"
    expect_folders(base, parents_of(outputs))
    found = [(path, os.lstat(base + path)) for path in outputs]
    for folder in [path for path, status in found if _kind_of(path, status) == FOLDER]:
        for child in walk_below(base + folder):
            path, status = child.path[len(base) :], child.stat(follow_symlinks=False)
            if not is_tracked_path(child.name):
                raise ValueError(f"{decode_path(path)} is a git directory")
            _kind_of(path, status)
            found.append((path, status))
    found.sort(key=lambda one: one[0])
    return found


def entry_of(top: str, path: bytes, status: "os.stat_result", digest_of_file: "DigestOf") -> Entry:
    """Return the entry of a listed path. Raises the same as `DigestOf`."""
    kind, full = _kind_of(path, status), encode_path(top) + b"/" + path
    if kind == LINK:
        return Entry(path, kind, 0, os.readlink(full), status.st_mtime_ns)
    content = digest_of_file(full, status) if kind == FILE else b""
    return Entry(path, kind, status.st_mode & 0o777, content, status.st_mtime_ns)


def decode_manifest(data: bytes, outputs: "Sequence[bytes]") -> Manifest:
    """Return the manifest of these outputs, of which each is there, and nothing besides.

    Raises:
        ValueError: it is damaged, or not one that `encode` makes of such outputs.
    """
    checksum, _, body = data.partition(b"\n")
    if _checksum(body) != checksum or not body.startswith(_HEAD):
        raise ValueError("a damaged manifest")
    fields = body[len(_HEAD) :].split(b"\0")
    if len(fields) % 3:
        raise ValueError("an incomplete manifest")
    missing, folders, last = set(outputs), set(), b""
    entries: list[Entry] = []
    for entry in _parse(fields):
        folder, _, name = entry.path.rpartition(b"/")
        if entry.path in missing:
            missing.remove(entry.path)
        elif folder not in folders or not is_tracked_path(name):
            raise ValueError("a path outside of the outputs")
        if entry.path <= last:
            raise ValueError("paths out of order")
        if entry.kind == FOLDER:
            folders.add(entry.path)
        last = entry.path
        entries.append(entry)
    if missing or not all(map(is_tracked_path, outputs)):
        raise ValueError("other outputs")
    return Manifest(tuple(entries))


def _parse(fields: "list[bytes]") -> "Iterator[Entry]":
    for head, path, content in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        kind, (mode, _, modified) = head[:1], head[1:].partition(b" ")
        if not (mode.isdigit() and modified.isdigit() and len(mode) < 4 and len(modified) < 20):
            raise ValueError("mode or time missing")
        entry = Entry(path, kind, int(mode, 8), content, int(modified))
        is_right = {FILE: len(content) == 64 and _HEX.issuperset(content), FOLDER: not content, LINK: bool(content)}
        if not is_right.get(kind) or (kind == LINK and entry.mode) or entry.modified_ns > _LATEST_NS:
            raise ValueError("not an entry of a manifest")
        yield entry


def parents_of(outputs: "Sequence[bytes]") -> "list[bytes]":
    """Return the folders above the outputs, below the top, the outermost first."""
    found: dict[bytes, bool] = {}
    for path in outputs:
        parts = path.split(b"/")[:-1]
        for end in range(len(parts)):
            found[b"/".join(parts[: end + 1])] = True
    return list(found)


def _kind_of(path: bytes, status: "os.stat_result") -> bytes:
    """Return the kind. Raises ValueError: it is another, or has a bit that is no permission."""
    kind = _KINDS.get(status.st_mode & 0o170000)
    if kind is None:
        raise ValueError(f"{decode_path(path)} is neither a file, a folder nor a link")
    # New folders have the setgid bit of the folder that they are in, so it says nothing about the output.
    if kind != LINK and status.st_mode & (0o5000 if kind == FOLDER else 0o7000):
        raise ValueError(f"{decode_path(path)} has a setuid, setgid or sticky bit")
    return kind


def _checksum(data: bytes) -> bytes:
    return bytes(sha256_for(len(data))(data).hexdigest(), "ascii")
