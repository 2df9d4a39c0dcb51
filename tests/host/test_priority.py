"""CPU and I/O priority, each time of a process of its own."""

import os
import sys

import pytest

from dodo_hooks.host import priority
from dodo_hooks.host.libc import libc_function
from kit.system.killing import in_child, succeeds_in_child

SET = priority._IOPRIO_SET.get(os.uname().machine)
on_linux = pytest.mark.skipif(sys.platform != "linux" or SET is None, reason="Linux has these calls")


def is_nice(niceness: int) -> str:
    return f'test "$(nice)" = {niceness}'


def test_r13_niceness_is_added_and_inherited() -> None:
    def run() -> None:
        before = os.nice(0)
        priority.lower_priority(3, idle_io=False)
        assert succeeds_in_child(lambda: priority.lower_priority(2, idle_io=False))
        assert os.nice(0) == before + 3 and succeeds_in_child(
            lambda: os.execl("/bin/sh", "sh", "-c", is_nice(before + 3))
        )

    assert succeeds_in_child(run)


@on_linux
def test_r13_the_idle_class_is_taken_and_the_usual_one_given_back_to_a_group() -> None:
    assert SET

    syscall = libc_function("syscall", "iii")
    assert syscall is not None

    def io_class() -> int:
        return syscall(SET + 1, 1, 0) >> 13  # ioprio_get(2) comes after ioprio_set(2)

    def run() -> None:
        os.setpgid(0, 0)
        priority.lower_priority(0, idle_io=True)
        assert io_class() == 3
        priority.restore_io_class(os.getpid())
        assert io_class() == 2

    assert succeeds_in_child(run)


@on_linux
def test_r20_what_a_dead_child_leaves_behind_becomes_ours() -> None:
    def run() -> None:
        priority.adopt_orphans()
        os.waitpid(in_child(lambda: in_child(lambda: None)), 0)
        os.waitpid(-1, 0)  # raises where there is no child

    assert succeeds_in_child(run)
