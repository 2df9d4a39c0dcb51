"""The records of the store as readers get them. store/fields.py reads each field by its annotation."""

from dodo_hooks.core import statuses
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import NO_FILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.core.plan_parts import Group

    Report = Callable[[str], None]  # takes one sentence about a record that cannot be used
    Status = str  # of statuses.STATUSES


class InvocationRecord(Record):
    """The content of an invocation.json, and the state of its writer. Times are RFC 3339 in UTC."""

    directory: str
    id: str
    hook: str
    args: "tuple[str, ...]"
    trigger: str
    worktree: str
    branch: "str | None"
    head: "str | None"
    within: "str | None"
    host: str
    boot_id: "str | None"
    pid: int
    started_at: str
    coordinator: "int | None"
    finished_at: "str | None"
    exit_code: "int | None"
    error: "str | None"
    parent: "str | None"  # the invocation that this one is a retry of
    fail_fast: bool
    timeout_s: "float | None"  # of the whole hook
    warns: bool = False  # `fail_mode: warn`
    retention_s: "float | None" = None  # how long it is kept; None: as the hook file says
    writer_died: bool = False  # it has not ended, and nobody holds its lock
    tree: "str | None" = None  # that its jobs in snapshots were about
    is_reserved: bool = False  # its end is not in its record: the disk was full (store/reserve.py)

    @property
    def is_alive(self) -> bool:
        """True if the writer was alive when the record was read."""
        return self.finished_at is None and not self.writer_died


class JobRecord(Record):
    """The content of a meta.json."""

    directory: str
    name: str
    hook: str
    phase: str
    declared_background: bool
    command: str
    root: str
    needs: "tuple[str, ...]"
    after: "tuple[str, ...]"
    tags: "tuple[str, ...]"
    env: "tuple[tuple[str, str], ...]"
    status: "Status"
    cause: "str | None"
    reason: "str | None"
    need: "str | None"
    root_cause: "str | None"
    pid: "int | None"
    wave: "int | None"
    started_at: "str | None"
    finished_at: "str | None"
    duration_s: "float | None"
    exit_code: "int | None"
    signal: "int | None"
    log_bytes: int
    log_left_out: int
    # Needed by a retry.
    description: str
    argv: "tuple[str, ...]"
    timeout_s: "float | None"
    nice: "int | None"
    priority: int
    groups: "tuple[Group, ...]"
    # Records of earlier versions lack these.
    files: "str | None" = None  # the source of its file list; None: it is not about files
    files_at: int = NO_FILES
    files_uses: int = 1
    refused: str = ""
    fails_on_changes: "tuple[str, ...]" = ()
    use_stdin: bool = False
    interactive: bool = False
    fail_text: str = ""
    is_silent: bool = False
    max_log_bytes: "int | None" = None
    workspace: str = ""  # a snapshot, or "" for the working tree
    cleans: bool = False
    shares: "tuple[str, ...]" = ()  # paths that the snapshot had a copy of
    links: "tuple[str, ...]" = ()  # and those that it had a link to
    changed_meanwhile: "str | None" = None  # of HEAD and index, while a background job ran

    @property
    def has_ended(self) -> bool:
        return self.status in statuses.ENDED


def unix_s(timestamp: str) -> float:
    """Return the seconds since 1970 of a time in a record (RFC 3339 in UTC); `datetime` takes 3 ms to import.

    Raises:
        ValueError: it is no such time.
    """
    date, _, clock = timestamp.removesuffix("Z").partition("T")
    year, month, day = map(int, date.split("-"))
    hours, minutes, seconds = map(float, clock.split(":"))
    year -= month < 3  # a year that begins in March ends with the day that may be missing
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719469
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def ignore(sentence: str) -> None:
    """Take a sentence about a record that cannot be read, where a listing is what reports it."""
