"""The messages: all of them in one list, their phrases, and a fix of its own for each of the loader (C2)."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kit.hook_files.broken import FIX_IN_MESSAGE

TOP = Path(__file__).parents[3]
LOADER = [*sorted((TOP / "loader").rglob("*.py")), TOP / "dodo_hooks/core/text/units.py"]
PROSE = re.compile(r"(?:[\w{}:;,]+ ){2}")
ODD = re.compile(
    r"^or |(?<!there) is no (?!longer)|any more\b|cannot stand\b|of ours\b|make it yours|\bstands? at\b|\bas soon as\b"
)


def texts_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module with their lines, without those that are documentation."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        is_documented = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Key"
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        if isinstance(node, ast.JoinedStr):
            parts = [one.value if isinstance(one, ast.Constant) else "{}" for one in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        below = [] if is_documented else ast.iter_child_nodes(node)
        waiting += [one for one in below if not (isinstance(node, ast.JoinedStr) and isinstance(one, ast.Constant))]


@cache
def messages() -> list[str]:
    """Return the texts of the product that are prose, each with its line."""
    sources = sorted([*(TOP / "dodo_hooks").rglob("*.py"), *(TOP / "loader").rglob("*.py")])
    texts = [(path.relative_to(TOP), *text) for path in sources for text in texts_in(path.read_text("utf-8"))]
    return [f"{path}:{line}: {text}" for path, line, text in texts if PROSE.search(text)]


def test_all_messages_can_be_read_in_one_list() -> None:
    """Print them: `pytest -n 0 -s tests/packaging/docs/test_messages.py`."""
    print("\n".join(["", *messages()]))
    assert len(messages()) > 500


def test_no_message_has_an_odd_phrase() -> None:
    assert [one for one in messages() if ODD.search(one.partition(": ")[2])] == []


def test_c2_no_message_of_the_loader_has_its_fix_in_it() -> None:
    found = [
        f"{path.relative_to(TOP)}:{line}: {text}"
        for path in LOADER
        for line, text in texts_in(path.read_text("utf-8"))
        if FIX_IN_MESSAGE.search(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source", ['Error("empty: write one")', 'Error(f"{x} is empty, use {y}")', "Error(f'a{x or \": write a\"}')"]
)
def test_a_fix_in_a_message_is_found(source: str) -> None:
    assert any(FIX_IN_MESSAGE.search(text) for _, text in texts_in(source))


@pytest.mark.parametrize("source", ['"""Empty: write one."""', 'Error("an empty list", "write one, or use {x}")'])
def test_a_fix_beside_a_message_is_none_in_it(source: str) -> None:
    assert not any(FIX_IN_MESSAGE.search(text) for _, text in texts_in(source))
