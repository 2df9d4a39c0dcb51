"""The files that have a type which `file_types:` selects (C7; HOT).

The ending of the name decides the MIME type; where the table has no such ending, the `#!` line decides. Other text is
`text/plain`. In a commit, a file with unstaged changes has the type of what is staged, which the jobs will find there.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.files.file_types import (
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
from dodo_hooks.host.files.tags_on_disk import READ_BYTES, read_beginning
from dodo_hooks.host.posix import S_ISLNK, S_ISREG, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.worktree_status import Change


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


class TypeTest:
    """A test for files that have these types.

    A file must have all of the kinds and, where MIME types are among the `types`, one of them. A link is not followed:
    it is neither text nor binary nor executable.
    """

    def __init__(self, types: "Sequence[str]") -> None:
        self._kinds = frozenset(one for one in types if one in KINDS)
        self._mime_types = frozenset(canonical(one) for one in types if one not in KINDS)
        self.needs_content = bool(self._mime_types or self._kinds & {TEXT, BINARY})

    def allows_name(self, path: bytes) -> bool:
        by_name = mime_type_by_name(path) if self._mime_types else None
        return by_name is None or by_name in self._mime_types

    def allows_mode(self, mode: int) -> bool:
        is_regular = S_ISREG(mode)
        is_executable = is_regular and bool(mode & 0o111)
        is_link = S_ISLNK(mode)
        truth = {EXECUTABLE: is_executable, NOT_EXECUTABLE: not is_executable, SYMLINK: is_link}
        truth[NOT_SYMLINK] = not is_link
        return all(truth.get(kind, is_regular) for kind in self._kinds) and (is_regular or not self.needs_content)

    def allows_content(self, path: bytes, content: bytes) -> bool:
        """Return whether a file whose name and mode are allowed, and that begins like this, has the types."""
        text = is_text(content)
        if (TEXT in self._kinds and not text) or (BINARY in self._kinds and text):
            return False
        if not self._mime_types or mime_type_by_name(path) is not None:
            return True
        return (mime_type_by_interpreter(content) or (PLAIN if text else "")) in self._mime_types


def has_types(top: str, test: TypeTest) -> "Callable[[bytes], bool]":
    """Return the predicate that tells whether a file below `top` passes the test.

    A missing file, which was deleted or comes back before the jobs run, has any type that its name does not rule out.
    """
    base = f"{top}/".encode("utf-8", "surrogateescape")

    def holds(path: bytes) -> bool:
        try:
            mode = os.lstat(base + path).st_mode
        except OSError:
            return test.allows_name(path)
        if not test.allows_mode(mode) or not test.allows_name(path):
            return False
        try:
            return not test.needs_content or test.allows_content(path, read_beginning(base + path))
        except OSError:
            return False

    return holds


def staged_with_types(
    repo: "Repo", environ: "Mapping[str, str]", test: TypeTest, staged: "Iterable[Change]"
) -> "set[bytes]":
    """Return the paths of those index entries that pass the test, with at most one git process.

    Raises:
        GitError: git does not know their content.
    """
    found = [one for one in staged if test.allows_mode(one.mode) and test.allows_name(one.path)]
    if not found or not test.needs_content:
        return {one.path for one in found}
    entries = iter(found)
    passing = set()

    def take(content: bytes) -> None:
        path = next(entries).path
        if test.allows_content(path, content):
            passing.add(path)

    read_blobs(repo, environ, [one.blob for one in found], take)
    return passing


def read_blobs(
    repo: "Repo", environ: "Mapping[str, str]", blobs: "Iterable[str]", take: "Callable[[bytes], None]"
) -> None:
    """Pass on the beginning of each blob, in their order, with one git process.

    Raises:
        GitError: git does not know one of them.
    """
    from dodo_hooks.git.command import run_git_at_top

    parser = _beginnings(take)
    next(parser)
    names = "".join(f"{blob}\n" for blob in blobs).encode("ascii")
    run_git_at_top(repo, environ, ("cat-file", "--batch"), names, take=parser.send)


def _beginnings(take: "Callable[[bytes], None]") -> "Generator[None, bytes, None]":
    """Parse the output of `git cat-file --batch` piece by piece, and pass the beginning of each object on.

    All objects together may be larger than the memory. Raises GitError: one is missing.
    """
    data = b""
    while True:
        while b"\n" not in data:
            data += yield
        line, _, data = data.partition(b"\n")
        size = line.rpartition(b" ")[2]
        if not size.isdigit():  # "ID missing"
            raise GitError(f"git cat-file: {line.decode('ascii', 'replace')}")
        left, content = int(size), b""
        while left >= len(data):  # the newline behind the content is still to come
            content += data[: READ_BYTES - len(content)]
            left -= len(data)
            data = yield
        take(content + data[: min(left, READ_BYTES - len(content))])
        data = data[left + 1 :]
