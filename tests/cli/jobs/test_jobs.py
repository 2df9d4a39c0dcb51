"""`dodo-hooks jobs`: the newest first, with what ran, what did not and why."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable

import pytest
from colorama import Fore, Style

from kit.answer import Cli
from kit.history import DONE, LOST, History, end, ended_as, start
from kit.repo import SCRIPT, Repo
from kit.terminal import Terminal, columns_of

JOBS = (
    "from dodo_hooks.cli import root_command as group; from dodo_hooks.host.world import make_world\n"
    "group.run(['jobs'], make_world())"
)


def test_r3_a_skip_is_listed_with_its_reason_and_its_root_cause(cli: Cli, history: History) -> None:
    writer = history.begin({"base": (), "lib": ("base",), "app": ("lib",)})
    end(writer, 0, LOST)
    end(writer, 1, ended_as("skipped", "need", "needs base, which failed", need=0, root_cause=0))
    end(writer, 2, ended_as("skipped", "need", "needs lib, which was skipped", need=1, root_cause=0))
    answer = cli("jobs")
    assert answer.code == 0
    ((heading, rows),) = answer.runs()
    assert heading[1:] == ["post-commit", "main", "running"]
    assert rows == [
        ["base", "failed", "0.5s", "exit code 7"],
        ["lib", "skipped", "0.5s", "needs base, which failed"],
        ["app", "skipped", "0.5s", "needs lib, which was skipped (root cause: base)"],
    ]


def test_what_runs_and_what_waits_is_listed(cli: Cli, history: History) -> None:
    start(history.begin({"deps": (), "build": ("deps",)}), "deps")
    ((_, rows),) = cli("jobs").runs()
    assert [row[:2] for row in rows] == [["deps", "running"], ["build", "pending"]]
    assert re.fullmatch(r"\d+\.\ds", rows[0][2])


def test_the_newest_come_first_and_ten_are_enough(cli: Cli, history: History) -> None:
    ids = [history.finished({"a": DONE}).id for _ in range(12)]
    assert cli("jobs", "-v").ids() == ids[:1:-1]
    assert cli("jobs", "-v", "--last", "2").ids() == ids[:9:-1]
    assert cli("jobs", "-v", "--all").ids() == cli("jobs", "-v", "--last", str(10**30)).ids() == ids[::-1]


def test_an_id_is_shown_to_those_who_ask_for_it(cli: Cli, history: History) -> None:
    identity = history.finished({"a": DONE, "b": DONE}).id
    assert identity not in cli("jobs").out
    assert cli("jobs", "-v").out.count(identity) == 1


def test_a_heading_says_who_fired_a_run_and_what_it_repeats(cli: Cli, history: History, repo: Repo) -> None:
    repo.hook("pre-commit", a="exit 7")
    repo.run("run", "pre-commit")
    first = repo.finished("pre-commit").id
    repo.run("jobs", "retry", "a")
    assert [heading[3:] for heading, _ in cli("jobs").runs()] == [["retry"], ["manual run"]]
    assert f"retry of {first}" in cli("jobs", "-v").out


def test_filters_count_what_they_let_through(cli: Cli, history: History) -> None:
    old = history.finished({"a": LOST, "b": DONE}, "post-checkout").id
    for _ in range(3):
        history.finished({"a": DONE})
    ((heading, rows),) = cli("jobs", "-v", "--failed", "--last", "1").runs()
    assert (heading[0], heading[2], [row[:2] for row in rows]) == (old, "post-checkout", [["a", "failed"]])
    ((heading, rows),) = cli("jobs", "-v", "--hook", "post-checkout", "--last", "1").runs()
    assert (heading[0], len(rows)) == (old, 2)
    assert sum(len(rows) for _, rows in cli("jobs", "--status", "completed", "--status", "failed").runs()) == 5
    answer = cli("jobs", "--status", "running")
    assert (answer.out, "no runs match" in answer.err) == ("", True)


def test_failed_is_also_what_crashed(cli: Cli, history: History) -> None:
    history.finished({"a": LOST, "b": DONE, "c": ended_as("crashed", "wave-died", "its wave process died")})
    assert [row[0] for row in cli("jobs", "--failed").runs()[0][1]] == ["a", "c"]


def test_a_worktree_is_named_when_there_are_two(cli: Cli, history: History, repo: Repo) -> None:
    history.finished({"a": DONE})
    assert "worktree" not in cli("jobs").out
    history.finished({"a": DONE}, worktree="/home/me/topic")
    assert [heading[-1] for heading, _ in cli("jobs").runs()] == ["worktree topic", "worktree repo"]
    for here in ("repo", str(repo.path), "."):
        assert len(cli("jobs", "--worktree", here).runs()) == 1


def test_r22_an_unknown_hook_is_an_error(cli: Cli) -> None:
    answer = cli("jobs", "--hook", "post-comit")
    assert answer.code == 3
    assert '"post-commit"' in answer.err


def test_the_runs_of_a_task_are_listed_by_its_name(cli: Cli, history: History) -> None:
    history.finished({"a": DONE}, "deploy")
    history.finished({"b": DONE})
    assert [row[0] for _, rows in cli("jobs", "--hook", "deploy").runs() for row in rows] == ["a"]
    assert (cli("jobs", "--hook", "release").code, cli("jobs", "--hook", "release").out) == (0, "")


def test_nothing_on_record_is_reported_on_stderr(cli: Cli) -> None:
    answer = cli("jobs")
    assert (answer.code, answer.out) == (0, "")
    assert "no runs yet" in answer.err
    assert json.loads(cli("jobs", "--format", "json").out) == []


def test_another_repository_can_be_asked_for(cli: Cli, history: History, repo: Repo) -> None:
    invocation = history.finished({"a": DONE})
    elsewhere = str(repo.path.parent)
    # Also from within a hook, where git's variables name the repository of the hook.
    for options in (["jobs", "-v", "--repo", "repo"], ["jobs", "-v", "--repo", str(repo.path)]):
        assert cli(*options, cwd=elsewhere, GIT_DIR="/nowhere").ids() == [invocation.id]
    for argv in (["jobs", "--repo", "repo", "logs", "a"], ["jobs", "logs", "--repo", "repo", "a"]):
        assert cli(*argv, cwd=elsewhere).code == 0


def test_a_removed_repository_is_found_by_its_old_path(cli: Cli, history: History, repo: Repo) -> None:
    repo.hook("pre-commit", a="echo from a")
    repo.run("run", "pre-commit", check=True)
    identity = repo.finished("pre-commit").id
    shutil.rmtree(repo.path)
    elsewhere = str(repo.path.parent)
    assert cli("jobs", "-v", "--repo", str(repo.path), cwd=elsewhere).ids() == [identity]
    assert cli("jobs", "logs", "--repo", "repo", "a", cwd=elsewhere).out == "from a\n"
    assert cli("jobs", "prune", "--repo", "repo", cwd=elsewhere).out.endswith(", deleted\n")
    assert cli("jobs", "--repo", ".", cwd=elsewhere).code == 2


def test_a_repository_is_found_by_each_path_at_which_it_was(cli: Cli, history: History, repo: Repo) -> None:
    """A worktree was removed; then the repository was moved, and removed at its new place."""
    elsewhere, moved = repo.path.parent, Repo(repo.path.parent / "moved", repo.env)
    repo.hook("pre-commit", a="true")
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "x")
    worktree = repo.worktree("worktree")
    worktree.run("run", "pre-commit", check=True)
    repo.git("worktree", "remove", "--force", str(worktree.path))
    repo.run("run", "pre-commit", check=True)
    repo.path.rename(moved.path)
    moved.run("run", "pre-commit", check=True)
    shutil.rmtree(moved.path)
    ids = cli("jobs", "--all-repos", "-v", cwd=str(elsewhere)).ids()
    assert len(ids) == 4  # the commit is one, too
    for one in (repo, worktree, moved):
        assert cli("jobs", "-v", "--repo", str(one.path), cwd=str(elsewhere)).ids() == ids, one.path


def test_a_path_at_which_nothing_is_does_not_mean_the_repository_around_it(cli: Cli, history: History) -> None:
    history.finished({"a": DONE})
    for argv in (["jobs", "--repo", "typo"], ["trust", "typo"], ["deny", "typo"]):
        answer = cli(*argv)
        assert (answer.code, answer.out, answer.err) == (3, "", "typo: no such directory\n"), argv


def test_json_has_every_field_and_survives_any_byte(cli: Cli, history: History) -> None:
    worktree = os.fsdecode(b"/home/me/\xff\x1b")
    invocation = history.finished({"ünï": LOST}, worktree=worktree)
    answer = cli("jobs", "--format", "json")
    assert answer.out.isascii()
    (record,) = json.loads(answer.out)
    on_disk = json.loads((invocation.path / "invocation.json").read_text())
    assert record["worktree"] == worktree
    del on_disk["schema"]
    assert {name: record[name] for name in on_disk} == on_disk
    (job,) = record["jobs"]
    meta = json.loads(invocation.job("ünï").path.read_text())
    del meta["schema"]
    assert {name: job[name] for name in meta} == meta


def test_r18_a_dead_writers_jobs_are_listed_as_crashed_and_ended_on_the_way(cli: Cli, history: History) -> None:
    invocation = history.killed({"deps": (), "build": ("deps",)}, running=["deps"])
    answer = cli("jobs")
    ((_, rows),) = answer.runs()
    assert [row[:2] for row in rows[:2]] == [["deps", "crashed"], ["build", "skipped"]]
    assert answer.out.count("the process that ran this invocation died") == 1  # by the job
    assert invocation.has_ended()


def test_r18_r21_in_a_store_that_cannot_be_written_the_same_is_shown(cli: Cli, history: History) -> None:
    invocation = history.killed({"deps": (), "build": ("deps",)}, running=["deps"])
    (invocation.path / "jobs" / "0-deps" / "meta.json.tmp").mkdir()
    answer = cli("jobs")
    assert [row[:2] for row in answer.runs()[0][1]] == [["deps", "crashed"], ["build", "skipped"]]
    assert (answer.code, answer.err) == (0, "")
    assert not invocation.has_ended()


def test_r19_what_is_broken_is_reported_once_and_the_rest_is_listed(cli: Cli, history: History) -> None:
    broken, half, fine = (history.finished({"a": DONE, "b": DONE}) for _ in range(3))
    (broken.path / "invocation.json").write_bytes(b"{")
    (half.path / "jobs" / "0-a" / "meta.json").write_bytes(b"\xff")
    answer = cli("jobs", "-v")
    assert answer.code == 0
    assert [(heading[0], [row[0] for row in rows]) for heading, rows in answer.runs()] == [
        (fine.id, ["a", "b"]),
        (half.id, ["b"]),
    ]
    assert answer.err.count("\n") == 2
    assert str(broken.path) in answer.err and str(half.path) in answer.err


@pytest.mark.parametrize("cut", [b"{", b'{"schema": 1, "id": ', b'{"schema": 1'])
def test_r19_a_record_that_is_cut_off_is_reported_by_a_process_without_json(
    repo: Repo, history: History, cut: bytes
) -> None:
    broken, fine = (history.finished({"a": DONE}) for _ in range(2))
    (broken.path / "invocation.json").write_bytes(cut)
    done = repo.call(sys.executable, "-c", SCRIPT, "jobs", "-v")
    assert (done.returncode, done.stderr.count("skipped unreadable record")) == (0, 1), done.stderr
    assert fine.id in done.stdout


def test_r19_a_run_of_which_no_job_can_be_read_is_still_one(cli: Cli, history: History) -> None:
    invocation = history.finished({"a": DONE})
    shutil.rmtree(invocation.path / "jobs")
    ((heading, rows),) = cli("jobs", "-v").runs()
    assert (heading[0], rows) == (invocation.id, [])


def test_r10_an_error_of_a_run_as_a_whole_is_shown(cli: Cli, history: History) -> None:
    writer = history.begin({"a": ()})
    writer.note(error="post-commit: these jobs can never start: a")
    assert "\n  post-commit: these jobs can never start: a\n" in cli("jobs").out


def test_a_signal_is_a_reason(cli: Cli, history: History) -> None:
    history.finished({"a": ended_as("failed", "signal", signal=9)})
    assert cli("jobs").runs()[0][1][0][-1] == "signal 9"


def test_what_a_terminal_would_obey_is_shown_escaped(cli: Cli, history: History) -> None:
    history.finished({"a\x1b[31m": DONE, "b\nc": DONE, "\u202ed": DONE, "e\udcff": DONE})
    assert [row[0] for row in cli("jobs").runs()[0][1]] == ["a\\x1b[31m", "b\\nc", "\\u202ed", "e\\xff"]


def test_a_long_line_is_not_cut_off_when_nobody_looks(cli: Cli, history: History) -> None:
    name = "x" * 500
    history.finished({name: ended_as("failed", "exit", "y" * 500, exit_code=1)})
    assert [row[0] for row in cli("jobs").runs()[0][1]] == [name]
    assert "y" * 500 in cli("jobs", COLUMNS="80").out


def test_wide_characters_keep_the_columns_straight(cli: Cli, history: History) -> None:
    history.finished({"日本": LOST, "abcd": LOST})
    first, second = cli("jobs").out.splitlines()[1:]
    assert first.index("failed") + 2 == second.index("failed")


def test_a_name_that_the_output_cannot_show_is_no_crash(repo: Repo, history: History) -> None:
    history.finished({"日本": DONE})
    done = repo.call(sys.executable, "-c", JOBS, check=True, env={"PYTHONIOENCODING": "latin-1"})
    assert "\\u65e5\\u672c" in done.stdout


# At a terminal

Start = Callable[..., Terminal]


def lines_at_terminal(terminal: Start, *variables: str) -> bytes:
    at_work = terminal("env", "TERM=xterm", "COLUMNS=100", *variables, sys.executable, "-c", JOBS)
    assert at_work.wait() == 0, at_work.output
    return at_work.output


def test_at_a_terminal_statuses_have_colours(terminal: Start, history: History) -> None:
    history.finished({"failed": DONE, "b": LOST})
    lines = lines_at_terminal(terminal).splitlines()
    assert b"\x1b[32mcompleted" in lines[1] and b"\x1b[1m\x1b[31mfailed" in lines[2]
    assert b"mfailed" not in lines[1]  # the job of that name


def test_the_variables_about_colours_count_elsewhere_too(repo: Repo, history: History) -> None:
    history.finished({"a": DONE, "b": LOST})
    shown = repo.run("jobs", env={"FORCE_COLOR": "1"}).stdout
    assert f"{Fore.GREEN}completed" in shown and f"{Style.BRIGHT}{Fore.RED}failed" in shown
    assert "\x1b" not in repo.run("jobs").stdout


@pytest.mark.parametrize("variable", ["NO_COLOR=1", "TERM=dumb", "CLICOLOR=0"])
def test_no_color_means_no_escape_at_all(terminal: Start, history: History, variable: str) -> None:
    history.finished({"a": DONE, "b": LOST})
    output = lines_at_terminal(terminal, variable)
    assert b"completed" in output and b"\x1b" not in output


def test_an_empty_no_color_is_none(terminal: Start, history: History) -> None:
    history.finished({"a": DONE})
    assert b"\x1b[32m" in lines_at_terminal(terminal, "NO_COLOR=")


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_columns_fit_the_terminal(terminal: Start, history: History, columns: int) -> None:
    long = ended_as("failed", "exit", "words of a reason " * 20, exit_code=1)
    history.finished({"a name that is long " * 5: long, "b\x1b[2J[red]": DONE, "日本" * 40: long})
    output = lines_at_terminal(terminal, "NO_COLOR=1", f"COLUMNS={columns}").decode()
    assert "[red]" in output and "\x1b" not in output
    widths = [columns_of(line.rstrip("\r")) for line in output.splitlines()]
    assert max(widths) <= columns and max(widths) >= columns - 1
    assert output.count("\u2026") >= 3 and len(output.splitlines()) == 4


def test_verbose_cuts_nothing_off(terminal: Start, history: History) -> None:
    history.finished({"a": ended_as("failed", "exit", "y" * 200, exit_code=1)})
    program = JOBS.replace("['jobs']", "['jobs', '-v']")
    at_work = terminal("env", "TERM=dumb", "COLUMNS=70", sys.executable, "-c", program)
    assert at_work.wait() == 0
    assert b"y" * 200 in at_work.output


@pytest.mark.parametrize("words", [("--all", "--last", "3"), ("--all-repos", "--repo", ".")])
def test_options_that_contradict_each_other_are_refused(cli: Cli, words: tuple[str, ...]) -> None:
    answer = cli("jobs", *words)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err == f"{words[0]} and {words[1]} cannot be used together\n"
