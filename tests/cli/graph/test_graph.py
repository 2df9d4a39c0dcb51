"""`dodo-hooks graph`: formats, files, what cannot be done."""

import os
import xml.etree.ElementTree as ElementTree

import pytest

from kit.answer import Cli
from kit.repo import Repo

FILE = """\
hooks:
  pre-commit:
    jobs:
      - {name: format, run: "true"}
      - {name: lint, run: "true", needs: [format], description: finds errors}
  post-commit:
    background: true
    jobs:
      - {name: deps, run: "true"}
"""
TREES = """\
pre-commit
  foreground
  └─ format   true
     └─ lint  finds errors

post-commit
  background
  └─ deps  true
"""


@pytest.fixture(autouse=True)
def hook_file(repo: Repo) -> None:
    repo.file(FILE)


def test_the_graph_is_text_if_nothing_else_is_reported(cli: Cli) -> None:
    assert cli("graph") == cli("graph", "--format", "text")
    assert cli("graph").out == TREES
    assert cli("graph", "post-commit").out == TREES.partition("\n\n")[2]


def test_the_other_formats(cli: Cli) -> None:
    assert cli("graph", "--format", "mermaid").out.startswith("flowchart LR\n")
    assert cli("graph", "--format", "dot").out.startswith("digraph hooks {\n")
    assert ElementTree.fromstring(cli("graph", "--format", "svg").out).tag.endswith("svg")


@pytest.mark.parametrize(
    ("argv", "begin"),
    [
        (["-o", "out.svg"], "<svg"),
        (["-o", "out.mmd"], "flowchart"),
        (["-o", "out.dot"], "digraph"),
        (["-o", "out.gv"], "digraph"),
        (["-o", "out.txt"], "pre-commit\n"),
        (["-o", "out.txt", "--format", "svg"], "<svg"),
    ],
)
def test_a_file_has_the_format_of_its_ending(cli: Cli, repo: Repo, argv: list[str], begin: str) -> None:
    (repo.path / "below").mkdir()
    answer = cli("graph", *argv, cwd=str(repo.path / "below"))
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert (repo.path / "below" / argv[1]).read_text().startswith(begin)


@pytest.mark.parametrize("file", ["nowhere/x.svg", "."])
def test_r22_a_file_that_cannot_be_written_is_exit_code_3(cli: Cli, file: str) -> None:
    answer = cli("graph", "-o", file)
    assert (answer.code, answer.out) == (3, "")
    assert "cannot write" in answer.err


def test_r22_an_unknown_hook_is_exit_code_3(cli: Cli) -> None:
    for command in ("graph", "list"):
        answer = cli(command, "pre-comit")
        assert (answer.code, answer.out) == (3, "")
        assert '"pre-comit"' in answer.err and '"pre-commit"' in answer.err


def test_a_locale_without_such_lines_gets_ascii(repo: Repo) -> None:
    done = repo.run("graph", check=True, env={"LC_ALL": "C"})
    assert "`- format" in done.stdout and done.stdout.isascii()


def test_no_program_is_started_for_a_picture(repo: Repo) -> None:
    empty = repo.path / "empty"
    empty.mkdir()
    assert repo.run("graph", "-o", os.fspath(repo.path / "x.svg"), env={"PATH": os.fspath(empty)}).returncode == 0
    assert (repo.path / "x.svg").exists()


def test_a_picture_that_cannot_be_drawn_is_an_error_that_names_the_formats(cli: Cli, repo: Repo) -> None:
    repo.hook("pre-commit", a="true")
    answer = cli("graph", "-o", "x.png")
    assert (answer.code, answer.out) == (3, "") and not repo.has("x.png")
    assert "unknown file extension .png" in answer.err and ".svg" in answer.err
    assert cli("graph", "-o", "x.png", "--format", "svg").code == 0  # who says so means it
