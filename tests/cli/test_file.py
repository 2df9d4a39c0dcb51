"""The commands that read the hook file: list, validate, run."""

import json

import pytest

from kit.answer import Cli
from kit.repo import Repo

FILE = """\
hooks:
  pre-commit:
    jobs:
      - {name: format, run: "true", tags: [style]}
      - {name: lint, run: "true", needs: [format], description: finds errors}
  post-commit:
    background: true
    jobs:
      - {name: deps, run: "true"}
      - {name: check, run: "true", needs: [deps], background: false}
      - {name: build, run: "true", needs: [deps, check]}
"""


@pytest.fixture(autouse=True)
def hook_file(repo: Repo) -> None:
    repo.file(FILE)


def test_r9_the_list_shows_phases_needs_and_promotions(cli: Cli) -> None:
    answer = cli("list")
    assert (answer.code, answer.err) == (0, "")
    assert [line.split() for line in answer.out.splitlines()] == [
        ["HOOK", "JOB", "PHASE", "NEEDS", "DOES"],
        ["pre-commit", "format", "foreground", "true"],
        ["pre-commit", "lint", "foreground", "format", "finds", "errors"],
        ["post-commit", "deps", "foreground", "(promoted)", "true"],
        ["post-commit", "check", "foreground", "deps", "true"],
        ["post-commit", "build", "background", "deps,", "check", "true"],
    ]


def test_the_list_works_from_a_folder_below(cli: Cli, repo: Repo) -> None:
    (repo.path / "below").mkdir()
    assert cli("list", cwd=str(repo.path / "below")).out == cli("list").out


def test_a_file_without_jobs_is_reported(cli: Cli, repo: Repo) -> None:
    repo.file("hooks: {}\n")
    answer = cli("list")
    assert (answer.code, answer.out) == (0, "")
    assert "no jobs" in answer.err


def test_a_file_that_is_right_is_counted(cli: Cli, repo: Repo) -> None:
    assert cli("validate").out == "OK: hooks.dodo: 2 hooks, 5 jobs\n"
    (repo.path / "below").mkdir()
    assert cli("validate", cwd=str(repo.path / "below")).out == "OK: ../hooks.dodo: 2 hooks, 5 jobs\n"


def test_another_file_can_be_checked(cli: Cli, repo: Repo) -> None:
    repo.file("hooks: {pre-push: {jobs: [{run: 'true'}]}}\n", "other/x.dodo")
    assert cli("validate", "other/x.dodo").out == "OK: other/x.dodo: 1 hook, 1 job\n"
    assert cli("validate", "repo/other/x.dodo", cwd=str(repo.path.parent)).code == 0  # in no repository


def test_c2_all_that_is_wrong_is_reported_at_once(cli: Cli, repo: Repo) -> None:
    repo.file(
        "hooks:\n  pre-comit: {}\n  pre-push:\n    jobs:\n      - {run: 'true', needs: [gone]}\n      - {rnu: x}\n"
    )
    for command in (["validate"], ["validate", "hooks.dodo"], ["list"], ["graph"], ["run", "pre-push"]):
        answer = cli(*command)
        assert (answer.code, answer.out) == (3, "")
        for word in ("hooks.dodo:2:", "hooks.dodo:5:", "hooks.dodo:6:", "gone", "run"):
            assert word in answer.err


def test_r22_a_file_that_is_not_there_is_exit_code_3(cli: Cli) -> None:
    answer = cli("validate", "nowhere.dodo")
    assert answer.code == 3
    assert "nowhere.dodo" in answer.err


@pytest.mark.parametrize("command", ["list", "graph", "validate", "run pre-commit"])
def test_without_a_hook_file_the_error_names_init(cli: Cli, repo: Repo, command: str) -> None:
    (repo.path / "hooks.dodo").unlink()
    answer = cli(*command.split())
    assert (answer.code, answer.out) == (3, "")
    assert "run `dodo-hooks init`" in answer.err


