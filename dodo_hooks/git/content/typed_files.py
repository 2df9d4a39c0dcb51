"""The files of the working tree that have a type which `file_types:` selects (C7; HOT).

The ending of the name decides the MIME type; where the table has no such ending, the `#!` line decides. Other text is
`text/plain`.
"""

from dodo_hooks.core.file_types import (
    BINARY,
    EXECUTABLE,
    KINDS,
    MIME_TYPES,
    NOT_EXECUTABLE,
    NOT_SYMLINK,
    OTHER_NAMES,
    PLAIN,
    SYMLINK,
    TEXT,
)
from dodo_hooks.host.posix import S_ISLNK, S_ISREG, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def canonical(name: str) -> str:
    """Return the one name of a MIME type."""
    return OTHER_NAMES.get(name, name)


def mime_type_by_name(path: bytes) -> "str | None":
    """Return the MIME type of the ending of a path."""
    name, dot, ending = path.rpartition(b"/")[2].rpartition(b".")
    return _find(0, ending.lower().decode("latin-1")) if dot and name else None


def mime_type_by_interpreter(content: bytes) -> "str | None":
    """Return the MIME type of the interpreter in the `#!` line."""
    if not content.startswith(b"#!"):
        return None
    words = content[2:].partition(b"\n")[0].split()
    if words and words[0].endswith(b"/env"):  # with options, or variables that it sets
        words = [word for word in words[1:] if not word.startswith(b"-") and b"=" not in word]
    name = words[0].rpartition(b"/")[2].decode("latin-1") if words else ""
    return _find(1, name.rstrip("0123456789."))


def is_text(content: bytes) -> bool:
    """Return whether a file that begins like this is text.

    Text has no "binary data byte" of mimesniff.spec.whatwg.org, or begins with a byte order mark of UTF-8, 16 or 32. An
    empty file is text.
    """
    return content.startswith(_MARKS) or not content.translate(None, _TEXT_BYTES)


_MARKS = (b"\xef\xbb\xbf", b"\x00\x00\xfe\xff", b"\xff\xfe", b"\xfe\xff")
_BINARY_BYTES = {*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)}
_TEXT_BYTES = bytes(byte for byte in range(256) if byte not in _BINARY_BYTES)


def _find(column: int, word: str) -> "str | None":
    if not word:
        return None
    for name, row in MIME_TYPES.items():
        if word in row[column].split():
            return name
    return None


_READ_BYTES = 8192  # of the content


def has_types(top: str, types: "Sequence[str]") -> "Callable[[bytes], bool]":
    """Return the predicate that tells whether a file below `top` has these types.

    A file must have all of the kinds and, where MIME types are among the `types`, one of them. A link is not followed:
    it is neither text nor binary nor executable. A missing file, which was deleted or comes back before the jobs run,
    has any type that its name does not rule out.
    """
    kinds = frozenset(one for one in types if one in KINDS)
    mime_types = frozenset(canonical(one) for one in types if one not in KINDS)
    needs_content = bool(mime_types or kinds & {TEXT, BINARY})
    base = f"{top}/".encode("utf-8", "surrogateescape")

    def holds(path: bytes) -> bool:
        try:
            mode = os.lstat(base + path).st_mode
        except OSError:
            by_name = mime_type_by_name(path) if mime_types else None
            return by_name is None or by_name in mime_types
        is_regular = S_ISREG(mode)
        is_executable = is_regular and bool(mode & 0o111)
        is_link = S_ISLNK(mode)
        truth = {EXECUTABLE: is_executable, NOT_EXECUTABLE: not is_executable, SYMLINK: is_link}
        truth[NOT_SYMLINK] = not is_link
        if not all(truth.get(kind, is_regular) for kind in kinds):
            return False
        return not needs_content or (is_regular and _has_content(base + path, kinds, mime_types))

    return holds


def _has_content(path: bytes, kinds: "frozenset[str]", mime_types: "frozenset[str]") -> bool:
    by_name = mime_type_by_name(path) if mime_types else None
    if by_name is not None and by_name not in mime_types:
        return False
    try:
        content = _beginning(path)
    except OSError:
        return False
    text = is_text(content)
    if (TEXT in kinds and not text) or (BINARY in kinds and text):
        return False
    if not mime_types or by_name is not None:
        return True
    return (mime_type_by_interpreter(content) or (PLAIN if text else "")) in mime_types


def _beginning(path: bytes) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return os.read(descriptor, _READ_BYTES)
    finally:
        os.close(descriptor)
