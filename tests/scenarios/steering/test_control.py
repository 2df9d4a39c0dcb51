"""The control socket and `jobs cancel`, with real coordinators: any client, and the scheduler does not wait for it."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kit.chance import how_many
from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import DEADLINE_S, group_alive, kill, wait_until
from kit.repo import PACKAGES, Repo

MakeGate = Callable[[str], Gate]


def fire(repo: Repo, event: str = "post-commit") -> None:
    repo.install()
    repo.call(f".git/hooks/{event}", check=True)


@contextmanager
def at(invocation: Invocation) -> Iterator[None]:
    """Work in the directory where a relative name reaches the socket."""
    here = os.getcwd()
    os.chdir(invocation.path)
    try:
        yield
    finally:
        os.chdir(here)


def connect(invocation: Invocation) -> socket.socket:
    wait_until((invocation.path / "s").exists, what="the socket")
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with at(invocation):
        client.connect("s")
    client.settimeout(DEADLINE_S)
    return client


def ask(client: socket.socket, **request: object) -> None:
    client.sendall(json.dumps({"dodo-hooks": 1, **request}).encode() + b"\n")


def running(repo: Repo, gate: Gate, *names: str) -> Invocation:
    """Background jobs that stand at one gate."""
    repo.settings(jobs=len(names), grace_period="100ms")
    repo.hook("post-commit", background=True, **dict.fromkeys(names, gate.command))
    fire(repo)
    for _ in names:
        gate.wait()
    invocation = repo.begun("post-commit")
    for name in names:
        invocation.wait_for_status(name, "running")
    return invocation


# The protocol


def test_the_coordinator_says_first_who_it_is(repo: Repo, gate: Gate) -> None:
    invocation = running(repo, gate, "held")
    with connect(invocation) as client:
        lines = client.makefile("rb")
        assert json.loads(lines.readline()) == {"dodo-hooks": 1, "grace_s": 0.1}
        ask(client, do="cancel", jobs=["held"])
        client.shutdown(socket.SHUT_WR)  # nothing more to say, and still here to listen
        assert json.loads(lines.readline()) == {"dodo-hooks": 1, "job": "held", "status": "cancelled"}
        assert lines.readline() == b""
    repo.finished("post-commit")


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (b"rubbish\n", "invalid request"),
        (b"[]\n", "invalid request"),
        (b'{"dodo-hooks": 2, "do": "cancel", "jobs": []}\n', "the request has 2"),
        (b'{"dodo-hooks": 1, "do": "dance", "jobs": []}\n', "'dance'"),
        (b'{"dodo-hooks": 1, "do": "cancel", "jobs": ["hedl"]}\n', "no such job: hedl"),
        (b'{"dodo-hooks": 1, "do": "cancel", "jobs": [["held"]]}\n', "invalid request"),
        (b"[" * 65000 + b"\n", "invalid request"),
        (b'{"dodo-hooks": ' + b"[" * 900 + b"]" * 900 + b', "do": "cancel", "jobs": []}\n', "invalid request"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(repo: Repo, gate: Gate, request_: bytes, why: str) -> None:
    invocation = running(repo, gate, "held")
    with connect(invocation) as client:
        client.sendall(request_)
        _, answer, end = client.makefile("rb").read().split(b"\n")
        assert why in json.loads(answer)["error"] and not end
    assert invocation.job("held").status == "running"
    gate.open()
    assert repo.finished("post-commit").statuses() == {"held": "completed"}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
)
requests = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda piece, n: piece * n,
        st.sampled_from([b"[", b'{"a":', b"[{", b"9", b"\xff", b"\0"]),
        st.sampled_from([1, 900, 2000, 60_000]),
    ),
    anything.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"dodo-hooks": st.just(1) | anything, "do": st.just("cancel") | anything, "jobs": anything},
        optional={"for": anything},
    ).map(lambda value: json.dumps(value).encode()),
)


def test_r14_no_bytes_at_all_end_the_coordinator(repo: Repo, gate: Gate) -> None:
    invocation = running(repo, gate, "held")

    @settings(
        max_examples=how_many(15, 2000),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(requests, min_size=1, max_size=3), st.sampled_from([b"\n", b""]))
    @example([b"[" * 60_000], b"\n")
    @example([b'{"a":' * 10_000], b"\n")
    def say(lines: list[bytes], end: bytes) -> None:
        with connect(invocation) as client, suppress(ConnectionError):  # it need not hear us out
            client.sendall(b"\n".join(lines) + end)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass

    say()
    assert invocation.job("held").status == "running"
    assert repo.run("jobs", "cancel", "held", check=True).stdout == "held: cancelled\n"
    assert repo.finished("post-commit").record.error is None


@pytest.mark.parametrize("greeting", [b"[" * 65000 + b"\n", b'{"dodo-hooks": 1, "grace_s": 1e300}\n', b"x" * 99999])
def test_a_coordinator_that_talks_nonsense_is_an_error_of_one_sentence(tmp_path: Path, greeting: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server, at(Invocation(tmp_path)):
        server.bind("s")
        server.listen()
        caller = subprocess.Popen(
            [sys.executable, "-c", CALLER, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": PACKAGES},
            stdout=subprocess.PIPE,
        )
        connection, _ = server.accept()
        with connection, suppress(ConnectionError):
            connection.sendall(greeting)
        assert b"the coordinator" in caller.communicate()[0]


CALLER = """
import sys
from dodo_hooks.engine.control_client import ControlError, ask_to_cancel
try:
    print(ask_to_cancel(sys.argv[1], ["held"]).answers() or "the coordinator died")
