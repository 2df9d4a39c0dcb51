"""`dodo-hooks jobs`: the newest first, with what ran, what did not and why."""

import json
import os
import shutil
import sys
from collections.abc import Callable

import pytest

from dodo_hooks.core.status import COMPLETED, CRASHED, EXIT, FAILED, NEED, SIGNAL, SKIPPED, Outcome
from kit.answer import Cli
from kit.history import History, end, start
from kit.repo import Repo
from kit.terminal import Terminal

DONE = Outcome(COMPLETED, exit_code=0)
LOST = Outcome(FAILED, EXIT, exit_code=7)
JOBS = (
    "from dodo_hooks.cli import group; from dodo_hooks.host.world import make_world; group.run(['jobs'], make_world())"
)


def test_r3_a_skip_is_listed_with_its_reason_and_its_root_cause(cli: Cli, history: History) -> None:
    writer = history.begin({"base": (), "lib": ("base",), "app": ("lib",)})
    end(writer, 0, LOST)
    end(writer, 1, Outcome(SKIPPED, NEED, "needs base, which failed", need=0, root_cause=0))
    end(writer, 2, Outcome(SKIPPED, NEED, "needs lib, which was skipped", need=1, root_cause=0))
    answer = cli("jobs")
    assert answer.code == 0
    assert answer.rows() == [
        [writer.identity, "post-commit", "base", "failed", "0.5s", "exit code 7"],
        [writer.identity, "post-commit", "lib", "skipped", "0.5s", "needs base, which failed (root cause: base)"],
        [writer.identity, "post-commit", "app", "skipped", "0.5s", "needs lib, which was skipped (root cause: base)"],
    ]


def test_what_runs_and_what_waits_is_listed(cli: Cli, history: History) -> None:
    start(history.begin({"deps": (), "build": ("deps",)}), "deps")
    assert [row[2:] for row in cli("jobs").rows()] == [["deps", "running"], ["build", "pending"]]


def test_the_newest_come_first_and_ten_are_enough(cli: Cli, history: History) -> None:
    ids = [history.finished({"a": DONE}).id for _ in range(12)]
    assert [row[0] for row in cli("jobs").rows()] == ids[:1:-1]
    assert [row[0] for row in cli("jobs", "--last", "2").rows()] == ids[:9:-1]
    assert [row[0] for row in cli("jobs", "--all").rows()] == ids[::-1]


def test_filters_count_what_they_let_through(cli: Cli, history: History) -> None:
    old = history.finished({"a": LOST, "b": DONE}, "post-checkout").id
    for _ in range(3):
        history.finished({"a": DONE})
    assert [row[:4] for row in cli("jobs", "--failed", "--last", "1").rows()] == [[old, "post-checkout", "a", "failed"]]
    assert [row[0] for row in cli("jobs", "--hook", "post-checkout", "--last", "1").rows()] == [old, old]
    assert len(cli("jobs", "--status", "completed", "--status", "failed").rows()) == 5
    assert cli("jobs", "--status", "running").rows() == []


def test_failed_is_also_what_crashed(cli: Cli, history: History) -> None:
    history.finished({"a": LOST, "b": DONE, "c": Outcome(CRASHED, "wave-died", "its wave process died")})
    assert [row[2] for row in cli("jobs", "--failed").rows()] == ["a", "c"]


def test_a_working_tree_is_a_column_when_there_are_two(cli: Cli, history: History, repo: Repo) -> None:
    history.finished({"a": DONE})
    assert "WORKTREE" not in cli("jobs").out
    history.finished({"a": DONE}, worktree="/home/me/topic")
    assert [row[-1] for row in cli("jobs").rows()] == ["topic", "repo"]
    for here in ("repo", str(repo.path), "."):
        assert len(cli("jobs", "--worktree", here).rows()) == 1


def test_r22_an_unknown_hook_is_an_error(cli: Cli) -> None:
    answer = cli("jobs", "--hook", "post-comit")
    assert answer.code == 3
    assert '"post-commit"' in answer.err


def test_nothing_on_record_is_said_on_stderr(cli: Cli) -> None:
    answer = cli("jobs")
    assert (answer.code, answer.out) == (0, "")
    assert "on record" in answer.err
    assert json.loads(cli("jobs", "--format", "json").out) == []


