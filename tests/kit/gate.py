"""A point in a job's command at which the job waits until the test opens it.

    gate = Gate(tmp_path / "gate")
    repo.hook("post-commit", background=True, deps=gate.command, build={"run": "true", "needs": ["deps"]})
    repo.git("commit", "--allow-empty", "-m", "work")
    pid = gate.wait()  # deps waits here
    gate.open()

A gate has two FIFOs. Into one the job writes its pid: "I am here". From the other the job reads a line: "continue".
"""

import os
import select
import shlex
import time
from pathlib import Path

from kit.process import DEADLINE_S

LINES = 1000  # how many jobs an open gate lets through: each takes one line, and a FIFO holds far more


class Gate:
    """A gate, closed when made; any number of jobs may use it.

    The test holds both FIFOs open at both ends, so that no job hangs in `open`. Closing them at the end of the test
    releases every job that still waits.
    """

    def __init__(self, path: Path) -> None:
        """Make the FIFOs `path`.here and `path`.go."""
        self._here_path, self._go_path = Path(f"{path}.here"), Path(f"{path}.go")
        os.mkfifo(self._here_path)
        os.mkfifo(self._go_path)
        # For reading and writing, which Linux and macOS allow for a FIFO: it never blocks and never meets an end.
        self._here = os.open(self._here_path, os.O_RDWR | os.O_NONBLOCK)
        self._go = os.open(self._go_path, os.O_RDWR | os.O_NONBLOCK)
        self._unread = b""

    @property
    def command(self) -> str:
        """Return the text for `run:`, or a part of it, that waits at the gate until it is open."""
        here, go = shlex.quote(str(self._here_path)), shlex.quote(str(self._go_path))
        return f"echo $$ >{here}; read _ <{go}"

    def wait(self, deadline_s: float = DEADLINE_S) -> int:
        """Wait until a job has come, the next one if called again, and return the pid of its shell."""
        end = time.monotonic() + deadline_s
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._here], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no job came to the gate {self._here_path} within {deadline_s} s")
            self._unread += os.read(self._here, 4096)
        line, self._unread = self._unread.split(b"\n", 1)
        return int(line)

    def is_empty(self) -> bool:
        """Return whether every job that has come was returned by `wait`."""
        return not self._unread and not select.select([self._here], [], [], 0)[0]

    def let_one_go(self) -> None:
        """Let one job continue, whichever reads first; the gate stays closed for the others."""
        os.write(self._go, b"go\n")

    def open(self) -> None:
        """Let all waiting jobs continue, and all that come later."""
        os.write(self._go, b"go\n" * LINES)

    def close(self) -> None:
        """Remove the gate: every job that still waits reads the end of the file, and continues."""
        os.close(self._here)
        os.close(self._go)
