"""The plan: the hook files of a repository, validated, ordered and immutable (section 2 of the design; HOT).

`loader.compile` makes it, `plans.plan_cache` stores it as marshal bytes, everything else only reads it. Jobs refer to
each other by number, the index of the job in its hook, so that the prompt counts integers and looks no name up.
"""

from dodo_hooks.core.named_tuple import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.core.diagnostics import Diagnostic
    from dodo_hooks.core.files.file_tags import TagTables
    from dodo_hooks.core.plan_parts import Check, Conduct, Group, Input, Matcher, Patch, Requirement, Share, TagRule

FOREGROUND = "foreground"
BACKGROUND = "background"
GRACE_S = 5.0  # between SIGTERM and SIGKILL, unless the file says otherwise (R14)
MAX_LOG_BYTES = 10 * 1024 * 1024  # of a job's log, likewise


class Retention(Record):
    """The limits up to which the records of a repository are kept: the rest of `log:` (section 7)."""

    retention_s: float = 7 * 86_400.0
    keep_last: int = 3  # invocations of each working tree, whatever their age
    max_total_bytes: int = 500 * 1024 * 1024  # of all invocations; the oldest go first


# The parts of the output of a run (`output:`).
EXECUTION = "execution"  # what the jobs print
SUMMARY = "summary"  # a line for each job that went well
FAILURE = "failure"  # a line for each job that failed, its log, and how to run it again
SKIPS = "skips"  # a line for each job that did not run, with the reason
OUTPUTS = (EXECUTION, SUMMARY, FAILURE, SKIPS)

PINNED = "pinned"  # of `trust:`

# Where a job that changes files fails (`fail_on_changes:`).
CI = "ci"
ELSEWHERE = "non-ci"

# The action of a job whose group is taken (section 7).
QUEUE = "queue"
CANCEL_PREVIOUS = "cancel-previous"
SKIP = "skip"
ON_CONFLICT = (QUEUE, CANCEL_PREVIOUS, SKIP)


# Where a job's list of files comes from (G4).
STAGED = "staged"  # what the commit will hold
PUSHED = "pushed"  # what the push sends
ALL = "all"  # what git tracks
CHANGED = "changed"  # what the event changed in the working tree
COMMAND = "command"  # what a command prints: `files:`
MESSAGE = "message"  # the file with the commit's message, of which git gives the name (P4)
NO_FILES_OF_EVENT = "none"  # no file at all: a hook of pre-commit's in an event that it has no files for


class FileRule(Record):
    """The rule that selects the files of a job, below its root. A job without files does not apply (C7)."""

    source: str  # one of the seven above
    command: str  # for COMMAND; "" else
    globs: "tuple[Matcher, ...]"  # one of them has to match; none: all files
    excludes: "tuple[Matcher, ...]"  # none of them may
    types: "tuple[str, ...]"  # `file_types:`
    counts_deleted: bool = False  # a deleted file is enough: the job is given no list (G4)
    required: "tuple[Matcher, ...]" = ()  # all of them have to match
    tags: "TagRule | None" = None  # `types`, `types_or` and `exclude_types`; None: whatever its tags
    is_of_pre_commit: bool = False  # STAGED is what pre-commit takes for it: git/content/pre_commit_files.py
    always_runs: bool = False  # the job runs also where there is no file (`always_run` of pre-commit)


# The kinds of conditions (C7).
ALWAYS = "always"
NEVER = "never"
IN_MERGE = "merge"
IN_REBASE = "rebase"
AT_MERGE_COMMIT = "merge-commit"
ON_REF = "ref"
HAS_VARIABLE = "env"
RUN_SUCCEEDS = "run"
HAS_CHANGED = "changed"
ALL_OF = "all"


# Which tracked files a job reads or writes, beside the index (P6).
NOTHING = "nothing"
GIVEN = "given"  # those in its list
ANYTHING = "anything"


# Where a job runs (`workspace:`).
WORKTREE = "worktree"
SNAPSHOT = "snapshot"


NO_FILES = -1  # a command without a list
FILES_VARIABLE = "DODO_FILES0"  # the variable with the name of a file that has the job's list


def as_argument(file: bytes) -> bytes:
    """Return the name of a file as a job is given it: no program takes it for an option (C6), as shells take `+n`."""
    return b"./" + file if file.startswith((b"-", b"+")) else file


