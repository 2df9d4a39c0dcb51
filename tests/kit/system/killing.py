"""Processes that are killed before a system call of their own, to see what they leave behind."""

import os
import signal
import sys
from collections.abc import Callable, Collection
from typing import Any

# The audit events of system calls that change something; "ctypes.dlsym" comes before an exchange of two names.
CALLS = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.posix_spawn"}
    | {"ctypes.dlsym", "open"}
)


def in_child(run: "Callable[[], object]") -> int:
    """Run this in a forked process, and return its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        run()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def succeeds_in_child(run: "Callable[[], object]") -> bool:
    return os.waitpid(in_child(run), 0)[1] == 0


def die_before(number: int, calls: "Collection[str]" = CALLS) -> None:
    """Kill this process before the call of this number, counted from here; of `open`, only those for writing count."""
    left = [number]

    def count(event: str, args: "tuple[Any, ...]") -> None:
        if event not in calls or (event == "open" and not args[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    sys.addaudithook(count)
