"""One firing of one hook, from its facts to its exit code, and its nesting inside a job (R12; HOT).

fire/phases.py runs its phases.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import FOREGROUND, OUTPUTS
from dodo_hooks.core.statuses import NOT_SELECTED, Outcome
from dodo_hooks.host.console import say as say
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store import layout
from dodo_hooks.store.writer import InvocationWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dodo_hooks.core.plan import Hook, Plan
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.worktree_status import StatusQuery
    from dodo_hooks.host.world import World


DEEPEST = 3  # a hook inside a job inside a hook inside a job ...: what is deeper is a loop


class Nesting(Record):
    within: "str | None"  # the invocation whose job fired this hook
    level: int  # 0 for a hook that no job fired


def nesting_of(environ: "Mapping[str, str]") -> Nesting:
    """Return the nesting that the environment names. The invocation there counts only if it is alive.

    Raises:
        HooksError: the hook is nested more than three levels deep.
    """
    identity, directory = environ.get("DODO_INVOCATION"), environ.get("DODO_INVOCATION_DIR")
    if not identity or not directory or not is_locked(layout.lock_file(directory)):
        return Nesting(None, 0)
    text = environ.get("DODO_LEVEL", "")
    level = int(text) + 1 if text.isdigit() and len(text) < 4 else 1
    if level > DEEPEST:
        raise HooksError(f"hooks are nested {level} levels deep: a job of {identity} fires its own hook")
    return Nesting(identity, level)


BACKGROUND_NICE = 10  # R13

NO_LISTS: "Mapping[int, tuple[bytes, ...]]" = {}

# The values of DODO_HOOKS_PHASE: how background jobs run.
AUTO = "auto"
ATTACHED = "foreground"
DETACHED = "background"
OFF = "off"
PHASES = (AUTO, ATTACHED, DETACHED, OFF)

BY_GIT = "git"
MANUAL = "run"
BY_DOIT = "doit"
BY_RETRY = "retry"


class Firing(Record):
    """The facts of one firing."""

    world: "World"
    repo: "Repo"
    hook: "Hook"
    args: "tuple[str, ...]"
    trigger: str  # BY_GIT, MANUAL, BY_DOIT or BY_RETRY
    phase: str  # one of PHASES
    slots: int
    rules: "Plan"  # the hook file's settings for all hooks; its `hooks` are not used
    left_out: "dict[int, Outcome]"  # the jobs that are not to run, and why
    parent: "str | None" = None  # the invocation that this is a retry of
    files: "Mapping[int, tuple[bytes, ...]]" = NO_LISTS  # of each job that is about files (G4)
    stdin: bytes = b""  # what git gave to the hook (G3)
    status: "StatusQuery | None" = None  # what differs between commit, index and tree; of a commit alone (G5)
    again: "tuple[str, ...] | None" = ()  # the options of `run` that repeat it; None: its files came from a pipe

    @property
    def output(self) -> "tuple[str, ...]":
        """The parts of the output that are shown, of plan.OUTPUTS."""
        return OUTPUTS if self.rules.output is None else self.rules.output

    @property
    def needs_retry(self) -> bool:
        """True if only a retry has the files of this run: git unstages those of `commit -a` when that has failed."""
        index = self.world.environ.get("GIT_INDEX_FILE", "index")
        is_gits_own = self.trigger == BY_GIT and index.rpartition("/")[2] != "index"
        return is_gits_own or self.trigger == BY_RETRY or self.again is None

    @property
    def is_idle(self) -> bool:
        """True if no job applies: then nothing runs and no invocation is recorded (section 7)."""
        decided = self.left_out.values()
        return len(decided) == len(self.hook.jobs) and all(one.status == statuses.SKIPPED for one in decided)

    def has_line(self, number: int, outcome: Outcome) -> bool:
        """Return whether a job that was left out has a line on the screen.

        A job that was not selected has none. Where git fired the hook, a background job has none.
        """
        is_selected = outcome.reason != NOT_SELECTED
        return is_selected and (self.trigger != BY_GIT or self.hook.jobs[number].phase == FOREGROUND)


class Run:
    """A firing under way: its records, its clock, and the errors of the run as a whole."""

    __slots__ = (
        "deadline_s",
        "errors",
        "firing",
        "had_line",
        "interrupted",
        "nesting",
        "notes",
        "rest",
        "started_s",
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
        self.rest = b""  # output that could not be printed without waiting
        self.notes: list[str] = []  # messages that do not change the exit code
        self.errors: list[str] = []  # messages that make the run fail (R21)
        self.unkept: str | None = None  # the first error about a record that could not be written

    def open_jobs(self, phase: str) -> "list[int]":
        decided = self.writer.outcomes()
        return [job.number for job in self.firing.hook.jobs if job.phase == phase and job.number not in decided]

    def decide(self, ended: "Iterable[tuple[int, Outcome]]") -> None:
        for number, outcome in ended:
            self.writer.ended(number, outcome, wall_ns())

    def has_failed(self, *phases: str) -> bool:
        jobs = self.firing.hook.jobs
        outcomes = [one for number, one in self.writer.outcomes().items() if jobs[number].phase in phases]
        return bool(statuses.exit_code_of(outcomes))

    def exit_code(self, *phases: str) -> int:
        """Return the exit code: a signal counts before an error of ours, and that before a failed job (R22)."""
        if self.interrupted is not None:
            return 128 + self.interrupted
        if self.errors or self.unkept:
            return 2
        return int(self.has_failed(*phases) and not self.firing.hook.warns)
