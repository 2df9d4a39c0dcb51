"""`git diff` of the working tree against the index, read again and again while jobs run (P5; HOT).

It is pre-commit's test of whether a hook has modified files, to the letter. Untracked files do not count, a mode does,
and a hook that stages what it changed leaves no difference. pre-commit starts git after each hook. Here git runs only
where the stamp of a tracked file, or of the index, has changed since the last reading.
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.content.file_stamps import Stamp, differs, stamps_of
from dodo_hooks.git.repo import index_file
from dodo_hooks.host.posix import encode_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dodo_hooks.git.repo import Repo

_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules", "--no-renames", "--no-color", "-O/dev/null")
_FORM = ("--raw", "-z", "-p", "-U0", "--full-index")
_HEADER = b"diff --git "
_SEGMENTS = {b"T": 2, b"U": 0}  # of the patch of one path: a change of type is a deletion and an addition
_MOST_FILES = 4000  # with more tracked files, git finds a change sooner than a stamp of each file does


class DiffState(Record):
    """The differences at one moment."""

    patches: "dict[bytes, bytes]"  # of each tracked path whose file differs from the index
    entries: bytes  # the listing of the index


class WorktreeDiff:
    """The reader of the differences of one run."""

    def __init__(self, repo: "Repo", environ: "Mapping[str, str]", *, is_clean: bool) -> None:
        """Read the differences for the first time. `is_clean`: it is known that there are none.

        Raises:
            GitError: git does not answer. OSError: a file cannot be read.
        """
        self._repo = repo
        self._environ = environ
        self._top = encode_path(repo.top)
        folder, _, name = encode_path(index_file(repo, environ)).rpartition(b"/")
        self._index_folder, self._index_name = folder, name
        self._index: Stamp | None = None
        self._stamps: dict[bytes, Stamp] | None = None
        self._state = DiffState({}, b"")
        self._state = self._read_index()
        if not is_clean:
            self._state = self._state._replace(patches=self._patches())

    def read(self) -> DiffState:
        """Return the differences now; the same object as before where nothing has changed.

        Raises:
            GitError: git does not answer. OSError: a file cannot be read.
        """
        state, stamps = self._state, self._stamps
        if self._index is None or differs(self._index_folder, self._index_name, self._index):
            state = self._read_index()
        elif stamps is not None:
            changed = [path for path, stamp in stamps.items() if differs(self._top, path, stamp)]
            if not changed:
                return state
            stamps.update(stamps_of(self._top, self._repo.git_dir, changed))  # before git reads them
        self._state = state._replace(patches=self._patches())
        return self._state

    def _read_index(self) -> DiffState:
        """List the index, and take the stamps of all tracked files."""
        self._index = stamps_of(self._index_folder, self._repo.git_dir, (self._index_name,))[self._index_name]
        entries = run_git_at_top(self._repo, self._environ, ("ls-files", "-s", "-z"), is_shielded=True)
        self._stamps = None
        if entries.count(b"\0") <= _MOST_FILES:
            self._stamps = stamps_of(self._top, self._repo.git_dir, entries_in(entries))
        return self._state._replace(entries=entries)

    def _patches(self) -> "dict[bytes, bytes]":
        return by_path(run_git_at_top(self._repo, self._environ, (*_DIFF, *_FORM), is_shielded=True))


def entries_in(listing: bytes) -> "dict[bytes, bytes]":
    """Return mode, blob and stage of each path in a listing of the index."""
    lines = (line.partition(b"\t") for line in listing.split(b"\0") if line)
    return {path: about for about, _, path in lines}


def by_path(output: bytes) -> "dict[bytes, bytes]":
    """Return the patch of each path in the output of `git diff --raw -z -p`.

    Where the paths cannot be distinguished, the whole output is that of each path.
    """
    raw, _, patch = output.partition(b"\0\0")
    fields = raw.split(b"\0") if raw else []
    changes = [(fields[at].rpartition(b" ")[2][:1], fields[at + 1]) for at in range(0, len(fields) - 1, 2)]
    segments = [*_segments(patch)]
    counts = [_SEGMENTS.get(status, 1) for status, _ in changes]
    if sum(counts) != len(segments):
        return {path: output for _, path in changes}
    found: dict[bytes, bytes] = {}
    at = 0
    for (status, path), count in zip(changes, counts, strict=True):
        found[path] = found.get(path, b"") + status + b"".join(segments[at : at + count])
        at += count
    return found


def _segments(patch: bytes) -> "Iterator[bytes]":
    """Yield the part of each path; no line of a file's content begins as a header does."""
    pieces = (b"\n" + patch.removesuffix(b"\n")).split(b"\n" + _HEADER)  # the last one ends as the others do
    return iter(pieces[1:])
