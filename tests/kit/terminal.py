"""A command at a terminal, and the keys that a person presses there."""

import os
import pty
import select
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

from kit.process import DEADLINE_S

CTRL_C = b"\x03"

# Makes the terminal on descriptor 0 the controlling one, as login does, and becomes the command. A program of its own,
# since Python code between fork and exec is not safe beside pytest-xdist's threads.
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)


def columns_of(line: str) -> int:
    """Return how many columns a terminal needs for a line without escapes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


class Terminal:
    """A pseudo-terminal and one command in its foreground. The command leads a session, as a login shell does."""

    def __init__(self, *argv: str, cwd: Path, env: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        command = [sys.executable, "-c", TAKE_TERMINAL, *argv]
        self._process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.output = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def press(self, keys: bytes) -> None:
        """Type these keys. The terminal turns CTRL_C into SIGINT for the processes of its foreground."""
        os.write(self._ours, keys)

    def wait(self, deadline_s: float = DEADLINE_S) -> int:
        """Wait for the end of the command, and return its exit code, or minus the signal that ended it.

        Its output is in `output`.
        """
        end = time.monotonic() + deadline_s
        while self._read(max(0, end - time.monotonic())) or self._process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"{self._process.args!r} did not end within {deadline_s} s:\n{self.output!r}")
        return self._process.wait()

    def read_until(self, condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
        """Read until `condition` holds, as a terminal does. A process whose output nobody reads may block."""
        end = time.monotonic() + deadline_s
        while self._read(0.01) or not condition():
            if time.monotonic() > end:
                raise AssertionError(f"the condition did not come true within {deadline_s} s:\n{self.output!r}")

    def shows(self, text: bytes, deadline_s: float = DEADLINE_S) -> None:
        """Wait until the command has printed this, in one piece."""
        end = time.monotonic() + deadline_s
        while text not in self.output:
            if time.monotonic() > end:
                raise AssertionError(f"{self._process.args!r} did not print {text!r}:\n{self.output!r}")
            self._read(0.01)

    def close(self) -> None:
        """Hang up: every process that still has this terminal gets SIGHUP."""
        os.close(self._ours)

    def _read(self, timeout_s: float) -> bool:
        """Read output; return False once the command has ended and all is read, or nothing came for a moment."""
        if not select.select([self._ours], [], [], min(timeout_s, 0.01))[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # Linux's word for the last one having closed the other end
            return False
        self.output += data
        return bool(data)
