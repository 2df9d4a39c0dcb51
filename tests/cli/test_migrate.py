"""`dodo-hooks migrate`: the hook file of another tool, as one of ours."""

import pytest

from kit.answer import Cli
from kit.repo import Repo

LEFTHOOK = """\
extends: [more.yml]
pre-commit:
  commands:
    # once a week
    lint: {run: "eslint {staged_files}", glob: "*.js", stage_fixed: true}
"""
DAFT = "hooks: {post-clone: {jobs: [{name: deps, run: npm ci}, {name: build, run: make, needs: [deps]}]}}\n"


@pytest.mark.parametrize(("name", "text"), [("lefthook.yml", LEFTHOOK), (".config/daft.yml", DAFT)])
@pytest.mark.parametrize("is_named", [False, True])
def test_the_file_of_another_tool_becomes_one_of_ours_with_the_same_jobs(
    cli: Cli, repo: Repo, name: str, text: str, is_named: bool
) -> None:
    repo.file("pre-push: {jobs: [{name: test, run: npm test}]}", "more.yml")
    repo.file(text, name)
    before = cli("list", "--format", "json").out
    (repo.path / "below").mkdir()
    argv = ["migrate", f"../{name}"] if is_named else ["migrate"]
    answer = cli(*argv, cwd=str(repo.path / "below"))
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"created ../hooks.dodo from ../{name}; next steps:\n")
    assert repo.has(name) and ("# once a week" in repo.read("hooks.dodo")) == (text == LEFTHOOK)
    assert cli("list", "--format", "json").out == before.replace(name, "hooks.dodo")


def test_a_local_overlay_stays_its_owners(cli: Cli, repo: Repo) -> None:
    repo.file("pre-push: {jobs: [{name: test, run: npm test}]}", "lefthook.yml")
    repo.file("pre-push: {jobs: [{name: mine, run: secret}]}", "lefthook-local.yml")
    assert "lefthook-local.yml is not in it; `hooks.local.dodo` takes its place" in cli("migrate").out
    assert "secret" not in repo.read("hooks.dodo")


@pytest.mark.parametrize(
    ("files", "argv", "reason"),
    [
        (
            {".hooks.dodo": "", "lefthook.yml": LEFTHOOK},
            ["lefthook.yml"],
            "the hook file {}/.hooks.dodo exists already",
        ),
        ({}, [], "no hook file in {}"),
        ({".pre-commit-config.yaml": ""}, [], "hooks of pre-commit need the environments that pre-commit makes"),
        ({"Makefile": ""}, ["Makefile"], "{}/Makefile is not a file of lefthook or daft by its name"),
        ({"lefthook.yml": "pre-commit: 3"}, [], "lefthook.yml:1:13: "),
        ({}, ["lefthook.yml"], "lefthook.yml: no such file"),
    ],
)
def test_what_cannot_be_converted_is_refused(
    cli: Cli, repo: Repo, files: dict[str, str], argv: list[str], reason: str
) -> None:
    for name, text in files.items():
        repo.file(text, name)
    answer = cli("migrate", *argv)
    assert answer.code == 3 and reason.format(repo.path) in answer.err
    assert not repo.has("hooks.dodo")
