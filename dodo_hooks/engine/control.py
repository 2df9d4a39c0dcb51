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
import struct
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dodo_hooks.core.errors import HooksError
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.layout import SOCKET_NAME

if TYPE_CHECKING:
    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.store.writer import InvocationWriter

VERSION = 1
STILL_THERE_S = 2.0  # how long after SIGKILL an answer waits for a process that does not go (R14)
_LONGEST_REQUEST = 65536
_MOST_CLIENTS = 64
_REQUEST_S = 5.0  # how long a client may take to say what it wants
_RETRY_S = 0.02
_LONGEST_GRACE_S = 86400.0  # what a socket's timeout takes
_ANSWER_S = 5.0  # how long we wait for a coordinator to say something, beyond what it waits for itself


class ControlError(HooksError):
    """The coordinator of an invocation cannot be asked."""


class ControlServer:
    """The coordinator's end. Everything happens inside the loop's one wait: no client can hold up the scheduler."""

    def __init__(self, loop: "Loop", writer: "InvocationWriter") -> None:
        """Binds the socket in the invocation's directory.

        Raises:
            OSError: it cannot be bound.
        """
        self._loop = loop
        self._writer = writer
        self._clients: dict[int, _Client] = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _directory(writer.directory):
            self._socket.bind(SOCKET_NAME)
        self._socket.setblocking(False)
        self._socket.listen(_MOST_CLIENTS)
        loop.watch(self._socket.fileno(), lambda _: self._accept())
        loop.every(None, self._answer_what_ended)

    def close(self) -> None:
        """Answer whoever still waits, and take no further call."""
        self._answer_what_ended()
        for client in list(self._clients.values()):
            self._drop(client)
        self._loop.unwatch(self._socket.fileno())
        self._socket.close()
        with suppress(OSError):
            os.unlink(f"{self._writer.directory}/{SOCKET_NAME}")

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:  # it went away again
            return
        if not _is_ours(connection) or not self._has_room():
            connection.close()
            return
        connection.setblocking(False)
        client = _Client(connection)
        client.deadline_s = monotonic_s() + _REQUEST_S
        self._clients[connection.fileno()] = client
        self._loop.watch(connection.fileno(), lambda _: self._listen(client))
        self._loop.remind(client.deadline_s)
        self._say(client, {"grace_s": self._loop.context.grace_s})

    def _has_room(self) -> bool:
        """Whether one more client can be heard; the one that has said nothing for the longest time makes room."""
        if len(self._clients) >= _MOST_CLIENTS:
            silent = next((client for client in self._clients.values() if client.waits_for is None), None)
            if silent is not None:
                self._drop(silent)
        return len(self._clients) < _MOST_CLIENTS

    def _listen(self, client: "_Client") -> None:
        try:
            data = client.connection.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if client.waits_for is not None:  # there is nothing more to say; at its end it may still want to hear
            if not data:
                self._loop.unwatch(client.connection.fileno())
            return
        client.request += data
        if not data or len(client.request) > _LONGEST_REQUEST:
            self._drop(client)
        elif b"\n" in client.request:
            self._obey(client)

    def _obey(self, client: "_Client") -> None:
        parsed = _parse(client.request, [job.name for job in self._writer.hook.jobs])
        if isinstance(parsed, str):
            self._say(client, {"error": parsed})
            self._drop(client)
            return
        numbers, superseded_by = parsed
        for number in numbers:
            self._loop.cancel(number, superseded_by)
        client.waits_for = set(numbers)
        client.deadline_s = monotonic_s() + self._loop.context.grace_s + STILL_THERE_S
        self._loop.remind(client.deadline_s)
        self._answer_what_ended()

    def _answer_what_ended(self) -> None:
        for client in list(self._clients.values()):
            is_late = monotonic_s() >= client.deadline_s
            if client.waits_for is not None:
                self._answer(client, client.waits_for, is_late)
            elif is_late:
                self._drop(client)

    def _answer(self, client: "_Client", waits_for: set[int], is_late: bool) -> None:
        for number in sorted(waits_for):
            state = self._writer.jobs[number]
            if state.outcome is not None or is_late:
                waits_for.discard(number)
                if not self._say(client, {"job": self._writer.hook.jobs[number].name, "status": state.status}):
                    return
        if not waits_for:
            self._drop(client)

    def _say(self, client: "_Client", answer: dict[str, Any]) -> bool:
        """Whether it was said. A client that has stopped reading is dropped, and we have lost no time."""
        line = json.dumps({"dodo-hooks": VERSION, **answer}).encode() + b"\n"
        try:
            if client.connection.send(line) == len(line):
                return True
        except OSError:
            pass
        self._drop(client)
        return False

    def _drop(self, client: "_Client") -> None:
        descriptor = client.connection.fileno()
        if self._clients.pop(descriptor, None) is None:
            return
        self._loop.unwatch(descriptor)
        client.connection.close()


class _Client:
    __slots__ = ("connection", "deadline_s", "request", "waits_for")

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.request = b""
        self.waits_for: set[int] | None = None  # jobs it wants to hear the end of
        self.deadline_s = 0.0


class Question:
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


def ask_to_cancel(invocation_dir: str, jobs: Sequence[str]) -> Question:
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
    return Question(connection)


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


def ask_in_passing(loop: "Loop", invocation_dir: str, job: str, by: str) -> bool:
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


def _parse(request: bytes, names: Sequence[str]) -> "tuple[list[int], str] | str":
    """The numbers of the jobs to cancel and the run that takes their place, or what is wrong with the request.

    Any bytes get an answer. What an answer quotes is a number or a text, never a structure of the client's making.
    """
    wanted = _object(request.partition(b"\n")[0])
    version, do, jobs, by = (wanted.get(name) for name in ("dodo-hooks", "do", "jobs", "for"))
    by = "" if by is None else by
    if not isinstance(version, int) or not isinstance(do, str) or not isinstance(jobs, list) or not isinstance(by, str):
        return "the request is not understood"
    if version != VERSION:
        return f"this coordinator speaks version {VERSION}, and the request is of version {version}"
    if do != "cancel":
        return f"there is nothing called {do!r:.60} to do"
    numbers = {name: number for number, name in enumerate(names)}
    unknown = [job for job in jobs if not isinstance(job, str) or job not in numbers]
    if unknown:
        return f"no such job: {unknown[0]:.60}" if isinstance(unknown[0], str) else "the request is not understood"
    return [numbers[job] for job in jobs], by


def _object(line: bytes) -> dict[str, Any]:
    """Return the JSON object in a line, an empty one where there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):  # the latter: brackets without end
        return {}
    return value if isinstance(value, dict) else {}


def _is_ours(connection: socket.socket) -> bool:
    """Whether the other end belongs to the same user (unix(7), SO_PEERCRED; on macOS unix(4), LOCAL_PEERCRED)."""
    try:
        if sys.platform == "linux":
            data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            return bool(struct.unpack("3i", data)[1] == os.getuid())
        data = connection.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED, struct xucred
        return bool(struct.unpack_from("2I", data)[1] == os.getuid())
    except OSError:
        return False
