"""The tags of a file in the working tree (C7, P4; HOT, with jobs that select by them)."""

from dodo_hooks.core.files.file_tags import (
    DIRECTORY,
    NO_TAGS,
    SOCKET,
    SYMLINK,
    needs_content,
    tags_of_file,
    tags_of_name,
)
from dodo_hooks.host.posix import S_ISDIR, S_ISLNK, S_ISREG, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.files.file_tags import Tags, TagTables

READ_BYTES = 8192  # of the content of a file, to find out what it is
_SUBMODULE = 0o160000
_SOCKET = 0o140000
_TYPE_BITS = 0o170000


def tags_on_disk(path: bytes, file: bytes, tables: "TagTables") -> "Tags | None":
    """Return the tags of the file at `file`, whose name in the working tree is `path`; None where it is missing.

    A link is not followed. A file that cannot be read is no text, and none of an interpreter's.
    """
    try:
        mode = os.lstat(file).st_mode
    except (OSError, ValueError):
        return None
    if not S_ISREG(mode):
        return tags_of_mode(mode)
    by_name, is_executable = tags_of_name(path, tables), os.access(file, os.X_OK)
    content = b"\0"
    if needs_content(by_name, is_executable):
        try:
            content = read_beginning(file)
        except OSError:
            pass
    return tags_of_file(by_name, is_executable, content, tables)


def tags_of_mode(mode: int) -> "Tags":
    """Return the tags of what is no regular file."""
    if S_ISDIR(mode) or mode & _TYPE_BITS == _SUBMODULE:
        return DIRECTORY
    if S_ISLNK(mode):
        return SYMLINK
    return SOCKET if mode & _TYPE_BITS == _SOCKET else NO_TAGS


def read_beginning(path: bytes) -> bytes:
    """Return the beginning of a file. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return os.read(descriptor, READ_BYTES)
    finally:
        os.close(descriptor)
