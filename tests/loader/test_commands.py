"""The command and the files of a job: `run`, `script`, `shell`, `rc`, placeholders, files (C4, C6, C7)."""

import json
import subprocess
from pathlib import Path

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import NO_FILES, Job
from dodo_hooks.loader.compile import hooks as compiling
from dodo_hooks.loader.compile.job_commands import Platform
from dodo_hooks.loader.layers.discover import named_hook_file
from dodo_hooks.loader.load import load
from kit.hook_files.plans import hook_of, job_of, plan_of

SH = ("sh", "-c")


def command(job: Job) -> tuple[tuple[str, ...], int]:
    return job.execution.argv, job.execution.files_at


COMMANDS = {
    "plain words": ("run: ruff check", (("ruff", "check"), NO_FILES)),
    "plain words and a list": ("run: ruff check {staged_files} --fix", (("ruff", "check", "--fix"), 2)),
    "a list for the shell": ("run: echo {staged_files} | cat", ((*SH, 'echo "$@" | cat', "sh"), 4)),
    "a scalar": ("run: echo {job}", ((*SH, 'echo "${DODO_JOB-}"'), NO_FILES)),
    "a list of commands": ("run: [ruff check, 'a || b']", ((*SH, "ruff check && {\na || b\n}"), NO_FILES)),
    "one system": ("run: {linux: make, macos: gmake}", (("make",), NO_FILES)),
    "another shell": ("run: '[[ a == a ]]'\nshell: bash -eu", (("bash", "-eu", "-c", "[[ a == a ]]"), NO_FILES)),
    "another shell with a list": (
        "run: echo {staged_files}\nshell: bash",
        (("bash", "-c", 'echo "$@"', "bash"), 4),
    ),
    "another language": ("run: print(1)\nshell: python3", (("python3", "-c", "print(1)"), NO_FILES)),
    "a script": (
        "script: lint it.sh\nrunner: bash",
        ((*SH, "bash '.hooks/pre-commit/lint it.sh'"), NO_FILES),
    ),
    "a script with arguments": (
        "script: x\nargs: --fix {staged_files}\nroot: web",
        (("../.hooks/pre-commit/x", "--fix"), 2),
    ),
}


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Platform, "this", classmethod(lambda cls: Platform("linux", "x86_64")))


@pytest.mark.parametrize("case", COMMANDS)
def test_c6_what_is_executed(tmp_path: Path, case: str) -> None:
    body, expected = COMMANDS[case]
    assert command(job_of(tmp_path, body)) == expected


def test_c6_a_script_of_ones_own_wins(tmp_path: Path) -> None:
    for folder in (".hooks", ".hooks-local"):
        (tmp_path / folder / "pre-commit").mkdir(parents=True)
        (tmp_path / folder / "pre-commit" / "x").write_text("")
    assert job_of(tmp_path, "script: x").execution.argv[-1].startswith(".hooks-local/pre-commit/x")


def test_c6_a_script_gets_the_arguments_of_the_hook(tmp_path: Path) -> None:
    job = job_of(tmp_path, "script: x", "commit-msg")
    (tmp_path / ".hooks/commit-msg").mkdir(parents=True)
    script = tmp_path / ".hooks/commit-msg/x"
    script.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    script.chmod(0o755)
    environ = {"PATH": "/usr/bin:/bin", "DODO_ARG1": "a  b"}
    done = subprocess.run(job.execution.argv, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "<a  b>"
    assert job.selection.needs_event == ""


def test_c6_rc_is_read_before_each_command_if_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "DODO_WORKTREE": str(tmp_path)}
    for rc in ("~/my rc", "my rc", f"{tmp_path}/my rc", "'\"$HOME/my rc\"'"):
        plan = plan_of(tmp_path, f"rc: {rc}\nhooks: {{pre-commit: {{jobs: [{{run: 'echo [$RC]'}}]}}}}")
        argv = plan.hooks[0].jobs[0].execution.argv
        outputs = []
        for text in ("", "RC=read\n"):
            for place in (tmp_path, tmp_path / "home"):
                (place / "my rc").write_text(text)
            outputs.append(subprocess.run(argv, cwd="/", env=environ, capture_output=True, text=True).stdout)
        for place in (tmp_path, tmp_path / "home"):
            (place / "my rc").unlink()
        outputs.append(subprocess.run(argv, cwd="/", env=environ, capture_output=True, text=True).stdout)
        assert outputs == ["[]\n", "[read]\n", "[]\n"], rc


