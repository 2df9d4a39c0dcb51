"""`dodo-hooks jobs watch`: a table at a terminal, lines elsewhere; Ctrl-C ends the watching alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from dodo_hooks.cli.jobs.watch import STAY, Board, board_lines
from dodo_hooks.host.world import World
from kit.gate import Gate
from kit.history import DONE, LOST, History, end, start
from kit.process import DEADLINE_S, kill
from kit.repo import Repo
from kit.terminal import CTRL_C, Terminal

WATCH = (sys.executable, "-m", "dodo_hooks", "jobs", "watch")


def line(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().rstrip("\n")


def test_each_change_is_a_line_when_nobody_looks(repo: Repo, history: History) -> None:
    watching = repo.start(*WATCH)
    assert watching.stderr is not None and b"nothing is running" in watching.stderr.readline()
    writer = history.begin({"a\x1b[2J": (), "b": ()})
    head = f"{writer.identity} post-commit"
    assert [line(watching), line(watching)] == [f"{head} a\\x1b[2J: pending", f"{head} b: pending"]
    start(writer, "b")
    assert line(watching) == f"{head} b: running"
    end(writer, 1, LOST)
    assert line(watching) == f"{head} b: failed, exit code 7"
    watching.send_signal(signal.SIGINT)
    assert watching.communicate(timeout=DEADLINE_S) == (b"", b"")
    assert watching.returncode == 0


def test_r18_the_death_of_a_writer_is_a_change(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, a=gate.command)
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("a", "running")
    watching = repo.start(*WATCH)
    assert line(watching).endswith(" a: running")
    kill(invocation.record.coordinator)
    assert " a: crashed" in line(watching)
    watching.kill()
    watching.communicate()


def test_a_closed_output_ends_the_watching(repo: Repo, history: History) -> None:
    start(history.begin({"a": ()}), "a")
    reader, writer = os.pipe()
    watching = subprocess.Popen(WATCH, cwd=repo.path, env=repo.env, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert b"a: running" in os.read(reader, 1000)
    os.close(reader)
    assert watching.communicate(timeout=DEADLINE_S)[1] == b""
    assert watching.returncode == 141


def test_at_a_terminal_a_table_is_drawn_and_ctrl_c_leaves_it_in_order(
    repo: Repo, gate: Gate, terminal: Callable[..., Terminal]
) -> None:
    repo.hook("post-commit", background=True, deps=gate.command, build={"run": "exit 3", "needs": ["deps"]})
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    at_work = terminal("env", "TERM=xterm", "COLUMNS=120", *WATCH)
    at_work.shows(b"running")
    gate.open()
    at_work.shows(b"exit code 3")
    assert repo.finished("post-commit").statuses() == {"deps": "completed", "build": "failed"}
    at_work.press(CTRL_C)
    assert at_work.wait() == 0
    assert b"\x1b[?25" not in at_work.output  # the cursor is never hidden: Ctrl-Z would leave it so
    assert b"Traceback" not in at_work.output


def test_watching_starts_no_thread(repo: Repo, history: History, terminal: Callable[..., Terminal]) -> None:
    start(history.begin({"a": ()}), "a")
    at_work = terminal("env", "TERM=xterm", *WATCH)
    at_work.shows(b"running")
    if os.path.exists("/proc"):
        assert len(os.listdir(f"/proc/{at_work.pid}/task")) == 1
    at_work.press(CTRL_C)
    assert at_work.wait() == 0


def test_runs_that_have_ended_make_room(history: History) -> None:
    board = Board(history.directory, pytest.fail)
    writers = [history.begin({"a": ()}) for _ in range(STAY + 2)]
    board.look()
    for writer in writers:
        end(writer, 0, DONE)
        writer.finish(0)
    alive = history.begin({"a": ()}).identity
    board.look()
    board.look()
    assert [run.invocation.id for run in board.runs()] == [alive, *(one.identity for one in writers[:1:-1])]


@pytest.mark.parametrize("running", [0, 20, 39])
def test_a_board_that_is_longer_than_the_terminal_shows_what_runs(history: History, running: int) -> None:
    writer = history.begin({f"j{number}": () for number in range(40)})
    for number in range(running):
        end(writer, number, DONE)
    start(writer, f"j{running}")
    board = Board(history.directory, pytest.fail)
    board.look()
    lines = board_lines(board, World({}, "/"), 80, 12)
    assert len(lines) <= 11
    assert any(f"j{running} " in line and "running" in line for line in lines)
    if running == 20:
        assert "more above" in lines[0] and "more below" in lines[-1]
