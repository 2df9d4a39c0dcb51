"""The files of the working tree with the content ids that git knows, by two git processes side by side (K3; HOT).

`ls-files` has the blob of each tracked file, and the untracked files that are not ignored. `diff-files` has the tracked
files that differ from the index, and for an entry that is racily clean it compares the content. Settings with which git
overlooks a change are switched off for these calls. What git cannot vouch for is left to be hashed: a path with a flag,
one that is unmerged or only intended to be added, and one that git converts between the index and the working tree,
since two contents can have the same blob then.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.command import git_environ, git_program, not_started, output_of
from dodo_hooks.git.content.conversions import conversion_test
from dodo_hooks.git.worktree_status import index_file
from dodo_hooks.host.capture import Pending
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.git.repo import Repo

_SETTINGS = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.trustctime=true", "core.checkStat=default"),
    *("core.fileMode=true", "core.symlinks=true", "core.quotePath=false"),
)
_TRIES = 3  # where the index changes between the two answers
_SUBMODULE = b"160000"
ATTRIBUTES = b".gitattributes"


class Listing(Record):
    """The files below some paths, each relative to the top."""

    known: "dict[bytes, bytes]"  # tracked and clean: mode and blob id, as `100644 ID`
    unsure: "frozenset[bytes]"  # tracked: to be hashed
    submodules: "dict[bytes, bytes]"  # the commit in the index
    changed: "frozenset[bytes]"  # tracked paths that differ from the index, or may do so
    untracked: "tuple[bytes, ...]"  # not ignored
    id_digits: int  # 40 for SHA-1, 64 for SHA-256


def list_contents(repo: "Repo", environ: "Mapping[str, str]", below: "Sequence[bytes]") -> Listing:
    """Return the files at or below these paths; b"" stands for all.

    `environ` is the environment that git gave to its hook, so that the index is the one that git uses.

    Raises:
        GitError: git does not answer, or the index keeps changing.
    """
    if not below:
        return Listing({}, frozenset(), {}, frozenset(), (), 40)
    index = index_file(repo, environ)
    for _ in range(_TRIES):
        before = _stamp(index)
        listed, differing = _ask_git(repo, environ, below)
        if _stamp(index) == before:  # else the two answers may be about two indexes
            return _listing(repo, environ, listed, differing)
    raise GitError("the index changes all the time")


def _ask_git(repo: "Repo", environ: "Mapping[str, str]", below: "Sequence[bytes]") -> "tuple[bytes, bytes]":
    paths = () if b"" in below else tuple(_pathspecs(below))
    listing = ("ls-files", "-z", "-s", "-v", "-o", "--exclude-standard", "--", *paths)
    differences = ("diff-files", "-z", "--raw", "--ignore-submodules=none", "--", *paths)
    environ = {**git_environ(repo, environ), "GIT_LITERAL_PATHSPECS": "1"}
    try:
        argv = (git_program(environ, repo), "-C", repo.top, *(word for one in _SETTINGS for word in ("-c", one)))
        first = Pending((*argv, *listing), environ)
        try:
            second = Pending((*argv, *differences), environ)
        except OSError:
            first.result()
            raise
    except OSError as error:
        raise not_started(repo.top, error) from error
    results = first.result(), second.result()  # both, so that no process is left
    return output_of(listing, results[0]), output_of(differences, results[1])


def _pathspecs(below: "Sequence[bytes]") -> "list[str]":
    """Return the paths, and the attributes files of the folders above them, which count for them too."""
    found: dict[bytes, None] = {ATTRIBUTES: None}
    for path in below:
        found[path] = None
        above = path.rpartition(b"/")[0]
        while above and (file := above + b"/" + ATTRIBUTES) not in found:
            found[file] = None
            above = above.rpartition(b"/")[0]
    return [path.decode("utf-8", "surrogateescape") for path in found]


def _listing(repo: "Repo", environ: "Mapping[str, str]", listed: bytes, differing: bytes) -> Listing:
    changed = frozenset(differing.split(b"\0")[1::2])
    lines = listed.split(b"\0")
    untracked = [line[2:] for line in lines if line[:2] == b"? "]
    tracked = [line for line in lines if line and line[:2] != b"? "]
    # Of a file without a flag that is not unmerged, `H 100644 ID 0\tPATH`. There may be 100,000: cut each at once.
    digits = tracked[0].index(b"\t") - 11 if tracked else 40
    end, start = 9 + digits, 12 + digits
    known = {line[start:]: line[2:end] for line in tracked if line[:2] == b"H " and line[end:start] == b" 0\t"}
    odd = {line[start:]: line[2:end] for line in tracked if line[:2] != b"H " or line[end:start] != b" 0\t"}
    submodules = {path: about[7:] for paths in (known, odd) for path, about in paths.items() if about[:6] == _SUBMODULE}
    changed |= submodules.keys() & odd.keys()  # a flag hides from git that another commit is checked out there
    for path in (*submodules, *changed):
        known.pop(path, None)
    unsure = {*odd, *changed}.difference(submodules)
    attributes = [path for paths in (known, unsure, untracked) for path in paths if path.endswith(ATTRIBUTES)]
    is_converted = conversion_test(repo, environ, attributes)
    if is_converted is not None:
        moved = [path for path, about in known.items() if not about.startswith(b"12") and is_converted(path)]
        unsure.update(moved)
        for path in moved:
            del known[path]
    return Listing(known, frozenset(unsure), submodules, changed, tuple(untracked), digits)


def _stamp(path: str) -> "tuple[int, ...] | None":
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino
