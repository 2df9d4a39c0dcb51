"""The commands that the documentation shows print what it shows, on the hook file that stands above them."""

import json
import re
from pathlib import Path

import pytest

from kit.repo import Repo

ROOT = Path(__file__).parents[3]
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


@pytest.fixture
def readme(repo: Repo) -> Repo:
    """Return a repository with README's first example."""
    block = BLOCK.search((ROOT / "README.md").read_text())
    assert block is not None and block[1]
    repo.file(block[1])
    return repo


def test_the_picture_in_the_readme_is_that_of_its_hook_file(readme: Repo) -> None:
    is_current = PICTURE.read_text() == readme.run("graph", "--format", "svg", check=True).stdout
    assert is_current, "write README's hook file to a repository of its own: dodo-hooks graph -o .../docs/graph.svg"


def test_v8_the_readme_begins_with_format_test_and_gate(readme: Repo) -> None:
    hooks = {
        hook["name"]: hook for hook in json.loads(readme.run("list", "--format", "json", check=True).stdout)["hooks"]
    }
    before, after, push = (hooks[name] for name in ("pre-commit", "post-commit", "pre-push"))
    assert [(job["phase"], job["stage_fixed"]) for job in before["jobs"]] == [("foreground", True)]
    assert {(job["phase"], job["workspace"]) for job in after["jobs"]} == {("background", "snapshot")}
    assert [(one["hook"], one["job"]) for one in push["requires"]] == [("post-commit", "test")]
