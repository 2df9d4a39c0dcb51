"""The cost of a command in things that strace can count: the same on a busy machine as on a quiet one.

Only our own processes count, which are those that run Python: what git and sh do is theirs.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kit.repo import Repo

PYTHON = os.path.realpath(sys.executable)
CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
WRITES = ("write", "pwrite64", "writev")
FORKS = ("clone", "clone3", "fork", "vfork")
# Code that is read: a module's own file, or a piece of the bundle (host/bundle.py).
MODULE = re.compile(r'openat\(.*"[^"]+(?:\.pyc|\.cpython-\w+-\w+\.so|\.abi3\.so)", |pread64\(\d+<[^>]*/hot\.bin>')
EXECUTED = re.compile(r'"([^"]+)"')
TO_FILE = re.compile(r"\d+</(?!dev/)")  # a descriptor of a file, neither of a pipe nor of a terminal


class Cost(NamedTuple):
    """Numbers that may be budgets as well."""

    modules: int = 0  # or pieces of the bundle
    system_calls: int = 0
    processes: int = 0  # all of them, also git's and those of jobs
    git_calls: int = 0
    bytes_written: int = 0  # to files

    def plus(self, other: "Cost", sign: int = 1) -> "Cost":
        return Cost(*(one + sign * two for one, two in zip(self, other, strict=True)))


def _can_trace() -> bool:
    """Return whether strace is there and may trace, which a container can forbid."""
    argv = ["strace", "-ff", "-y", "-o", os.devnull, "true"]
    return bool(shutil.which("strace")) and subprocess.run(argv, capture_output=True).returncode == 0


needs_strace = pytest.mark.skipif(not _can_trace(), reason="counts system calls with strace, which is not usable here")
needs_no_coverage = pytest.mark.skipif(
    any(name.startswith("COVERAGE_") for name in os.environ), reason="coverage measures, and writes, in each process"
)


def count(repo: Repo, *argv: str) -> Cost:
    """Run the command, and all that it leaves in the background, to the end; return what it cost.

    Raises:
        AssertionError: the command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        repo.call("strace", "-ff", "-y", "-qq", "-o", f"{folder}/of", *argv, check=True)
        logs = {int(path.suffix[1:]): path.read_text(errors="replace") for path in Path(folder).iterdir()}
    return _sum(logs, _root(logs), "")


def count_over_python(repo: Repo, *argv: str) -> Cost:
    """Count a command of ours; leave out what a Python costs that is started in the same way and does nothing."""
    bare = ("-c", "pass") if argv[0] == sys.executable else ("-I", "-S", "-c", "pass")
    return count(repo, *argv).plus(count(repo, sys.executable, *bare), -1)


def _sum(logs: "dict[int, str]", pid: int, program: str) -> Cost:
    """Return the cost of a process, which begins with this program, and of its children."""
    cost = Cost(processes=1)
    for name, arguments, result, line in _calls(logs[pid]):
        is_ours = program == PYTHON
        if is_ours:
            written = max(result, 0) if name in WRITES and TO_FILE.match(arguments) else 0
            cost = cost.plus(Cost(int(result >= 0 and bool(MODULE.match(line))), 1, bytes_written=written))
        if name in FORKS and result in logs:
            cost = cost.plus(_sum(logs, result, program))
        elif name == "execve" and result == 0 and (path := EXECUTED.match(arguments)):
            program = os.path.realpath(path[1])
            cost = cost.plus(Cost(git_calls=int(os.path.basename(program) == "git")))
    return cost


def _root(logs: "dict[int, str]") -> int:
    """Return the process that no other has made."""
    children = {result for log in logs.values() for name, _, result, _ in _calls(log) if name in FORKS}
    (root,) = set(logs) - children
    return root


def _calls(log: str) -> "Iterator[tuple[str, str, int, str]]":
    for line in log.splitlines():
        if found := CALL.match(line):
            yield found[1], found[2], int(found[3]), line
