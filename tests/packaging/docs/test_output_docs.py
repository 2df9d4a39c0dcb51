"""docs/output.md shows what a commit prints, and what two other tools print for the same.

Ours is made here, by the real program: with `WRITE_DOCS=1` the files are written again. What lefthook 2.2.2
and prek 0.5.11 print was captured once, from the same hook file in their words.
"""

import os
import re
from pathlib import Path

import pytest

from kit.repo import Done, Repo

DOCS = Path(__file__).parents[3] / "docs"
LINT = '#!/bin/sh\necho "checking $*"\ntest ! -e .git/bad || { echo "a.py:1:1 unused import"; exit 1; }\n'
CASES = {  # what is staged, and whether lint finds something
    "passing": (("a.py", "b.ts"), False),
    "failing": (("a.py",), True),
    "skipped": (("a.py",), False),
    "nothing": (("n.txt",), False),
}


def hook_file() -> str:
    """Return the example that the page begins with."""
    block = re.search(r"^```yaml\n(# hooks\.dodo\b.*?)^```$", (DOCS / "output.md").read_text(), re.M | re.S)
    assert block is not None
    return block[1]


def screen(command: str, done: Done) -> str:
    """Return what a person sees, without the parts that differ in each run."""
    text = re.sub(r"\b\d+\.\ds", "0.1s", f"$ {command}\n{done.stdout}{done.stderr}")
    return re.sub(r"@\d{8}-\d{6}-\d{6}", "@20261127-101530-123456", text)


@pytest.mark.parametrize("case", CASES)
def test_r23_the_documentation_shows_what_a_commit_prints(repo: Repo, case: str) -> None:
    names, is_bad = CASES[case]
    repo.file(hook_file())
    repo.write("lint", LINT).chmod(0o755)
    repo.install()
    for name in names:
        repo.write(name, f"{name}\n")
    repo.git("add", *names)
    if is_bad:
        repo.write(".git/bad", "")
    shown = screen("git commit -q -m work", repo.git("commit", "-q", "-m", "work", check=False))
    if case == "nothing":
        repo.git("reset", "-q", "--soft", "HEAD~1")
        shown += screen("dodo-hooks run pre-commit", repo.run("run", "pre-commit"))
    file = DOCS / "output" / f"{case}.txt"
    if os.environ.get("WRITE_DOCS"):
        file.write_text(shown)
    assert file.read_text() == shown, f"WRITE_DOCS=1 pytest {__file__} writes it again"
    assert f"```console\n{shown}```\n" in (DOCS / "output.md").read_text()


@pytest.mark.parametrize("case", CASES)
def test_the_others_are_there_and_plain(case: str) -> None:
    for tool in ("lefthook", "prek"):
        text = (DOCS / "output" / f"{case}.{tool}.txt").read_text()
        assert text.startswith("$ git commit") and "\x1b" not in text
        assert f"output/{case}.{tool}.txt" in (DOCS / "output.md").read_text()
