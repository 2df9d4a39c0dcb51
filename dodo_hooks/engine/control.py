"""The control socket of an invocation, both ends (section 7).

A client says who it is and what it wants in one line of JSON, `{"dodo-hooks": 1, "do": "cancel", "jobs": ["deps"]}`;
the coordinator answers with one line per job when it has ended, `{"job": "deps", "status": "cancelled"}`, or when it
is plain that it will not, and closes. The socket lies in a directory that only its owner can enter and is reached by a
relative name, since the path to a socket may be no longer than 104 bytes on macOS and 108 on Linux.
"""

import json
import os
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
        if len(self._clients) >= _MOST_CLIENTS or not _is_ours(connection):
            connection.close()
            return
        connection.setblocking(False)
        client = _Client(connection)
        self._clients[connection.fileno()] = client
        self._loop.watch(connection.fileno(), lambda _: self._listen(client))

    def _listen(self, client: "_Client") -> None:
        try:
            data = client.connection.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        client.request += data
        if not data or len(client.request) > _LONGEST_REQUEST:
            self._drop(client)
        elif b"\n" in client.request and client.waits_for is None:
            self._obey(client)

    def _obey(self, client: "_Client") -> None:
        numbers = _parse(client.request, [job.name for job in self._writer.hook.jobs])
        if isinstance(numbers, str):
            self._say(client, {"error": numbers})
            self._drop(client)
            return
        for number in numbers:
            self._loop.cancel(number)
        client.waits_for = set(numbers)
        client.deadline_s = monotonic_s() + self._loop.context.grace_s + STILL_THERE_S
        self._loop.remind(client.deadline_s)
        self._answer_what_ended()

    def _answer_what_ended(self) -> None:
        for client in list(self._clients.values()):
            if client.waits_for is None:
                continue
            is_late = monotonic_s() >= client.deadline_s
            for number in sorted(client.waits_for):
                state = self._writer.jobs[number]
                if state.outcome is not None or is_late:
                    client.waits_for.discard(number)
                    self._say(client, {"job": self._writer.hook.jobs[number].name, "status": state.status})
            if not client.waits_for:
                self._drop(client)

    def _say(self, client: "_Client", answer: dict[str, Any]) -> None:
        # A short line into an empty buffer. A client that has stopped reading loses its answer, and we lose no time.
        with suppress(OSError):
            client.connection.send(json.dumps({"dodo-hooks": VERSION, **answer}).encode() + b"\n")

    def _drop(self, client: "_Client") -> None:
        descriptor = client.connection.fileno()
        self._clients.pop(descriptor, None)
        self._loop.unwatch(descriptor)
        client.connection.close()


class _Client:
    __slots__ = ("connection", "deadline_s", "request", "waits_for")

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.request = b""
        self.waits_for: set[int] | None = None  # jobs it wants to hear the end of
        self.deadline_s = 0.0


def cancel(invocation_dir: str, jobs: Sequence[str]) -> list[tuple[str, str]]:
    """Ask for these jobs to be cancelled; returns when each has ended, or refuses to.

    Returns:
        (job, status) in the order of the answers. A status that is not an end says that the process is still there
        two seconds after SIGKILL.
    Raises:
        ControlError: nobody answers, or the coordinator refuses.
    """
    request = json.dumps({"dodo-hooks": VERSION, "do": "cancel", "jobs": list(jobs)}).encode() + b"\n"
    answers = []
    with _connect(invocation_dir) as connection:
        connection.sendall(request)
        for line in connection.makefile("rb"):
            answer = json.loads(line)
            if "error" in answer:
                raise ControlError(f"the coordinator refused: {answer['error']}")
            answers.append((answer["job"], answer["status"]))
    return answers


def _connect(invocation_dir: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _directory(invocation_dir):
            connection.connect(SOCKET_NAME)
    except OSError as error:
        connection.close()
        raise ControlError(f"the coordinator of this invocation does not answer: {error.strerror}") from error
    return connection


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


def _parse(request: bytes, names: Sequence[str]) -> "list[int] | str":
    """The numbers of the jobs to cancel, or what is wrong with the request."""
    try:
        wanted = json.loads(request.partition(b"\n")[0])
        version, do, jobs = wanted["dodo-hooks"], wanted["do"], wanted["jobs"]
    except (ValueError, KeyError, TypeError):
        return "the request is not understood"
    if version != VERSION:
        return f"this coordinator speaks version {VERSION}, and the request is of version {version}"
    if do != "cancel" or not isinstance(jobs, list):
        return f"there is nothing called {do!r} to do"
    unknown = [job for job in jobs if job not in names]
    if unknown:
        return f"no such job: {unknown[0]}"
    return [names.index(job) for job in jobs]


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
