"""ARCHITECTURE.md draws the layers that import-linter holds, the guides name files that exist, folders stay small.

And modules import each other in no circle.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import pairwise, product
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOP = Path(__file__).parents[2]
TESTS = TOP / "tests"
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|ini)")  # with a folder, or by its ending


def layers() -> list[list[str]]:
    """Return the layers of the contract, the highest first; the rooms of one layer do not know each other."""
    settings = tomllib.loads((TOP / "pyproject.toml").read_text())
    (contract,) = [one for one in settings["tool"]["importlinter"]["contracts"] if one["name"] == "arrows point down"]
    return [layer.split(" | ") for layer in contract["layers"]]


def sources() -> list[Path]:
    return [path for room in ("dodo_hooks", "loader") for path in (TOP / room).rglob("*.py")]


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports: at its top, inside of functions, and for type checkers alone."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_the_drawing_has_an_arrow_from_each_layer_to_the_next() -> None:
    drawing = re.search(r"```mermaid\n(.*?)```", (TOP / "ARCHITECTURE.md").read_text(), re.DOTALL)
    assert drawing is not None
    drawn = set(re.findall(r"^ *(\w+) --> (\w+)$", drawing[1], re.MULTILINE))
    assert drawn == {edge for upper, lower in pairwise(layers()) for edge in product(upper, lower)}


@pytest.mark.parametrize("guide", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_each_file_that_a_guide_names_exists(guide: str) -> None:
    words = [word for span in CODE.findall((TOP / guide).read_text()) for word in span.split()]
    named = [word for word in words if FILE.fullmatch(word)]
    assert len(named) > 10
    folders = (TOP, TOP / "dodo_hooks", TESTS)
    assert [name for name in named if not any((folder / name).exists() for folder in folders)] == []


def test_no_folder_has_more_than_fifteen_files() -> None:
    """Make a room of its own of what belongs together: see the rooms in ARCHITECTURE.md."""
    files = Counter(path.parent for path in (*sources(), *TESTS.rglob("*.py")) if path.stem != "__init__")
    assert {folder: count for folder, count in files.items() if count > 15} == {}


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Move what both need to where both may import it: then neither needs an import inside of a function."""
    dotted = {path: ".".join(path.relative_to(TOP).with_suffix("").parts) for path in sources()}
    names = {path: re.sub("^loader", "dodo_hooks.loader", name) for path, name in dotted.items()}
    modules = {name.removesuffix(".__init__"): path for path, name in names.items()}
    imports = {module: {*imported(path)} & modules.keys() - {module} for module, path in modules.items()}
    assert "dodo_hooks.fire.recovery" in imports["dodo_hooks.fire.commit_status"], "which imports it in a function"
    TopologicalSorter(imports).prepare()  # a CycleError names the modules of the circle