class Execution(Record):
    """The command of a job, and how it is executed."""

    command: str  # as written, for people
    argv: "tuple[str, ...]"  # what is executed; ("sh", "-c", command) unless the command is plain words
    root: str = ""  # where it runs, relative to the top of the working tree; "" is the top
    env: "tuple[tuple[str, str], ...]" = ()  # what the file, the hook and the job add, the nearest last and alone
    files_at: int = NO_FILES  # where in argv the list is put in (C6)
    files_uses: int = 1  # how often one command line holds the list, for what fits into it
    script: str = ""  # the file that it runs, relative to the top (`script:`)
    refused: str = ""  # why it must not be executed: the job fails with this where it would run (C6)
    timeout_s: "float | None" = None
    nice: "int | None" = None  # None: 0 in the foreground, lowered in the background (R13)
    interactive: bool = False  # alone, with the terminal (R14)
    use_stdin: bool = False  # gets what git gives to the hook (G3)
    patch: "Patch" = ()  # what it changes in its environment, before `env` (P3)
    is_unresolved: bool = False  # pre-commit has to resolve or install it before it can run (P3)


class Order(Record):
    """The place of a job in the graph: the jobs that it waits for, those that wait for it, and its groups."""

    needs: "tuple[int, ...]" = ()  # must have succeeded before (R1, R2)
    after: "tuple[int, ...]" = ()  # must have ended before, however (section 2)
    dependents: "tuple[int, ...]" = ()  # the jobs that have this one among their needs
    followers: "tuple[int, ...]" = ()  # the jobs that have this one among their `after`
    made_by: "tuple[int, ...]" = ()  # those of its needs that make one of its inputs (K10)
    priority: int = 0  # the smaller starts first; ties go by number
    groups: "tuple[Group, ...]" = ()  # by name; each name once
    is_setup: bool = False  # runs before all others of its hook, and only if one of them runs


class Selection(Record):
    """The events and the files that a job applies to (C7)."""

    files: "FileRule | None" = None  # None: the job is not about files
    checks: "tuple[int, ...]" = ()  # numbers of the hook's checks, the outermost first
    absent: str = ""  # why it cannot apply here, whatever the event: another system, an excluded tag
    needs_event: str = ""  # the data of the event that it uses, such as "{1}": it cannot run without one


class Changes(Record):
    """The rule for files that a job changes."""

    stage_fixed: bool = False  # those among its files are staged (G6)
    fails_on_changes: "tuple[str, ...]" = ()  # of CI and ELSEWHERE: where it fails if it changes files
    conduct: "Conduct | None" = None  # what it does to tracked files, where that is known; always of a pre-commit hook


class ResultRule(Record):
    """The rule for the result of a job: what it depends on, what it makes, and what it counts for (K2, V1)."""

    inputs: "tuple[Input, ...]" = ()  # the files that its result depends on (K2)
    outputs: "tuple[str, ...]" = ()  # the files and folders that it makes, relative to the top (K10)
    env_inputs: "tuple[str, ...]" = ()  # names of variables whose values count (K1)
    uptodate: "tuple[str, ...]" = ()  # commands whose output counts
    is_incremental: bool = False  # it does not run where a kept result says that it has succeeded (K2)
    cache: str = ""  # how its outputs are stored, of host/files/clone.py; "": they are not (K9)
    is_per_file: bool = False  # it judges each file of its list by itself, and gets those that have not passed (K8)
    counts_commit: bool = False  # its verdict is on the commit, not on the tree (`incremental: false`, V1)
    supersedes: bool = True  # a new commit on the branch ends its runs on older ones (`supersede:`, V6)
    is_required: bool = False  # a gate requires it, or a job that needs it (V3)


class Report(Record):
    """The part of a job that people see, and how long that is kept."""

    fail_text: str = ""  # printed when it has failed
    is_silent: bool = False  # in the background: no failure notice, and only a failure leaves a log
    max_log_bytes: "int | None" = None  # None: that of the plan
    retention_s: "float | None" = None  # likewise


