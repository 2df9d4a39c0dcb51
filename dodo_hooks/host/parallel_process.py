"""A job's process that runs several command lines side by side, each with a part of its files (P6; HOT, if needed).

It is a fork of the wave, the leader of the job's group, and stays until all of them have ended. The first one writes
straight to the job's output. Each of the others has a file, which is appended in the order of the lines.
"""

from dodo_hooks.host import descriptors, process
from dodo_hooks.host.posix import os, signal, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Line = tuple[str | bytes, ...]

_NOT_FOUND, _CANNOT_RUN = 127, 126  # as a shell says it
_PIECE = 1 << 16


def spawn_side_by_side(
    lines: "Sequence[Line]", most: int, environ: "Mapping[str, str]", output: int, stdin: str, folder: str
) -> int:
    """Start the leader of a new process group, which runs the lines, `most` at once, in the current directory.

    Everything else is as in `process.spawn`. `folder`: where the files with output are made.

    Returns:
        The process id. The process ends as the worst of the lines does: with its exit code, or by its signal.

    Raises:
        OSError: no process is left for it.
    """
    pid = process.fork()
    if not pid:
        _lead(lines, most, environ, output, stdin, folder)
    try:
        os.setpgid(pid, pid)  # both do it: whoever signals the group must not come before the child
    except OSError:  # it has ended
        pass
    return pid


def _lead(
    lines: "Sequence[Line]", most: int, environ: "Mapping[str, str]", output: int, stdin: str, folder: str
) -> None:
    """Be that process, and never return."""
    code = _CANNOT_RUN
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in process.DEFAULTED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        descriptors.close_all_but({output})  # the wave's pipes tell its death when they are closed
        worst = _run(lines, most, environ, output, stdin, folder)
        if worst < 0:
            os.kill(os.getpid(), -worst)
        code = worst
    except BaseException as error:  # whatever it is, this copy of the wave must not run on
        write_all(output, f"{type(error).__name__}: {error}\n".encode("utf-8", "backslashreplace"))
    finally:
        os._exit(code)


def _run(lines: "Sequence[Line]", most: int, environ: "Mapping[str, str]", output: int, stdin: str, folder: str) -> int:
    """Run the lines, and return the worst exit code; that of a signal is negative."""
    outputs: list[int] = []
    running: set[int] = set()
    worst = 0
    for number, line in enumerate(lines):
        if len(running) == most:
            worst = max(worst, _wait(running), key=abs)
        outputs.append(_new_file(f"{folder}/part-{number}") if number else output)
        try:
            running.add(_spawn(line, environ, outputs[-1], stdin))
        except OSError as error:
            is_missing = isinstance(error, FileNotFoundError)
            reason = "command not found" if is_missing else error.strerror
            write_all(outputs[-1], f"{line[0]!s}: {reason}\n".encode("utf-8", "surrogateescape"))
            worst = max(worst, _NOT_FOUND if is_missing else _CANNOT_RUN, key=abs)
    while running:
        worst = max(worst, _wait(running), key=abs)
    for descriptor in outputs[1:]:
        os.lseek(descriptor, 0, 0)
        while piece := os.read(descriptor, _PIECE):
            write_all(output, piece)
    return worst


def _new_file(path: str) -> int:
    """Return a file without a name: it is gone with the process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_APPEND, 0o600)
    os.unlink(path)
    return descriptor


def _spawn(line: "Line", environ: "Mapping[str, str]", output: int, stdin: str) -> int:
    actions: process.Actions = [
        (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, output, 1),
        (os.POSIX_SPAWN_DUP2, output, 2),
    ]
    return process.spawn_with(actions, line, environ, leads=False)


def _wait(running: "set[int]") -> int:
    pid, status = os.waitpid(-1, 0)
    running.discard(pid)
    return os.waitstatus_to_exitcode(status)
