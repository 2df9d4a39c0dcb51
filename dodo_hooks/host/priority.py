"""CPU and I/O priority, and Linux's handling of orphans (R13, R20; HOT).

These need system calls that Python does not wrap (host/libc.py). They are best effort: where one is missing or refused,
jobs run all the same.
"""

import sys

from dodo_hooks.host.posix import os

_IOPRIO_WHO_PROCESS = 1
_IOPRIO_WHO_GROUP = 2
_IOPRIO_IDLE = 3 << 13  # class IDLE, ioprio_set(2)
_IOPRIO_USUAL = 2 << 13 | 4  # class BEST_EFFORT, in the middle of it
# The call has no wrapper in libc, and its number differs by machine (each asm/unistd.h).
_IOPRIO_SET = {
    "x86_64": 251,
    "i686": 289,
    "aarch64": 30,
    "riscv64": 30,
    "loongarch64": 30,
    "armv7l": 314,
    "ppc64le": 273,
    "s390x": 282,
}
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def lower_priority(nice: int, idle_io: bool) -> None:
    """Add `nice` to this process's niceness and, on Linux, take the idle I/O class; its children inherit both."""
    try:
        os.nice(nice)
    except OSError:
        pass
    if idle_io:
        _set_io_class(_IOPRIO_WHO_PROCESS, 0, _IOPRIO_IDLE)


def restore_io_class(group: int) -> None:
    """Give the processes of a group the usual I/O class again: somebody waits for them (V4)."""
    _set_io_class(_IOPRIO_WHO_GROUP, group, _IOPRIO_USUAL)


def _set_io_class(which: int, who: int, io_class: int) -> None:
    number = _IOPRIO_SET.get(os.uname().machine)
    if sys.platform == "linux" and number is not None:
        _call("syscall", number, which, who, io_class)


def end_with_parent(signal: int) -> None:
    """Request `signal` from Linux for when the parent dies (prctl(2)); elsewhere do nothing."""
    if sys.platform == "linux":
        _call("prctl", _PR_SET_PDEATHSIG, signal, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of what a dead wave leaves behind, so that no process id is reused under us (Linux)."""
    if sys.platform == "linux":
        _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _call(name: str, *args: int) -> None:
    from dodo_hooks.host.libc import libc_function

    function = libc_function(name, "i" * len(args))
    if function is not None:
        function(*args)