class Job(Record):
    """One command of a hook; a task `HOOK:NAME` of doit. A value that most jobs share is one object in a plan."""

    number: int  # its index in the hook, from 0; also the N of its directory jobs/N-NAME
    name: str
    directory: str  # "N-NAME" below jobs/ in the store
    execution: Execution
    order: Order = Order()
    phase: str = FOREGROUND  # or BACKGROUND
    declared_background: bool = False  # as in the file; with phase FOREGROUND the job was promoted (R9)
    selection: Selection = Selection()
    changes: Changes = Changes()
    results: ResultRule = ResultRule()
    workspace: str = ""  # where it runs: "" the working tree, SNAPSHOT a private checkout, and then it is incremental
    shares: "tuple[Share, ...]" = ()  # what its snapshot gets of the working tree (S6)
    cleans: bool = False  # its snapshot is emptied of all that git ignores, each time (`clean: true`, S4)
    report: Report = Report()
    description: str = ""
    label: str = ""  # shown instead of its name, if that is derived from a command of several lines
    tags: "tuple[str, ...]" = ()
    within: "tuple[str, ...]" = ()  # the names of the groups around it, the outermost first (C5)
    record: bytes = b""  # the constant part of its meta.json: an object that is still open, from store.records

    @property
    def title(self) -> str:
        """The name of the job in output."""
        return self.label or self.name

    @property
    def is_judged_by_diff(self) -> bool:
        """True if it is a hook of pre-commit, which has failed if it has modified files (P5)."""
        return self.changes.conduct is not None and self.changes.conduct.is_judged_by_diff

    @property
    def below(self) -> bytes:
        """The beginning of the paths from the top that its file list is relative to: its root and a slash, or b""."""
        root = self.execution.root
        return f"{root}/".encode("utf-8", "surrogateescape") if root else b""

    @property
    def promoted(self) -> bool:
        """True if this background job runs in the foreground because a foreground job needs it (R9)."""
        return self.declared_background and self.phase == FOREGROUND

    @property
    def is_in_group(self) -> bool:
        """True if it is in a concurrency group; a background job in the working tree always is (section 7)."""
        return bool(self.order.groups) or (self.phase == BACKGROUND and not self.workspace)


class Hook(Record):
    """One event and its jobs."""

    name: str
    jobs: "tuple[Job, ...]"  # jobs[n].number == n
    order: "tuple[int, ...]"  # a topological order of all jobs over needs and after, ties by number
    fail_fast: bool
    timeout_s: "float | None"  # of the whole hook, from the firing (R15)
    checks: "tuple[Check, ...]" = ()
    warns: bool = False  # `fail_mode: warn`: a failure is reported and does not fail git
    is_task: bool = False  # run manually only, under this name
    requires: "tuple[Requirement, ...]" = ()  # what a push waits for (V3)
    is_on_demand: bool = False  # it gets a shim only where `install` names it (P2)
    tag_tables: "TagTables | None" = None  # by which files get their tags; None: no job of it needs them

    @property
    def has_to_ask(self) -> bool:
        """True if the jobs of a firing depend on more than the plan: on files, conditions or the event (C7)."""
        return bool(self.checks) or any(
            job.selection.files is not None or job.selection.absent or job.selection.needs_event or job.order.is_setup
            for job in self.jobs
        )

    @property
    def gates_commits(self) -> bool:
        """True if it is about the commits of a push: what it requires of them, or jobs in snapshots of them (V3)."""
        return self.name == "pre-push" and (bool(self.requires) or any(job.workspace for job in self.jobs))

    def number_of(self, name: str) -> "int | None":
        for job in self.jobs:
            if job.name == name:
                return job.number
        return None

    def with_needs(self, numbers: "Iterable[int]") -> "set[int]":
        """Return these jobs and all that they need, directly or through others."""
        from dodo_hooks.core.dependency_graph import closure

        return closure(numbers, lambda number: self.jobs[number].order.needs)


class Plan(Record):
    """All hooks of one repository."""

    file: str  # the hook file, absolute
    slots: "int | None"  # `jobs:` of the file: how many jobs may run at once; None: one for each processor
    hooks: "tuple[Hook, ...]"  # in the order of the file
    diagnostics: "tuple[Diagnostic, ...]" = ()  # warnings and notes, such as a second hook file that is not read
    grace_s: float = GRACE_S  # `grace_period:` of the file
    max_log_bytes: int = MAX_LOG_BYTES  # `max_log_size:` of its `log:`
    retention: Retention = Retention()
    output: "tuple[str, ...] | None" = None  # of OUTPUTS; None: all, but nothing when git fires and nothing applies
    has_colors: "bool | None" = None  # `colors:`; None: as the terminal can
    trust: str = ""  # PINNED, or nothing special
    config_format: str = "dodo"  # the config format of the file: "dodo", "daft" or "lefthook"
    cache_bytes: "int | None" = None  # `cache_size:`; None: 5 GB
    digest: str = ""  # of the names and bytes of all files that it was made of (section 8); "": there are none
    required_hooks: "tuple[str, ...]" = ()  # the hooks with a required job
    unresolved_hooks: "tuple[str, ...]" = ()  # the hooks with a job that is unresolved (P3)
    has_unknown_hooks: bool = False  # of pre-commit's file: it is not known when they run before they are resolved (P3)

    @property
    def runs_pre_commit(self) -> bool:
        """True if it has hooks of pre-commit's file, so that pre-commit must not run as well (P8)."""
        return any(job.is_judged_by_diff for hook in self.hooks for job in hook.jobs)

    def hook(self, name: str) -> "Hook | None":
        for hook in self.hooks:
            if hook.name == name:
                return hook
        return None