ABSENT = {
    "another system": ("run: {windows: x}", "no command for linux"),
    "another architecture": ("run: x\narch: arm64", "only for aarch64 (this is x86_64)"),
    "this architecture": ("run: x\narch: [arm64, amd64]", ""),
    "no condition": ("run: x", ""),
}


@pytest.mark.parametrize("case", ABSENT)
def test_c7_what_cannot_apply_here_says_why(tmp_path: Path, case: str) -> None:
    body, reason = ABSENT[case]
    assert job_of(tmp_path, body).selection.absent == reason


def test_c7_an_excluded_tag(tmp_path: Path) -> None:
    hook = hook_of(tmp_path, "exclude_tags: slow\njobs:\n  - {run: a, tags: [slow]}\n  - {run: b, tags: fast}")
    assert [job.selection.absent for job in hook.jobs] == ['excluded by tag "slow"', ""]


SOURCES = {
    "a list": ("run: x {staged_files}", "pre-push", "staged"),
    "files of the hook": ("run: x {files}", "pre-push", "pushed"),
    "a glob": ("run: x\nglob: a", "pre-commit", "staged"),
    "a glob after": ("run: x\nglob: a", "post-merge", "changed"),
    "a glob elsewhere": ("run: x\nexclude: a", "pre-rebase", "all"),
    "a command": ("run: x\nfiles: git ls-files", "pre-commit", "command"),
    "a command for a list": ("run: x {files}\nfiles: git ls-files", "pre-commit", "command"),
    "a list beside a command": ("run: x {staged_files}\nfiles: git ls-files", "pre-commit", "staged"),
    "the file that holds the list": ('run: x <"$DODO_FILES0"', "pre-commit", "staged"),
    "types": ("run: x\nfile_types: text", "pre-commit", "staged"),
}


@pytest.mark.parametrize("case", SOURCES)
def test_g4_which_files_a_job_is_about(tmp_path: Path, case: str) -> None:
    body, hook, source = SOURCES[case]
    rule = job_of(tmp_path, body, hook).selection.files
    assert rule is not None
    assert rule.source == source


def test_g4_a_job_without_any_of_that_is_not_about_files(tmp_path: Path) -> None:
    hook = hook_of(tmp_path, "exclude: gen/**\nfiles: git ls-files\njobs: [{run: npm test}]")
    assert hook.jobs[0].selection.files is None


