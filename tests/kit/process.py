"""Living processes, and waiting for any condition with a deadline.

A zombie counts as dead: it runs nothing, holds nothing open, and only waits to be reaped by its parent, which does not
concern a test.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PROC = Path("/proc")
POLL_S = 0.005
# For what normally comes at once: a busy machine is many times slower, and a test that passes does not wait.
DEADLINE_S = 30


@dataclass(frozen=True, slots=True)
class Process:
    """One living process, from the system's table."""

    pid: int
    parent: int
    group: int
    session: int
    command: str


def wait_until(condition: Callable[[], T | None], *, deadline_s: float = DEADLINE_S, what: str = "the condition") -> T:
    """Wait until `condition` returns a true value, and return that.

    Raises:
        AssertionError: `deadline_s` seconds are over.
    """
    end = time.monotonic() + deadline_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {deadline_s} s")
        time.sleep(POLL_S)


def is_alive(pid: int) -> bool:
    return _read_process(pid) is not None if PROC.exists() else any(one.pid == pid for one in processes())


def group_alive(group: int) -> bool:
    """Return whether any process of this process group lives."""
    return any(one.group == group for one in processes())


def processes_of_session(session: int) -> list[Process]:
    return [one for one in processes() if one.session == session]


def children_of(pid: int) -> list[Process]:
    return [one for one in processes() if one.parent == pid]


def our_children() -> list[Process]:
    """Return the living children of this process."""
    return children_of(os.getpid()) if _has_children() else []


def _has_children() -> bool:
    """Ask the system in one call; reading the whole table before and after each test costs half a minute in all."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to one living process; after SIGKILL wait until the process is gone."""
    os.kill(pid, number)
    if number == signal.SIGKILL:
        wait_until(lambda: not is_alive(pid), what=f"the end of process {pid}")


def processes() -> list[Process]:
    """Return every living process that we may see."""
    return list(_from_proc() if PROC.exists() else _from_ps())


def processes_with(variable: str, value: str, *, besides: frozenset[int] = frozenset()) -> list[Process]:
    """Return the living processes that were started with this variable in their environment.

    A fork counts as started with its parent's environment. Those of `besides` are not read. The list is empty on
    a system without /proc.
    """
    wanted = f"{variable}={value}".encode()
    found = [pid for pid in pids() - besides if wanted in _environment(pid).split(b"\0")]
    return [process for pid in found if (process := _read_process(pid))]


def pids() -> frozenset[int]:
    """Return the number of every living process and zombie; none on a system without /proc."""
    return frozenset(int(entry) for entry in os.listdir(PROC) if entry.isdecimal()) if PROC.exists() else frozenset()


def _from_proc() -> Iterator[Process]:
    for pid in pids():
        if process := _read_process(pid):
            yield process


def _read_process(pid: int) -> Process | None:
    """Read one process; return None if it has ended, or is a zombie (proc(5), /proc/pid/stat)."""
    try:
        line = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    command, _, rest = line.partition("(")[2].rpartition(")")  # the name may hold anything, `)` too
    state, parent, group, session = rest.split()[:4]
    return None if state in "ZX" else Process(pid, int(parent), int(group), int(session), command)


def _environment(pid: int) -> bytes:
    try:
        return (PROC / str(pid) / "environ").read_bytes()
    except OSError:  # gone, or not ours
        return b""


def _from_ps() -> Iterator[Process]:
    table = ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "pgid=", "-o", "state=", "-o", "comm="]
    for line in subprocess.run(table, capture_output=True, text=True, check=True).stdout.splitlines():
        pid, parent, group, state, command = line.split(None, 4)
        try:
            session = os.getsid(int(pid))
        except OSError:  # it ended between the two looks
            continue
        if not state.startswith("Z"):
            yield Process(int(pid), int(parent), int(group), session, command)
