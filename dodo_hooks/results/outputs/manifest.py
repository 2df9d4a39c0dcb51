"""The manifest of a job's outputs: every path below them, with its kind, its permissions and its content (K9; HOT).

Two manifests with the same digest are of the same outputs. Times do not count: a job that made the same bytes again
made the same outputs (K5). They are in the manifest all the same, so that a restore can give files their order of age
back, by which `make`, cargo and npm decide what is stale.

A manifest is stored as a checksum, a line with the format, and three fields for each entry, separated by NULs:
the kind with the mode and the time, the path, and the digest of a file or the target of a link. What is read back is
untrusted: `decode_manifest` accepts nothing that could lead out of the outputs, so whoever builds a tree in the order
of the entries writes into folders alone that he has just made.
"""

import marshal

from dodo_hooks.core.digests import sha256, sha256_for
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.untrusted import expect_folders, untracked_name
from dodo_hooks.host.files.clone import digest_of
from dodo_hooks.host.posix import S_ISDIR, decode_path, encode_path, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Found = list[tuple[bytes, os.stat_result]]  # in the order of a manifest

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
        return _checksum(b"".join([entry.identity for entry in self.entries])).decode("ascii")

    def encode(self) -> bytes:
        """Return the bytes for `decode_manifest`."""
        body = _HEAD + b"\0".join(
            [
                b"%b%o %d\0%b\0%b" % (kind, mode, max(modified_ns, 0), path, content)
                for path, kind, mode, content, modified_ns in self.entries
            ]
        )
        return _checksum(body) + b"\n" + body


def manifest_of(top: str, outputs: "Sequence[bytes]") -> "Manifest | None":
    """Return the manifest of these paths of the working tree; None where there can be none.

    There is none where an output is missing, is reached through a link, cannot be read, or has something in it that
    cannot be restored exactly: a socket, a pipe, a device, a setuid or sticky bit, or a `.git`. `outputs` are
    relative to the top, and none is inside another.
    """
    try:
        return read_manifest(top, list_outputs(top, outputs))
    except (OSError, ValueError):
        return None


def read_manifest(top: str, found: "Found") -> Manifest:
    """Return the manifest of what was listed; every file is read. Raises OSError, or ValueError: it is another now."""
    hasher, base = sha256_for(sum(status.st_size for _, status in found)), encode_path(top) + b"/"
    return Manifest(
        tuple(
            [
                entry_of(base + path, path, status, digest_of(base + path, hasher) if kind_of(status) == FILE else b"")
                for path, status in found
            ]
        )
    )


def list_outputs(top: str, outputs: "Sequence[bytes]") -> "Found":
    """Return what is at and below the outputs, in the order of a manifest.

    Raises:
        OSError: an output is missing, or cannot be read. ValueError: there can be no manifest.
    """
    base = encode_path(top) + b"/"
    expect_folders(base, parents_of(outputs))
    found = [(path, os.lstat(base + path)) for path in outputs]
    folders = [path for path, status in found if S_ISDIR(status.st_mode)]
    for folder in folders:  # which grows
        names = os.listdir(base + folder)
        if (name := untracked_name(names)) is not None:
            raise ValueError(f"{decode_path(folder + b'/' + name)} is a git directory")
        place = os.open(base + folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:  # in a folder that is open a path is a name, which takes the kernel half of the time
            children = [(folder + b"/" + name, os.stat(name, dir_fd=place, follow_symlinks=False)) for name in names]
        finally:
            os.close(place)
        found += children
        folders += [path for path, status in children if S_ISDIR(status.st_mode)]
    odd = next((one for one in found if one[1].st_mode & ~0o777 not in _KINDS and _wrong(one[1])), None)
    if odd is not None:
        raise ValueError(f"{decode_path(odd[0])} {_wrong(odd[1])}")
    found.sort()
    return found


def stamp_of_all(found: "Found") -> str:
    """Return a digest of what the stat of something listed has, and that changes with it (results/contents.py)."""
    stamps = [
        (path, one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino, one.st_mode, one.st_dev)
        for path, one in found
    ]
    return sha256(marshal.dumps(stamps, 2)).hexdigest()  # later formats tell equal values apart by who refers to them


def newest_ns(found: "Found") -> int:
    """Return when something listed was changed last, by the clock of the file system."""
    return max(status.st_ctime_ns for _, status in found)


def entry_of(full_path: bytes, path: bytes, status: "os.stat_result", content: bytes) -> Entry:
    """Return the entry of a listed path. `content`: the digest of a file. Raises OSError."""
    kind = kind_of(status)
    if kind == LINK:
        return Entry(path, kind, 0, os.readlink(full_path), status.st_mtime_ns)
    return Entry(path, kind, status.st_mode & 0o777, content, status.st_mtime_ns)


def kind_of(status: "os.stat_result") -> bytes:
    return _KINDS[status.st_mode & 0o170000]


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
    paths = fields[1::3]
    if sorted(set(paths)) != paths:
        raise ValueError("paths out of order")
    if untracked_name({part for path in paths for part in path.split(b"/")}) is not None:
        raise ValueError("a path outside of the outputs")
    entries = [*map(_parse, fields[::3], paths, fields[2::3])]
    folders = {entry.path for entry in entries if entry.kind == FOLDER}
    above = {path.rpartition(b"/")[0] for path in paths if path not in outputs}
    if not above <= folders or not set(outputs) <= set(paths):
        raise ValueError("other outputs")
    return Manifest(tuple(entries))


def _parse(head: bytes, path: bytes, content: bytes) -> Entry:
    kind, (mode, _, modified) = head[:1], head[1:].partition(b" ")
    if not (mode.isdigit() and modified.isdigit() and len(mode) < 4 and len(modified) < 20):
        raise ValueError("mode or time missing")
    entry = Entry(path, kind, int(mode, 8), content, int(modified))
    if kind == FILE:
        is_right = len(content) == 64 and _HEX.issuperset(content)
    else:
        is_right = not content if kind == FOLDER else kind == LINK and bool(content) and not entry.mode
    if not is_right or entry.modified_ns > _LATEST_NS:
        raise ValueError("not an entry of a manifest")
    return entry


def parents_of(outputs: "Sequence[bytes]") -> "list[bytes]":
    """Return the folders above the outputs, below the top, the outermost first."""
    found: dict[bytes, bool] = {}
    for path in outputs:
        parts = path.split(b"/")[:-1]
        for end in range(len(parts)):
            found[b"/".join(parts[: end + 1])] = True
    return list(found)


def _wrong(status: "os.stat_result") -> str:
    """Return what is wrong with a kind, or with a bit that is no permission; "" where nothing is."""
    kind = _KINDS.get(status.st_mode & 0o170000)
    if kind is None:
        return "is neither a file, a folder nor a link"
    # New folders have the setgid bit of the folder that they are in, so it says nothing about the output.
    if kind != LINK and status.st_mode & (0o5000 if kind == FOLDER else 0o7000):
        return "has a setuid, setgid or sticky bit"
    return ""


def _checksum(data: bytes) -> bytes:
    return bytes(sha256_for(len(data))(data).hexdigest(), "ascii")
