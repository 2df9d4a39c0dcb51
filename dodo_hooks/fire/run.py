"""One firing of one hook, from its facts to its exit code (HOT). What its phases do is in fire/phases.py."""

from dodo_hooks.core import status
from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, OUTPUTS
from dodo_hooks.core.record import Record
from dodo_hooks.core.status import NOT_SELECTED, Outcome
from dodo_hooks.engine.job import TO_FILE, TO_PIPE, TO_TERMINAL, TTY, Context
from dodo_hooks.fire.environment import environment_of_run
from dodo_hooks.fire.nesting import Nesting, nesting_of
from dodo_hooks.git.repo import head_of, main_worktree
from dodo_hooks.host.console import say as say
from dodo_hooks.host.posix import os
from dodo_hooks.host.process import has_process_table
from dodo_hooks.host.world import monotonic_s, wall_ns
from dodo_hooks.store.identity import repository_id
from dodo_hooks.store.records import Facts
from dodo_hooks.store.writer import InvocationWriter, reserve_invocation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dodo_hooks.core.plan import Hook, Plan
    from dodo_hooks.engine.foreground import Terminal
    from dodo_hooks.git.partial import StatusQuery
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World

BACKGROUND_NICE = 10  # R13

NO_LISTS: "Mapping[int, tuple[bytes, ...]]" = {}

# What is to be done with background jobs.
AUTO = "auto"
ATTACHED = "foreground"
DETACHED = "background"
OFF = "off"
PHASES = (AUTO, ATTACHED, DETACHED, OFF)

BY_GIT = "git"
BY_HAND = "run"
BY_DOIT = "doit"
BY_RETRY = "retry"


class Firing(Record):
    """All that makes one firing what it is."""

    world: "World"
    repo: "Repo"
    hook: "Hook"
    args: "tuple[str, ...]"
    trigger: str  # BY_GIT, BY_HAND, BY_DOIT or BY_RETRY
    phase: str  # one of PHASES
    slots: int
    rules: "Plan"  # what the file says for all hooks; its own hooks are not looked at
    left_out: "dict[int, Outcome]"  # the jobs that are not to run, and why
    parent: "str | None" = None  # the invocation that this is a retry of
    files: "Mapping[int, tuple[bytes, ...]]" = NO_LISTS  # of each job that is about files (G4)
    stdin: bytes = b""  # what git gave to the hook (G3)
    status: "StatusQuery | None" = None  # what differs between commit, index and tree; of a commit alone (G5)
    again: "tuple[str, ...]" = ()  # the options of `run` with which a person fired it, for the one who runs it again

    @property
    def output(self) -> "tuple[str, ...]":
        """What is shown, of plan.OUTPUTS."""
        return OUTPUTS if self.rules.output is None else self.rules.output

    @property
    def is_idle(self) -> bool:
        """Whether no job applies, so that nothing runs and no invocation is left behind (section 7)."""
        decided = self.left_out.values()
        return len(decided) == len(self.hook.jobs) and all(one.status == status.SKIPPED for one in decided)

    def has_line(self, number: int, outcome: Outcome) -> bool:
        """Whether a job that was left out is worth a line: not one that nobody asked for, and in front of git none of
        the background."""
        is_asked_for = outcome.reason != NOT_SELECTED
        return is_asked_for and (self.trigger != BY_GIT or self.hook.jobs[number].phase == FOREGROUND)


class Run:
    """A firing under way: its records, its clock, and what went wrong with it as a whole."""

    __slots__ = (
        "deadline_s",
        "firing",
        "had_line",
        "interrupted",
        "nesting",
        "remarks",
        "rest",
        "started_s",
        "troubles",
        "unkept",
        "writer",
    )

    def __init__(self, firing: Firing, nesting: Nesting, writer: InvocationWriter, started_s: float) -> None:
        timeout_s = firing.hook.timeout_s
        self.firing = firing
        self.nesting = nesting
        self.writer = writer
        self.started_s = started_s
        self.deadline_s = None if timeout_s is None else started_s + timeout_s  # R15: counts from the firing
        self.interrupted: int | None = None  # the signal that ended it (R17)
        self.had_line: set[int] = set()  # the jobs about which a line was printed
        self.rest = b""  # lines for people that could not be printed without waiting
        self.remarks: list[str] = []  # sentences that change nothing
        self.troubles: list[str] = []  # sentences about what could not be done (R21)
        self.unkept: str | None = None  # the first one about a record that could not be written

    def open_jobs(self, phase: str) -> "list[int]":
        decided = self.writer.outcomes()
        return [job.number for job in self.firing.hook.jobs if job.phase == phase and job.number not in decided]

    def decide(self, ended: "Iterable[tuple[int, Outcome]]") -> None:
        for number, outcome in ended:
            self.writer.ended(number, outcome, wall_ns())

    def has_failed(self, *phases: str) -> bool:
        jobs = self.firing.hook.jobs
        outcomes = [one for number, one in self.writer.outcomes().items() if jobs[number].phase in phases]
        return bool(status.exit_code_of(outcomes))

    def exit_code(self, *phases: str) -> int:
        """A signal beats an error of ours beats a failed job (R22)."""
        if self.interrupted is not None:
            return 128 + self.interrupted
        if self.troubles or self.unkept:
            return 2
        return int(self.has_failed(*phases) and not self.firing.hook.warns)


