"""The length of sentences in the documents."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
DOCUMENTS = [*sorted(TOP.glob("*.md")), *sorted((TOP / "docs").rglob("*.md"))]
MOST_WORDS = 30
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s")
_SPANS = re.compile(r"`+[^`]+`+(?:, `[^`]+`)*")  # one, or a list of them
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_END = re.compile(r"(?<=[.!?])[)\"*]*\s+")
_WORD = re.compile(r"\w[\w'./-]*")


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs and the items of lists in Markdown: no code, no tables, no headings."""
    lines: list[str] = []
    for line in [*_BLOCK.sub("", text).splitlines(), ""]:
        is_prose = bool(line.strip()) and not line.startswith(("|", "#"))
        if not is_prose or _ITEM.match(line):
            yield " ".join(lines)
            lines = []
        if is_prose and (lines or _ITEM.match(line) or not line.startswith("    ")):
            lines.append(line.strip())


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences; a code span, or a list of code spans, is one word."""
    for paragraph in paragraphs(text):
        yield from _END.split(_LINK.sub(r"\1", _SPANS.sub("CODE", paragraph)))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_sentence_has_more_than_thirty_words(path: Path) -> None:
    assert [one for one in sentences(path.read_text("utf-8")) if len(_WORD.findall(one)) > MOST_WORDS] == []


@pytest.mark.parametrize("text", ["a " * 31, "- b\n\n    c\n- " + "a\n  " * 31, "`a` b " * 16, "Short. " + "a\n" * 31])
def test_a_long_sentence_is_found(text: str) -> None:
    assert max(len(_WORD.findall(one)) for one in sentences(text)) > MOST_WORDS


@pytest.mark.parametrize(
    "text", ["`a`, " * 30 + "`b`", "```\n" + "a " * 31 + "\n```", "| " + "a " * 31, "a. " * 31, "`" + "a " * 31 + "`"]
)
def test_code_tables_and_short_sentences_pass(text: str) -> None:
    assert max(len(_WORD.findall(one)) for one in sentences(text)) <= MOST_WORDS
