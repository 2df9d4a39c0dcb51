"""`dodo-hooks list`: a table for people, JSON for programs; columns that have nothing to say are not there."""

import json
import sys
from collections.abc import Callable

from dodo_hooks.cli.hook_file.list import record_of, table_of
from dodo_hooks.core.plan import ALL, BACKGROUND, COMMAND, NEVER, STAGED, FileRule
from dodo_hooks.core.plan_parts import Check, Condition
from doit_plugin.plans import make_hook, make_job, make_plan
from kit.answer import Cli
from kit.repo import Repo
from kit.terminal import Terminal

LIST = (
    "from dodo_hooks.cli import root_command as group; from dodo_hooks.host.world import make_world\n"
    "group.run(['list'], make_world())"
)
ANY_FILE = FileRule(STAGED, "", (), (), ())
PLAN = make_plan(
    make_hook(
        "pre-commit",
        make_job(0, "setup", is_setup=True),
        make_job(1, "format", files=ANY_FILE, needs=(0,)),
        make_job(2, "lint", root="web", files=ANY_FILE._replace(globs=((),), types=("text",)), checks=(0,)),
        make_job(3, "sign", absent="it is for macos", checks=(0,)),
        make_job(4, "deps", declared_background=True, files=FileRule(COMMAND, "ls", (), ((),), ())),
        make_job(5, "warm", phase=BACKGROUND, needs=(4,), after=(2,), needs_event="{1}", description="Keeps it warm"),
    )._replace(checks=(Check(False, (Condition(NEVER),)),)),
    make_hook("release", make_job(0, "tag", files=FileRule(ALL, "", (), (), ())))._replace(is_task=True, warns=True),
)


def test_c7_the_table_says_what_a_job_is_about_and_when_it_runs() -> None:
    heads, rows = table_of(PLAN)
    assert heads == ["HOOK", "JOB", "PHASE", "NEEDS", "FILES", "WHEN", "DOES"]
    assert [row[:4] for row in rows] == [
        ["pre-commit", "setup", "foreground", ""],
        ["pre-commit", "format", "foreground", "setup"],
        ["pre-commit", "lint", "foreground", ""],
        ["pre-commit", "sign", "foreground", ""],
        ["pre-commit", "deps", "foreground (promoted)", ""],
        ["pre-commit", "warm", "background", "deps"],
        ["release", "tag", "foreground", ""],
    ]
    assert [row[4:] for row in rows] == [
        ["", "before all others", "true"],
        ["staged", "", "true"],
        ["staged by glob, by type, in web", "if its conditions hold", "true"],
        ["", "not here: it is for macos", "true"],
        ["of a command by glob", "", "true"],
        ["", "with an event, for {1}", "Keeps it warm"],
        ["all", "manual run", "true"],
    ]


def test_columns_in_which_nothing_stands_are_left_out() -> None:
    heads, rows = table_of(make_plan(make_hook("pre-commit", make_job(0, "a", checks=(0,)))))
    assert heads == ["HOOK", "JOB", "PHASE", "WHEN", "DOES"]
    assert rows == [["pre-commit", "a", "foreground", "if its conditions hold", "true"]]


def test_one_hook_alone(cli: Cli, repo: Repo) -> None:
    repo.file("hooks: {pre-push: {jobs: [{name: a, run: 'true'}]}, post-commit: {jobs: [{name: b, run: 'true'}]}}\n")
    assert [row[:2] for row in cli("list", "post-commit").rows()] == [["post-commit", "b"]]
    repo.file("hooks: {pre-push: {jobs: []}}\n")
    assert cli("list", "pre-push").err == "dodo-hooks: pre-push has no jobs yet\n"


def test_programs_get_all_of_it() -> None:
    record = record_of(PLAN)
    assert record["file"] == "/nowhere/hooks.dodo"
    first, release = record["hooks"]
    assert (first["name"], first["is_task"], first["fail_mode"]) == ("pre-commit", False, "abort")
    assert (release["name"], release["is_task"], release["fail_mode"]) == ("release", True, "warn")
    setup, form, lint, sign, deps, warm = first["jobs"]
    assert setup["is_setup"] and setup["files"] is None
    assert form["files"] == {
        "source": "staged",
        "command": None,
        "has_globs": False,
        "has_excludes": False,
        "types": [],
        "below": "",
    }
    assert lint["is_conditional"] and lint["files"]["has_globs"] and lint["files"]["types"] == ["text"]
    assert sign["absent"] == "it is for macos" and lint["absent"] is None
    assert (deps["phase"], deps["declared_background"], deps["promoted"]) == ("foreground", True, True)
    assert deps["files"]["command"] == "ls" and deps["files"]["has_excludes"]
    assert (warm["needs"], warm["after"], warm["needs_event"]) == (["deps"], ["lint"], "{1}")


def test_in_a_narrow_terminal_what_a_job_does_stands_below_its_row(
    terminal: Callable[..., Terminal], repo: Repo
) -> None:
    lint = "{name: lint, glob: '*.py', run: 'ruff check --quiet {staged_files}'}"
    repo.file(f"hooks: {{pre-commit: {{jobs: [{lint}]}}}}\n")
    at_work = terminal("env", "TERM=dumb", "COLUMNS=50", sys.executable, "-c", LIST)
    assert at_work.wait() == 0, at_work.output
    assert at_work.output.decode().splitlines() == [
        "HOOK        JOB   PHASE       FILES",
        "  DOES",
        "pre-commit  lint  foreground  staged by glob",
        "  ruff check --quiet {staged_files}",
    ]


def test_json_is_what_the_table_is_about(cli: Cli, repo: Repo) -> None:
    repo.file("hooks: {pre-push: {jobs: [{name: größe, run: 'true', tags: [x], timeout: 5s}]}}\n")
    answer = cli("list", "--format", "json")
    assert (answer.code, answer.err) == (0, "")
    (hook,) = json.loads(answer.out)["hooks"]
    (job,) = hook["jobs"]
    assert (job["name"], job["tags"], job["timeout_s"], job["command"]) == ("größe", ["x"], 5.0, "true")


def test_json_of_a_file_without_jobs_is_json(cli: Cli, repo: Repo) -> None:
    repo.file("hooks: {}\n")
    assert json.loads(cli("list", "--format", "json").out)["hooks"] == []
