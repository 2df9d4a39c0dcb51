"""Three-way merges of versions of one file: by lines where both sides changed its bytes (G5; HOT).

The ranges of lines come from one `git diff` for any number of files. It runs outside of any repository, and without
anybody's configuration: no attribute and no filter may decide what the bytes of a file are.
"""

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text import line_merge
from dodo_hooks.core.text.line_merge import Edit, split_lines
from dodo_hooks.git.command import git_program
from dodo_hooks.git.content.file_state import FILE, FileState, read_state, write_state
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.unstaged.journal import Journal, sync_files
from dodo_hooks.host.capture import capture
from dodo_hooks.host.files.atomic_files import unlink
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import decode_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_EXECUTABLE = 0o111
_ATTEMPTS = 3
_AT_ONCE = 16 << 20  # bytes of texts that are in memory, and in one diff
_LARGEST_TEXT = 32 << 20  # bytes; beyond it a diff takes minutes, and git is waiting
_SEARCHED_BYTES = 8000  # for a NUL: as git decides that a file is no text
_DIFF = ("diff", "--no-index", "--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "-U0")
_NOWHERE = ("GIT_DIR", "GIT_CONFIG_GLOBAL", "HOME", "XDG_CONFIG_HOME")
_ISOLATED = {**dict.fromkeys(_NOWHERE, "/dev/null"), "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}


class Side(Record):
    """One version of a file, and its bytes."""

    version: FileState
    pieces: "Callable[[], Iterator[bytes]]"


class Case(Record):
    """A merge to do, of what `ours` and `theirs` made of `base`."""

    base: Side
    ours: Side
    theirs: Side
    name: bytes  # of the file for the result, relative to the journal's directory


class MergeResult(Record):
    """The result of a merge."""

    version: FileState
    is_in_file: bool  # under the name that was given; else its bytes are those of `theirs`


class Merger:
    """A program for merges that puts its results into a journal's directory."""

    def __init__(self, repo: Repo, environ: "Mapping[str, str]", journal: Journal) -> None:
        self._repo = repo
        self._environ = {
            **{name: value for name, value in environ.items() if name[:4] != "GIT_" or name == "GIT_EXEC_PATH"},
            **_ISOLATED,
        }
        self._directory = journal.directory

    def merge_all(self, cases: "Sequence[Case]") -> "list[MergeResult | None]":
        """Return the merge of each case, by as few processes as the memory allows. None: the two sides conflict.

        Raises:
            OSError: a result cannot be written, or git cannot be started.
        """
        found: list[MergeResult | None] = [None] * len(cases)
        by_lines: dict[int, list[bytes]] = {}
        size = 0
        for number, case in enumerate(cases):
            if not _needs_lines(case):
                found[number] = self._merge_whole(case)
            elif texts := texts_of(case.base, case.ours, case.theirs):
                by_lines[number] = texts
                size += sum(map(len, texts))
            if size > _AT_ONCE or number == len(cases) - 1:
                for one, text in self._merge_texts(by_lines).items():
                    found[one] = self._keep(cases[one], (text,))
                by_lines, size = {}, 0
        kept = [case.name for case, one in zip(cases, found, strict=True) if one is not None and one.is_in_file]
        sync_files([self._directory + b"/" + name for name in kept] + [self._directory + b"/merged"] * bool(kept))
        return found

    def contains(self, base: Side, mine: Side, seen: Side) -> bool:
        """Return whether `seen` has all that is in `mine` and not in `base`: whoever wrote it has read `mine`.

        Raises:
            OSError: as for `merge`.
        """
        texts = texts_of(base, mine, seen)
        if texts is None:
            return False
        with_ends = with_line_ends(texts, texts[1])
        for old, new, newest in [texts] if with_ends is texts else [texts, with_ends]:
            if set(split_lines(new)).difference(split_lines(old)).issubset(split_lines(newest)):  # mostly it is not
                edits = self._edits([(old, new), (new, newest)])
                if edits and line_merge.contains(*edits):
                    return True
        return False

    def _merge_texts(self, cases: "Mapping[int, list[bytes]]") -> "dict[int, bytes]":
        """Return the text of each case that can be merged, by its number."""
        merged = self._merge_lines(cases)
        left = {number: texts for number, texts in cases.items() if number not in merged}
        others = {number: with_line_ends(texts, texts[2]) for number, texts in left.items()}
        return merged | self._merge_lines({number: one for number, one in others.items() if one is not left[number]})

    def _merge_lines(self, cases: "Mapping[int, list[bytes]]") -> "dict[int, bytes]":
        edits = self._edits([(texts[0], other) for texts in cases.values() for other in texts[1:]])
        merged = {}
        for position, (number, texts) in enumerate(cases.items() if edits else ()):
            base, ours, theirs = map(split_lines, texts)
            sides = (line_merge.Side(ours, edits[2 * position]), line_merge.Side(theirs, edits[2 * position + 1]))
            lines = line_merge.merge(base, *sides)
            if lines is not None:
                merged[number] = b"".join(lines)
        return merged

    def _merge_whole(self, case: Case) -> "MergeResult | None":
        """Merge a case where one side changed nothing, or where one is no text."""
        base, ours, theirs = case.base.version, case.ours.version, case.theirs.version
        if ours.is_same_as(base):
            return MergeResult(theirs, is_in_file=False)
        if theirs.is_same_as(base):
            return self._try_keep(case, ours)
        if not base.kind == ours.kind == theirs.kind == FILE:
            return None
        if ours.has_bytes_of(base) or ours.has_bytes_of(theirs):
            return MergeResult(theirs._replace(mode=_mode(case)), is_in_file=False)
        return self._try_keep(case)

    def _edits(self, pairs: "Sequence[tuple[bytes, bytes]]") -> "list[list[Edit]]":
        """Return the edits that make the second text of each pair of the first. Empty: git cannot find them."""
        if not pairs:
            return []
        folder = self._directory + b"/lines"
        remove_tree(folder)
        make_folder(folder, 0o700)
        for side, name in enumerate((b"/old", b"/new")):
            make_folder(folder + name, 0o700)
            for number, pair in enumerate(pairs):
                with open(folder + name + b"/%d" % number, "wb") as file:
                    file.write(pair[side])
        argv = (
            git_program(self._environ, self._repo),
            "-C",
            decode_path(folder),
            *_DIFF,
            "--inter-hunk-context=0",
            "old",
            "new",
        )
        for _ in range(_ATTEMPTS):
            done = capture(argv, self._environ, is_shielded=True)
            if done.exit_code >= 0:  # else somebody has killed git, which says nothing about the files
                break
        remove_tree(folder)
        edits = _parse(done.output, len(pairs)) if done.exit_code in (0, 1) else []
        return edits if all(map(_is_correct, pairs, edits)) else []

    def _try_keep(self, case: Case, version: "FileState | None" = None) -> "MergeResult | None":
        try:
            return self._keep(case, case.ours.pieces(), version)
        except FileNotFoundError:  # the file has just been taken away, or a power cut took what it came from
            return None

    def _keep(self, case: Case, pieces: "Iterable[bytes]", version: "FileState | None" = None) -> MergeResult:
        path = self._directory + b"/" + case.name
        unlink(path)
        version = version or case.ours.version._replace(mode=_mode(case))
        write_state(path, version, iter(pieces))
        return MergeResult(read_state(path), is_in_file=True)


def _needs_lines(case: Case) -> bool:
    base, ours, theirs = case.base.version, case.ours.version, case.theirs.version
    if not base.kind == ours.kind == theirs.kind == FILE:
        return False
    return not (ours.has_bytes_of(base) or theirs.has_bytes_of(base) or ours.has_bytes_of(theirs))


def texts_of(*sides: Side) -> "list[bytes] | None":
    """Return the bytes of the sides. None: one is no text, or too large, or its bytes are not the expected ones."""
    texts = []
    for side in sides:
        if side.version.kind != FILE or side.version.size > _LARGEST_TEXT:
            return None
        try:
            text = b"".join(side.pieces())
        except FileNotFoundError:  # it has just been taken away, or a power cut took what it came from
            return None
        if sha256_for(len(text))(text).hexdigest() != side.version.digest or b"\0" in text[:_SEARCHED_BYTES]:
            return None
        texts.append(text)
    return texts


def with_line_ends(texts: "list[bytes]", model: bytes) -> "list[bytes]":
    """Return the texts with the line ends of `model`, where the first one, the base, has none of them.

    Where git converts line ends, an editor may write others than git does, and each line of the file differs from the
    base. No change is in that, and a fix is to be merged into the file as its owner has it.
    """
    count, crlf_count = texts[0].count(b"\n"), texts[0].count(b"\r\n")
    is_crlf = 2 * model.count(b"\r\n") > model.count(b"\n")
    if not count or b"\n" not in model or crlf_count != (0 if is_crlf else count):
        return texts
    plain = [text if text is model else text.replace(b"\r\n", b"\n") for text in texts]
    return [text.replace(b"\n", b"\r\n") if is_crlf and text is not model else text for text in plain]


def _is_correct(pair: "tuple[bytes, bytes]", edits: "list[Edit]") -> bool:
    """Return whether the edits make the second text of the first.

    With this check nothing rests on the configuration of some git.
    """
    old, new = map(split_lines, pair)
    return line_merge.merge(old, line_merge.Side(new, edits), line_merge.Side(old, ())) == new


def _parse(output: bytes, count: int) -> "list[list[Edit]]":
    """Return the edits in the diff of two folders.

    Each line of a file's content has a character in front of it that marks it as content.
    """
    edits: list[list[Edit]] = [[] for _ in range(count)]
    number = 0
    for line in output.split(b"\n"):
        if line.startswith(b"diff "):
            number = int(line.rpartition(b"/")[2])
        elif line.startswith(b"@@ "):
            edits[number].append(line_merge.parse_hunk(line))
    return edits


def _mode(case: Case) -> int:
    """Return the permissions of `theirs`, unless the other side changed the executable bit."""
    base, ours, theirs = case.base.version, case.ours.version, case.theirs.version
    if bool(ours.mode & 0o100) == bool(base.mode & 0o100):
        return theirs.mode
    return theirs.mode | (theirs.mode >> 2 & _EXECUTABLE) if ours.mode & 0o100 else theirs.mode & ~_EXECUTABLE
