"""Sentences of ours on standard error, lines on standard output (HOT).

Everything goes through `shown`: what it holds may come from a file, a name, or git's own standard error (section 8).
"""

from dodo_hooks.core.shown import shown
from dodo_hooks.host.process import can_write, write_all

STDOUT, STDERR = 1, 2


def say(sentence: str, *, waits: bool = True) -> None:
    """Print a sentence on standard error, the lines behind its first one indented. Without `waits` it is dropped where
    the reader has stopped and the pipe is full."""
    _write(STDERR, "dodo-hooks: " + "\n  ".join(shown(line, "\t") for line in sentence.split("\n")), waits)


def print_line(line: str, descriptor: int = STDOUT, *, waits: bool = True) -> None:
    """Print a line that is safe already, since it holds our own colours (core/job_line.py)."""
    _write(descriptor, line, waits)


def _write(descriptor: int, text: str, waits: bool) -> None:
    try:
        if waits or can_write(descriptor):
            write_all(descriptor, f"{text}\n".encode("utf-8", "backslashreplace"))
    except OSError:  # nobody listens
        pass
