"""The contents of invocation.json and of a job's meta.json, as bytes (section 7; HOT).

A job's record is a part that never changes, rendered once when the plan is compiled, and a short tail: numbers, words
and a few strings. At run time only `quote` encodes JSON. store/reader.py reads it.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.world import boot_id, timestamp
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Hook, Job

SCHEMA = 1
_SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "API_KEY", "APIKEY", "PRIVATE")
MASK = "***"


class Facts(Record):
    """The facts about an invocation that are known when it begins."""

    args: "tuple[str, ...]"
    trigger: str  # "git", "run", "doit" or "retry"
    worktree: str
    branch: "str | None"
    head: "str | None"  # the commit that HEAD named
    within: "str | None"  # the invocation whose job fired this hook (R12)
    pid: int  # of the foreground process
    parent: "str | None" = None  # the invocation that this is a retry of
    retention_s: "float | None" = None  # how long it is kept, where its jobs set that
    tree: "str | None" = None  # that jobs in snapshots are about; None: there is no such job
    repository: str = ""  # the main worktree, or the git directory of a bare repository; "": the worktree


class JobState:
    """The state of one job: the mutable form of a meta.json, kept by the one writer."""

    __slots__ = (
        "changed_meanwhile",
        "directory",
        "duration_s",
        "finished_ns",
        "log_bytes",
        "log_left_out",
        "outcome",
        "pid",
        "started_ns",
        "wave",
    )

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.outcome: statuses.Outcome | None = None
        self.pid: int | None = None
        self.wave: int | None = None
        self.started_ns: int | None = None
        self.finished_ns: int | None = None
        self.duration_s: float | None = None
        self.log_bytes = 0  # that the job has written
        self.log_left_out = 0  # of those, that are not kept
        self.changed_meanwhile: str | None = None  # of HEAD and index, under a background job

    @property
    def log(self) -> str:
        """The path of its log."""
        return layout.log_file(self.directory)

    @property
    def status(self) -> str:
        if self.outcome is not None:
            return self.outcome.status
        return statuses.PENDING if self.started_ns is None else statuses.RUNNING


def with_records(hook: "Hook") -> "Hook":
    """Return the hook with the constant part of each job's record."""
    return hook._replace(jobs=tuple(job._replace(record=constant_part(hook, job)) for job in hook.jobs))


def constant_part(hook: "Hook", job: "Job") -> bytes:
    """Return the beginning of a job's meta.json, an unclosed object. Not hot: runs when a plan is compiled."""
    from dodo_hooks.core.text.json_text import json_text

    part = {
        "schema": SCHEMA,
        "name": job.name,
        "hook": hook.name,
        "phase": job.phase,
        "declared_background": job.declared_background,
        "description": job.description,
        "command": job.execution.command,
        "argv": list(job.execution.argv),
        "root": job.execution.root,
        "needs": [hook.jobs[need].name for need in job.order.needs],
        "after": [hook.jobs[number].name for number in job.order.after],
        "tags": list(job.tags),
        "groups": [group._asdict() for group in job.order.groups],
        "timeout_s": job.execution.timeout_s,
        "nice": job.execution.nice,
        "priority": job.order.priority,
        "files": None if job.selection.files is None else job.selection.files.source,
        "files_at": job.execution.files_at,
        "files_uses": job.execution.files_uses,
        **({"refused": job.execution.refused} if job.execution.refused else {}),
        **({"fails_on_changes": list(job.changes.fails_on_changes)} if job.changes.fails_on_changes else {}),
        "use_stdin": job.execution.use_stdin,
        "interactive": job.execution.interactive,
        "fail_text": job.report.fail_text,
        "is_silent": job.report.is_silent,
        "max_log_bytes": job.report.max_log_bytes,
        **({"workspace": job.workspace, "cleans": job.cleans, **_shares(job)} if job.workspace else {}),
        "env": {name: MASK if is_secret(name) else value for name, value in job.execution.env},
    }
    return json_text(part)[:-1].encode("ascii")


def _shares(job: "Job") -> "dict[str, list[str]]":
    """Return the paths that a snapshot gets, those that are copied and those that are linked."""
    return {
        "shares": [share.path for share in job.shares if not share.is_link],
        "links": [share.path for share in job.shares if share.is_link],
    }


