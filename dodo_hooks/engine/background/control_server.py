"""The coordinator's end of the control socket (the protocol is in control_protocol.py; HOT)."""

from __future__ import annotations

import os
import select
import sys
from _socket import AF_UNIX, SOCK_STREAM, socket  # `socket` itself takes 5 ms, and a background job waits for it
from collections.abc import Mapping, Sequence

from dodo_hooks.engine.control_protocol import LONGEST_REQUEST, STILL_THERE_S, VERSION, call_in, fields_of, message
from dodo_hooks.host.files.atomic_files import try_unlink
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.layout import SOCKET_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.engine.loop import Loop
    from dodo_hooks.store.writer import InvocationWriter

_MOST_CLIENTS = 64
_REQUEST_S = 5.0  # how long a client may take to send its request, and to read the last answer
_LAST_ANSWERS_S = 1.0  # how long the end of the run may take for clients that have not read


class ControlServer:
    """The coordinator's end. Everything happens inside the loop's one wait: no client can delay the scheduler."""

    def __init__(self, loop: Loop, writer: InvocationWriter) -> None:
        """Bind the socket in the invocation's directory.

        Raises:
            OSError: it cannot be bound.
        """
        self._loop = loop
        self._writer = writer
        self._clients: dict[int, _Client] = {}
        self._socket = socket(AF_UNIX, SOCK_STREAM)
        call_in(writer.directory, lambda: self._socket.bind(SOCKET_NAME))
        self._socket.setblocking(False)
        self._socket.listen(_MOST_CLIENTS)
        loop.watch(self._socket.fileno(), lambda _: self._accept())
        loop.clocks.every(None, self._answer_what_ended)

    def close(self) -> None:
        """Answer every waiting client, and close the socket."""
        self._answer_what_ended()
        end_s = monotonic_s() + _LAST_ANSWERS_S
        for client in list(self._clients.values()):
            client.connection.settimeout(max(0.0, end_s - monotonic_s()))
            try:
                client.connection.sendall(client.unsent)
            except OSError:  # it does not read
                pass
            self._drop(client)
        self._loop.unwatch(self._socket.fileno())
        self._socket.close()
        try_unlink(f"{self._writer.directory}/{SOCKET_NAME}")

    def _accept(self) -> None:
        try:
            connection = socket(fileno=self._socket._accept()[0])  # type: ignore[attr-defined]
        except OSError:  # it went away again
            return
        if not _is_ours(connection) or not self._has_room():
            connection.close()
            return
        connection.setblocking(False)
        client = _Client(connection)
        self._limit(client, _REQUEST_S)
        self._clients[connection.fileno()] = client
        self._say(client, {"grace_s": self._loop.context.grace_s})

    def _has_room(self) -> bool:
        """Return whether one more client can connect; if need be, drop the oldest client without a request."""
        if len(self._clients) >= _MOST_CLIENTS:
            silent = next((client for client in self._clients.values() if client.waits_for is None), None)
            if silent is not None:
                self._drop(silent)
        return len(self._clients) < _MOST_CLIENTS

    def _react(self, client: _Client, events: int) -> None:
        if events & select.POLLOUT:
            self._say(client)
            self._drop_if_done(client)
        else:
            self._listen(client)

    def _listen(self, client: _Client) -> None:
        try:
            data = client.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if client.waits_for is not None:  # the request was read; a client that has shut down its end may still read
            if not data:
                client.is_shut = True
                self._watch(client)
            return
        client.request += data
        if not data or len(client.request) > LONGEST_REQUEST:
            self._drop(client)
        elif b"\n" in client.request:
            self._obey(client)

    def _obey(self, client: _Client) -> None:
        parsed = _parse(client.request, [job.name for job in self._writer.hook.jobs])
        if isinstance(parsed, str):
            self._say(client, {"error": parsed})
            self._drop(client)
            return
        numbers, superseded_by = parsed
        for number in numbers:
            self._loop.cancel(number, superseded_by)
        client.waits_for = set(numbers)
        self._limit(client, self._loop.context.grace_s + STILL_THERE_S)
        self._answer_what_ended()

    def _answer_what_ended(self) -> None:
        for client in list(self._clients.values()):
            is_late = monotonic_s() >= client.deadline_s
            if client.waits_for is not None:
                self._answer(client, client.waits_for, is_late)
            elif is_late:
                self._drop(client)

    def _answer(self, client: _Client, waits_for: set[int], is_late: bool) -> None:
        if is_late and not waits_for:  # it has not read its answers
            self._drop(client)
            return
        jobs = self._writer.jobs
        ended = [number for number in sorted(waits_for) if is_late or jobs[number].outcome is not None]
        waits_for.difference_update(ended)
        if ended and not waits_for:
            self._limit(client, _REQUEST_S)
        names = self._writer.hook.jobs
        self._say(client, *({"job": names[number].name, "status": jobs[number].status} for number in ended))
        self._drop_if_done(client)

    def _limit(self, client: _Client, seconds: float) -> None:
        client.deadline_s = monotonic_s() + seconds
        self._loop.clocks.remind(client.deadline_s)

    def _drop_if_done(self, client: _Client) -> None:
        if client.waits_for is not None and not client.waits_for and not client.unsent:
            self._drop(client)

    def _say(self, client: _Client, *answers: Mapping[str, object]) -> None:
        """Send these messages after those that the client has not taken yet."""
        client.unsent += b"".join(map(message, answers))
        try:  # without blocking: the rest goes when the client has read
            client.unsent = client.unsent[client.connection.send(client.unsent) :] if client.unsent else b""
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client)
            return
        self._watch(client)

    def _watch(self, client: _Client) -> None:
        events = (0 if client.is_shut else select.POLLIN) | (select.POLLOUT if client.unsent else 0)
        if events:
            self._loop.watch(client.connection.fileno(), lambda events: self._react(client, events), events)
        else:
            self._loop.unwatch(client.connection.fileno())

    def _drop(self, client: _Client) -> None:
        descriptor = client.connection.fileno()
        if self._clients.pop(descriptor, None) is None:
            return
        self._loop.unwatch(descriptor)
        client.connection.close()


