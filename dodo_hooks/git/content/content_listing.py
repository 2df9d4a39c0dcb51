"""The files of the working tree with the content ids that git knows, by two git processes side by side (K3; HOT).

`ls-files` has the blob of each tracked file, and the untracked files that are not ignored. `diff-files` has the tracked
files that differ from the index, and for an entry that is racily clean it compares the content. Settings with which git
overlooks a change are switched off for these calls. What git cannot vouch for is left to be hashed: a path with a flag,
one that is unmerged or only intended to be added, and one that git converts between the index and the working tree,
since two contents can have the same blob then.

With 100,000 tracked files their list takes longer to read than the working tree to check. It follows from the index
alone, and an index ends with a checksum of itself. So a caller that knows what an index has says so, and git is not
asked for the list. The working tree is checked each time.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.command import git_environ, output_of, start_git
from dodo_hooks.git.content.conversions import converted_ends
from dodo_hooks.git.repo import SUBMODULE, index_file
from dodo_hooks.host.capture import Pending
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dodo_hooks.git.repo import Repo

    Stamp = tuple[bytes, ...]

_SETTINGS = (
    *("core.fsmonitor=false", "core.trustctime=true", "core.checkStat=default"),
    *("core.fileMode=true", "core.symlinks=true", "core.quotePath=false"),
    "core.sparseCheckout=false",  # with it git drops the flag skip-worktree where a file is there
)
_TRIES = 3  # where the index changes between the two answers
ATTRIBUTES = b".gitattributes"
_CHECKSUM_BYTES = 20  # the least that a checksum has: that of SHA-1


class IndexPart(Record):
    """The entries of the index that are not plain, and the files that git converts."""

    unsure: "tuple[bytes, ...]"  # flagged, unmerged or converted
    submodules: "dict[bytes, bytes]"  # the commit in the index
    hidden: "tuple[bytes, ...]"  # submodules of which a flag hides from git that another commit is checked out
    attributes: "tuple[bytes, ...]"  # files with attributes
    ends: "tuple[bytes, ...]"  # of the paths that git converts, or has converted
    id_digits: int  # 40 for SHA-1, 64 for SHA-256


class Listing(Record):
    """The files below some paths, each relative to the top."""

    stamp: "Stamp"  # of the index
    part: IndexPart
    listed: bytes  # what git says of the index; b"" where git was not asked
    known: "dict[bytes, bytes] | None"  # tracked and clean: mode and blob id, as `100644 ID`; None: not read yet
    unsure: "frozenset[bytes]"  # tracked: to be hashed
    changed: "frozenset[bytes]"  # tracked paths that differ from the index, or may do so
    untracked: "tuple[bytes, ...]"  # not ignored


def list_contents(
    repo: "Repo",
    environ: "Mapping[str, str]",
    below: "Sequence[bytes]",
    recall: "Callable[[Stamp], IndexPart | None]" = lambda stamp: None,
    ends: "Sequence[bytes]" = (),
) -> Listing:
    """Return the files at or below these paths; b"" stands for all.

    `environ` is the environment that git gave to its hook, so that the index is the one that git uses. `recall` returns
    what is known of the index with this stamp, for these paths. Where that is all there is to know, `known` is None.
    `ends`: of the paths that git has converted earlier. It takes such a file for clean until somebody touches it, also
    where its attributes have changed and its content has become that of another blob.

    Raises:
        GitError: git does not answer, or the index keeps changing.
    """
    if not below:
        return Listing((), IndexPart((), {}, (), (), (), 40), b"", {}, frozenset(), frozenset(), ())
    index, is_recalled = index_file(repo, environ), True
    for _ in range(_TRIES):
        stamp = _stamp(index)
        part = recall(stamp) if is_recalled and _is_sealed(stamp) else None
        arguments = ("-o", "--exclude-standard") if part else ("-s", "-v", "-o", "--exclude-standard")
        listed, differing = _ask_git(repo, environ, below, (_ls_files(arguments), _DIFFERENCES))
        if _stamp(index) != stamp:  # the two answers may be about two indexes
            continue
        listing = _listing(repo, environ, listed, differing, part, ends)
        if listing is not None:
            return listing._replace(stamp=stamp if _is_sealed(stamp) else ())
        is_recalled = False
    raise GitError("the index changes all the time")


def list_tracked(repo: "Repo", environ: "Mapping[str, str]", below: "Sequence[bytes]", stamp: "Stamp") -> bytes:
    """Return what git says of the index with this stamp. Raises GitError: git does not answer, or the index changes."""
    (listed,) = _ask_git(repo, environ, below, (_ls_files(("-s", "-v")),))
    if _stamp(index_file(repo, environ)) != stamp:
        raise GitError("the index has changed meanwhile")
    return listed


def with_known(listing: Listing, listed: bytes) -> Listing:
    """Return the listing with what is tracked and clean, from what git has said of the index."""
    plain, _, _ = _parse(listed.split(b"\0"))
    return listing._replace(known=_without(plain, listing.unsure, listing.changed, listing.part.submodules))


def _ls_files(arguments: "tuple[str, ...]") -> "tuple[str, ...]":
    return ("ls-files", "-z", *arguments)


_DIFFERENCES = ("diff-files", "-z", "--raw", "--ignore-submodules=none")


def _ask_git(
    repo: "Repo", environ: "Mapping[str, str]", below: "Sequence[bytes]", questions: "Sequence[tuple[str, ...]]"
) -> "list[bytes]":
    """Return what git answers to several commands about these paths, which run side by side."""
    paths = () if b"" in below else tuple(_pathspecs(below))
    environ = {**git_environ(repo, environ), "GIT_LITERAL_PATHSPECS": "1"}
    pending: list[Pending] = []
    try:
        for question in questions:
            pending.append(start_git((*question, "--", *paths), repo.top, environ, repo, _SETTINGS))
    finally:
        results = [one.result() for one in pending]  # all, so that no process is left
    return [output_of(question, result) for question, result in zip(questions, results, strict=True)]


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


def _listing(
    repo: "Repo",
    environ: "Mapping[str, str]",
    listed: bytes,
    differing: bytes,
    part: "IndexPart | None",
    past_ends: "Sequence[bytes]",
) -> "Listing | None":
    """Return the listing; None where other files are converted than the part of the index says."""
    lines = listed.split(b"\0")
    untracked = tuple(line[2:] if part is None else line for line in lines if line and (part or line[:2] == b"? "))
    plain, flagged, digits = _parse(lines) if part is None else ({}, {}, 0)
    tracked = (
        part.attributes if part else [path for paths in (plain, flagged) for path in paths if _is_attributes(path)]
    )
    ends = converted_ends(repo, environ, (*tracked, *filter(_is_attributes, untracked)))
    ends = tuple(sorted({*ends, *past_ends}))
    if part is not None and part.ends != ends:
        return None
    is_read = part is None
    part = part or _index_part(plain, flagged, tuple(tracked), ends, digits)
    changed = frozenset(differing.split(b"\0")[1::2]).union(part.hidden)
    unsure = changed.union(part.unsure).difference(part.submodules)
    known = _without(plain, unsure, part.submodules) if is_read else None
    return Listing((), part, listed if is_read else b"", known, unsure, changed, untracked)


def _is_attributes(path: bytes) -> bool:
    return path.endswith(ATTRIBUTES)


def _parse(lines: "list[bytes]") -> "tuple[dict[bytes, bytes], dict[bytes, bytes], int]":
    """Return mode and id of the tracked paths: of the plain ones, and of those that are flagged or unmerged."""
    tracked = [line for line in lines if line and line[:2] != b"? "]
    # A plain one is `H 100644 ID 0\tPATH`. There may be 100,000: cut each at once.
    digits = tracked[0].index(b"\t") - 11 if tracked else 40
    end, start = 9 + digits, 12 + digits
    plain = {line[start:]: line[2:end] for line in tracked if line[:2] == b"H " and line[end:start] == b" 0\t"}
    flagged = {line[start:]: line[2:end] for line in tracked if line[:2] != b"H " or line[end:start] != b" 0\t"}
    return plain, flagged, digits


def _index_part(
    plain: "Mapping[bytes, bytes]",
    flagged: "Mapping[bytes, bytes]",
    attributes: "tuple[bytes, ...]",
    ends: "tuple[bytes, ...]",
    digits: int,
) -> IndexPart:
    submodules = {
        path: about[7:] for paths in (plain, flagged) for path, about in paths.items() if about[:6] == SUBMODULE
    }
    unsure = [path for path in flagged if path not in submodules]
    if ends:  # in lower case: where core.ignoreCase is set, git ignores the case
        unsure += [
            path for path, about in plain.items() if path.lower().endswith(ends) and about[:2] not in (b"12", b"16")
        ]
    hidden = tuple(path for path in flagged if path in submodules)
    return IndexPart(tuple(unsure), submodules, hidden, attributes, ends, digits)


def _without(entries: "dict[bytes, bytes]", *others: "Iterable[bytes]") -> "dict[bytes, bytes]":
    for paths in others:
        for path in paths:
            entries.pop(path, None)
    return entries


def _stamp(path: str) -> "Stamp":
    """Return what tells an index from others: its stat, and its last bytes, in which its checksum is."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return ()
    try:
        stat = os.fstat(descriptor)
        end = os.pread(descriptor, _CHECKSUM_BYTES, max(stat.st_size - _CHECKSUM_BYTES, 0))
    finally:
        os.close(descriptor)
    numbers = stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino, stat.st_dev
    return b" ".join([b"%d" % number for number in numbers]), end


def _is_sealed(stamp: "Stamp") -> bool:
    """Return whether there is a checksum: with `index.skipHash` there are zeros in its place."""
    return bool(stamp) and any(stamp[-1])
