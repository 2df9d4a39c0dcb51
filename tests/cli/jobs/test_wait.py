"""`dodo-hooks jobs wait`: until it has ended, however; the exit code says how."""

import resource
import subprocess
import sys
from collections.abc import Callable

import pytest

from kit.answer import Cli
from kit.gate import Gate
from kit.history import DONE, LOST, End, History, Writer, end, ended_as, start
from kit.process import DEADLINE_S, kill
from kit.repo import Repo

STOPPED = ended_as("skipped", "need", "needs a, which failed", need=0, root_cause=0)

Waiter = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def waiter(repo: Repo) -> Waiter:
    """Start a `jobs wait`, and return once it waits."""

    def begin(*argv: str) -> "subprocess.Popen[bytes]":
        process = repo.start(sys.executable, "-m", "dodo_hooks", "jobs", "wait", *argv)
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"dodo-hooks: waiting for ")
        return process

    return begin


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    out, _ = process.communicate(timeout=DEADLINE_S)
    return process.returncode, out.decode()


@pytest.mark.parametrize(
    ("outcome", "as_job", "as_run"),
    [
        (DONE, 0, 0),
        (ended_as("up-to-date"), 0, 0),
        (ended_as("skipped", "condition", "no file"), 0, 0),
        (LOST, 1, 1),
        (ended_as("crashed", "wave-died"), 1, 1),
        (ended_as("cancelled", "user"), 1, 1),
        (ended_as("skipped", "selection", "left out"), 1, 0),
        (STOPPED, 1, 0),
    ],
)
def test_r22_the_exit_code_says_how_it_went(cli: Cli, history: History, outcome: End, as_job: int, as_run: int) -> None:
    invocation = history.finished({"a": outcome})
    answer = cli("jobs", "wait", "a")
    assert (answer.code, bool(answer.out)) == (as_job, bool(as_job))
    assert cli("jobs", "wait", f"@{invocation.id}").code == as_run


def test_a_reason_that_repeats_the_status_is_not_printed(cli: Cli, history: History) -> None:
    history.finished({"a": ended_as("cancelled", "user", "cancelled")})
    assert cli("jobs", "wait", "a").out == "a: cancelled\n"


def test_r22_a_run_that_could_not_continue_is_an_error(cli: Cli, history: History) -> None:
    writer = history.begin({"a": ()})
    end(writer, 0, ended_as("skipped", "error", "the run could not continue"))
    writer.note(error="no process could be started")
    writer.finish(2)
    answer = cli("jobs", "wait", f"@{writer.identity}")
    assert (answer.code, answer.out) == (2, f"{writer.identity}: no process could be started\n")


def test_r22_a_time_that_is_over_is_exit_code_2_and_names_what_is_open(cli: Cli, history: History) -> None:
    writer = history.begin({"a": (), "b": ("a",), "c": ()})
    start(writer, "a")
    end(writer, 2, DONE)
    answer = cli("jobs", "wait", "--timeout", "20ms", f"@{writer.identity}")
    assert (answer.code, answer.out) == (2, "")
    assert "timed out waiting for a (running), b (pending)\n" in answer.err
    assert cli("jobs", "wait", "--timeout", "20ms", "c").code == 0
    for wrong in ("20", "soon", "0s"):
        assert cli("jobs", "wait", "--timeout", wrong).code == 3


def test_of_many_open_jobs_the_first_are_named(cli: Cli, history: History) -> None:
    history.begin({f"j{number}": () for number in range(20)})
    answer = cli("jobs", "wait", "--timeout", "1ms")
    assert answer.code == 2 and answer.err.count("(pending) and 12 more\n") == 2 and "j8" not in answer.err


def test_nothing_alive_is_nothing_to_wait_for(cli: Cli, history: History) -> None:
    assert cli("jobs", "wait").code == 0
    history.finished({"a": LOST})
    assert cli("jobs", "wait").code == 0


def test_a_job_ends_its_waiters_before_its_run_has_ended(
    repo: Repo, make_gate: Callable[[str], Gate], waiter: Waiter
) -> None:
    first, second = make_gate("first"), make_gate("second")
    repo.hook("post-commit", background=True, a=f"{first.command}; exit 7", b=second.command)
    repo.git("commit", "--allow-empty", "-m", "work")
    first.wait(), second.wait()
    waiting = waiter("a")
    first.open()
    assert ended(waiting) == (1, "a: failed, exit code 7\n")
    assert repo.begun("post-commit").job("b").status == "running"


def test_all_that_is_alive_is_waited_for(repo: Repo, gate: Gate, waiter: Waiter) -> None:
    for hook in ("post-commit", "post-checkout"):
        repo.hook(hook, background=True, a=gate.command, b={"run": "exit 3", "needs": ["a"]})
    for command in (("commit", "--allow-empty", "-m", "work"), ("checkout", "-q", "-b", "topic")):
        repo.git(*command)
        gate.wait()
    waiting = waiter()
    gate.let_one_go()
    gate.let_one_go()
    code, out = ended(waiting)
    assert (code, out) == (1, "b: failed, exit code 3\n" * 2)
    assert all(one.record.finished_at for one in repo.invocations())  # the lock is released a moment later


def test_r18_the_death_of_the_writer_is_an_end(repo: Repo, gate: Gate, waiter: Waiter) -> None:
    repo.hook("post-commit", background=True, a=gate.command)
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    waiting = waiter("a")
    repo.begun("post-commit").wait_for_status("a", "running")
    kill(repo.begun("post-commit").record.coordinator)
    code, out = ended(waiting)
    assert code == 1 and out.startswith("a: crashed")


def test_waiting_costs_next_to_nothing(cli: Cli, history: History) -> None:
    start(history.begin({f"j{n}": () for n in range(10)}), *(f"j{n}" for n in range(10)))
    assert cli("jobs", "wait", "--timeout", "1ms").code == 2  # everything is imported now
    before = resource.getrusage(resource.RUSAGE_SELF)
    assert cli("jobs", "wait", "--timeout", "1s").code == 2
    after = resource.getrusage(resource.RUSAGE_SELF)
    used_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    assert used_s < 0.1


def test_a_job_cannot_wait_for_its_own_run(cli: Cli, history: History) -> None:
    writer: Writer = history.begin({"a": (), "b": ()})
    own = {"DODO_INVOCATION": writer.identity}
    assert cli("jobs", "wait", **own).code == 0  # of all others there is none
    answer = cli("jobs", "wait", "b", **own)
    assert answer.code == 3 and "needs" in answer.err
