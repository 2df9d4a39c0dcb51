"""The staged files as pre-commit lists them, where that differs from ours (P4).

Of a merge that had conflicts it checks what was resolved: the paths that git has noted as conflicts, and those that are
like neither side now. And a submodule is one of its files, which hooks about folders are given.

The facts are from pre-commit 4.7 (git.py).
"""

from dodo_hooks.host.posix import os, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.files import Changes, GitQuery
    from dodo_hooks.git.repo import Repo

_NAMES = ("diff", "--name-only", "--no-ext-diff", "-z")
_BUT_DELETED = "--diff-filter=ACMRTUXB"


def is_in_conflict(repo: "Repo") -> bool:
    """Return whether a merge is under way that git has left to a person."""
    return all(os.access(f"{repo.git_dir}/{name}", os.F_OK) for name in ("MERGE_MSG", "MERGE_HEAD"))


def list_resolved(query: "GitQuery") -> "Changes":
    """Return what a merge with conflicts is about. Raises GitError."""
    lines = try_read(f"{query.repo.git_dir}/MERGE_MSG").splitlines()
    noted = [line.lstrip(b"#").strip() for line in lines if line.startswith((b"\t", b"#\t"))]
    tree = query.git("write-tree").decode("ascii").strip()
    differing = query.git(*_NAMES, "-m", tree, "HEAD", "MERGE_HEAD", "--").split(b"\0")[:-1]
    return dict.fromkeys((*noted, *differing), False)


def list_with_submodules(query: "GitQuery") -> "Changes":
    """Return what is staged, submodules among it. Raises GitError."""
    return dict.fromkeys(query.git(*_NAMES, "--staged", _BUT_DELETED, "--").split(b"\0")[:-1], False)
