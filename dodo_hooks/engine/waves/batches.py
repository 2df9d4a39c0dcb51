"""Batches of a file list that is too long for one command line (C6; HOT, imported only for a job with a list)."""

from dodo_hooks.core.plan import as_argument
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.core.plan import Job

_POINTER = 8  # execve(2): each text counts with its NUL and its pointer
_LEAST = 16_384
LEAST_FILES = 4  # of a process, where the list is spread over several
_MOST = 1 << 20  # a longer command line helps nobody, and takes a system's whole limit


def batches_of(
    job: "Job", files: "Sequence[bytes]", environ: "Mapping[str, str]", processes: int = 1
) -> "list[tuple[str | bytes, ...]]":
    """Return the command lines of a job with this file list, each as `posix_spawn` takes it; at least one.

    `processes`: over so many at once the files are spread, but each gets four of them at least, as in pre-commit.
    """
    argv, at = job.execution.argv, job.execution.files_at
    room = room_for(environ, argv) // max(job.execution.files_uses, 1)
    most = None if job.changes.conduct is None else job.changes.conduct.max_files
    if processes > 1:
        share = max(LEAST_FILES, -(-len(files) // processes))
        most = share if most is None else min(most, share)
    before, behind = argv[:at], argv[at:]
    return [(*before, *batch, *behind) for batch in split([as_argument(file) for file in files], room, most)]


def split(files: "Sequence[bytes]", room: int, most: "int | None" = None) -> "list[tuple[bytes, ...]]":
    """Return the files in order, in as few batches as fit into `room` bytes each, of `most` files at most.

    A file too long is a batch alone.
    """
    batches: list[tuple[bytes, ...]] = []
    batch: list[bytes] = []
    left = room
    for file in files:
        size = len(file) + 1 + _POINTER
        if batch and (size > left or len(batch) == most):
            batches.append(tuple(batch))
            batch, left = [], room
        batch.append(file)
        left -= size
    return [*batches, tuple(batch)]


def room_for(environ: "Mapping[str, str]", argv: "Sequence[str]") -> int:
    """Return the bytes of a command line that are left for files."""
    # Characters are counted as the four bytes that UTF-8 may need: nothing is gained by being exact here.
    taken = sum(4 * (len(name) + len(value)) + 2 + _POINTER for name, value in environ.items())
    taken += sum(4 * len(word) + 1 + _POINTER for word in argv)
    return max(min(os.sysconf("SC_ARG_MAX") // 2, _MOST) - taken, _LEAST)
