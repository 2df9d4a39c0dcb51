"""The control socket of an invocation: the protocol, and the client's end (section 7).

The coordinator sends the first line of JSON: `{"dodo-hooks": 1, "grace_s": 5.0}`, its version and the grace period of
its jobs. The client sends one request: `{"dodo-hooks": 1, "do": "cancel", "jobs": ["deps"]}`. The coordinator answers
with one line per job, `{"job": "deps", "status": "cancelled"}`, when that job has ended or plainly will not end, and
then closes the connection. It never waits for a client: a client that sends nothing, or does not read, is
disconnected.

The socket lies in a directory that only its owner can enter and is reached by a relative name, since the path to a
socket may be no longer than 104 bytes on macOS and 108 on Linux.
"""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress

from dodo_hooks.core.errors import HooksError
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.layout import SOCKET_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dodo_hooks.engine.protocols import Watching


VERSION = 1
STILL_THERE_S = 2.0  # how long after SIGKILL an answer waits for a process that does not go (R14)
_LONGEST_REQUEST = 65536
_RETRY_S = 0.02
_LONGEST_GRACE_S = 86400.0  # a socket's timeout takes this much
_ANSWER_S = 5.0  # how long we wait for the coordinator's next message, beyond the time that it waits itself


class ControlError(HooksError):
    """The error of a coordinator that cannot be reached, or that refuses a request."""


class CancelRequest:
    """A request in progress to the coordinator of an invocation; several may be in progress at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def answers(self) -> list[tuple[str, str]]:
        """Wait until each of the jobs has ended, or outlives SIGKILL.

        Returns:
            (job, status) in the order of the answers; fewer than requested if the coordinator died meanwhile. A status
            that is not an end means that the process is still there two seconds after SIGKILL.

        Raises:
            ControlError: the coordinator refuses, or does not answer any more.
        """
        answers = []
        with self._connection, _raise_on_silence(), suppress(ConnectionError):
            for line in self._connection.makefile("rb"):
                answer = _message(line)
                if "error" in answer:
                    raise ControlError(f"the coordinator refused: {answer['error']}")
                answers.append((str(answer.get("job")), str(answer.get("status"))))
        return answers


def ask_to_cancel(invocation_dir: str, jobs: Sequence[str]) -> CancelRequest:
    """Ask the coordinator to cancel these jobs.

    Raises:
        ControlError: nobody answers, or the coordinator has another version.
    """
    connection = _connect(invocation_dir)
    try:
        with _raise_on_silence():
            grace_s = _expect_greeting(connection)
            request = {"dodo-hooks": VERSION, "do": "cancel", "jobs": list(jobs)}
            connection.sendall(json.dumps(request).encode() + b"\n")
            connection.settimeout(grace_s + STILL_THERE_S + _ANSWER_S)
    except ControlError:
        connection.close()
        raise
    return CancelRequest(connection)


def _expect_greeting(connection: socket.socket) -> float:
    """Read the coordinator's first line, and return the grace period of its jobs in seconds."""
    hello = b""
    # Byte by byte: the bytes after this line belong to the answers.
    while not hello.endswith(b"\n") and len(hello) < _LONGEST_REQUEST:
        piece = connection.recv(1)
        if not piece:
            raise ControlError("no answer from the coordinator: connection closed")
        hello += piece
    greeting = _message(hello)
    if greeting.get("dodo-hooks") != VERSION:
        raise ControlError(
            f"coordinator has protocol version {greeting.get('dodo-hooks')}, this dodo-hooks has {VERSION}; "
            "use the dodo-hooks that started the run, or wait for its end"
        )
    grace_s = greeting.get("grace_s")
    if isinstance(grace_s, int | float) and 0 <= grace_s <= _LONGEST_GRACE_S:
        return float(grace_s)
    return 0.0


def _message(line: bytes) -> dict[str, Any]:
    message = _object(line)
    if not message:
        raise ControlError(f"invalid message from the coordinator: {line[:60]!r}")
    return message


@contextmanager
def _raise_on_silence() -> Generator[None, None, None]:
    try:
        yield
    except TimeoutError:
        raise ControlError("no answer from the coordinator: timed out (is it stopped?)") from None
    except ConnectionError:
        raise ControlError("no answer from the coordinator: it died") from None


def _connect(invocation_dir: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_ANSWER_S)
    try:
        with _directory(invocation_dir):
            _connect_in_time(connection)
    except OSError as error:
        connection.close()
        raise ControlError(f"no answer from the coordinator: {error.strerror or error}") from error
    return connection


def _connect_in_time(connection: socket.socket) -> None:
    """Connect, and retry while the queue of the listening socket is full.

    A full queue gives EAGAIN to a socket with a timeout (connect(2), unix(7)).
    """
    end_s = monotonic_s() + _ANSWER_S
    while True:
        try:
            connection.connect(SOCKET_NAME)
            return
        except BlockingIOError:
            if monotonic_s() > end_s:
                raise
            select.select([], [], [], _RETRY_S)


@contextmanager
def _directory(path: str) -> Generator[None, None, None]:
    """Change to a directory for a moment, to reach its files by a relative name."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path)
        yield
    finally:
        os.fchdir(here)
        os.close(here)


def cancel_superseded(loop: Watching, invocation_dir: str, job: str, by: str) -> bool:
    """Ask for the cancel of a job that the invocation `by` supersedes, without waiting for anything.

    Return False where no coordinator can be reached: the job runs in a foreground, or the socket is not open yet.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    request = {"dodo-hooks": VERSION, "do": "cancel", "jobs": [job], "for": by}
    try:
        with _directory(invocation_dir):
            connection.connect(SOCKET_NAME)
        connection.sendall(json.dumps(request).encode() + b"\n")
    except OSError:
        connection.close()
        return False

    def listen(_: int) -> None:  # stay until the other side closes: it does not read the request of a closed client
        try:
            if connection.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        loop.unwatch(connection.fileno())
        connection.close()

    loop.watch(connection.fileno(), listen)
    return True


def _object(line: bytes) -> dict[str, Any]:
    """Return the JSON object in a line, an empty one where there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):  # the latter: brackets without end
        return {}
    return value if isinstance(value, dict) else {}
