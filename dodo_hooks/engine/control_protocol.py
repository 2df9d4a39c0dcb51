"""The protocol of the control socket of an invocation (section 7; HOT).

The coordinator sends the first line of JSON: `{"dodo-hooks": 1, "grace_s": 5.0}`, its version and the grace period of
its jobs. The client sends one request: `{"dodo-hooks": 1, "do": "cancel", "jobs": ["deps"]}`. The coordinator answers
with one line per job, `{"job": "deps", "status": "cancelled"}`, when that job has ended or plainly will not end, and
then closes the connection. It never waits for a client: a client that sends nothing, or does not read in time, is
disconnected.

The socket lies in a directory that only its owner can enter and is reached by a relative name, since the path to a
socket may be no longer than 104 bytes on macOS and 108 on Linux.
"""

from dodo_hooks.core.text.json_text import json_text, parse_json_object
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION = 1
STILL_THERE_S = 2.0  # how long after SIGKILL an answer waits for a process that does not go (R14)
LONGEST_REQUEST = 1 << 22  # with the names of all jobs: a hook file may have 1 MB


def message(fields: "Mapping[str, object]") -> bytes:
    """Return a line of the protocol."""
    return json_text({"dodo-hooks": VERSION, **fields}).encode() + b"\n"


def fields_of(line: bytes) -> "dict[str, object]":
    """Return the JSON object in a line, an empty one where there is none."""
    try:
        return parse_json_object(line.decode())
    except (ValueError, RecursionError):  # the latter: brackets without end
        return {}


def call_in(directory: str, reach: "Callable[[], object]") -> None:
    """Call with this working directory, to reach its files by a relative name. Raises OSError."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(directory)
        reach()
    finally:
        os.fchdir(here)
        os.close(here)
