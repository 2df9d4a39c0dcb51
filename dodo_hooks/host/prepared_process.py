"""A job's process that prepares first: a fork that runs a function of ours, and then becomes the command (S4; HOT)."""

from dodo_hooks.core.errors import HooksError
from dodo_hooks.host import process
from dodo_hooks.host.console import say
from dodo_hooks.host.posix import os, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NOT_FOUND, _CANNOT_RUN = 127, 126  # as a shell says it
_MOST_BYTES = 300  # that a wave can report
_PREPARED = b"+"


class Refusal(Exception):
    """The reason why a process did not become its command; `exit_code` is 0 where it could not be prepared."""

    def __init__(self, exit_code: int, reason: str) -> None:
        super().__init__(reason)
        self.exit_code = exit_code
        self.reason = reason


def spawn_prepared(
    prepare: "Callable[[], None]",
    argv: "tuple[str | bytes, ...]",
    environ: "Mapping[str, str]",
    directory: str,
    output: int,
    stdin: str,
) -> "tuple[int, int]":
    """Fork the leader of a new process group, which calls `prepare`, and becomes `argv` in `directory`.

    Everything else is as in `process.spawn`.

    Returns:
        The process id, and a descriptor for `read_refusal` once the process has ended.

    Raises:
        OSError: no process or no descriptor is left for it.
    """
    reader, writer = os.pipe()
    try:
        pid = process.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if not pid:
        _become(prepare, argv, environ, directory, output, stdin, writer)
    os.close(writer)
    os.set_blocking(reader, False)
    try:
        os.setpgid(pid, pid)  # both do it: whoever signals the group must not come before the child
    except OSError:  # it is the command already, or has ended
        pass
    return pid, reader


def read_refusal(descriptor: int) -> "Refusal | None":
    """Return why a process that has ended never became its command; None where it did. Closes the descriptor."""
    try:
        text = os.read(descriptor, 4096).decode("utf-8", "replace")
    except BlockingIOError:
        text = ""
    os.close(descriptor)
    if not text:
        return Refusal(0, "it was killed before its command began")
    code, _, reason = text.removeprefix(_PREPARED.decode()).partition(" ")
    return Refusal(int(code), reason) if code.isdigit() else None


def _become(
    prepare: "Callable[[], None]",
    argv: "tuple[str | bytes, ...]",
    environ: "Mapping[str, str]",
    directory: str,
    output: int,
    stdin: str,
    refusals: int,
) -> None:
    """Prepare, and become the command; never return."""
    try:
        os.setpgid(0, 0)
        _take_default_signals()
        os.dup2(os.open(stdin, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _prepare(prepare)
        os.write(refusals, _PREPARED)
        _execute(argv, environ, directory)
    except Refusal as refusal:
        _report(refusals, refusal)
    except BaseException as error:  # whatever it is, this copy of the wave must not run on
        _report(refusals, Refusal(0, f"{type(error).__name__}: {error}"))
    finally:
        os._exit(_CANNOT_RUN)


def _prepare(prepare: "Callable[[], None]") -> None:
    try:
        prepare()
    except (HooksError, OSError) as error:
        raise Refusal(0, str(error)) from error


def _execute(argv: "tuple[str | bytes, ...]", environ: "Mapping[str, str]", directory: str) -> None:
    """Become the command, found as by `process.spawn`.

    Raises:
        Refusal: it cannot be run.
    """
    try:
        os.chdir(directory)
    except OSError as error:
        raise Refusal(_CANNOT_RUN, f"cannot enter its root {directory}: {error.strerror}") from error
    try:
        process.start_program(argv, environ, lambda path, words: os.execve(path, words, environ))
    except FileNotFoundError as error:
        raise Refusal(_NOT_FOUND, f"{argv[0]!s}: command not found") from error
    except OSError as error:
        raise Refusal(_CANNOT_RUN, f"{argv[0]!s}: {error.strerror}") from error


def _take_default_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in process.DEFAULTED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _report(refusals: int, refusal: Refusal) -> None:
    text = f"{refusal.exit_code} {refusal.reason}".encode("utf-8", "surrogateescape")
    os.write(refusals, text[:_MOST_BYTES].replace(b"\n", b" "))
    say(refusal.reason)  # into the job's log
