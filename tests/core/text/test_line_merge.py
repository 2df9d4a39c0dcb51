"""Two changes of one text are merged by ranges of lines alone (G5)."""

from itertools import chain, product

from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.text.line_merge import Edit, Side, contains, merge, parse_hunk, split_lines

BASE = [b"%d\n" % number for number in range(8)]
NEW = st.lists(st.sampled_from([b"x\n", b"y\n"]), max_size=2)


@st.composite
def sides(draw: st.DrawFn) -> Side:
    """Draw edits as git prints them: in order, none empty, an unchanged line between two of them."""
    lines: list[bytes] = []
    edits: list[Edit] = []
    at = 0
    while at <= len(BASE) and draw(st.booleans()):
        start = draw(st.integers(at, len(BASE)))
        end = draw(st.integers(start, min(start + 3, len(BASE))))
        put = draw(NEW)
        if start == end and not put:
            continue
        lines += BASE[edits[-1].end if edits else 0 : start]
        edits.append(Edit(start, end, len(lines), len(lines) + len(put)))
        lines += put
        at = end + 1
    lines += BASE[edits[-1].end if edits else 0 :]
    return Side(lines, edits)


def touched(edit: Edit) -> "set[tuple[str, int]]":
    """Return the lines that an edit replaces, and the points between lines that are its own."""
    if edit.start == edit.end:
        return {("point", edit.start)}
    lines = {("line", number) for number in range(edit.start, edit.end)}
    return lines | {("point", number) for number in range(edit.start + 1, edit.end)}


Put = tuple[tuple[int, int], tuple[bytes, ...]]


def puts_of(side: Side) -> "set[Put]":
    return {((edit.start, edit.end), tuple(side.replacement(edit))) for edit in side.edits}


def naive_merge(ours: Side, theirs: Side) -> "list[bytes] | None":
    mine, other = puts_of(ours), puts_of(theirs)
    for (one, _), (two, _) in product(mine - other, other - mine):
        if touched(Edit(*one, 0, 0)) & touched(Edit(*two, 0, 0)):
            return None
    every = sorted(mine | other)
    taken = {number for (start, end), _ in every for number in range(start, end)}
    merged: list[bytes] = []
    for number in range(len(BASE) + 1):
        inserted = [lines for (start, end), lines in every if start == number == end]
        replaced = [lines for (start, end), lines in every if start == number < end]
        kept = [] if number in taken else BASE[number : number + 1]
        merged += [*chain(*inserted), *chain(*replaced), *kept]
    return merged


@given(sides(), sides())
def test_g5_ranges_that_touch_merge_and_ranges_that_overlap_conflict(ours: Side, theirs: Side) -> None:
    assert merge(BASE, ours, theirs) == merge(BASE, theirs, ours) == naive_merge(ours, theirs)


@given(sides())
def test_g5_what_one_side_did_alone_is_taken_as_it_is(side: Side) -> None:
    assert merge(BASE, side, Side(BASE, ())) == merge(BASE, side, side) == list(side.lines)


def test_g5_a_line_that_gets_a_neighbour_needs_its_newline() -> None:
    base = [b"one\n", b"two\n"]
    cut = Side([b"one\n", b"two"], [Edit(1, 2, 1, 2)])
    longer = Side([*base, b"three\n"], [Edit(2, 2, 2, 3)])
    assert merge(base, cut, longer) is None


@given(st.binary(max_size=20))
def test_g5_lines_are_what_ends_with_a_newline(text: bytes) -> None:
    lines = split_lines(text)
    assert b"".join(lines) == text
    assert len(lines) == text.count(b"\n") + (not text.endswith(b"\n") and text != b"")


def test_g5_the_ranges_of_git_are_half_open_ones() -> None:
    assert parse_hunk(b"@@ -3 +3,2 @@ def f():") == Edit(2, 3, 2, 4)
    assert parse_hunk(b"@@ -3,0 +4 @@") == Edit(3, 3, 3, 4)  # after the third line
    assert parse_hunk(b"@@ -0,0 +1,2 @@") == Edit(0, 0, 0, 2)
    assert parse_hunk(b"@@ -3,2 +2,0 @@") == Edit(2, 4, 2, 2)


def test_g5_a_text_contains_what_i_changed_if_none_of_my_lines_is_changed_again() -> None:
    mine = [Edit(3, 4, 3, 5)]  # the lines 3 and 4 of my text are mine
    assert contains(mine, [])
    assert contains(mine, [Edit(5, 5, 5, 6), Edit(0, 3, 0, 1)])  # beside them
    assert contains(mine, [Edit(4, 4, 4, 5)])  # between them: both are still there
    assert not contains(mine, [Edit(4, 5, 4, 4)])
    assert not contains(mine, [Edit(2, 6, 2, 3)])


def test_g5_a_deletion_is_nobodys_alone_and_is_undone_by_what_is_put_there() -> None:
    deleted = [Edit(3, 4, 3, 3)]
    assert not contains(deleted, [])
    both = [Edit(0, 1, 0, 1), Edit(3, 4, 3, 3)]
    assert contains(both, [Edit(5, 6, 5, 6)])
    assert not contains(both, [Edit(3, 3, 3, 4)])
