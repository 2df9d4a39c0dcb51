"""ARCHITECTURE.md draws the layers that import-linter holds, the guides name files that exist, folders stay small."""

import re
import sys
from collections import Counter
from itertools import pairwise, product
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOP = Path(__file__).parents[2]
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|ini)")  # with a folder, or by its ending


def layers() -> list[list[str]]:
    """Return the layers of the contract, the highest first; the rooms of one layer do not know each other."""
    settings = tomllib.loads((TOP / "pyproject.toml").read_text())
    (contract,) = [one for one in settings["tool"]["importlinter"]["contracts"] if one["name"] == "arrows point down"]
    return [layer.split(" | ") for layer in contract["layers"]]


def test_the_drawing_has_an_arrow_from_each_layer_to_the_next() -> None:
    drawing = re.search(r"```mermaid\n(.*?)```", (TOP / "ARCHITECTURE.md").read_text(), re.DOTALL)
    assert drawing is not None
    drawn = set(re.findall(r"^ *(\w+) --> (\w+)$", drawing[1], re.MULTILINE))
    assert drawn == {edge for upper, lower in pairwise(layers()) for edge in product(upper, lower)}


@pytest.mark.parametrize("guide", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_each_file_that_a_guide_names_exists(guide: str) -> None:
    named = [name for name in CODE.findall((TOP / guide).read_text()) if FILE.fullmatch(name)]
    assert len(named) > 10
    folders = (TOP, TOP / "dodo_hooks", TOP / "tests")
    assert [name for name in named if not any((folder / name).exists() for folder in folders)] == []


def test_no_folder_of_the_product_has_more_than_fifteen_files() -> None:
    """Make a room of its own of what belongs together: see the rooms in ARCHITECTURE.md."""
    sources = [path for room in ("dodo_hooks", "loader") for path in (TOP / room).rglob("*.py")]
    files = Counter(path.parent for path in sources if path.stem != "__init__")
    assert {folder: count for folder, count in files.items() if count > 15} == {}
