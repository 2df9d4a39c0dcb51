"""The tags of files, by which `types`, `types_or` and `exclude_types` select them (C7, P4; HOT, with such jobs).

In a commit, a file with unstaged changes has the tags of what is staged, which the jobs will find there.
"""

from dodo_hooks.core.files.file_tags import (
    needs_content,
    tags_of_file,
    tags_of_name,
)
from dodo_hooks.git.content.typed_files import read_blobs
from dodo_hooks.host.files.tags_on_disk import tags_of_mode
from dodo_hooks.host.posix import S_ISREG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dodo_hooks.core.files.file_tags import Tags, TagTables
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.worktree_status import Change


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
            found[one.path] = tags_of_mode(one.mode)
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
