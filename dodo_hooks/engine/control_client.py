"""The control socket of an invocation, both ends (section 7).

The coordinator speaks first, in one line of JSON: `{"dodo-hooks": 1, "grace_s": 5.0}`, its version and the grace period
of its jobs. The client says what it wants in a line, `{"dodo-hooks": 1, "do": "cancel", "jobs": ["deps"]}`; it is
answered with one line per job when that has ended, `{"job": "deps", "status": "cancelled"}`, or when it is plain that
it will not, and the coordinator closes. It never waits for a client: whoever says nothing, or does not read, is
dropped.

The socket lies in a directory that only its owner can enter and is reached by a relative name, since the path to a
socket may be no longer than 104 bytes on macOS and 108 on Linux.
"""

import json
import os
import select
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dodo_hooks.core.errors import HooksError
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.layout import SOCKET_NAME

if TYPE_CHECKING:
    from dodo_hooks.engine.loop import Loop


VERSION = 1
STILL_THERE_S = 2.0  # how long after SIGKILL an answer waits for a process that does not go (R14)
_LONGEST_REQUEST = 65536
_RETRY_S = 0.02
_LONGEST_GRACE_S = 86400.0  # what a socket's timeout takes
_ANSWER_S = 5.0  # how long we wait for a coordinator to say something, beyond what it waits for itself


class ControlError(HooksError):
    """The coordinator of an invocation cannot be asked."""


class CancelRequest:
    """A request to the coordinator of an invocation, which is under way; several may be so at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def answers(self) -> list[tuple[str, str]]:
        """Wait until each of the jobs has ended, or refuses to.

        Returns:
            (job, status) in the order of the answers; less than was asked for when the coordinator died meanwhile. A
            status that is not an end says that the process is still there two seconds after SIGKILL.
        Raises:
            ControlError: the coordinator refuses, or it says nothing any more.
        """
        answers = []
        with self._connection, _silence_is_an_error(), suppress(ConnectionError):
            for line in self._connection.makefile("rb"):
                answer = _message(line)
                if "error" in answer:
                    raise ControlError(f"the coordinator refused: {answer['error']}")
                answers.append((str(answer.get("job")), str(answer.get("status"))))
        return answers


def ask_to_cancel(invocation_dir: str, jobs: Sequence[str]) -> CancelRequest:
    """Ask for these jobs to be cancelled.

    Raises:
        ControlError: nobody answers, or somebody who speaks another version.
    """
    connection = _connect(invocation_dir)
    try:
        with _silence_is_an_error():
            grace_s = _greeted(connection)
            request = {"dodo-hooks": VERSION, "do": "cancel", "jobs": list(jobs)}
            connection.sendall(json.dumps(request).encode() + b"\n")
            connection.settimeout(grace_s + STILL_THERE_S + _ANSWER_S)
    except ControlError:
        connection.close()
        raise
    return CancelRequest(connection)


def _greeted(connection: socket.socket) -> float:
    """Hear the coordinator's first line; returns the grace period of its jobs in seconds."""
    hello = b""
    # Byte by byte: what comes behind it belongs to the answers.
    while not hello.endswith(b"\n") and len(hello) < _LONGEST_REQUEST:
        piece = connection.recv(1)
        if not piece:
            raise ControlError("the coordinator of this invocation does not answer: it has closed the connection")
        hello += piece
    greeting = _message(hello)
    if greeting.get("dodo-hooks") != VERSION:
        raise ControlError(
            f"the coordinator of this invocation speaks version {greeting.get('dodo-hooks')} and we speak {VERSION}: "
            "use the dodo-hooks that started it, or wait for its end"
        )
    grace_s = greeting.get("grace_s")
    if isinstance(grace_s, int | float) and 0 <= grace_s <= _LONGEST_GRACE_S:
        return float(grace_s)
    return 0.0


def _message(line: bytes) -> dict[str, Any]:
    message = _object(line)
    if not message:
        raise ControlError(f"the coordinator of this invocation says what is not understood: {line[:60]!r}")
    return message


@contextmanager
def _silence_is_an_error() -> Generator[None, None, None]:
    try:
        yield
    except TimeoutError:
        raise ControlError("the coordinator of this invocation is there and does not answer: is it stopped?") from None
    except ConnectionError:
        raise ControlError("the coordinator of this invocation died while it was asked") from None


def _connect(invocation_dir: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_ANSWER_S)
    try:
        with _directory(invocation_dir):
            _connect_in_time(connection)
    except OSError as error:
        connection.close()
        raise ControlError(f"the coordinator of this invocation does not answer: {error.strerror or error}") from error
    return connection


def _connect_in_time(connection: socket.socket) -> None:
    """A queue of callers that is full answers EAGAIN to one that would not wait for ever (connect(2), unix(7))."""
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
    """Be in a directory for a moment, so that a relative name reaches into it."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path)
        yield
    finally:
        os.fchdir(here)
        os.close(here)


def cancel_superseded(loop: "Loop", invocation_dir: str, job: str, by: str) -> bool:
    """Ask for a job to be cancelled because the invocation `by` takes its place, without waiting for anything.

    False where nobody can be asked: in a foreground, or not yet.
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

    def listen(_: int) -> None:  # until the other side closes: it would not read what is left by one that is gone
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
