"""Sentences of ours on standard error, lines on standard output (HOT).

Everything goes through `escape`: what it holds may come from a file, a name, or git's own standard error (section 8).
"""

from dodo_hooks.core.text.terminal_text import escape
from dodo_hooks.host.descriptors import can_write
from dodo_hooks.host.posix import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

STDOUT, STDERR = 1, 2


def say(sentence: str, *, waits: bool = True) -> None:
    """Print a sentence on standard error, the lines behind its first one indented.

    Without `waits` it is dropped where the reader has stopped and the pipe is full.
    """
    text = "dodo-hooks: " + "\n  ".join(escape(line, "\t") for line in sentence.split("\n"))
    _write(STDERR, _encoded(text), waits)


def print_line(line: str, *, waits: bool = True) -> None:
    """Print a line that is safe already, since it holds our own colours (engine/job_line.py)."""
    _write(STDOUT, _encoded(line), waits)


def print_answer(lines: "Iterable[str]") -> None:
    """Print lines that are safe already, and are all that was asked for. Raises OSError where nobody can read them."""
    write_all(STDOUT, b"".join(map(_encoded, lines)))


def print_bytes(lines: bytes, *, waits: bool = True) -> None:
    """Print lines that are safe and encoded already."""
    _write(STDOUT, lines, waits)


def print_error_text(text: str) -> None:
    """Print text on standard error as it is: it is safe already."""
    _write(STDERR, text.encode("utf-8", "backslashreplace"), waits=True)


def _encoded(text: str) -> bytes:
    return f"{text}\n".encode("utf-8", "backslashreplace")


def _write(descriptor: int, data: bytes, waits: bool) -> None:
    try:
        if waits or can_write(descriptor):
            write_all(descriptor, data)
    except OSError:  # nobody listens
        pass
