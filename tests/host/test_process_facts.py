"""The facts about a process of somebody else."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from dodo_hooks.host import process_facts
from dodo_hooks.host.process_facts import ProcessFacts, facts_of, holders_of
from kit.process import wait_until

READERS = [process_facts._from_ps, *([process_facts._from_proc] if Path("/proc/self/stat").exists() else [])]


@pytest.fixture
def sleeper(env: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(("sleep", "600"), env=env)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("read", READERS)
def test_g5_a_process_its_command_and_whether_it_is_stopped(
    sleeper: "subprocess.Popen[bytes]", read: Callable[[int], "ProcessFacts | None"]
) -> None:
    found = wait_until(lambda: one if (one := read(sleeper.pid)) and one.command == "sleep 600" else None)
    assert not found.is_stopped and found.pid == sleeper.pid
    assert found.started_s is None or abs(found.started_s - time.time()) < 60
    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_until(lambda: (one := read(sleeper.pid)) and one.is_stopped)
    sleeper.kill()
    sleeper.wait()
    assert read(sleeper.pid) is None


def test_g5_our_own_command_is_named_without_its_interpreter() -> None:
    for words in (["/usr/bin/python3", "-I", "-S", "/r/.git/dodo-hooks/launch.py"], ["python", "-m", "dodo_hooks"]):
        command = [word.encode() for word in (*words, "fire", "pre-commit")]
        assert process_facts._command(command) == "dodo-hooks fire pre-commit"
    assert process_facts._command([b"/opt/dodo-hooks/bin/x", b"y"]) == "/opt/dodo-hooks/bin/x y"


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="the system does not tell who holds a lock")
def test_g5_who_holds_a_lock_and_not_who_has_it_open(tmp_path: Path, env: dict[str, str]) -> None:
    path = tmp_path / "lock"
    with open(path, "w") as ours, open(path, "w") as theirs:
        flock(theirs, LOCK_EX)
        holder = subprocess.Popen(("sleep", "600"), env=env, pass_fds=(theirs.fileno(),))
        other = subprocess.Popen(("sleep", "600"), env=env, pass_fds=(ours.fileno(),))
        wait_until(lambda: holders_of(ours.fileno()) == [holder.pid])
        for one in (holder, other):
            one.kill()
            one.wait()
        assert holders_of(ours.fileno()) == []
        assert facts_of(holder.pid) is None
