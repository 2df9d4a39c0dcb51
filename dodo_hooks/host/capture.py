"""Running a command for what it prints, without the 12 ms that `import subprocess` takes (HOT)."""

import select

from dodo_hooks.core.record import Record
from dodo_hooks.host.posix import os, signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DEFAULTED = frozenset(signals.valid_signals()) - {signals.SIGKILL, signals.SIGSTOP}
_PIECE = 1 << 16


class Captured(Record):
    code: int  # as of a shell: 128 + N after signal N
    output: bytes
    errors: bytes


def capture(
    argv: "Sequence[str]",
    environ: "Mapping[str, str]",
    stdin: bytes = b"",
    *,
    keep: "int | None" = None,
    is_shielded: bool = False,
) -> Captured:
    """Run `argv`, found in the PATH of `environ`, in the current directory, and wait for its end.

    `keep` is a descriptor that it inherits: a lock that it holds as long as it lives, should we be killed before it.
    `is_shielded`: in a process group of its own, where a Ctrl-C at the terminal does not reach it.

    Raises:
        OSError: it cannot be started.
    """
    pipes = [os.pipe() for _ in range(3)]
    ours = (pipes[0][1], pipes[1][0], pipes[2][0])
    theirs = (pipes[0][0], pipes[1][1], pipes[2][1])
    try:
        pid = _start(argv, environ, theirs, keep, is_shielded)
    except OSError:
        for descriptor in ours:
            os.close(descriptor)
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    output, errors = _talk(ours, stdin)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return Captured(128 - code if code < 0 else code, output, errors)


def _start(
    argv: "Sequence[str]",
    environ: "Mapping[str, str]",
    theirs: "tuple[int, ...]",
    keep: "int | None",
    is_shielded: bool,
) -> int:
    actions: list[tuple[int, int, int]] = [(os.POSIX_SPAWN_DUP2, one, number) for number, one in enumerate(theirs)]
    if keep is not None:  # a copy under another number, since a dup2 onto itself may leave it closed on exec
        actions.append((os.POSIX_SPAWN_DUP2, keep, 4 if keep == 3 else 3))
    words = tuple(argv)

    def start(path: str) -> int:
        if is_shielded:
            return os.posix_spawn(
                path, words, environ, file_actions=actions, setpgroup=0, setsigmask=(), setsigdef=_DEFAULTED
            )
        return os.posix_spawn(path, words, environ, file_actions=actions, setsigmask=(), setsigdef=_DEFAULTED)

    for directory in (environ.get("PATH") or "/bin:/usr/bin").split(":"):
        try:
            return start(f"{directory or '.'}/{words[0]}")
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
    raise FileNotFoundError(2, f"{argv[0]} is not in the PATH")


def _talk(pipes: "tuple[int, int, int]", data: bytes) -> "tuple[bytes, bytes]":
    """Write and read at once: with one after the other, both sides could wait for ever."""
    stdin, stdout, stderr = pipes
    poll = select.poll()
    read: dict[int, list[bytes]] = {stdout: [], stderr: []}
    for descriptor in read:
        poll.register(descriptor, select.POLLIN)
    rest = memoryview(data)
    if rest:
        os.set_blocking(stdin, False)
        poll.register(stdin, select.POLLOUT)
    else:
        os.close(stdin)
    still_open = set(read)
    while still_open or rest:
        for descriptor, _ in poll.poll():
            if descriptor == stdin:
                rest = _write_some(stdin, rest)
                is_over = not rest
            else:
                piece = os.read(descriptor, _PIECE)
                read[descriptor].append(piece)
                is_over = not piece
                if is_over:
                    still_open.discard(descriptor)
            if is_over:
                poll.unregister(descriptor)
                os.close(descriptor)
    return b"".join(read[stdout]), b"".join(read[stderr])


def _write_some(descriptor: int, rest: memoryview) -> memoryview:
    """What is left to write; nothing when nobody reads any more."""
    try:
        return rest[os.write(descriptor, rest) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[:0]
