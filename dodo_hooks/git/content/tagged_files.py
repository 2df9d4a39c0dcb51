"""The tags of files, by which `types`, `types_or` and `exclude_types` select them (C7, P4; HOT, with such jobs).

In a commit, a file with unstaged changes has the tags of what is staged, which the jobs will find there.
"""

from dodo_hooks.core.files.file_tags import (
    DIRECTORY,
    NO_TAGS,
    SOCKET,
    SYMLINK,
    needs_content,
    tags_of_file,
    tags_of_name,
)
from dodo_hooks.git.content.typed_files import read_beginning, read_blobs
from dodo_hooks.host.posix import S_ISDIR, S_ISLNK, S_ISREG, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dodo_hooks.core.files.file_tags import Tags, TagTables
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.worktree_status import Change

_SUBMODULE = 0o160000
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
        return _tags_of_mode(mode)
    by_name, is_executable = tags_of_name(path, tables), os.access(file, os.X_OK)
    content = b"\0"
    if needs_content(by_name, is_executable):
        try:
            content = read_beginning(file)
        except OSError:
            pass
    return tags_of_file(by_name, is_executable, content, tables)


def tags_in_git(
    repo: "Repo", environ: "Mapping[str, str]", entries: "Iterable[Change]", tables: "TagTables"
) -> "dict[bytes, Tags]":
    """Return the tags of these entries of an index or a commit, by their paths, with at most one git process.

    Raises:
        GitError: git does not know their content.
    """
    found: dict[bytes, Tags] = {}
    unknown: list[tuple[Change, Tags]] = []
    for one in entries:
        by_name, is_executable = tags_of_name(one.path, tables), bool(one.mode & 0o111)
        if not S_ISREG(one.mode):
            found[one.path] = _tags_of_mode(one.mode)
        elif needs_content(by_name, is_executable):
            unknown.append((one, by_name))
        else:
            found[one.path] = tags_of_file(by_name, is_executable, b"", tables)
    if unknown:
        waiting = iter(unknown)

        def take(content: bytes) -> None:
            one, by_name = next(waiting)
            found[one.path] = tags_of_file(by_name, bool(one.mode & 0o111), content, tables)

        read_blobs(repo, environ, [one.blob for one, _ in unknown], take)
    return found


def _tags_of_mode(mode: int) -> "Tags":
    if S_ISDIR(mode) or mode & _TYPE_BITS == _SUBMODULE:
        return DIRECTORY
    if S_ISLNK(mode):
        return SYMLINK
    return SOCKET if mode & _TYPE_BITS == 0o140000 else NO_TAGS
