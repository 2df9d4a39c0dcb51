"""All reads of the loader from the disk, recorded by path (section 9).

The plan cache needs everything that a plan depends on: each file that was read, each folder that was listed, and each
name that was not found. A stat is taken before the read, so that a change in between is noticed the next time.
"""

import errno
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import translate
from hashlib import sha256

from dodo_hooks.core.diagnostics import DiagnosticError

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_LARGEST = 1024 * 1024  # bytes of a hook file: 10,000 jobs, and loading should take less than 2 s
_MAGIC = re.compile(r"[*?[]")
TOML_ENDING, JSON_ENDINGS = ".toml", (".json", ".jsonc")  # all else is YAML


@dataclass(frozen=True, slots=True)
class Seen:
    """The recorded state of one path."""

    stat: os.stat_result | None  # None: there was nothing of this name
    content: bytes | None = None  # of a file that was read
    names: list[str] | None = None  # those in a folder, where they mattered


class SourceError(DiagnosticError):
    """A file or a folder that cannot be read as one. The message gives the reason without the path."""


class Sources:
    """A reader of files and folders that records every result by path."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}

    def is_there(self, path: str) -> bool:
        """Return whether anything has this name, including a dangling link and a path that cannot be examined.

        To treat such a path as absent would be to pass a gate whose configuration could not be read (R22).
        """
        try:
            os.lstat(path)
        except OSError as error:
            if error.errno not in _ABSENT:
                return True
            self.seen[path] = Seen(None)
            return False
        except ValueError:  # nothing can have a name with such a character
            return False
        self.note(path)
        return True

    def note(self, path: str) -> None:
        """Record that the path exists, and its stat; nothing is read."""
        try:
            self.seen.setdefault(path, Seen(os.stat(path)))
        except (OSError, ValueError):
            pass

    def read(self, path: str) -> bytes:
        """Return the content of a file: the same bytes for each call.

        Raises:
            SourceError: it does not exist, is not a regular file, or cannot be read.
        """
        if (seen := self.seen.get(path)) and seen.content is not None:
            return seen.content
        try:
            before = os.stat(path)
            if not stat.S_ISREG(before.st_mode):  # a FIFO would keep git waiting
                found = "a directory" if stat.S_ISDIR(before.st_mode) else "something else"
                raise SourceError(f"expected a hook file, found {found}")
            expect_size(before.st_size)
            with open(path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            raise SourceError("no such file") from None
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise SourceError(f"the hook file cannot be read: {reason}") from None
        self.seen[path] = Seen(before, content)
        return content

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(path)

    def names_in(self, folder: str) -> list[str]:
        """Return the sorted names in a folder; none where the folder does not exist.

        Raises:
            SourceError: it is not a folder, or it cannot be read.
        """
        if not self.is_there(folder):
            return []
        try:
            before = os.stat(folder)
            names = sorted(os.listdir(folder))
        except NotADirectoryError:
            raise SourceError("expected a folder, found a file") from None
        except OSError as error:
            raise SourceError(f"the folder cannot be read: {error.strerror}") from None
        self.seen[folder] = Seen(before, names=names)
        return names

    def matching(self, pattern: str) -> list[str]:
        """Return the files that match an absolute path with `*`, `?` or `[abc]`, in the order of their names.

        None of the wildcards matches a `/`, or a dot at the beginning of a name.

        Raises:
            SourceError: a folder cannot be read.
        """
        paths = [""]
        for part in pattern.split("/")[1:]:
            paths = [f"{folder}/{name}" for folder in paths for name in self._names(folder, part)]
        return [path for path in paths if self.is_there(path) and not self.is_folder(path)]

    def _names(self, folder: str, part: str) -> Iterator[str]:
        if not _MAGIC.search(part):
            yield part
        elif self.is_there(folder or "/") and self.is_folder(folder or "/"):
            is_match = re.compile(translate(part)).match
            names = self.names_in(folder or "/")
            yield from (name for name in names if is_match(name) and (name[0] != "." or part[0] == "."))

    def files(self, *tops: str) -> dict[str, bytes]:
        """Return the bytes of all files that were read.

        A file's name is its path relative to the first of `tops` that contains it: the overlay of the main working tree
        counts in a linked one, too, and is the same file in both.
        """
        files: dict[str, bytes] = {}
        for path, seen in self.seen.items():
            if seen.content is not None:
                names = [path[len(top) + 1 :] for top in tops if path.startswith(f"{top}/")]
                files[next((name for name in names if name not in files), path)] = seen.content
        return files


def expect_size(size: int) -> None:
    """Raise SourceError where a hook file is too large."""
    if size > _LARGEST:
        raise SourceError("the hook file is larger than 1 MB", "move scripts and data to files of their own")


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return one digest over the names and the bytes of all files (section 8)."""
    # A line break in a name is written as what no name can hold, so that no name looks like two lines.
    names = ((path.replace("\n", "\0"), content) for path, content in sorted(files.items()))
    lines = (f"{sha256(content).hexdigest()} {name}\n" for name, content in names)
    return sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def is_yaml(path: str) -> bool:
    return posixpath.splitext(path)[1] not in (TOML_ENDING, *JSON_ENDINGS)


def has_pattern(path: str) -> bool:
    return _MAGIC.search(path) is not None


def path_below(top: str, path: str) -> str:
    """Return the path as users know it: relative to the top of the working tree, where it lies inside."""
    below = top.rstrip("/") + "/"
    return posixpath.relpath(path, top) if path.startswith(below) and "/../" not in path else path