except ControlError as error:
    print(error)
"""


@pytest.mark.parametrize("length", [1, 200])
def test_r14_a_run_of_many_jobs_is_cancelled_and_every_job_is_answered(repo: Repo, gate: Gate, length: int) -> None:
    """The request is longer than a socket's piece, and the answers are more than its buffer takes at once."""
    repo.settings(jobs=1, grace_period="100ms")
    many = {f"{'n' * length}{number}": "true" for number in range(500)}
    repo.hook("post-commit", background=True, held=gate.command, **many)
    fire(repo)
    gate.wait()
    invocation = repo.begun("post-commit")
    done = repo.run("jobs", "cancel", f"@{invocation.id}")
    assert (done.returncode, done.stdout.count(": cancelled\n")) == (0, 501), done.stdout[-300:]
    repo.finished("post-commit")
    assert set(invocation.statuses().values()) == {"cancelled"}


def test_fifty_clients_that_say_nothing_and_one_that_does_not_read_hold_up_nobody(repo: Repo, gate: Gate) -> None:
    chain = {f"after{n}": {"run": "true", "needs": [f"after{n - 1}" if n else "held"]} for n in range(20)}
    repo.settings(jobs=2)
    repo.hook("post-commit", background=True, held=gate.command, **chain)
    fire(repo)
    gate.wait()
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("held", "running")
    clients = [connect(invocation) for _ in range(50)]
    for number, client in enumerate(clients):
        if number % 3 == 0:
            client.sendall(b'{"half of a request')
        elif number % 3 == 1:
            ask(client, do="cancel", jobs=["after19"] * 1000)  # and it never reads the answers
    with connect(invocation) as client:  # there is room for more, and an answer at once
        lines = client.makefile("rb")
        lines.readline()
        ask(client, do="cancel", jobs=["after10"])
        assert json.loads(lines.readline())["status"] == "cancelled"
    gate.open()
    repo.finished("post-commit")
    statuses = list(invocation.statuses().values())
    assert statuses == ["completed"] * 11 + ["cancelled"] + ["skipped"] * 8 + ["cancelled"]
    for client in clients:
        client.close()


def test_silent_clients_make_room_for_others(repo: Repo, gate: Gate) -> None:
    invocation = running(repo, gate, "held")
    silent = [connect(invocation) for _ in range(80)]
    assert repo.run("jobs", "cancel", "held", check=True).stdout == "held: cancelled\n"
    for client in silent:
        client.close()
    repo.finished("post-commit")


