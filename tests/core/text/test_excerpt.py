"""A line with a caret below, whatever the line contains (C2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.text.terminal_text import columns_of
from dodo_hooks.fire.report.diagnostic_text import excerpt
from dodo_hooks.loader.load import lines_of

CASES = {
    "plain": ("run: yes", 6, "run: yes", 5),
    "the first character": ("run", 1, "run", 0),
    "behind the end": ("run:", 5, "run:", 4),
    "far behind the end": ("run:", 99, "run:", 4),
    "an empty line": ("", 1, "", 0),
    "a tab": ("a\t- b", 3, "a    - b", 5),
    "at a tab": ("a\tb", 2, "a    b", 1),
    "wide characters": ("name: 日本語 x", 11, "name: 日本語 x", 13),
    "a character that joins": ("e\u0301: x", 4, "e\u0301: x", 2),
    "a zero-width blank": ("a\u200bb x", 4, "a\u200bb x", 2),
    "an escape sequence": ("a\x1b[31m x", 8, "a\\x1b[31m x", 10),
    "text that turns around": ("a\u202eb x", 4, "a\\u202eb x", 8),
    "a byte that is no text": ("a\udcff x", 4, "a\\xff x", 6),
}


@pytest.mark.parametrize(
    ("line", "column", "text", "caret"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_c2_the_caret_stands_under_the_column(line: str, column: int, text: str, caret: int) -> None:
    assert excerpt(line, column) == (text, f"{' ' * caret}^")


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (1, "0123456789abcdef..."),
        (3, "0123456789abcdef..."),
        (18, "...9abcdefghijklmno..."),
        (36, "...klmnopqrstuvwxyz"),
    ],
)
def test_c2_a_long_line_is_cut_around_the_caret(column: int, text: str) -> None:
    line = "0123456789abcdefghijklmnopqrstuvwxyz"
    shown, caret = excerpt(line, column, room=22)
    assert shown == text
    assert shown[len(caret) - 1] == line[column - 1]


@given(st.text(), st.integers(1, 300), st.integers(30, 120))
def test_c2_any_line_fits_and_keeps_the_caret_in_it(line: str, column: int, room: int) -> None:
    text, caret = excerpt(line, column, room)
    assert columns_of(text) <= room + 10  # the last character of either side may be an escaped one
    assert len(caret) <= columns_of(text) + 1
    assert not any(character in text for character in "\n\r\t\x1b")


def test_c2_a_line_of_a_million_characters_takes_no_time() -> None:
    shown, _ = excerpt("x" * 1_000_000 + "y", 1_000_001)
    assert shown.endswith("xy")


def test_c2_lines_end_where_yaml_says() -> None:
    assert lines_of("a\r\nb\rc\nd\u2028e\x85".encode()) == ["a", "b", "c", "d", "e", ""]
