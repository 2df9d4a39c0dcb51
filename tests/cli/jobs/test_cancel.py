"""`dodo-hooks jobs cancel`: what it asks the coordinator, and what it says itself.

That a cancelled job is gone is tested in scenarios/, with a real coordinator. The one here is a small program of the
test's that answers with given lines.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from subprocess import Popen

import pytest

from kit.answer import Cli
from kit.history import DONE, History, Writer, end, start
from kit.repo import Repo

COORDINATOR = """
import os, socket, sys, time
os.chdir(sys.argv[1])
server = socket.socket(socket.AF_UNIX)
server.bind("s")
if sys.argv.pop(2) == "late":
    print("bound", flush=True)
    time.sleep(0.2)
server.listen()
print("listening", flush=True)
client, _ = server.accept()
client.sendall(b'{"dodo-hooks": 1, "grace_s": 0.1}\\n')
request = client.makefile("rb").readline()
client.sendall(b"".join(line.encode() + b"\\n" for line in sys.argv[2:]))
client.close()
sys.stdout.buffer.write(request)
"""

Coordinate = Callable[..., "Popen[bytes]"]


@pytest.fixture
def coordinate(repo: Repo) -> Iterator[Coordinate]:
    """Start a coordinator of an invocation that gives this answer to one request, and prints the request."""
    started: list[Popen[bytes]] = []

    def begin(writer: Writer, listens: str = "at once", **answers: str) -> "Popen[bytes]":
        lines = [json.dumps({"job": job, "status": status}) for job, status in answers.items()]
        process = repo.start(sys.executable, "-c", COORDINATOR, writer.directory, listens, *lines)
        started.append(process)
        if listens == "late" or not writer.coordinator:
            assert process.stdout is not None
            assert process.stdout.readline() == (b"bound\n" if listens == "late" else b"listening\n")
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def asked(coordinator: "Popen[bytes]") -> list[str]:
    """Return the jobs that the coordinator was requested to cancel."""
    out, err = coordinator.communicate()
    assert not err
    jobs: list[str] = json.loads(out)["jobs"]
    return jobs


def test_r14_a_job_is_cancelled(cli: Cli, history: History, coordinate: Coordinate) -> None:
    writer = history.begin({"deps": (), "build": ("deps",)})
    start(writer, "deps")
    coordinator = coordinate(writer, deps="cancelled")
    answer = cli("jobs", "cancel", "deps")
    assert (answer.code, answer.out, answer.err) == (0, "deps: cancelled\n", "")
    assert asked(coordinator) == ["deps"]


def test_r14_what_ended_first_wins(cli: Cli, history: History, coordinate: Coordinate) -> None:
    writer = history.begin({"deps": ()})
    start(writer, "deps")
    coordinate(writer, deps="completed")
    answer = cli("jobs", "cancel", "deps")
    assert (answer.code, answer.out) == (0, "deps: already ended (completed)\n")


def test_r14_a_process_that_does_not_go_is_reported(cli: Cli, history: History, coordinate: Coordinate) -> None:
    writer = history.begin({"deps": ()})
    coordinate(writer, deps="running")
    answer = cli("jobs", "cancel", "deps")
    assert (answer.code, answer.out) == (2, "deps: still running after the request to end\n")


def test_no_answer_is_an_error(cli: Cli, history: History, coordinate: Coordinate) -> None:
    coordinate(history.begin({"deps": ()}))
    answer = cli("jobs", "cancel", "deps")
    assert answer.code == 2
    assert "deps: no answer" in answer.out


def test_nobody_to_ask_is_an_error(cli: Cli, history: History) -> None:
    history.begin({"deps": ()})
    answer = cli("jobs", "cancel", "deps")
    assert (answer.code, answer.out) == (2, "")
    assert "no answer from the coordinator" in answer.err


def test_r10_a_coordinator_that_does_not_listen_yet_is_waited_for(
    cli: Cli, history: History, coordinate: Coordinate
) -> None:
    writer = history.begin({"deps": ()})
    writer.note(coordinator=os.getpid())
    coordinate(writer, deps="cancelled")  # its interpreter takes longer to start than our question
    answer = cli("jobs", "cancel", "deps")
    assert (answer.code, answer.out, answer.err) == (0, "deps: cancelled\n", "")


def test_r10_a_socket_that_is_bound_and_does_not_listen_yet_is_waited_for(
    cli: Cli, history: History, coordinate: Coordinate
) -> None:
    writer = history.begin({"deps": ()})
    writer.note(coordinator=os.getpid())
    coordinate(writer, listens="late", deps="cancelled")
    answer = cli("jobs", "cancel", "deps")
    assert (answer.code, answer.out, answer.err) == (0, "deps: cancelled\n", "")


def test_all_that_is_left_of_a_run(cli: Cli, history: History, coordinate: Coordinate) -> None:
    writer = history.begin({"lint": (), "deps": (), "build": ("deps",)}, foreground=["lint"])
    end(writer, 0, DONE)
    start(writer, "deps")
    coordinator = coordinate(writer, deps="cancelled", build="skipped")
    answer = cli("jobs", "cancel", f"@{writer.identity}")
    assert answer.out == "deps: cancelled\nbuild: already ended (skipped)\n"
    assert asked(coordinator) == ["deps", "build"]


def test_what_has_ended_is_not_asked_about(cli: Cli, history: History) -> None:
    invocation = history.finished({"deps": DONE})
    assert cli("jobs", "cancel", "deps").out == "deps: already ended (completed)\n"
    assert cli("jobs", "cancel", f"@{invocation.id}").out == f"{invocation.id}: already ended\n"


def test_r18_a_job_whose_writer_died_has_ended(cli: Cli, history: History) -> None:
    history.killed({"deps": ()}, running=["deps"])
    assert cli("jobs", "cancel", "deps").out == "deps: already ended (crashed)\n"


def test_a_foreground_job_is_ended_where_it_runs(cli: Cli, history: History) -> None:
    writer = history.begin({"lint": (), "deps": ()}, hook="pre-commit", foreground=["lint"])
    start(writer, "lint")
    for address in ("lint", "deps", f"@{writer.identity}"):  # nobody listens yet for the sake of deps
        answer = cli("jobs", "cancel", address)
        assert (answer.code, answer.out) == (3, "")
        assert history.worktree in answer.err and "Ctrl-C" in answer.err


def test_r22_an_unknown_job_is_exit_code_3(cli: Cli, history: History) -> None:
    history.finished({"deps": DONE})
    answer = cli("jobs", "cancel", "dpes")
    assert answer.code == 3
    assert '"deps"' in answer.err
