"""The commands that the documentation shows print what it shows, on the hook file that stands above them."""

import re
from pathlib import Path

import pytest

from dodo_hooks.cli.graph.svg import render_svg
from dodo_hooks.loader.layers.discover import find_hook_file
from dodo_hooks.loader.load import load_plan
from kit.repo import Repo

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
# A hook file, or a command of ours behind a prompt and what it prints.
BLOCK = re.compile(r"^```(?:ya?ml\n(# hooks\.dodo\b.*?)|console\n\$ dodo-hooks (.*?)\n(.*?))^```$", re.M | re.S)
PICTURE = ROOT / "docs" / "graph.svg"


def _shown() -> list[tuple[str, str, str, str]]:
    """(document and command, hook file, command, what it prints)"""
    found: list[tuple[str, str, str, str]] = []
    for path in DOCUMENTS:
        file = ""
        for block in BLOCK.finditer(path.read_text()):
            if block[1]:
                file = block[1]
            else:
                found.append((f"{path.name}: {block[2]}", file, block[2], block[3]))
    return found


def test_the_reference_shows_commands() -> None:
    assert {command for _, _, command, _ in _shown()} >= {"list", "graph"}


@pytest.mark.parametrize(("file", "command", "output"), [pytest.param(*rest, id=name) for name, *rest in _shown()])
def test_a_command_prints_what_the_documentation_shows(repo: Repo, file: str, command: str, output: str) -> None:
    repo.file(file)
    done = repo.run(*command.split(), check=True, env={"PYTHONIOENCODING": "utf-8"})
    assert done.stdout == output


def test_the_picture_in_the_readme_is_that_of_its_hook_file(tmp_path: Path) -> None:
    block = BLOCK.search((ROOT / "README.md").read_text())
    assert block is not None and block[1]
    (tmp_path / "hooks.dodo").write_text(block[1])
    found = find_hook_file(str(tmp_path))
    assert found is not None
    is_current = PICTURE.read_text() == render_svg(load_plan(found))
    assert is_current, "write README's hook file to a repository of its own: dodo-hooks graph -o .../docs/graph.svg"