def test_a_second_hook_file_is_a_notice(cli: Cli, repo: Repo) -> None:
    repo.file("hooks: {}\n", ".hooks.dodo")
    for command, is_said in (("list", True), ("graph", False), ("validate", True)):  # once, but by validate always
        answer = cli(command)
        assert answer.code == 0
        assert (".hooks.dodo" in answer.err) == is_said


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["pre-comit"], '"pre-commit"'),
        (["pre-commit", "--job", "lnit"], '"lint"'),
        (["pre-commit", "--job", "deps"], '"deps"'),  # of another hook
        (["pre-commit", "--tag", "stile"], '"style"'),
        (["pre-commit", "--skip", "fromat"], '"format"'),
        (["pre-commit", "--skip", "tag:stile"], '"tag:style"'),
    ],
)
def test_r22_a_run_of_what_is_unknown_is_exit_code_3(cli: Cli, argv: list[str], word: str) -> None:
    answer = cli("run", *argv)
    assert (answer.code, answer.out) == (3, "")
    assert word in answer.err


def test_a_hook_is_run_manually(repo: Repo) -> None:
    repo.file("hooks: {pre-commit: {jobs: [{name: a, run: 'touch ran'}, {name: b, run: 'exit 7', tags: [slow]}]}}\n")
    assert repo.run("run", "pre-commit", "--dry-run").returncode == 0
    assert not repo.has("ran")
    assert repo.run("run", "pre-commit", "--skip", "tag:slow", "--", "-x").returncode == 0
    assert repo.has("ran")
    assert repo.run("run", "pre-commit", "--job", "b").returncode == 1


LAYERS = {
    "hooks.dodo": "extends: more.yml\nhooks:\n  pre-commit:\n    jobs:\n      - name: lint\n        run: x\n",
    "more.yml": "hooks: {pre-push: {jobs: [{run: 'y # z'}]}}\n",
    "hooks.local.dodo": "hooks:\n  pre-commit:\n    jobs:\n      - {name: lint, timeout: 5s}\n",
}
DUMPED = """\
hooks:
  pre-commit:
    jobs:
      - name: lint  # hooks.local.dodo:4
        run: x  # hooks.dodo:6
        timeout: 5s  # hooks.local.dodo:4
  pre-push:
    jobs:
      - run: "y # z"  # more.yml:1
"""


def test_the_file_with_all_that_lies_over_it_is_dumped(cli: Cli, repo: Repo) -> None:
    for name, content in LAYERS.items():
        repo.file(content, name)
    answer = cli("dump", "--origin")
    assert (answer.code, answer.err, answer.out) == (0, "", DUMPED)
    plain = "".join(f"{line.partition('  # ')[0]}\n" for line in DUMPED.splitlines())
    (repo.path / "below").mkdir()
    for argv, cwd in ((["dump"], "below"), (["dump", "hooks.dodo"], ""), (["dump", "../hooks.dodo"], "below")):
        assert cli(*argv, cwd=str(repo.path / cwd)).out == plain
    assert json.loads(cli("dump", "--format", "json").out) == {
        "hooks": {
            "pre-commit": {"jobs": [{"name": "lint", "run": "x", "timeout": "5s"}]},
            "pre-push": {"jobs": [{"run": "y # z"}]},
        }
    }
    repo.file(plain, "other.dodo")
    assert cli("dump", "other.dodo").out == plain


def test_a_dump_of_what_is_wrong_or_not_there_is_exit_code_3(cli: Cli, repo: Repo) -> None:
    repo.file("hooks: {pre-comit: {}}", ".hooks.local.dodo")
    answer = cli("dump")
    assert (answer.code, answer.out) == (3, "")
    assert ".hooks.local.dodo:1:9: unknown hook" in answer.err
    assert cli("dump", "--origin", "--format", "json").code == 3
    (repo.path / "hooks.dodo").unlink()
    assert "run `dodo-hooks init`" in cli("dump").err


def test_a_linked_working_tree_has_the_local_overlay_of_the_main_one_too(cli: Cli, repo: Repo) -> None:
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    linked = repo.worktree("linked")
    repo.file("hooks: {pre-push: {jobs: [{run: main}]}}", "hooks.local.dodo")
    for command in (["dump"], ["dump", "hooks.dodo"], ["list"]):
        assert "main" in cli(*command, cwd=str(linked.path)).out
    linked.file("hooks: {pre-push: }", "hooks.local.dodo")
    assert "pre-push" not in cli("list", cwd=str(linked.path)).out
    assert "main" in cli("list").out
