"""The hook files that the documentation shows load, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from kit.hook_files.plans import plan_of

ROOT = Path(__file__).parents[3]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*/hooks.dodo"))

# A block of YAML is a whole hook file if its first line says so.
BLOCK = re.compile(r"^```ya?ml\n(# hooks\.dodo\b.*?)^```$", re.MULTILINE | re.DOTALL)

LINK = re.compile(r"\]\(([^)\s:]*)\)")  # to another document: no address has a colon


def _shown() -> list[tuple[str, str]]:
    """Each hook file in the documentation, and its name for the test's report."""
    texts = {path: path.read_text() for path in DOCUMENTS}
    return [
        (f"{path.name}:{text.count(chr(10), 0, block.start()) + 1}", block[1])
        for path, text in texts.items()
        for block in BLOCK.finditer(text)
    ]


def test_the_readme_shows_a_hook_file() -> None:
    assert any(name.startswith("README.md:") for name, _ in _shown()), "none begins with the line `# hooks.dodo`"


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in _shown()])
def test_what_the_documentation_shows_loads(text: str, tmp_path: Path) -> None:
    plan_of(tmp_path, text)  # else it raises every error in it


@pytest.mark.parametrize("path", [pytest.param(path, id=path.parent.name) for path in EXAMPLES])
def test_each_example_loads(path: Path, tmp_path: Path) -> None:
    plan_of(tmp_path, path.read_text())


def _anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub and the site make of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in DOCUMENTS])
def test_each_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for link in LINK.findall(path.read_text()):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.is_file(), f"{path.name} links {link}"
        assert not anchor or anchor in _anchors(target), f"{path.name} links {link}"
