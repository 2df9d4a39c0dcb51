"""Reserved room for the ends of an invocation's jobs, for a disk that is full by then (R18, R21; HOT).

The `lock` of an invocation is open as long as its writer lives. When the invocation is made, room is reserved in it: a
slot for the invocation, and one for each job. Where a record cannot be written at the end for want of space, its tail
is written into its slot, in place, which needs none. Readers read the slots before they report that a job crashed; the
next repair makes records of them.

The room is never given back: on ext4, reserving costs 10 us, and giving back, which every hook would wait for, up to
milliseconds.

A slot is the tail of a record, as store/records.py renders it, and blanks; an empty one is full of zero bytes.
"""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.files.file_locks import is_disk_full
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.store import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SLOT_BYTES = 768
_SHORT, _SHORTER = 100, 20  # characters of a text; each may take twelve bytes


def has_end(lock_path: str) -> bool:
    """Return whether the invocation with this lock has ended, with its end in the lock's slot."""
    try:
        return read_file(lock_path)[:1] == b","
    except OSError:
        return False


def is_full(error: StoreError) -> bool:
    """Return whether the cause of an error is a full disk, or a full quota of its owner."""
    return isinstance(error.__cause__, OSError) and is_disk_full(error.__cause__)


def take_room(lock: int, jobs: int) -> bool:
    """Reserve room for this many jobs and their invocation, and return whether that worked.

    Uses posix_fallocate(3), which macOS lacks.
    """
    try:
        os.posix_fallocate(lock, 0, SLOT_BYTES * (jobs + 1))
    except (AttributeError, OSError):
        return False
    return True


def put_job(lock: int, number: int, state: records.JobState, names: "Sequence[str]") -> bool:
    """Write a job's end into its slot, and return whether that worked."""
    outcome = state.outcome
    assert outcome is not None
    reason = outcome.reason or ""
    return _put(
        lock,
        number + 1,
        (
            records.job_tail(state, short, names)
            for short in (
                outcome,
                outcome._replace(reason=reason[:_SHORT]),
                outcome._replace(reason=reason[:_SHORTER], need=None, root_cause=None),
            )
        ),
    )


def put_invocation(lock: int, coordinator: "int | None", finished_ns: int, exit_code: int, error: "str | None") -> bool:
    """Write the end of the invocation into its slot, and return whether that worked."""
    texts = (error, (error or "")[:_SHORT], (error or "")[:_SHORTER])
    return _put(lock, 0, (records.invocation_tail(coordinator, finished_ns, exit_code, text) for text in texts))


def read_slots(lock_path: str) -> "dict[int, dict[str, object]]":
    """Return the fields in the slots: those of the invocation as number 0, those of each job as its number plus 1.

    Not hot. A slot without a whole tail is left out.
    """
    from dodo_hooks.core.text.json_text import parse_json_object

    found = {}
    try:
        data = read_file(lock_path)
    except OSError:
        return {}
    for number in range(len(data) // SLOT_BYTES):
        slot = data[number * SLOT_BYTES : (number + 1) * SLOT_BYTES].strip()
        try:
            found[number] = parse_json_object(("{" + slot[1:].decode()) if slot[:1] == b"," else "")
        except (ValueError, RecursionError):
            continue
    return found


def _put(lock: int, slot: int, tails: "Iterable[bytes]") -> bool:
    """Write the first tail that fits into the slot, and return whether that worked; each is shorter than the last."""
    for tail in tails:
        if len(tail) <= SLOT_BYTES:
            try:
                return os.pwrite(lock, tail.ljust(SLOT_BYTES), slot * SLOT_BYTES) == SLOT_BYTES
            except OSError:  # a file system that copies what it changes
                return False
    return False
