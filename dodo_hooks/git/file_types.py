"""Which files of the working tree are of the types that a job asks for (C7; HOT)."""

from dodo_hooks.core.file_types import (
    BINARY,
    EXECUTABLE,
    KINDS,
    NOT_EXECUTABLE,
    NOT_SYMLINK,
    PLAIN,
    SYMLINK,
    TEXT,
    canonical,
    is_text,
    mime_type_by_interpreter,
    mime_type_by_name,
)
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOOKED_AT_BYTES = 8192  # of the content
_KIND, _REGULAR, _LINK = 0o170000, 0o100000, 0o120000  # inode(7); the module `stat` would be one more to import


def has_types(top: str, types: "Sequence[str]", *, may_be_gone: bool = False) -> "Callable[[bytes], bool]":
    """The question whether a file below `top` has all of the kinds and, where MIME types are among the `types`, one of
    them. A link is not followed: it is neither text nor binary nor executable. What is not there has no type; with
    `may_be_gone` it may have had any that its name does not rule out."""
    kinds = frozenset(one for one in types if one in KINDS)
    mime_types = frozenset(canonical(one) for one in types if one not in KINDS)
    needs_content = bool(mime_types or kinds & {TEXT, BINARY})
    base = f"{top}/".encode("utf-8", "surrogateescape")

    def holds(path: bytes) -> bool:
        try:
            mode = os.lstat(base + path).st_mode
        except OSError:
            by_name = mime_type_by_name(path) if mime_types else None
            return may_be_gone and (by_name is None or by_name in mime_types)
        is_regular = mode & _KIND == _REGULAR
        is_executable = is_regular and bool(mode & 0o111)
        is_link = mode & _KIND == _LINK
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
        return os.read(descriptor, _LOOKED_AT_BYTES)
    finally:
        os.close(descriptor)