def begin(firing: Firing) -> "Run | None":
    """Reserve the invocation, which `publish` then shows. None: it cannot be written, which was said; the git command
    is not failed by that (R21).

    Raises:
        HooksError: it cannot be made and foreground jobs are not run for it, or the firing is nested too deep (R12).
    """
    started_s = monotonic_s()
    nesting = nesting_of(firing.world.environ)
    if firing.left_out:
        from dodo_hooks.core.bypass import without_gaps

        firing = firing._replace(hook=without_gaps(firing.hook, firing.left_out))
    if any(job.stage_fixed for job in firing.hook.jobs):
        from dodo_hooks.core.overlap import in_turn

        running = [job.number for job in firing.hook.jobs if job.number not in firing.left_out]
        firing = firing._replace(hook=in_turn(firing.hook, running, firing.files))
    try:
        identity = repository_id(firing.repo.common_dir)
        writer = reserve_invocation(firing.world.state, identity, firing.hook, _facts(firing, nesting))
        writer.max_log_bytes = firing.rules.max_log_bytes
        writer.files, writer.stdin = firing.files, firing.stdin
    except StoreError as error:
        _go_without(firing, error)
        return None
    run = Run(firing, nesting, writer, started_s)
    if not has_process_table():
        run.remarks.append("/proc is not mounted: a job that is cancelled always gets its whole grace period")
    run.decide(firing.left_out.items())
    return run


def publish(run: Run) -> bool:
    """Show the invocation. False: as for `begin`.

    Raises:
        HooksError: as for `begin`.
    """
    try:
        run.writer.publish()
    except StoreError as error:
        _go_without(run.firing, error)
        return False
    return True


def _go_without(firing: Firing, error: StoreError) -> None:
    """Foreground jobs are not run without a record, and so a gate refuses; background jobs are not worth that (R21)."""
    to_run = [job for job in firing.hook.jobs if job.number not in firing.left_out]
    if any(job.phase == FOREGROUND for job in to_run):
        raise error
    say(f"{error}; the background jobs of {firing.hook.name} were not started")


def _facts(firing: Firing, nesting: Nesting) -> Facts:
    branch, head = head_of(firing.repo)
    return Facts(
        firing.hook.name,
        firing.args,
        firing.trigger,
        firing.repo.top,
        branch,
        head,
        nesting.within,
        os.getpid(),
        firing.parent,
        _retention_s(firing),
        main_worktree(firing.repo) or firing.repo.common_dir,
    )


def _retention_s(firing: Firing) -> "float | None":
    """How long the run is kept, where its jobs have a say in that: as long as any of them wants (section 7)."""
    own = [job.retention_s for job in firing.hook.jobs]
    if not any(own):
        return None
    return max(firing.rules.retention.retention_s if one is None else one for one in own)


def context_of(run: Run, phase: str, terminal: "Terminal | None") -> Context:
    """What the jobs of a phase share. `terminal`: where their output is shown; None when it goes into the log alone."""
    is_background = phase == BACKGROUND
    output = TO_FILE
    if terminal is not None:
        output = TO_TERMINAL if terminal.is_terminal else TO_PIPE
    return Context(
        run.firing.hook,
        run.firing.repo.top,
        environment_of_run(run, is_background),
        run.writer.directory,
        output,
        run.firing.rules.grace_s,
        BACKGROUND_NICE if is_background else 0,
        is_background,
        run.firing.rules.max_log_bytes,
        _ancestors(run),
        terminal.window if terminal is not None else b"",
        run.firing.files,
        terminal is not None and any(job.interactive for job in run.firing.hook.jobs) and _has_tty(),
    )


def _has_tty() -> bool:
    """Whether this process has a controlling terminal, whatever its outputs are (tty(4))."""
    try:
        os.close(os.open(TTY, os.O_RDWR))
    except OSError:
        return False
    return True


def _ancestors(run: Run) -> "tuple[str, ...]":
    if run.nesting.within is None or not any(job.groups for job in run.firing.hook.jobs):
        return ()
    from dodo_hooks.engine.groups import ancestors_of

    return tuple(ancestors_of(run.writer.directory.rpartition("/")[0].rpartition("/")[0], run.nesting.within))
