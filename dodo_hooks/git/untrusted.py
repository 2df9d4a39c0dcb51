"""Values that are read back from below the git directory, each checked before it is used (G5; HOT).

Whoever hands over a repository hands over its git directory, which may hold a journal or a note that we have never
written. So a path must lead to a file of the working tree, and be one that git itself would track; permissions are
nothing but permissions; and no link is followed on the way. Each function returns its value, or raises ValueError with
a reason.
"""

from dodo_hooks.host.posix import S_ISDIR, S_ISREG, os, read_rest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_MOST_BYTES = 1 << 28  # of a file: one that was made to fill the memory is not read
_LARGEST = (1 << 63) - 1  # a size, an offset or a time in nanoseconds
_HEX = frozenset("0123456789abcdef")
_INDEX_MODES = (0, 0o100644, 0o100755, 0o120000, 0o160000)
# What HFS+ leaves out of a name before it compares (git's utf8.c, `next_hfs_char`).
_UNSEEN_BY_HFS = frozenset(
    "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"
)


# Values of JSON


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"not a text: {_short(value)}")
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"neither true nor false: {_short(value)}")
    return value


def items(value: object, count: "int | None" = None) -> "list[object]":
    """Return a list, of `count` items."""
    if not isinstance(value, list) or count not in (None, len(value)):
        raise ValueError(f"not a list{f' of {count}' if count else ''}: {_short(value)}")
    return value


def fields(value: object) -> "dict[str, object]":
    if not isinstance(value, dict):
        raise ValueError(f"not an object: {_short(value)}")
    return value


def choice(value: object, choices: "Sequence[str]") -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"none of {', '.join(choices)}: {_short(value)}")
    return value


def small_integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise ValueError(f"not a size or number: {_short(value)}")
    return value


def permission_bits(value: object) -> int:
    """Return who may read, write and execute; no setuid, setgid or sticky bit."""
    bits = small_integer(value)
    if bits > 0o777:
        raise ValueError(f"not permissions: {bits:#o}")
    return bits


def index_mode(value: object) -> int:
    """Return the mode of an entry of git's index; 0: there is none."""
    mode = small_integer(value)
    if mode not in _INDEX_MODES:
        raise ValueError(f"not the mode of an index entry: {mode:#o}")
    return mode


def digest(value: object) -> str:
    """Return a SHA-256 in hex."""
    return _hex(value, (64,))


def blob_id(value: object) -> str:
    """Return the name of a git object, in hex: SHA-1 or SHA-256."""
    return _hex(value, (40, 64))


def index_change(
    path: object, mode: object, blob: object, new_mode: object, new_blob: object
) -> "tuple[bytes, int, str, int, str]":
    """Return an entry of git's index before and after a change; the new blob may be "", where there is none."""
    return (
        relative_path(path),
        index_mode(mode),
        blob_id(blob),
        index_mode(new_mode),
        "" if new_blob == "" else blob_id(new_blob),
    )


def relative_path(value: object) -> bytes:
    """Return the path of a file, relative to the top of the working tree, from the text that `path_text` wrote."""
    try:
        path = text(value).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"not a path: {_short(value)}") from None
    if not is_tracked_path(path):
        raise ValueError(f"not a path of the working tree: {_short(value)}")
    return path


def path_text(path: bytes) -> str:
    """Return any bytes as text for JSON, whatever the locale: each byte becomes the character of its number."""
    return path.decode("latin-1")


def is_tracked_path(path: bytes) -> bool:
    """Return whether git can have a file of this name below the top, with all its protections on.

    The protections are core.protectHFS and core.protectNTFS in git-config(1).
    """
    if b"\0" in path:
        return False
    return all(part not in (b"", b".", b"..") and not _is_dot_git(part) for part in path.split(b"/"))


def untracked_name(names: "Collection[bytes]") -> "bytes | None":
    """Return one of these names that `is_tracked_path` refuses; None where it refuses none."""
    text = b"/".join(names)
    if text.isascii() and b"git" not in text.lower() and not {b"", b".", b".."}.intersection(names):
        return None  # as for almost all folders, and there may be many names
    return next((name for name in names if not is_tracked_path(name)), None)


def _is_dot_git(part: bytes) -> bool:
    """Return whether some file system takes this for the name of the git directory (git's path.c, `is_ntfs_dotgit`)."""
    if part.isascii() and b"git" not in part.lower():  # almost every name, and there may be many
        return False
    seen_by_hfs = "".join(one for one in part.decode("utf-8", "replace") if one not in _UNSEEN_BY_HFS)
    # On Windows a backslash separates folders, after a colon a stream of the file is named, and dots and spaces at the
    # end of a name do not count.
    names = (name.split(b":")[0].rstrip(b". ") for name in part.lower().split(b"\\"))
    return seen_by_hfs.lower() == ".git" or any(name in (b".git", b"git~1") for name in names)


def _hex(value: object, lengths: "tuple[int, ...]") -> str:
    if not isinstance(value, str) or len(value) not in lengths or not _HEX.issuperset(value):
        raise ValueError(f"not a hash: {_short(value)}")
    return value


def _short(value: object) -> str:
    return ascii(value)[:80]


# Files


def read_regular(path: "str | bytes") -> bytes:
    """Return all of a file of ours, not through a link and not from a pipe.

    Raises:
        OSError: it cannot be opened or read. ValueError: it is no file, or much too large for one of ours.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        if status.st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        return read_rest(descriptor)
    finally:
        os.close(descriptor)


def expect_folders(directory: bytes, paths: "Sequence[bytes]") -> None:
    """Raise unless the directory, and these paths in it, are folders or missing, and no links.

    Raises:
        OSError: it cannot be read. ValueError: one is no folder.
    """
    for path in (directory, *(directory + b"/" + one for one in paths)):
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            continue
        if not S_ISDIR(status.st_mode):
            raise ValueError(f"{_short(path)[2:-1]} is a link, or not a folder")
