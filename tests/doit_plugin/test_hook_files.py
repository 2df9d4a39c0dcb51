"""Every command of doit in a repository that has a hook file, with no configuration at all (section 5)."""

import json
import os
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path

import pytest

from doit_plugin.conftest import Result
from kit.repo import Repo

Doit = Callable[..., list[Result]]

FILE = """\
hooks:
  pre-commit:
    jobs:
      - name: format
        description: Formats {all}
        run: touch formatted
      - name: lint
        needs: [format]
        run: |
          touch linted
          true
      - name: docs
        background: true
        needs: [lint]
        run: touch documented
  post-checkout:
    background: true
    jobs:
      - name: deps
        run: touch installed
"""
TASKS = """\
bg                   all background jobs that need no event
bg:post-checkout     the background jobs of post-checkout
bg:pre-commit        the background jobs of pre-commit
fg                   all foreground jobs
post-checkout        all jobs of post-checkout
post-checkout:deps   touch installed
pre-commit           all jobs of pre-commit
pre-commit:docs      touch documented
pre-commit:format    Formats {all}
pre-commit:lint      touch linted
"""
GROUPS = [line for line in TASKS.splitlines() if ":" not in line.split()[0]]
ODD_NAMES = ["lint *", "lint ?", "lint [ab] *", "a:b/c", "größe 名", "it's", "{name}", "%s"]


