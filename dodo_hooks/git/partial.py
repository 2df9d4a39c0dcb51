"""What differs between the index that git is about to commit and the working tree (G5; HOT: on the prompt's path).

One git process, whatever the number of files. It has git's own environment, so that it looks at the index which git
uses for this commit: a temporary one for `commit -- FILE`, the lock file for `commit -a`.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.record import Record
from dodo_hooks.host.capture import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.git.repo import Repo

NO_ENTRY = 0
SUBMODULE = 0o160000
_PATHSPECS = ("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS")
_STATUS = ("status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all")


class Change(Record):
    """A tracked path whose working tree is not what the index says."""

    path: bytes  # relative to the top
    mode: int  # of the entry; NO_ENTRY: the path is only intended to be added
    blob: str  # of the entry


def unstaged_changes(repo: "Repo", environ: "Mapping[str, str]") -> "tuple[Change, ...]":
    """All of them, without submodules and what is not merged yet.

    Raises:
        GitError: git does not answer.
    """
    return parse_status(run_git(repo, environ, _STATUS))


def parse_status(output: bytes) -> "tuple[Change, ...]":
    """What git-status(1), "Porcelain Format Version 2", calls ordinary entries: `1 XY sub mH mI mW hH hI path`."""
    found = []
    for line in output.split(b"\0"):
        if line[:2] != b"1 " or line[3:4] == b".":
            continue
        _, _, _, _, mode, _, _, blob, path = line.split(b" ", 8)
        if int(mode, 8) != SUBMODULE:
            found.append(Change(path, int(mode, 8), blob.decode("ascii")))
    return tuple(found)


def run_git(
    repo: "Repo",
    environ: "Mapping[str, str]",
    args: "Sequence[str]",
    stdin: bytes = b"",
    *,
    lock: "int | None" = None,
    is_shielded: bool = False,
) -> bytes:
    """What `git ARGS` prints at the top of the working tree; fires no hook. The rest is as for `capture`.

    Raises:
        GitError: with what git said.
    """
    argv = ("git", "-C", repo.top, "-c", "core.hooksPath=/dev/null", *args)
    try:
        done = capture(argv, git_environ(repo, environ), stdin, lock=lock, is_shielded=is_shielded)
    except OSError as error:
        raise GitError(f"git cannot be started in {repo.top}: {error.strerror}") from error
    if done.exit_code:
        raise GitError(f"git {args[0]}: {_reason(done.said) or f'ended with {done.exit_code}'}")
    return done.output


def _reason(errors: bytes) -> str:
    """The line that says what was wrong; advice may come before and after it."""
    lines = errors.decode("utf-8", "replace").strip().split("\n")
    for line in lines:
        if line.startswith(("fatal: ", "error: ")):
            return line[7:]
    return lines[-1]


def git_environ(repo: "Repo", environ: "Mapping[str, str]") -> "dict[str, str]":
    """The environment that git gave to its hook, made independent of the current directory."""
    clean = {name: value for name, value in environ.items() if name not in _PATHSPECS}
    clean.update(GIT_DIR=repo.git_dir, GIT_WORK_TREE=repo.top, GIT_OPTIONAL_LOCKS="0")
    return clean


def index_file(repo: "Repo", environ: "Mapping[str, str]") -> str:
    """The index that git uses. A relative one is relative to the top, where git goes before it looks."""
    named = environ.get("GIT_INDEX_FILE")
    if not named:
        return f"{repo.git_dir}/index"
    return named if named.startswith("/") else f"{repo.top}/{named}"
