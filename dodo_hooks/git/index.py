"""Entries of the index that git uses for this commit: read, written and checked out, each by one git process."""

import os
from collections.abc import Mapping

from dodo_hooks.git.partial import run_git
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.file_owner import inherit_owner_below


def check_out(repo: Repo, environ: "Mapping[str, str]", paths: "list[bytes]", prefix: bytes, lock: int) -> None:
    """The index versions of these paths, filters and line ends included, below `prefix` instead of the top.

    Raises:
        GitError: one of them cannot be checked out.
    """
    args = ("checkout-index", "-z", "--stdin", "-f", f"--prefix={os.fsdecode(prefix)}")
    run_git(repo, environ, args, b"".join(path + b"\0" for path in paths), lock=lock)
    inherit_owner_below(prefix.rstrip(b"/"))


def index_entries(repo: Repo, environ: "Mapping[str, str]") -> "dict[bytes, tuple[int, str]]":
    """Mode and blob of each path in the index that git uses. Raises GitError."""
    found = {}
    for line in run_git(repo, environ, ("ls-files", "-s", "-z"), is_shielded=True).split(b"\0"):
        if line:
            about, _, path = line.partition(b"\t")
            mode, blob, _stage = about.split(b" ")
            found[path] = int(mode, 8), blob.decode("ascii")
    return found


def write_index_entries(repo: Repo, environ: "Mapping[str, str]", lines: "list[bytes]", lock: "int | None") -> None:
    """Lines as of `update-index --index-info`. Raises GitError."""
    if lines:
        args = ("update-index", "-z", "--index-info")
        run_git(repo, environ, args, b"".join(lines), lock=lock, is_shielded=True)