def is_secret(name: str) -> bool:
    """Return whether a variable's name marks its value as a secret, not to be recorded."""
    upper = name.upper()
    return any(word in upper for word in _SECRET_WORDS)


def quote(text: str) -> str:
    """Return the text as a JSON string in ASCII; surrogates, which stand for bytes that are no UTF-8, as `\\udcXX`."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    from _json import encode_basestring_ascii  # `json` itself uses this, and would take 8 ms to import

    return encode_basestring_ascii(text)


def job_record(job: "Job", state: JobState, names: "Sequence[str]") -> bytes:
    """Return a whole meta.json."""
    return job.record + job_tail(state, state.outcome, names)


def job_tail(state: JobState, outcome: "statuses.Outcome | None", names: "Sequence[str]") -> bytes:
    """Return the rest of a meta.json, after `constant_part`."""
    return (
        f', "status": "{state.status}"'
        f', "cause": {_text(outcome and outcome.cause)}'
        f', "reason": {_text(outcome and outcome.reason)}'
        f', "need": {_name(outcome and outcome.need, names)}'
        f', "root_cause": {_name(outcome and outcome.root_cause, names)}'
        f', "pid": {_number(state.pid)}'
        f', "wave": {_number(state.wave)}'
        f', "started_at": {_time(state.started_ns)}'
        f', "finished_at": {_time(state.finished_ns)}'
        f', "duration_s": {_number(state.duration_s)}'
        f', "exit_code": {_number(outcome and outcome.exit_code)}'
        f', "signal": {_number(outcome and outcome.signal)}'
        f', "log_bytes": {state.log_bytes}'
        f', "log_left_out": {state.log_left_out}'
        f', "changed_meanwhile": {_text(state.changed_meanwhile)}'
        "}\n"
    ).encode("ascii")


def invocation_constant(identity: str, hook: "Hook", facts: Facts, started_ns: int) -> bytes:
    """Return the beginning of invocation.json, an unclosed object."""
    args = ", ".join(quote(argument) for argument in facts.args)
    return (
        f'{{"schema": {SCHEMA}'
        f', "id": {quote(identity)}'
        f', "hook": {quote(hook.name)}'
        f', "args": [{args}]'
        f', "trigger": {quote(facts.trigger)}'
        f', "parent": {_text(facts.parent)}'
        f', "fail_fast": {"true" if hook.fail_fast else "false"}'
        f', "timeout_s": {_number(hook.timeout_s)}'
        f', "retention_s": {_number(facts.retention_s)}'
        f', "worktree": {quote(facts.worktree)}'
        f', "branch": {_text(facts.branch)}'
        f', "head": {_text(facts.head)}'
        + (f', "tree": {quote(facts.tree)}' if facts.tree else "")
        + (', "warns": true' if hook.warns else "")
        + f', "within": {_text(facts.within)}'
        f', "host": {quote(host_name())}'
        f', "boot_id": {_text(boot_id())}'
        f', "pid": {facts.pid}'
        f', "started_at": {_time(started_ns)}'
    ).encode("ascii")


def invocation_tail(
    coordinator: "int | None", finished_ns: "int | None", exit_code: "int | None", error: "str | None"
) -> bytes:
    """Return the rest of invocation.json, after `invocation_constant`."""
    return (
        f', "coordinator": {_number(coordinator)}'
        f', "finished_at": {_time(finished_ns)}'
        f', "exit_code": {_number(exit_code)}'
        f', "error": {_text(error)}'
        "}\n"
    ).encode("ascii")


def host_name() -> str:
    from dodo_hooks.host.posix import os

    return os.uname().nodename


def _text(value: "str | None") -> str:
    return "null" if value is None else quote(value)


def _number(value: "float | None") -> str:
    return "null" if value is None else f"{value}"


def _name(number: "int | None", names: "Sequence[str]") -> str:
    return "null" if number is None else quote(names[number])


def _time(at_ns: "int | None") -> str:
    return "null" if at_ns is None else f'"{timestamp(at_ns)}"'