def test_list_shows_the_groups_and_with_all_also_the_jobs(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    groups, everything, status, members, quiet, sorted_ = doit(
        ["list"],
        ["list", "--all"],
        ["list", "--all", "--status"],
        ["list", "--all", "-q", "bg"],
        ["list", "-q", "--template={name}: {doc}"],
        ["list", "--all", "--sort", "definition", "-q"],
    )
    assert [line.split(None, 1) for line in groups.out.splitlines()] == [line.split(None, 1) for line in GROUPS]
    assert everything.out == TASKS
    assert status.out == "".join(f"R {line}\n" for line in TASKS.splitlines())
    assert members.out.split() == ["bg", "bg:post-checkout", "bg:pre-commit"]
    assert "fg: all foreground jobs\n" in quiet.out
    assert sorted_.out.split()[:4] == ["pre-commit", "pre-commit:format", "pre-commit:lint", "pre-commit:docs"]


def test_info_and_help_show_a_job(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    info, no_status, help_ = doit(
        ["info", "pre-commit:lint"], ["info", "--no-status", "bg"], ["help", "pre-commit:format"]
    )
    assert info.out.startswith("\npre-commit:lint\n\ntouch linted\n")
    assert "task_dep   : \n - pre-commit:format\n" in info.out
    assert no_status.code == 0 and " - bg:pre-commit\n - bg:post-checkout\n" in no_status.out
    assert help_ == (0, "pre-commit:format  Formats {all}\n", "")


def test_ignore_reaches_the_jobs_of_a_group_and_forget_takes_it_back(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    ignored, forgotten = (
        doit(["ignore", "bg", "pre-commit:lint"], ["list", "--all", "-sq"], command, ["list", "--all", "-sq"])
        for command in (["forget", "bg"], ["forget"])
    )
    for results, left in ((ignored, {"pre-commit:lint"}), (forgotten, set[str]())):
        said, before, _, after = results
        jobs = {"pre-commit:lint", "pre-commit:docs", "post-checkout:deps"}
        assert jobs <= {line.removeprefix("ignoring ") for line in said.out.splitlines()}
        assert jobs <= _with_status("I", before)
        assert _with_status("I", after) == left


def test_forget_without_tasks_forgets_all_of_them(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    plain, all_, disabled, sub = doit(
        ["forget"], ["forget", "--all"], ["forget", "--disable-default"], ["forget", "-s", "pre-commit:lint"]
    )
    assert plain.code == 0 and "forgetting pre-commit:lint\n" in plain.out and "forgetting bg:pre-commit\n" in plain.out
    assert all_.out == "forgetting all tasks\n"
    assert disabled.out.startswith("no tasks specified")
    assert sub.out == "forgetting pre-commit:lint\nforgetting pre-commit:format\n"


def test_clean_reset_dep_and_tabcompletion_work(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    clean, clean_one, dry, reset, bash, zsh = doit(
        ["clean"],
        ["clean", "-c", "bg", "pre-*"],
        ["clean", "-n", "--forget", "-a"],
        ["reset-dep", "pre-commit"],
        ["tabcompletion", "--hardcode-tasks"],
        ["tabcompletion", "-s", "zsh", "--hardcode-tasks"],
    )
    assert clean == clean_one == dry == (0, "", "")
    assert reset.out.splitlines() == [f"processed pre-commit{job}" for job in ("", ":format", ":lint", ":docs")]
    assert 'tasks="bg fg post-checkout pre-commit"' in bash.out
    assert "'fg: all foreground jobs'" in zsh.out


def test_the_commands_that_only_look_leave_nothing_behind(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    doit(["list"], ["info", "bg"], ["help", "fg"], ["clean"], ["tabcompletion"], ["run"], ["nothing"])
    assert _names(hooked.path) == {".git", "hooks.dodo"}
    assert not list(hooked.state.glob("dodo-hooks/doit/*"))
    doit(["ignore", "bg"], ["reset-dep"])
    assert _names(hooked.path) == {".git", "hooks.dodo"}
    (database,) = hooked.state.glob("dodo-hooks/doit/*.json")
    assert json.loads(database.read_text())["bg"]["ignore:"] == "1"


def test_the_database_is_one_for_all_worktrees_and_another_for_another_repository(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    hooked.git("add", "hooks.dodo")
    hooked.git("commit", "-q", "-m", "hooks")
    linked = hooked.worktree("linked")
    other = Repo.create(hooked.path.parent / "other", hooked.env)
    other.file(FILE)
    doit(["ignore", "fg"])
    (seen,) = doit(["list", "-sq"], folder=linked.path)
    (not_seen,) = doit(["list", "-sq"], folder=other.path)
    assert "fg" in _with_status("I", seen) and "fg" not in _with_status("I", not_seen)


def test_outside_of_git_a_hook_file_can_be_shown(hooked: Repo, doit: Doit) -> None:
    outside = hooked.path.parent / "outside"
    outside.mkdir()
    (outside / "hooks.dodo").write_text(FILE)
    everything, _, seen = doit(["list", "--all"], ["ignore", "fg"], ["list", "-sq"], folder=outside)
    assert everything.out == TASKS
    assert "fg" in _with_status("I", seen)
    assert _names(outside) == {"hooks.dodo"}


def test_a_file_can_be_named_in_every_way_that_doit_has(hooked: Repo, doit: Doit) -> None:
    hooked.write("other/x.dodo", FILE)
    hooked.write("other/x.yml", FILE)
    hooked.write("other/x.yaml", FILE)
    file = str(hooked.path / "other" / "x.dodo")
    named = doit(
        ["-f", "other/x.dodo", "list", "--all"],
        ["list", "--all", "-f", "other/x.yml"],
        ["--file=other/x.yaml", "list", "--all"],
        ["-f", file, "-d", "other", "list", "--all"],
        ["list", "--all", f"--file={file}"],
    )
    hooked.write("doit.cfg", "[GLOBAL]\ndodoFile = other/x.dodo\nbackend = sqlite3\ndep_file = mine.db\n")
    named += doit(["list", "--all"])
    os.unlink(hooked.path / "doit.cfg")
    hooked.env["DOIT_FILE"] = "other/x.dodo"
    named += doit(["list", "--all"])
    assert [result.out for result in named] == [TASKS] * 7
    assert _names(hooked.path) == {".git", "other"}
    assert _names(hooked.path / "other") == {"x.dodo", "x.yml", "x.yaml"}


LINT = {"pre-commit": {"jobs": [{"name": "lint", "run": "true"}]}}
PLAIN = [("daft", "daft.yml"), *(("lefthook", f"lefthook.{ending}") for ending in ("yml", "toml", "json", "jsonc"))]
BODIES = {"dodo": json.dumps({"hooks": LINT}), "daft": json.dumps({"hooks": LINT}), "lefthook": json.dumps(LINT)}
TOML = '[[pre-commit.jobs]]\nname = "lint"\nrun = "true"\n'


def test_a_file_of_every_config_format_can_be_given_to_doit(hooked: Repo, doit: Doit) -> None:
    for config_format, name in PLAIN:
        hooked.write(f"below/{name}", TOML if name.endswith(".toml") else BODIES[config_format])
    given = doit(*(["-f", f"below/{name}", "list", "-q"] for _, name in PLAIN))
    assert [(result.out.split(), result.err) for result in given] == [(["bg", "fg", "pre-commit"], "")] * len(PLAIN)


@pytest.mark.parametrize("name", ["lefthook.yml", "lefthook.toml", "daft.yml"])
def test_a_file_of_another_format_is_found_by_plain_doit(hooked: Repo, doit: Doit, name: str) -> None:
    hooked.write(name, TOML if name.endswith(".toml") else BODIES[name.partition(".")[0]])
    (found,) = doit(["list", "-q"])
    assert (found.out.split(), found.err) == (["bg", "fg", "pre-commit"], "")


def test_a_dodo_py_comes_before_the_hook_file_of_any_format(hooked: Repo, doit: Doit) -> None:
    hooked.write("dodo.py", "def task_own():\n    return {'actions': ['true']}\n")
    for _, name in PLAIN:
        hooked.write(name, TOML if name.endswith(".toml") else BODIES[name.partition(".")[0]])
    (result,) = doit(["list", "-q"])
    assert (result.out.split(), result.err) == (["own"], "")


def test_the_file_is_found_from_a_folder_of_the_working_tree(hooked: Repo, doit: Doit) -> None:
    hooked.write(".config/hooks.dodo.yml", FILE)
    hooked.write("deep/down/readme", "")
    (everything,) = doit(["list", "--all"], folder="deep/down")
    assert everything.out == TASKS


def test_the_database_can_be_put_elsewhere_and_no_other_backend_can_be_had(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    hooked.env["ELSEWHERE"] = elsewhere = str(hooked.path.parent / "elsewhere.json")
    _, seen, other_backend, same_backend = doit(
        ["ignore", f"--db-file={elsewhere}", "fg"],
        ["list", "-sq", f"--db-file={elsewhere}"],
        ["list", "--backend=sqlite3"],
        ["list", "--backend=dodo-hooks", "--all"],
    )
    assert "fg" in _with_status("I", seen) and Path(elsewhere).exists()
    assert other_backend == (
        3,
        "",
        "ERROR: hook files need the backend dodo-hooks; run the command without --backend\n",
    )
    assert same_backend.out == TASKS


def test_a_run_without_a_selection_says_what_to_type(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    for result in doit([], ["run"], ["run", "-n", "2"], ["-f", "hooks.dodo"]):
        assert result == (
            3,
            "",
            "ERROR: no job selected; try `doit run bg`, `doit run pre-commit`, or a name that `doit list` shows\n",
        )


def test_r22_what_is_not_there_is_one_message_and_exit_code_3(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    commands = ["run", "info", "list", "ignore", "forget", "clean", "reset-dep"]
    results = doit(
        *([command, "pre-commit:nothing"] for command in commands), ["run", "no-*"], ["run", "fg", "nothing"]
    )
    for result, asked_for in zip(results, ["pre-commit:nothing"] * len(commands) + ["no-*", "nothing"], strict=True):
        assert (result.code, result.out) == (3, "")
        assert result.err.startswith("ERROR: ") and asked_for in result.err and "Traceback" not in result.err


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("hooks:\n  pre-commit:\n    jobs: [{name: a, run: a, needs: [b]}]\n    piped: 3\n", 2),
        ("hooks:\n  pre-commit:\n    jobs: [{name: a, run: a, needs: [b]}, {name: b, run: b, needs: [a]}]\n", 1),
        ("hooks: [\n", 1),
    ],
)
def test_c2_a_broken_file_names_all_its_errors_and_nothing_runs(
    hooked: Repo, doit: Doit, text: str, errors: int
) -> None:
    hooked.file(text)
    for result in doit(["list"], ["run", "bg"], ["-f", "hooks.dodo", "info", "bg"], ["ignore", "bg"]):
        assert result.code == 3 and result.out == ""
        lines = result.err.removeprefix("ERROR: ").splitlines()
        diagnostics = [line for line in lines if line.startswith("hooks.dodo:")]
        assert len(diagnostics) == errors
        assert all(line in diagnostics or line.lstrip(" 0123456789").startswith("|") for line in lines)
    assert _names(hooked.path) == {".git", "hooks.dodo"}


def test_c4_any_name_works_wherever_doit_takes_one(hooked: Repo, doit: Doit) -> None:
    jobs = [
        {"name": name, "run": "true", "needs": ODD_NAMES[:2] if number > 1 else []}
        for number, name in enumerate(ODD_NAMES)
    ]
    hooked.file(json.dumps({"hooks": {"pre-commit": {"jobs": jobs}}}))
    tasks = [f"pre-commit:{name}" for name in ODD_NAMES]
    commands = [
        [["info", task], ["ignore", task], ["list", "--all", "-sq"], ["clean", "--forget", task], ["list", "-q", task]]
        for task in tasks
    ]
    results = iter(doit(*chain.from_iterable(commands), ["list", "--all", "-sq"]))
    for task, needs in zip(tasks, [[], [], *[tasks[:2]] * len(tasks)], strict=False):
        info, ignored, status, cleaned, listed = islice(results, 5)
        assert [line[3:] for line in info.out.splitlines() if line.startswith(" - ")] == needs
        assert ignored.out == f"ignoring {task}\n"
        assert _with_status("I", status) == {task}  # and none of those before: each was forgotten, and it alone
        assert (cleaned.code, listed.out.strip()) == (0, task)
    assert _with_status("I", next(results)) == set()


def test_a_second_hook_file_is_named_in_a_notice(hooked: Repo, doit: Doit) -> None:
    hooked.file(FILE)
    hooked.write(".hooks.dodo", FILE)
    (result,) = doit(["list", "--all"])
    assert result == (0, TASKS, "dodo-hooks: .hooks.dodo is not read, because hooks.dodo comes first\n")


def _with_status(letter: str, listed: Result) -> set[str]:
    lines = [line.split(" ", 1) for line in listed.out.splitlines()]
    return {name.strip() for status, name in lines if status == letter}


def _names(folder: Path) -> set[str]:
    return set(os.listdir(folder))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "folder"])
def test_r22_what_is_no_file_is_one_sentence(repo: Repo, doit: Doit, make: Callable[[Path], None]) -> None:
    make(repo.path / "x.dodo")
    [done] = doit(["list", "-f", "x.dodo"])
    assert done.code == 3 and done.err.startswith("ERROR: x.dodo: expected a hook file, found")