NOBODY = """
import os, socket, sys
os.chdir(sys.argv[1])
os.setgid(65534)
os.setuid(65534)
client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
client.connect("s")
sys.stdout.buffer.write(client.makefile("rb").read())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_client_of_another_user_is_refused(repo: Repo, gate: Gate) -> None:
    invocation = running(repo, gate, "held")
    wait_until((invocation.path / "s").exists, what="the socket")
    invocation.path.chmod(0o711)  # the directories above are a lock of their own, which it is past already
    (invocation.path / "s").chmod(0o777)
    done = subprocess.run([sys.executable, "-c", NOBODY, str(invocation.path)], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert repo.run("jobs", "cancel", "held", check=True).stdout == "held: cancelled\n"
    repo.finished("post-commit")


def test_a_coordinator_that_was_stopped_is_not_waited_for_for_ever(repo: Repo, gate: Gate) -> None:
    invocation = running(repo, gate, "held")
    wait_until((invocation.path / "s").exists, what="the socket")
    coordinator = invocation.record.coordinator
    kill(coordinator, 19)  # SIGSTOP
    done = repo.run("jobs", "cancel", "held")
    assert done.returncode == 2 and "is it stopped?" in done.stderr
    kill(coordinator, 18)
    gate.open()
    repo.finished("post-commit")


# The command


def test_several_addresses_in_one_command(repo: Repo, gate: Gate) -> None:
    invocation = running(repo, gate, "one", "two", "three")
    done = repo.run("jobs", "cancel", "one", "post-commit:three", check=True)
    assert done.stdout == "one: cancelled\nthree: cancelled\n"
    assert invocation.statuses() == {"one": "cancelled", "two": "running", "three": "cancelled"}
    gate.open()
    repo.finished("post-commit")


def test_a_wrong_address_among_several_cancels_nothing(repo: Repo, gate: Gate) -> None:
    invocation = running(repo, gate, "one", "two")
    assert repo.run("jobs", "cancel", "one", "tow").returncode == 3
    assert set(invocation.statuses().values()) == {"running"}
    gate.open()
    repo.finished("post-commit")


def test_all_cancels_what_is_alive_in_every_worktree_and_touches_no_other_repository(
    repo: Repo, make_gate: MakeGate
) -> None:
    ours, theirs = make_gate("ours"), make_gate("theirs")
    other = Repo.create(repo.path.parent / "other", repo.env)
    other.hook("post-commit", background=True, elsewhere=theirs.command)
    fire(other)
    theirs.wait()
    repo.settings(grace_period="300ms")
    repo.hook(
        "post-commit",
        background=True,
        held=f"trap '' TERM; {ours.command}",
        build={"run": "touch built", "needs": ["held"]},
    )
    repo.write("unrelated", "x")
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    ours.wait()
    linked = repo.worktree("linked")
    linked.git("commit", "-q", "--allow-empty", "-m", "work")
    ours.wait()
    ids = [one.id for one in repo.invocations("post-commit") if one.record.worktree != str(other.path)]
    done = repo.run("jobs", "cancel", "--all", check=True)
    expected = [f"{name}@{one}: cancelled" for one in reversed(ids) for name in ("held", "build")]
    assert len(ids) == 2 and done.stdout.splitlines() == expected
    for one in repo.invocations("post-commit"):
        if one.id in ids:
            assert not group_alive(one.job("held").pid)
            assert one.job("build").status == "cancelled" and one.job("build").pid is None
        else:
            assert one.statuses() == {"elsewhere": "running"}
    done = repo.run("jobs", "cancel", "--all", check=True)
    assert not done.stdout and "no background jobs are running" in done.stderr
    theirs.open()
    wait_until(lambda: all(one.has_ended() for one in repo.invocations("post-commit")))


def test_a_cancelled_job_takes_along_what_needs_it_and_nothing_else(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=2, grace_period="100ms")
    repo.hook(
        "post-commit",
        background=True,
        deps=gate.command,
        other=gate.command,
        build={"run": "touch built", "needs": ["deps"]},
        publish={"run": "touch built", "needs": ["build", "other"]},
    )
    fire(repo)
    gate.wait()
    gate.wait()
    invocation = repo.begun("post-commit")
    wait_until(lambda: invocation.job("other").status == "running", what="the record of a start, which is some ms late")
    repo.run("jobs", "cancel", "deps", check=True)
    assert invocation.statuses() == {
        "deps": "cancelled",
        "other": "running",
        "build": "skipped",
        "publish": "skipped",
    }
    assert [invocation.job(name).root_cause for name in ("build", "publish")] == ["deps", "deps"]
    gate.open()
    repo.finished("post-commit")
    assert invocation.job("other").status == "completed" and not repo.has("built")


@pytest.mark.parametrize("argv", [(), ("--all", "held")])
def test_r22_what_is_to_be_cancelled_has_to_be_said_once(repo: Repo, argv: tuple[str, ...]) -> None:
    done = repo.run("jobs", "cancel", *argv)
    assert done.returncode == 3 and re.search("addresses or --all", done.stderr)


def test_r18_two_worktrees_and_ten_runs_at_once(repo: Repo, gate: Gate) -> None:
    repo.settings(grace_period="100ms")
    repo.hook(
        "post-commit",
        background=True,
        held=f'{gate.command}; echo "$DODO_INVOCATION in $PWD"',
        build={"run": "true", "needs": ["held"]},
    )
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks", env={"DODO_HOOKS": "0"})
    linked = repo.worktree("linked")
    shim = str(repo.path / ".git/hooks/post-commit")  # git itself would not make ten commits at once
    started = [place.start(shim) for _ in range(5) for place in (repo, linked)]
    for git in started:
        git.communicate()
    for _ in range(2):  # in each of the trees one runs, and the others wait for it
        gate.wait()
    tickets = "dodo-hooks/jobs/*/groups/waiting/*"
    wait_until(lambda: len(list(repo.state.glob(tickets))) == 8, what="the ones that wait")
    runs = repo.invocations("post-commit")
    trees = [one.record.worktree for one in runs]
    assert sorted(trees) == [str(linked.path)] * 5 + [str(repo.path)] * 5
    victim = next(one for one in runs if one.record.worktree == str(linked.path))
    wait_until((victim.path / "s").exists, what="the socket")
    repo.run("jobs", "cancel", f"@{victim.id}", check=True)
    gate.open()
    wait_until(lambda: all(one.has_ended() for one in runs), what="the end of all")
    for one, tree in zip(runs, trees, strict=True):
        if one.id == victim.id:
            assert one.statuses()["held"] == "cancelled" and one.statuses()["build"] in ("cancelled", "skipped")
        else:
            assert set(one.statuses().values()) == {"completed"}
            assert one.log("held").decode() == f"{one.id} in {tree}\n"
