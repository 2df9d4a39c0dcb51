"""The messages between a runner and its waves: short lines on a pair of pipes (HOT).

A line is a letter, then numbers, then in two kinds a text. A line is always shorter than PIPE_BUF, so that it arrives
in one piece (pipe(7)). The closing of a pipe is a message too: the other side is gone.
"""

from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    Message = tuple[str, tuple[int, ...], str]  # kind, numbers, text

# Runner to wave.
GRANT = "G"  # job, processes: start it, with its files split over up to so many processes
LIVE = "L"  # job: report each piece of its output from now on
END = "E"  # job, grace in ms: end its process group (R14)
DISMISS = "D"  # start nothing any more, leave when the running jobs have ended
# Wave to runner.
STARTED = "S"  # job, process id, time in ns
PREPARED = "W"  # job, process id: its workspace is ready, and its command begins
NEXT_BATCH = "N"  # job, process id: one batch of its files has succeeded, and the next has been started
ENDED = "X"  # job, exit code or -1, signal or -1, time in ns, duration in us
PIPED = "P"  # job, errno: no pseudo-terminal could be opened, so its output goes through a pipe
REFUSED = "R"  # job, exit code, time in ns, why: it could not be started
OUTPUT = "O"  # job: its log has grown
UNLOGGED = "U"  # job, errno: its output cannot be kept (R21)
BROKEN = "B"  # text: an error of the wave itself, which ends now

_NUMBERS = {
    GRANT: 2,
    LIVE: 1,
    END: 2,
    DISMISS: 0,
    STARTED: 3,
    PREPARED: 2,
    NEXT_BATCH: 2,
    ENDED: 5,
    PIPED: 2,
    REFUSED: 3,
    OUTPUT: 1,
    UNLOGGED: 2,
    BROKEN: 0,
}
UNPREPARED = 0  # the exit code in REFUSED of a job whose workspace could not be made ready
_LONGEST_TEXT = 300  # bytes; PIPE_BUF may be no more than 512, and on macOS it is


def line_of(kind: str, *numbers: int, text: str = "") -> bytes:
    """Return a message as its line."""
    line = " ".join((kind, *map(str, numbers))).encode("ascii")
    if text:
        line += b" " + text.replace("\n", " ").encode("utf-8", "replace")[:_LONGEST_TEXT]
    return line + b"\n"


class Inbox:
    """The receiving end of a pipe."""

    __slots__ = ("_rest", "descriptor")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._rest = b""

    def receive(self) -> "list[Message] | None":
        """Return the messages that have come; None if the other side is gone and nothing is left."""
        data = os.read(self.descriptor, 65536)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [_parse(line) for line in lines]


def _parse(line: bytes) -> "Message":
    kind, *words = line.decode("utf-8", "ignore").split(" ")  # a long text may end within a character
    count = _NUMBERS[kind]
    return kind, tuple(map(int, words[:count])), " ".join(words[count:])
