"""Three-way merge of two changes of one text, by ranges of lines (G5; HOT).

A change of a text is a list of edits, as `git diff -U0` prints them. Each edit replaces a half-open range of lines. An
empty range is an insertion at a point. Two edits of different sides

- touch where one ends and the other begins: both are made, in the order of their ranges;
- overlap where they have a line in common, or where one inserts inside of the other's range: a conflict;
- are two insertions at one point: a conflict, since their order is unknown;
- are the same edit, range and lines: it is made once.

`git merge-file` reports a conflict for edits that only touch, and `git apply --unidiff-zero` applies edits at other
lines than those it is given.
"""

from dodo_hooks.core.named_tuple import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Edit(Record):
    """Lines `start` to `end` (exclusive) of the old text are lines `new_start` to `new_end` of the new one."""

    start: int
    end: int
    new_start: int
    new_end: int


class Side(Record):
    """The changes that one side made to the old text."""

    lines: "Sequence[bytes]"  # of its own text
    edits: "Sequence[Edit]"  # in the order of the text

    def replacement(self, edit: Edit) -> "Sequence[bytes]":
        return self.lines[edit.new_start : edit.new_end]


def split_lines(text: bytes) -> "list[bytes]":
    """Split a text into lines as git counts them: each ends with its newline, which the last one may lack."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def parse_hunk(header: bytes) -> Edit:
    """Return the edit of a hunk header without context: `@@ -3,2 +3 @@`.

    For an empty range git gives the line before it.
    """
    _, old, new, _ = header.split(b" ", 3)
    return Edit(*_range(old[1:]), *_range(new[1:]))


def _range(text: bytes) -> "tuple[int, int]":
    first, _, count = text.partition(b",")
    size = int(count or 1)
    start = int(first) - 1 if size else int(first)
    return start, start + size


def merge(base: "Sequence[bytes]", ours: Side, theirs: Side) -> "list[bytes] | None":
    """Return the lines of the old text with the edits of both sides; None where two edits conflict."""
    merged: list[bytes] = []
    at = ours_next = theirs_next = 0
    while ours_next < len(ours.edits) or theirs_next < len(theirs.edits):
        one = ours.edits[ours_next] if ours_next < len(ours.edits) else None
        other = theirs.edits[theirs_next] if theirs_next < len(theirs.edits) else None
        if one is not None and other is not None and _is_same(one, other, ours, theirs):
            ours_next, theirs_next, side, edit = ours_next + 1, theirs_next + 1, ours, one
        elif one is not None and other is not None and _conflict(one, other):
            return None
        elif other is None or (one is not None and one[:2] < other[:2]):
            assert one is not None
            ours_next, side, edit = ours_next + 1, ours, one
        else:
            theirs_next, side, edit = theirs_next + 1, theirs, other
        merged += base[at : edit.start]
        merged += side.replacement(edit)
        at = edit.end
    merged += base[at:]
    # A last line without its newline that is not the last one any more would run into the next.
    return None if any(not line.endswith(b"\n") for line in merged[:-1]) else merged


def contains(mine: "Sequence[Edit]", later: "Sequence[Edit]") -> bool:
    """Return whether a text that `later` makes of my text still has all that I had changed.

    Args:
        mine: the edits that made my text.
        later: the edits that make the other text of my text.

    At least one line has to be mine: a deletion alone may have been made by somebody else.
    """
    return any(one.new_start < one.new_end for one in mine) and not any(
        _undoes(other, one) for one in mine for other in later
    )


def _undoes(later: Edit, mine: Edit) -> bool:
    """Return whether `later` changes lines of mine, or inserts lines where I only deleted some."""
    if mine.new_start == mine.new_end:
        return later.start <= mine.new_start <= later.end
    return later.start < later.end and later.start < mine.new_end and mine.new_start < later.end


def _is_same(one: Edit, other: Edit, ours: Side, theirs: Side) -> bool:
    return one[:2] == other[:2] and list(ours.replacement(one)) == list(theirs.replacement(other))


def _conflict(one: Edit, other: Edit) -> bool:
    if one.start == one.end == other.start == other.end:
        return True
    return one.start < other.end and other.start < one.end
