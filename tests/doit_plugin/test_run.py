"""The command `doit run` on a hook file: our engine runs the selected jobs, and the chosen reporter prints them."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from kit.here import cache_plan
from kit.repo import Done, Repo

# Each job writes its name into the file `ran`, so the tests see what ran, and in which order.
FILE = """\
hooks:
  pre-commit:
    jobs:
      - name: format
        run: echo format >> ran
      - name: lint *
        needs: [format]
        run: echo lint >> ran; echo said; exit 3
      - name: build
        needs: ["lint *"]
        run: echo build >> ran
  pre-merge-commit:
    jobs:
      - name: check
        run: echo check >> ran
  post-merge:
    background: true
    jobs:
      - name: deps
        run: echo deps >> ran
      - name: warm
        needs: [deps]
        run: echo warm >> ran
"""
MY_RUN = """
from doit.cmd_run import Run

class MyRun(Run):
    name = "run"
    def _execute(self, outfile):
        return super()._execute(outfile)
"""


@pytest.fixture
def project(hooked: Repo) -> Repo:
    hooked.file(FILE)
    cache_plan(hooked.path, hooked.env)
    return hooked


def test_a_job_that_does_not_apply_has_a_line_that_says_why(hooked: Repo) -> None:
    hooked.file("hooks: {pre-commit: {jobs: [{name: a, run: 'true', glob: '*.nope'}, {name: b, run: 'true'}]}}\n")
    for words, lines in (["pre-commit:a"], 1), (["pre-commit"], 2):
        done = hooked.doit("run", *words)
        assert done.returncode == 0 and len(done.stdout.splitlines()) == lines, done
        assert " pre-commit:a  no matching staged files\n" in done.stdout


def test_run_bg_continues_after_the_prompt_is_back_and_is_on_record(project: Repo) -> None:
    done = project.doit("run", "bg")
    assert done.returncode == 0
    assert project.finished("post-merge").statuses() == {"deps": "completed", "warm": "completed"}
    assert _ran(project) == ["deps", "warm"]
    assert not project.invocations("pre-commit")


def test_run_bg_works_with_a_file_that_is_named_and_without_the_word_run(project: Repo) -> None:
    shutil.move(project.path / "hooks.dodo", project.path / "other.dodo")
    assert project.doit("-f", "other.dodo", "bg").returncode == 0
    assert project.finished("post-merge").statuses() == {"deps": "completed", "warm": "completed"}


@pytest.mark.parametrize(
    ("argv", "ran", "code"),
    [
        (["pre-commit:format"], ["format"], 0),
        (["run", "pre-merge-commit", "pre-commit:format"], ["check", "format"], 0),
        (["run", "*format", "pre-merge*"], ["check", "format"], 0),
        (["run", "pre-commit:lint *"], ["format", "lint"], 1),
        (["run", "-s", "pre-commit:build"], ["build"], 0),
        (["run", "-s", "pre-commit"], ["format", "lint"], 1),  # what is selected together waits for each other
        (["run", "-a", "-n", "1", "-c", "-v", "2", "fg"], ["check", "format", "lint"], 1),
    ],
)
def test_what_is_selected_runs_with_what_it_needs(project: Repo, argv: list[str], ran: list[str], code: int) -> None:
    assert project.doit(*argv).returncode == code
    assert sorted(_ran(project)) == ran


@pytest.mark.parametrize("argv", [("-n", "-1", "bg"), ("run", "-o", "/nowhere/out", "bg")])
def test_r22_an_option_that_makes_no_sense_is_one_sentence_and_nothing_runs(project: Repo, argv: tuple[str]) -> None:
    done = project.doit(*argv)
    assert done.returncode == 3 and done.stderr.startswith("ERROR: ") and done.stderr.count("\n") == 1
    assert not project.invocations()


@pytest.mark.parametrize(
    ("option", "output"),
    [("", "| head -c1"), ("", ">/dev/full"), ("-o /dev/full", ""), ("-r json", ">/dev/full"), ("-r json", "| true")],
)
def test_r23_an_output_that_takes_nothing_costs_no_job(project: Repo, option: str, output: str) -> None:
    done = project.call("sh", "-c", f"{sys.executable} -m doit run {option} pre-merge-commit {output}")
    assert done.returncode == 0 and "Traceback" not in done.stderr and "Error" not in done.stderr, done.stderr
    assert project.finished("pre-merge-commit").statuses() == {"check": "completed"}


def test_the_variables_of_a_fired_hook_leave_jobs_out(project: Repo) -> None:
    done = project.doit("run", "pre-merge-commit", "pre-commit:lint *", env={"DODO_HOOKS_SKIP": "check,lint *"})
    assert done.returncode == 0 and done.stdout.count("left out by DODO_HOOKS_SKIP=") == 2
    assert project.read("ran").split() == ["format"]
    assert not project.invocations("pre-merge-commit"), "none of its jobs applied"


def test_r23_the_console_reports_of_each_job_and_how_to_continue(project: Repo) -> None:
    done = project.doit("pre-commit")
    assert done.returncode == 1
    invocation = project.finished("pre-commit")
    assert re.sub(r" \d+\.\ds", "TIME", _of_reporter(done)) == (
        "✔ pre-commit:format        TIME\n"
        "✘ pre-commit:lint *        TIME  exit code 3\n"
        "\u2013 pre-commit:build        because lint * failed\n"
        "\n"
        "1 failed:\n"
        "  lint *: exit code 3\n"
        f"    log:       dodo-hooks jobs logs 'lint *@{invocation.id}'\n"
        "    run again: doit run 'pre-commit:lint *'\n"
    )
    assert invocation.statuses() == {"format": "completed", "lint *": "failed", "build": "skipped"}


def test_the_json_reporter_has_standard_output_for_itself(project: Repo) -> None:
    done = project.doit("run", "-r", "json", "pre-commit")
    tasks = json.loads(done.stdout)["tasks"]
    assert done.returncode == 1
    assert [(task["name"], task["status"], task["exit_code"]) for task in tasks] == [
        ("pre-commit:format", "completed", 0),
        ("pre-commit:lint *", "failed", 3),
        ("pre-commit:build", "skipped", None),
    ]
    assert "said" in done.stderr


@pytest.mark.parametrize(
    ("reporter", "said"),
    [
        ("zero", ""),
        ("error-only", "taskid:pre-commit:lint * - JobFailed\nlint *: exit code 3\n"),
        ("executed-only", ".  pre-commit:format\n.  pre-commit:lint *\nJobFailed - taskid:pre-commit:lint *\n"),
    ],
)
def test_doits_other_reporters_continue_working_and_write_where_o_says(project: Repo, reporter: str, said: str) -> None:
    assert project.doit("run", "-r", reporter, "-o", "report.txt", "pre-commit").returncode == 1
    assert project.read("report.txt").startswith(said)
    assert bool(project.read("report.txt")) == bool(said)


def test_an_ignored_job_is_skipped_until_it_is_forgotten(project: Repo) -> None:
    project.doit("ignore", "pre-commit:lint *", check=True)
    ignored = project.doit("fg")
    assert ignored.returncode == 0
    assert "pre-commit:lint *       ignored until you type `doit forget 'pre-commit:lint *'`\n" in ignored.stdout
    assert project.invocations("pre-commit")[-1].job("build").status == "skipped"
    project.doit("forget", check=True)
    assert project.doit("fg").returncode == 1


def test_a_run_leaves_no_file_in_the_repository(project: Repo) -> None:
    project.doit("fg")
    project.doit("bg")
    project.finished("post-merge")
    assert set(_names(project.path)) == {".git", "hooks.dodo", "ran"}


def test_a_run_command_of_the_project_gets_tasks_that_doits_own_runner_can_run(project: Repo) -> None:
    project.write("my_run.py", MY_RUN)
    project.write("doit.cfg", "[COMMAND]\nrun = my_run:MyRun\n")
    done = project.doit("run", "pre-commit:build")
    assert (done.returncode, _ran(project)) == (1, ["format", "lint"])  # doit stops at the first failure
    assert project.doit("run").returncode == 3
    assert not project.invocations()


def test_outside_of_git_nothing_can_be_run_and_one_sentence_says_so(project: Repo) -> None:
    shutil.rmtree(project.path / ".git")
    done = project.doit("fg")
    assert done.returncode in (2, 3) and not project.has("ran")
    assert done.stderr.startswith("ERROR: ") and len(done.stderr.splitlines()) == 1


def _ran(project: Repo) -> list[str]:
    return project.read("ran").split()


def _of_reporter(done: Done) -> str:
    """Return standard output without the blocks with the jobs' own output."""
    said = re.sub(r"^\[lint \*\]\nsaid\n", "", done.stdout, flags=re.MULTILINE)
    return said.replace("because lint * did not succeed", "because lint * failed")  # as the runner knows it


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
