"""Facts about a process of somebody else: its command, its start, and whether it is stopped.

They come from /proc on Linux, else from ps(1). They are only for sentences: nothing is decided by them.
"""

from __future__ import annotations

import os

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.capture import capture
from dodo_hooks.host.posix import read_file
from dodo_hooks.host.process import IS_LINUX

_PROGRAMS = (b"dodo-hooks/launch.py", b"bin/dodo-hooks", b"dodo_hooks/__main__.py")  # ends of what a command line names


class ProcessFacts(Record):
    """The facts about one process."""

    pid: int
    command: str
    is_stopped: bool
    started_s: float | None  # seconds since the epoch; None where the system does not say


def facts_of(pid: int) -> ProcessFacts | None:
    """Return the facts about a process; None if it has ended."""
    return _from_proc(pid) if IS_LINUX else _from_ps(pid)


def holders_of(lock: int) -> list[int]:
    """Return the processes that hold the flock of the file that is open as `lock`, through any descriptor.

    Only Linux shows them, in proc_pid_fdinfo(5), and only those that we may see. A process that only waits for the lock
    is none of them.
    """
    if not IS_LINUX:
        return []
    wanted = os.fstat(lock)
    found = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in found if pid != os.getpid() and _holds(pid, wanted)]


def _holds(pid: int, wanted: os.stat_result) -> bool:
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            if os.path.samestat(os.stat(f"/proc/{pid}/fd/{name}"), wanted):
                with open(f"/proc/{pid}/fdinfo/{name}", "rb") as file:
                    if b"FLOCK" in file.read():
                        return True
    except OSError:  # it has ended, or belongs to somebody else
        pass
    return False


def _from_proc(pid: int) -> ProcessFacts | None:
    """Return the facts from proc_pid_stat(5) and proc_pid_cmdline(5)."""
    try:
        text, words = read_file(f"/proc/{pid}/stat"), read_file(f"/proc/{pid}/cmdline").split(b"\0")[:-1]
    except OSError:
        return None
    # The name is in parentheses and may hold anything, also parentheses: the last one ends it.
    name, fields = text[text.find(b"(") + 1 : text.rfind(b")")], text[text.rfind(b")") + 2 :].split()
    if fields[0] in b"ZX":
        return None
    return ProcessFacts(pid, _command(words or [name]), fields[0] in b"Tt", _started_s(int(fields[19])))


def _started_s(ticks: int) -> float | None:
    """Return the time of `ticks` after the start of the system, in seconds since the epoch."""
    try:
        with open("/proc/stat", "rb") as file:
            booted = next(line for line in file if line.startswith(b"btime ")).split()[1]
    except (OSError, StopIteration):
        return None
    return int(booted) + ticks / os.sysconf("SC_CLK_TCK")


def _from_ps(pid: int) -> ProcessFacts | None:
    try:
        done = capture(("ps", "-o", "state=", "-o", "command=", "-p", str(pid)), dict(os.environ))
    except OSError:
        return None
    state, _, command = done.output.strip().partition(b" ")
    if not state or state.startswith(b"Z"):
        return None
    return ProcessFacts(pid, _command(command.split()), state.startswith(b"T"), None)


def _command(words: list[bytes]) -> str:
    """Return the command as people know it: our own without the interpreter that runs it."""
    for place, word in enumerate(words):
        if word.endswith(_PROGRAMS) or (word == b"dodo_hooks" and words[place - 1] == b"-m"):
            words = [b"dodo-hooks", *words[place + 1 :]]
            break
    return os.fsdecode(b" ".join(words))
