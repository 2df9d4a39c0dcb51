"""HEAD, and the default branch: the refs that a hook has to know (HOT).

They are read from files, as git reads them, without starting git. Refs in a reftable are in no file of their own
(gitformat-reftable(5)), and there git is asked: once, until one of them changes.
"""

from dodo_hooks.git.repo import Repo
from dodo_hooks.host.posix import decode_path, os, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Head = tuple[str | None, str | None]  # the branch, and the commit id

SYMREFS_AT_MOST = 5  # as git: a longer chain is taken for a loop
_LONGEST_ENTRY = 4096  # of the reflog
_BRANCHES = "refs/heads/"
_OF_WORKTREE = (b"refs/bisect/", b"refs/rewritten/", b"refs/worktree/")  # gitrepository-layout(5): each has its own
_DEFAULT = "refs/remotes/origin/HEAD"
_NOT_A_FILE = b"refs/heads/.invalid"  # what the file HEAD names where there is a reftable

_answers: "dict[str, tuple[bytes, Head]]" = {}  # by git directory: the list of tables at that time, and git's answer


def head_of(repo: Repo, environ: "Mapping[str, str]") -> "Head":
    """Return the branch and the commit id of HEAD; never raise.

    The branch is without its `refs/heads/`; a ref that is no branch is whole. Detached: no branch. Not born yet: no
    commit. Neither, where HEAD cannot be read.
    """
    try:
        return _follow_head(repo, environ)
    except (OSError, ValueError):
        return None, None


def default_branch(repo: Repo, environ: "Mapping[str, str]") -> str:
    """Return the branch that a clone of the remote `origin` checks out; "" where that is not known."""
    prefix = b"refs/remotes/origin/"
    try:
        if _has_tables(repo):
            name = _ask(repo, environ, "symbolic-ref", "--quiet", _DEFAULT)
        else:
            name = read_file(f"{repo.common_dir}/{_DEFAULT}").removeprefix(b"ref: ").strip()
    except (OSError, ValueError):
        return ""
    return decode_path(name[len(prefix) :]) if name.startswith(prefix) else ""


def last_reflog(repo: Repo, environ: "Mapping[str, str]") -> str:
    """Return the message of HEAD's last entry in the reflog; empty where there is none."""
    try:
        if _has_tables(repo):
            return decode_path(_ask(repo, environ, "log", "--walk-reflogs", "--max-count=1", "--format=%gs", "HEAD"))
        descriptor = os.open(f"{repo.git_dir}/logs/HEAD", os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return ""
    try:
        size = os.fstat(descriptor).st_size
        data = os.pread(descriptor, _LONGEST_ENTRY, max(size - _LONGEST_ENTRY, 0))
    finally:
        os.close(descriptor)
    return decode_path(data.rstrip(b"\n").rpartition(b"\n")[2].partition(b"\t")[2])


def _has_tables(repo: Repo) -> bool:
    return os.access(f"{repo.common_dir}/reftable", os.F_OK)


def _follow_head(repo: Repo, environ: "Mapping[str, str]") -> "Head":
    """Return the branch and the commit id of HEAD, as `head_of`; raises OSError or ValueError."""
    branch: str | None = None
    content: bytes | None = read_file(f"{repo.git_dir}/HEAD").rstrip()
    for _ in range(SYMREFS_AT_MOST + 1):
        if content is None:
            return branch, None
        if not content.startswith(b"ref:"):
            return branch, _commit_id(content)
        name = content[4:].strip()
        if name == _NOT_A_FILE:
            return _head_in_tables(repo, environ)
        if not name.startswith(b"refs/"):
            raise ValueError(name)
        branch = decode_path(name).removeprefix(_BRANCHES)
        content = _ref(repo.git_dir if name.startswith(_OF_WORKTREE) else repo.common_dir, name)
    raise ValueError("a loop")


def _ref(git_dir: str, name: bytes) -> "bytes | None":
    """Return what the ref holds; None if there is no such ref."""
    try:
        return read_file(f"{git_dir}/{decode_path(name)}").rstrip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        pass
    try:
        packed = read_file(f"{git_dir}/packed-refs")
    except FileNotFoundError:
        return None
    end = packed.find(b" " + name + b"\n")
    return None if end < 0 else packed[packed.rfind(b"\n", 0, end) + 1 : end]


def _commit_id(text: bytes) -> str:
    if len(text) not in (40, 64) or text.strip(b"0123456789abcdef"):
        raise ValueError(text)
    return text.decode("ascii")


def _head_in_tables(repo: Repo, environ: "Mapping[str, str]") -> "Head":
    """Return what `head_of` does for refs in a reftable. Each change of one gives its list of tables a new name."""
    directories = {repo.git_dir, repo.common_dir}  # HEAD is in that of the worktree, branches in that of all
    tables = b"".join(read_file(f"{one}/reftable/tables.list") for one in sorted(directories))
    seen, head = _answers.get(repo.git_dir, (b"", (None, None)))
    if seen != tables:
        words = _ask(repo, environ, "rev-parse", "HEAD^0", "--symbolic-full-name", "HEAD").split()
        # There is a name alone before the first commit.
        commit = _commit_id(words[0]) if len(words) == 2 else None
        name = decode_path(words[1] if commit else _ask(repo, environ, "symbolic-ref", "--quiet", "HEAD"))
        head = (name.removeprefix(_BRANCHES) if name.startswith("refs/") else None), commit
        _answers[repo.git_dir] = tables, head
    return head


def _ask(repo: Repo, environ: "Mapping[str, str]", *args: str) -> bytes:
    """Return what git prints, also where it fails. Raises ValueError: it cannot be started."""
    from dodo_hooks.core.errors import GitError
    from dodo_hooks.git.command import run_git
    from dodo_hooks.git.variables import without_local

    environ = {**without_local(environ), "GIT_DIR": repo.git_dir}
    try:
        return run_git(args, repo.git_dir, environ, repo=repo, accepted=(0, 1, 128)).rstrip(b"\n")
    except GitError as error:
        raise ValueError from error
