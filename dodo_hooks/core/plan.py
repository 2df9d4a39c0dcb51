"""The plan: what a repository's hook files say, validated, ordered and immutable (section 2 of the design; HOT).

`loader.compile` makes it, `fire.plan_cache` keeps it as marshal bytes, everything else only reads it. Jobs refer to
each other by number, the job's place in its hook, so that the prompt counts integers and looks no name up.
"""

from dodo_hooks.core.record import Record

FOREGROUND = "foreground"
BACKGROUND = "background"
GRACE_S = 5.0  # between SIGTERM and SIGKILL, unless the file says otherwise (R14)
MAX_LOG_BYTES = 10 * 1024 * 1024  # of a job's log, likewise


class Retention(Record):
    """What is kept of the records of a repository: the rest of `log:` (section 7)."""

    retention_s: float = 7 * 86_400.0
    keep_last: int = 3  # invocations of each working tree, whatever their age
    max_total_bytes: int = 500 * 1024 * 1024  # of all invocations; the oldest go first


# What a job does when its group is taken (section 7).
QUEUE = "queue"
CANCEL_PREVIOUS = "cancel-previous"
SKIP = "skip"
ON_CONFLICT = (QUEUE, CANCEL_PREVIOUS, SKIP)


class Group(Record):
    """A concurrency group that a job is in: of all jobs that are, one runs at a time (section 7)."""

    name: str
    on_conflict: str  # one of ON_CONFLICT
    is_shared: bool  # by the jobs of one run: a group of the whole hook
    wait_s: "float | None"  # None: 60 s in the foreground, as long as it takes in the background


class Job(Record):
    """One command of a hook; a task `HOOK:NAME` of doit."""

    number: int  # its place in the hook, from 0; also the N of its directory jobs/N-NAME
    name: str
    description: str
    command: str  # as written, for people
    argv: "tuple[str, ...]"  # what is executed; ("sh", "-c", command) unless the command is plain words
    root: str  # where it runs, relative to the top of the working tree; "" is the top
    env: "tuple[tuple[str, str], ...]"  # what the file, the hook and the job add, the nearest last and alone
    tags: "tuple[str, ...]"
    needs: "tuple[int, ...]"  # must have succeeded before (R1, R2)
    after: "tuple[int, ...]"  # must have ended before, however (section 2)
    dependents: "tuple[int, ...]"  # the jobs that have this one among their needs
    followers: "tuple[int, ...]"  # the jobs that have this one among their `after`
    phase: str  # FOREGROUND or BACKGROUND
    declared_background: bool  # what the file says; with phase FOREGROUND the job was promoted (R9)
    timeout_s: "float | None"
    nice: "int | None"  # None: 0 in the foreground, lowered in the background (R13)
    priority: int  # the smaller starts first; ties go by number
    directory: str  # "N-NAME" below jobs/ in the store
    record: bytes  # the constant part of its meta.json: an object that is still open, from store.records
    groups: "tuple[Group, ...]" = ()  # by name; each name once

    @property
    def promoted(self) -> bool:
        """A background job that runs in the foreground because a foreground job needs it (R9)."""
        return self.declared_background and self.phase == FOREGROUND


class Hook(Record):
    """One event and its jobs."""

    name: str
    jobs: "tuple[Job, ...]"  # jobs[n].number == n
    order: "tuple[int, ...]"  # a topological order of all jobs over needs and after, ties by number
    fail_fast: bool
    timeout_s: "float | None"  # of the whole hook, from the firing (R15)

    def number_of(self, name: str) -> "int | None":
        for job in self.jobs:
            if job.name == name:
                return job.number
        return None


class Plan(Record):
    """All hooks of one repository."""

    file: str  # the hook file, absolute
    slots: "int | None"  # `jobs:` of the file: how many jobs may run at once; None: one for each processor
    hooks: "tuple[Hook, ...]"  # in the order of the file
    notices: "tuple[str, ...]" = ()  # sentences for people, such as a second hook file that is not read
    grace_s: float = GRACE_S  # `grace_period:` of the file
    max_log_bytes: int = MAX_LOG_BYTES  # `max_log_size:` of its `log:`
    retention: Retention = Retention()

    def hook(self, name: str) -> "Hook | None":
        for hook in self.hooks:
            if hook.name == name:
                return hook
        return None
