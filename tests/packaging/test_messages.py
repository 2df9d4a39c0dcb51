"""A message of the loader says what is wrong; what to do about it is its fix (C2)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.broken import FIX_IN_MESSAGE

TOP = Path(__file__).parents[2]
SOURCES = [*sorted((TOP / "loader").rglob("*.py")), TOP / "dodo_hooks/core/text/units.py"]


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


def test_c2_no_message_of_the_loader_has_its_fix_in_it() -> None:
    found = [
        f"{path.relative_to(TOP)}:{line}: {text}"
        for path in SOURCES
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
