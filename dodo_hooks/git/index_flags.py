"""Paths whose file in the working tree git ignores: assume-unchanged and skip-worktree (G5; HOT).

`git status` calls such a path unchanged, whatever stands there, and `git update-index` leaves its entry as it is. Only
`git ls-files -v` shows the flags. That is one more process, so the index file is searched first: mostly no entry has a
flag. (git's index-format.txt: flags of 16 bits come before the name; assume-valid is the first of them, and an entry
with the second has 16 more, whose second is skip-worktree.)
"""

from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.repo import index_file
from dodo_hooks.host.posix import encode_path, lexists, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from dodo_hooks.git.repo import Repo

SPARSE = "Ss"  # skip-worktree, with or without the other: where it is set, the file may be absent, which is no change
_ASSUMED = "hs"
_LONGEST = 0xFFF  # of a name, as far as the flags hold its length
_MOST_BYTES = 20_000_000  # to be searched: about as long as a process takes


def flags_of(repo: "Repo", environ: "Mapping[str, str]", paths: "Collection[bytes]") -> "dict[bytes, str]":
    """Return the paths that have a flag in the index that git uses, with the letter of git-ls-files(1), option -v.

    Raises:
        GitError: git does not answer.
    """
    if not paths or not _can_have_flags(index_file(repo, environ), paths):
        return {}
    lines = run_git_at_top(repo, environ, ("ls-files", "-v", "-z")).split(b"\0")
    wanted = frozenset(paths)
    return {line[2:]: chr(line[0]) for line in lines if line[:1] in (b"h", b"S", b"s") and line[2:] in wanted}


def mark(
    repo: "Repo", environ: "Mapping[str, str]", flags: "Mapping[bytes, str]", lock: "int | None", on: bool
) -> None:
    """Set the flags of these paths, or clear them. All are in the index. Raises GitError."""
    for letters, name in ((_ASSUMED, "assume-unchanged"), (SPARSE, "skip-worktree")):
        names = b"".join(path + b"\0" for path, letter in flags.items() if letter in letters)
        if names:
            args = ("update-index", "-z", f"--{name}" if on else f"--no-{name}", "--stdin")
            run_git_at_top(repo, environ, args, names, lock=lock, is_shielded=True)


def is_missed(top: str, path: bytes, flag: str) -> bool:
    """Return whether the file is absent because it was left out of a sparse checkout, which is no change."""
    return flag in SPARSE and not lexists(encode_path(f"{top}/") + path)


def _can_have_flags(index: str, paths: "Collection[bytes]") -> bool:
    try:
        data = read_file(index)
    except OSError:
        return False
    # In version 4 names are cut. In a split index, whose extension follows the padding of an entry, they are elsewhere.
    is_plain = data[4:8] in (b"\0\0\0\2", b"\0\0\0\3") and b"\0link\0\0" not in data
    if not is_plain or 3 * len(paths) * len(data) > _MOST_BYTES:
        return True
    return any(needle in data for path in paths for needle in _needles(path))


def _needles(path: bytes) -> "Iterator[bytes]":
    yield (0x8000 | min(len(path), _LONGEST)).to_bytes(2, "big") + path + b"\0"
    for more in (0x4000, 0x6000):  # an entry that is only intended to be added has the third bit
        yield more.to_bytes(2, "big") + path + b"\0"