def test_another_repository_can_be_asked_for(cli: Cli, history: History, repo: Repo) -> None:
    invocation = history.finished({"a": DONE})
    elsewhere = str(repo.path.parent)
    # Also from within a hook, where git's variables name the repository of the hook.
    for options in (["jobs", "--repo", "repo"], ["jobs", "--repo", str(repo.path)]):
        assert [row[0] for row in cli(*options, cwd=elsewhere, GIT_DIR="/nowhere").rows()] == [invocation.id]
    for argv in (["jobs", "--repo", "repo", "logs", "a"], ["jobs", "logs", "--repo", "repo", "a"]):
        assert cli(*argv, cwd=elsewhere).code == 0


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
    assert [row[2:4] for row in answer.rows()[:2]] == [["deps", "crashed"], ["build", "skipped"]]
    assert f"{invocation.id}: the process that ran this invocation died" in answer.out
    assert invocation.has_ended()


def test_r18_r21_in_a_store_that_cannot_be_written_the_same_is_shown(cli: Cli, history: History) -> None:
    invocation = history.killed({"deps": (), "build": ("deps",)}, running=["deps"])
    (invocation.path / "jobs" / "0-deps" / "meta.json.tmp").mkdir()
    answer = cli("jobs")
    assert [row[2:4] for row in answer.rows()] == [["deps", "crashed"], ["build", "skipped"]]
    assert (answer.code, answer.err) == (0, "")
    assert not invocation.has_ended()


def test_r19_what_is_broken_is_told_once_and_the_rest_is_listed(cli: Cli, history: History) -> None:
    broken, half, fine = (history.finished({"a": DONE, "b": DONE}) for _ in range(3))
    (broken.path / "invocation.json").write_bytes(b"{")
    (half.path / "jobs" / "0-a" / "meta.json").write_bytes(b"\xff")
    answer = cli("jobs")
    assert answer.code == 0
    assert [(row[0], row[2]) for row in answer.rows()] == [(fine.id, "a"), (fine.id, "b"), (half.id, "b")]
    assert answer.err.count("\n") == 2
    assert str(broken.path) in answer.err and str(half.path) in answer.err


def test_r19_a_run_of_which_no_job_can_be_read_is_still_one(cli: Cli, history: History) -> None:
    invocation = history.finished({"a": DONE})
    shutil.rmtree(invocation.path / "jobs")
    assert cli("jobs").rows() == [[invocation.id, "post-commit", "-", "-"]]


def test_r10_an_error_of_a_run_as_a_whole_is_shown(cli: Cli, history: History) -> None:
    writer = history.begin({"a": ()})
    writer.note(error="post-commit: these jobs can never start: a")
    assert f"{writer.identity}: post-commit: these jobs can never start: a\n" in cli("jobs").out


def test_a_signal_is_a_reason(cli: Cli, history: History) -> None:
    history.finished({"a": Outcome(FAILED, SIGNAL, signal=9)})
    assert cli("jobs").rows()[0][-1] == "signal 9"


def test_what_a_terminal_would_obey_is_shown_escaped(cli: Cli, history: History) -> None:
    history.finished({"a\x1b[31m": DONE, "b\nc": DONE, "\u202ed": DONE, "e\udcff": DONE})
    assert [row[2] for row in cli("jobs").rows()] == ["a\\x1b[31m", "b\\nc", "\\u202ed", "e\\xff"]


def test_a_long_line_is_not_cut_off_when_nobody_looks(cli: Cli, history: History) -> None:
    name = "x" * 500
    history.finished({name: Outcome(FAILED, EXIT, "y" * 500, exit_code=1)})
    assert [row[2] for row in cli("jobs").rows()] == [name]
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
    assert b"\x1b[32mcompleted" in lines[1] and b"\x1b[1;31mfailed" in lines[2]
    assert b"1mfailed" not in lines[1]  # the job of that name


@pytest.mark.parametrize("variable", ["NO_COLOR=1", "TERM=dumb"])
def test_no_color_means_no_escape_at_all(terminal: Start, history: History, variable: str) -> None:
    history.finished({"a": DONE, "b": LOST})
    output = lines_at_terminal(terminal, variable)
    assert b"completed" in output and b"\x1b" not in output


def test_an_empty_no_color_is_none(terminal: Start, history: History) -> None:
    history.finished({"a": DONE})
    assert b"\x1b[32m" in lines_at_terminal(terminal, "NO_COLOR=")


def test_a_narrow_terminal_folds_and_loses_nothing(terminal: Start, history: History) -> None:
    history.finished({"a": Outcome(FAILED, EXIT, "y" * 200, exit_code=1), "b\x1b[2J[red]": DONE})
    output = lines_at_terminal(terminal, "NO_COLOR=1", "COLUMNS=70")
    assert output.count(b"y") == 200
    assert b"[red]" in output and b"\x1b" not in output
    assert max(map(len, output.splitlines())) <= 70
