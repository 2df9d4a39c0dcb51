"""`dodo-hooks migrate`: the hook file of another tool, as one of ours."""

import json
from typing import Any

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
        ({".pre-commit-config.yaml": "repos: []"}, [], ".pre-commit-config.yaml runs as it is"),
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


BRACES = """\
printf '%s\\n' {staged_file} "{brnach}" '{hok}' {lbrace} '@{lbrace}' \\{branch} {{staged_files}} x{y} ${HOME+home} >OUT
cat >>OUT <<END
{brnach} $(echo '{"a": {"files_": [1]}}' | awk '{print}')
END
echo "{branch}" '{'{branch}} {push_file}}{branch}} >>OUT"""
WRITTEN = r"""{staged_file}
{brnach}
{hok}
{lbrace}
@{lbrace}
{branch}
{{staged_files}}
x{y}
home
{brnach} {"a": {"files_": [1]}}
main {main} {push_file}}main}
"""


def _job(name: str, **keys: Any) -> dict[str, Any]:
    return {"name": name, "run": BRACES.replace("OUT", name), **keys}


def _lefthook() -> str:
    inner = {"name": "b", "group": {"jobs": [_job("c"), _job("d", args="\n: {brnach}")]}}
    query = "printf '%s' '{staged_files}' '{0}' '{hurry}' '{lbrace}' >query; echo a"
    asked = {"run": "printf '%s' '{branch}' '{brnach}' >asked"}
    of_files = {"name": "e", "files": query, "run": "printf '%s' {files} >e"}
    conditional = {"name": "g", "only": [asked], "run": "{hurry} >g"}
    jobs = [_job("a"), inner, of_files, conditional]
    return json.dumps({"templates": {"hurry": "printf '%s' '{brnach}' {branch}"}, "pre-commit": {"jobs": jobs}})


def _daft() -> str:
    env = {"BRANCH": "{branch} {brnach}"}
    jobs = [_job("a", env=env), {"name": "b", "run": [BRACES.replace("OUT", "b"), "printf '%s' '{brnach}' >c"]}]
    return json.dumps({"hooks": {"pre-commit": {"jobs": jobs}}})


@pytest.mark.parametrize(("name", "text"), [("lefthook.yml", _lefthook()), ("daft.yml", _daft())])
def test_c6_braces_that_are_no_placeholder_reach_the_shell_as_before(repo: Repo, name: str, text: str) -> None:
    repo.file(text, name)
    ran = []
    for _ in range(2):
        done = repo.run("run", "pre-commit", check=True)
        assert "fails without being run" not in done.stderr
        outputs = [path for path in repo.path.iterdir() if path.is_file() and "." not in path.name]
        ran.append({path.name: path.read_text() for path in outputs})
        for path in outputs:
            path.unlink()
        if not repo.has("hooks.dodo"):
            repo.run("migrate", check=True)
            (repo.path / name).unlink()
    before, after = ran
    assert before["a"] == WRITTEN and before["b" if name == "daft.yml" else "d"] == WRITTEN
    assert name == "daft.yml" or before["query"] == "{staged_files}{0}{hurry}{lbrace}"
    assert name == "daft.yml" or (before["asked"], before["g"]) == ("{branch}{brnach}", "{brnach}main")
    assert after == before


REFUSED = """\
pre-commit:
  jobs:
    - {name: check, run: pwsh -Command ./check.ps1}
    - {name: piped, run: "cat {staged_files} | pwsh -Command '$input | % { $_ }'"}
    - {name: lint, run: "pwsh -Command './lint.ps1 {staged_files}'"}
"""


def test_c6_a_job_that_cannot_run_here_is_not_written_unless_it_is_forced(cli: Cli, repo: Repo) -> None:
    repo.file(REFUSED, "lefthook.yml")
    refused = cli("migrate")
    fix = "change them, or write hooks.dodo all the same with --force"
    assert refused.code == 3 and not repo.has("hooks.dodo")
    message = 'nothing written: jobs of lefthook.yml fail without being run: "pre-commit:lint"; '
    assert refused.err.endswith(message + fix + "\n")
    assert cli("dump").code == 0
    assert cli("migrate", "--force").code == 0
    assert cli("validate").err.count("would be read as a program by pwsh") == 1


def test_c2_what_would_not_load_is_not_written(cli: Cli, repo: Repo) -> None:
    """The name of a script is no place for a brace of ours."""
    repo.file('commit-msg: {scripts: {"{brnach}.sh": {runner: sh}}}', "lefthook.yml")
    refused = cli("migrate")
    assert refused.code == 3 and not repo.has("hooks.dodo")
    first, second, *_ = refused.err.splitlines()[1:]
    assert first.startswith("lefthook.yml: nothing written: commands of lefthook.yml cannot be used as they are; ")
    assert second.startswith('hooks.dodo:8:18: job "{brnach}.sh": {brnach} is not a placeholder')
    assert second.removeprefix("hooks.dodo") in cli("dump").err