def test_c7_a_groups_condition_is_asked_once(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
skip: merge
jobs:
  - only: {ref: main, desc: no}
    group: {jobs: [{run: a}, {run: b, skip: [CI, {run: test -e x}]}]}
  - {run: c, skip: true}
""",
    )
    assert [job.selection.checks for job in hook.jobs] == [(0, 1), (0, 1, 2), (0, 3)]
    assert [(check.is_only, [one.kind for one in check.conditions]) for check in hook.checks] == [
        (False, ["merge"]),
        (True, ["ref"]),
        (False, ["env", "run"]),
        (False, ["always"]),
    ]


BROKEN = {
    "an unknown placeholder": ("run: ruff {staged_file}", ("5:19: ", "did you mean {staged_files}?")),
    "a quoted text": ('run: "ruff {staged_file}"', ("5:20: ", "{staged_files}")),
    "a list in a function": ("run: 'f() { ruff {staged_files}; }; f'", ("5:26: ", "$DODO_FILES0")),
    "two letters swapped": ("run: echo {branch} {brnach}", ("5:28: ", "did you mean {branch}?")),
    "a block": ("run: |\n  echo {branch}\n  cat <<E\n  on {branch}\n  E", ("8:14: ", '"$DODO_BRANCH"')),
    "a folded text": ("run: >-\n  echo {job}\n  `echo {job}`", ("7:17: ", '"$DODO_JOB"')),
    "an item of a list": ("run:\n  - echo {job}\n  - eval {job}", ("7:18: ", '"$DODO_JOB"')),
    "a system's own": ("run: {linux: 'eval {job}', macos: x}", ("5:28: ", '"$DODO_JOB"')),
    "an inner shell": ("run: bash -c 'echo {branch}'", ("5:", "DODO_BRANCH")),
    "two lists": ("run: x {staged_files} {all_files}", ("5:", "$DODO_FILES0")),
    "another language": ("run: print({branch})\nshell: python3", ("5:", "DODO_BRANCH")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_c6_c2_a_placeholder_that_cannot_be_has_its_place(tmp_path: Path, case: str) -> None:
    body, (place, hint) = BROKEN[case]
    with pytest.raises(ConfigError) as caught:
        job_of(tmp_path, body)
    (error,) = caught.value.diagnostics
    shown = f"{error.location.line}:{error.location.column}: {error.text}"
    assert shown.startswith(place)
    assert hint in shown


def test_c6_a_list_in_doubled_braces_stays_as_it_is_and_is_reported(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "hooks: {pre-commit: {jobs: [{run: 'x {{staged_files}} {{name}} {{job}}'}]}}")
    assert plan.hooks[0].jobs[0].execution.argv == (*SH, "x {{staged_files}} {{name}} {{job}}")
    (warning,) = plan.diagnostics
    assert warning.sentence.startswith("hooks.dodo:1:38: job")
    assert "write {staged_files}" in warning.sentence


# Files of other tools

FOREIGN = {
    "an unknown word": ("x {pushed_files} {unknown}", "", "x {pushed_files} {unknown}", "mean {push_files}?"),
    "doubled braces": ("x {{staged_files}}", "", "x {{staged_files}}", "write {staged_files}"),
    "a program": ('pwsh -Command "x {staged_files}"', "as a program by pwsh", ":", "the job fails without being run: "),
    "a here-document": ("cat <<E\n{job}\nE", "in a here-document", ":", '"$DODO_JOB"'),
    "a list that git does not tell": ("x {push_files}", "nothing is pushed", "", "{push_files} is for pre-push"),
    "no command": ("docker {cmd}", "the overridden command", "", "{cmd}"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_c6_a_foreign_file_is_not_refused_for_what_one_job_runs(tmp_path: Path, case: str) -> None:
    run, refused, text, notice = FOREIGN[case]
    (tmp_path / "lefthook.yml").write_text(
        f"pre-commit: {{jobs: [{{run: {json.dumps(run)}}}, {{run: 'y {{staged_files}}'}}]}}"
    )
    plan = load(named_hook_file("lefthook.yml", top=str(tmp_path), base=str(tmp_path)))
    job, other = plan.hooks[0].jobs
    assert (
        refused in job.execution.refused
        and bool(refused) == bool(job.execution.refused)
        and not other.execution.refused
    )
    assert job.execution.argv[-1] == text if text else True
    (warning,) = plan.diagnostics
    assert warning.sentence.startswith("lefthook.yml:1:") and notice in warning.sentence


def test_c6_a_job_that_is_refused_is_about_the_files_that_it_names(tmp_path: Path) -> None:
    """Without such files the job does not apply, and nothing fails."""
    text = "pre-commit: {jobs: [{run: 'sh -c \"x {staged_files}\"', glob: '*.py'}]}"
    (tmp_path / "lefthook.yml").write_text(text)
    (hook,) = load(named_hook_file("lefthook.yml", top=str(tmp_path), base=str(tmp_path))).hooks
    assert hook.jobs[0].execution.refused and hook.jobs[0].selection.files is not None


@pytest.mark.parametrize("body", ["run: x {worktree_slug}", "run: x\nroot: '{merge_source_path}'"])
def test_c6_what_has_no_value_here_fails_its_job_alone(tmp_path: Path, body: str) -> None:
    lines = body.replace("\n", "\n        ")
    (tmp_path / "daft.yml").write_text(f"hooks:\n  pre-commit:\n    jobs:\n      - {lines}\n      - run: y\n")
    plan = load(named_hook_file("daft.yml", top=str(tmp_path), base=str(tmp_path)))
    job, other = plan.hooks[0].jobs
    assert (
        "has no value here" in job.execution.refused
        and not other.execution.refused
        and "has no value" in plan.diagnostics[0].message
    )


EVENTS = {
    "no arguments": ("run: x {0}", "pre-commit", ""),
    "all arguments": ("run: x {0}", "commit-msg", "{0}"),
    "an argument": ("run: x {1}", "commit-msg", "{1}"),
    "a list": ("run: x {push_files} | y", "pre-push", "{push_files}"),
    "a list for words": ("run: x {push_files}", "pre-push", "{push_files}"),
    "a glob": ("run: x\nglob: a", "pre-push", "{push_files}"),
    "nothing of it": ("run: x {branch}", "pre-push", ""),
}


@pytest.mark.parametrize("case", EVENTS)
def test_g3_what_a_job_takes_from_the_event(tmp_path: Path, case: str) -> None:
    body, hook, event = EVENTS[case]
    assert job_of(tmp_path, body, hook).selection.needs_event == event


@pytest.mark.parametrize(("name", "hook"), [("push_files", "pre-commit"), ("changed_files", "pre-rebase")])
def test_g4_a_list_that_git_never_names_in_this_hook_is_an_error(tmp_path: Path, name: str, hook: str) -> None:
    """The job would never run, and a gate pass."""
    with pytest.raises(ConfigError, match=r"use \{files\} or"):
        job_of(tmp_path, f"run: x {{{name}}}", hook)


ASKED_TOO_EARLY = {
    "files: echo {staged_files}": ('6:19: job "x": "files": {staged_files} cannot be used here', "git diff --cached"),
    "files: 'git diff {1}'": ('6:24: job "x": "files": {1} cannot be used here', '"$DODO_ARG1"'),
    "files: lister {invocation}": ("6:21: ", "has no value yet"),
    "files: '{list} x'": ("6:15: ", "what the template stands for"),
    "skip: {run: 'test {branch} = main'}": ('6:25: job "x": "skip": {branch} cannot be used here', '"$DODO_BRANCH"'),
    "only: [CI, {all: [{run: 'test {push_files}'}]}]": ('6:37: job "x": "only": ', '"changed:"'),
    "group: {jobs: [{run: y, skip: [{run: 'test {remote}'}]}]}": (
        'job "y": "skip": {remote} cannot be used here',
        '"$DODO_ARG1"',
    ),
}


@pytest.mark.parametrize("body", ASKED_TOO_EARLY)
def test_c6_c7_a_placeholder_where_none_is_replaced_is_an_error(tmp_path: Path, body: str) -> None:
    place, hint = ASKED_TOO_EARLY[body]
    job = body if "group" in body else f"run: x\n      {body}"
    with pytest.raises(ConfigError) as caught:
        plan_of(tmp_path, f"templates: {{list: ls}}\nhooks:\n  pre-push:\n   jobs:\n    - {job}\n")
    (error,) = caught.value.diagnostics
    shown = f"{error.location.line}:{error.location.column}: {error.text}"
    assert place in shown
    assert hint in shown


def test_c6_c7_in_another_tools_file_such_a_placeholder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "lefthook.yml").write_text("commit-msg: {jobs: [{run: x, skip: [{run: 'test -s {1}'}]}]}")
    plan = load(named_hook_file("lefthook.yml", top=str(tmp_path), base=str(tmp_path)))
    (warning,) = plan.diagnostics
    assert warning.sentence.startswith("lefthook.yml:1:52: ") and warning.fix == 'read the variable "$DODO_ARG1"'


def test_c6_other_braces_stay_where_no_placeholder_is_replaced(tmp_path: Path) -> None:
    body = "run: x\nfiles: \"git log --format='\\\\{branch}' HEAD@{1} | awk '{print}' | xargs -I{} echo ${branch}\""
    assert job_of(tmp_path, body).selection.files is not None


def test_a_task_is_a_manual_run(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "tasks: {release: {jobs: [{run: 'x {1} {9}'}]}}")
    (task,) = plan.hooks
    assert (task.name, task.is_task, task.jobs[0].selection.needs_event) == ("release", True, "{1}")
    assert compiling.BACKGROUND_TIMEOUT_S == 3600


RUNS = """\
hooks:
  post-commit:
    jobs:
      - {name: a, run: "make\\nx=1 .venv/bin/dodo-hooks run -v post-commit --job b"}
      - {name: b, run: "exec dodo-hooks run post-merge && dodo-hooks run later; dodo-hooks run pre-push"}
      - {name: c, run: "echo dodo-hooks run post-commit # dodo-hooks run post-merge"}
  pre-push: {jobs: [{run: make}]}
tasks:
  later: {jobs: [{run: make}]}
"""


def test_r12_runs_of_the_own_hook_and_of_one_without_jobs_are_reported_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "hooks.dodo").write_text(RUNS)
    found = load(named_hook_file("hooks.dodo", top=str(tmp_path), base=str(tmp_path))).diagnostics
    assert [one.sentence for one in found] == [
        'hooks.dodo:4:24: job "a": "dodo-hooks run -v post-commit" fires post-commit inside of a job of post-commit; '
        "order the jobs of a hook with needs",
        'hooks.dodo:5:24: job "b": "dodo-hooks run post-merge" runs nothing: the file has no jobs for post-merge; '
        "remove it, or add jobs",
    ]
