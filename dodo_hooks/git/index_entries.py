"""Entries of the index that git uses for this commit: read, written and checked out, each by one git process (HOT)."""

import time

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.text.terminal_text import shell_word
from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.index_flags import flags_of, mark
from dodo_hooks.git.repo import Repo, index_file
from dodo_hooks.host.files.file_tree import inherit_owner_below
from dodo_hooks.host.posix import decode_path, lexists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOCK_WAIT_S, _LOCK_POLL_S = 2.0, 0.01


def check_out(
    repo: Repo,
    environ: "Mapping[str, str]",
    paths: "list[bytes]",
    prefix: bytes,
    lock: "int | None",
    *,
    is_sparse: bool = False,
) -> None:
    """Check out the index versions of these paths, filters and line ends included, below `prefix` instead of the top.

    `is_sparse`: skip-worktree is set for some. git 2.36 and later leave those out without an option.

    Raises:
        GitError: one of them cannot be checked out.
    """
    names = b"".join(path + b"\0" for path in paths)
    args = ("checkout-index", "-z", "--stdin", "-f", f"--prefix={decode_path(prefix)}")
    try:
        run_git_at_top(repo, environ, (*args, "--ignore-skip-worktree-bits") if is_sparse else args, names, lock=lock)
    except GitError:
        if not is_sparse:
            raise
        run_git_at_top(repo, environ, args, names, lock=lock)  # an older git does not know the option
    inherit_owner_below(prefix.rstrip(b"/"))


def index_entries(repo: Repo, environ: "Mapping[str, str]") -> "dict[bytes, tuple[int, str]]":
    """Return mode and blob of each path in the index that git uses. Raises GitError."""
    found = {}
    for line in run_git_at_top(repo, environ, ("ls-files", "-s", "-z"), is_shielded=True).split(b"\0"):
        if line:
            about, _, path = line.partition(b"\t")
            mode, blob, _stage = about.split(b" ")
            found[path] = int(mode, 8), blob.decode("ascii")
    return found


def wait_for_index(repo: Repo, environ: "Mapping[str, str]") -> None:
    """Wait for the lock of the index, which a job or a prompt may hold just now.

    Raises:
        GitError: it is still there after a while. Mostly a git that was killed has left it.
    """
    lock = index_file(repo, environ) + ".lock"
    for _ in range(int(_LOCK_WAIT_S / _LOCK_POLL_S)):
        if not lexists(lock):
            return
        time.sleep(_LOCK_POLL_S)
    raise GitError(f"the index is locked; if no other git runs here, `rm {shell_word(lock)}`, and try again")


def write_index_entries(
    repo: Repo, environ: "Mapping[str, str]", entries: "Mapping[bytes, tuple[int, str]]", lock: "int | None"
) -> None:
    """Write mode and blob of these paths to the index; the entries keep their flags. Raises GitError."""
    if entries:
        lines = [b"%o %b\t%b\0" % (mode, blob.encode("ascii"), path) for path, (mode, blob) in entries.items()]
        update_index(repo, environ, ("--index-info",), b"".join(lines), flags_of(repo, environ, entries), lock)


def update_index(
    repo: Repo,
    environ: "Mapping[str, str]",
    options: "Sequence[str]",
    content: bytes,
    flags: "Mapping[bytes, str]",
    lock: int | None,
) -> None:
    """Run `git update-index` with this standard input, once nobody else has the index locked. Raises GitError.

    `flags`: of its paths; they are cleared meanwhile, so that git reads the files.
    """
    wait_for_index(repo, environ)
    mark(repo, environ, flags, lock, False)
    try:
        run_git_at_top(repo, environ, ("update-index", "-z", *options), content, lock=lock, is_shielded=True)
    finally:
        left = index_entries(repo, environ) if flags else {}
        mark(repo, environ, {path: flag for path, flag in flags.items() if path in left}, lock, True)
