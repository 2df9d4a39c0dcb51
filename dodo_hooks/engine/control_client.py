"""The client's end of the control socket of an invocation (the protocol is in control_protocol.py)."""

from __future__ import annotations

import select
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress

from dodo_hooks.core.errors import HooksError
from dodo_hooks.engine.control_protocol import STILL_THERE_S, VERSION, call_in, fields_of, message
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.layout import SOCKET_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.engine.protocols import Watching


_LONGEST_GREETING = 65536
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


def ask_to_cancel(invocation_dir: str, jobs: Sequence[str], *, waits: bool = False) -> CancelRequest:
    """Ask the coordinator to cancel these jobs.

    `waits`: there is a coordinator, and its socket may not be open yet: the prompt was back before (R10).

    Raises:
        ControlError: nobody answers, or the coordinator has another version.
    """
    connection = _connect(invocation_dir, waits)
    try:
        with _raise_on_silence():
            grace_s = _expect_greeting(connection)
            connection.sendall(message({"do": "cancel", "jobs": list(jobs)}))
            connection.settimeout(grace_s + STILL_THERE_S + _ANSWER_S)
    except ControlError:
        connection.close()
        raise
    return CancelRequest(connection)


def _expect_greeting(connection: socket.socket) -> float:
    """Read the coordinator's first line, and return the grace period of its jobs in seconds."""
    hello = b""
    # Byte by byte: the bytes after this line belong to the answers.
    while not hello.endswith(b"\n") and len(hello) < _LONGEST_GREETING:
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


def _message(line: bytes) -> dict[str, object]:
    fields = fields_of(line)
    if not fields:
        raise ControlError(f"invalid message from the coordinator: {line[:60]!r}")
    return fields


@contextmanager
def _raise_on_silence() -> Generator[None, None, None]:
    try:
        yield
    except TimeoutError:
        raise ControlError("no answer from the coordinator: timed out (is it stopped?)") from None
    except ConnectionError:
        raise ControlError("no answer from the coordinator: it died") from None


def _connect(invocation_dir: str, waits: bool) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_ANSWER_S)
    try:
        # A socket refuses between its bind and its listen.
        passing = (BlockingIOError, *((FileNotFoundError, ConnectionRefusedError) if waits else ()))
        call_in(invocation_dir, lambda: _connect_in_time(connection, passing))
    except OSError as error:
        connection.close()
        raise ControlError(f"no answer from the coordinator: {error.strerror or error}") from error
    return connection


def _connect_in_time(connection: socket.socket, passing: tuple[type[OSError], ...]) -> None:
    """Connect, and retry while the error is a passing one, such as the full queue of the listening socket.

    A full queue gives EAGAIN to a socket with a timeout (connect(2), unix(7)).
    """
    end_s = monotonic_s() + _ANSWER_S
    while True:
        try:
            connection.connect(SOCKET_NAME)
            return
        except passing:
            if monotonic_s() > end_s:
                raise
            select.select([], [], [], _RETRY_S)


def cancel_superseded(loop: Watching, invocation_dir: str, job: str, by: str) -> bool:
    """Ask for the cancel of a job that the invocation `by` supersedes, without waiting for anything.

    Return False where no coordinator can be reached: the job runs in a foreground, or the socket is not open yet.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        call_in(invocation_dir, lambda: connection.connect(SOCKET_NAME))
        connection.sendall(message({"do": "cancel", "jobs": [job], "for": by}))
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