class _Client:
    __slots__ = ("connection", "deadline_s", "is_shut", "request", "unsent", "waits_for")

    def __init__(self, connection: socket) -> None:
        self.connection = connection
        self.request = b""
        self.waits_for: set[int] | None = None  # jobs whose end it waits for
        self.deadline_s = 0.0
        self.unsent = b""  # messages that it has not taken yet
        self.is_shut = False  # it will send nothing more


def _parse(request: bytes, names: Sequence[str]) -> tuple[list[int], str] | str:
    """Return the numbers of the jobs to cancel and the run that supersedes them, or the error of the request.

    Any bytes get an answer. An answer quotes a number or a text, never a structure of the client's making.
    """
    wanted = fields_of(request.partition(b"\n")[0])
    version, do, jobs, by = (wanted.get(name) for name in ("dodo-hooks", "do", "jobs", "for"))
    by = "" if by is None else by
    if not isinstance(version, int) or not isinstance(do, str) or not isinstance(jobs, list) or not isinstance(by, str):
        return "invalid request"
    if version != VERSION:
        return f"coordinator has protocol version {VERSION}, the request has {version}"
    if do != "cancel":
        return f"unknown request {do!r:.60}"
    numbers = {name: number for number, name in enumerate(names)}
    unknown = [job for job in jobs if not isinstance(job, str) or job not in numbers]
    if unknown:
        return f"no such job: {unknown[0]:.60}" if isinstance(unknown[0], str) else "invalid request"
    return [numbers[job] for job in jobs], by


def _is_ours(connection: socket) -> bool:
    """Return whether the other end belongs to our user (unix(7), SO_PEERCRED; on macOS unix(4), LOCAL_PEERCRED)."""
    try:
        if sys.platform == "linux":
            from _socket import SO_PEERCRED, SOL_SOCKET

            peer = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)  # struct ucred: pid, uid, gid
        else:
            peer = connection.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED, struct xucred: version, uid, ...
        return int.from_bytes(peer[4:8], sys.byteorder) == os.getuid()
    except OSError:
        return False
