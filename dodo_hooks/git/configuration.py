"""The check that git can read its configuration: from the files where they are plain, else by asking git (HOT).

Git does nothing at all in a repository whose configuration it cannot read. What we read ourselves (git/repo.py) is less
strict: without this check, commands would answer for a repository in which no hook can fire. Starting git takes 2 ms,
and nearly all files hold nothing but sections and `key = value`.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.variables import user_configuration, without_local
from dodo_hooks.host.posix import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dodo_hooks.git.repo import Repo

_NAME = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
_SECTION = _NAME | {ord(".")}
_NOT_IN_TEXT = frozenset(b'"\\\0\r\v\f')
# Their values decide whether git takes the repository for one that it can use; others name further files.
_SPECIAL_SECTIONS = (b"extensions", b"include", b"includeif")
_GOOD_VALUES = {b"bare": (b"true", b"false"), b"repositoryformatversion": (b"0",)}


def expect_configuration(repo: "Repo", environ: "Mapping[str, str]") -> None:
    """Raise GitError where git cannot read its configuration."""
    if all(_is_plain(path) for path in _files(repo, environ)):
        return
    from dodo_hooks.git.command import run_git

    try:
        run_git(("config", "--list"), repo.top or repo.git_dir, {**without_local(environ), "GIT_DIR": repo.git_dir})
    except GitError as error:
        raise GitError(f"git cannot read its configuration: {error}; correct that file") from error


def _files(repo: "Repo", environ: "Mapping[str, str]") -> "Iterator[str]":
    """Yield the files of the repository and of the user; where the system's is, only git knows."""
    yield f"{repo.common_dir}/config"
    yield f"{repo.git_dir}/config.worktree"
    yield from user_configuration(environ)


def _is_plain(path: str) -> bool:
    """Return whether git can read the file for certain, as one that is not there."""
    try:
        content = read_file(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return all(map(is_plain_line, content.split(b"\n")))


def is_plain_line(line: bytes) -> bool:
    """Return whether a line holds nothing but a section, `key = value` or a comment, and names no further files."""
    line = line.strip(b" \t")
    if not line or line[:1] in b"#;":
        return True
    if line[:1] == b"[":
        return _is_plain_header(line)
    key, equals, value = line.partition(b"=")
    key, value = key.rstrip(b" \t"), value.strip(b" \t")
    is_name = key[:1].isalpha() and _NAME.issuperset(key)
    is_good = value in _GOOD_VALUES.get(key.lower(), (value,))
    return bool(equals) and is_name and is_good and _NOT_IN_TEXT.isdisjoint(value)


def _is_plain_header(line: bytes) -> bool:
    """Return whether the line is `[section]` or `[section "name"]`, and nothing else."""
    section, space, name = line[1:-1].partition(b" ")
    has_plain_name = not space or (
        len(name) > 1 and name[:1] == name[-1:] == b'"' and _NOT_IN_TEXT.isdisjoint(name[1:-1])
    )
    is_plain = line[-1:] == b"]" and section != b"" and _SECTION.issuperset(section) and has_plain_name
    return is_plain and section.lower() not in _SPECIAL_SECTIONS
