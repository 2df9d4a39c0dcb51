"""One firing of one hook: its facts, and how they are gathered before its first job (HOT, if a hook has jobs)."""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import HooksError, UsageError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import FOREGROUND, OUTPUTS, SKIPS
from dodo_hooks.core.statuses import NOT_SELECTED, Outcome
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.host.console import say
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.posix import processors
from dodo_hooks.results import USE
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from dodo_hooks.core.plan import Hook, Plan
    from dodo_hooks.fire.select.job_filter import PendingCommands
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.target import Target
    from dodo_hooks.git.worktree_status import StatusQuery
    from dodo_hooks.host.world import World


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
BY_CHECK = "check"  # for the verdict on a commit: a push or a rebase that lacks it, `dodo-hooks checks --run`

DEEPEST = 3  # a hook inside a job inside a hook inside a job ...: what is deeper is a loop


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
    results: str = USE  # how kept results are used: dodo_hooks.results
    whole_hook: "Hook | None" = None  # with all needs, where `hook` has those of the jobs that are left out otherwise
    target: "Target | None" = None  # what the jobs in snapshots are about; None: there is no such job (S1)
    ends_with_parent: bool = False  # although git has not fired it: a push runs it
    branch: "str | None" = None  # that conditions are about; None: the one that is checked out
    later: "Generator[Firing, None, None] | None" = None  # what its coordinator runs after it, one at a time (V2)
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
    def is_manual(self) -> bool:
        """True if a command of a person started it, and not git."""
        return self.trigger in (MANUAL, BY_DOIT, BY_RETRY)

    @property
    def is_idle(self) -> bool:
        """True if no job applies: then nothing runs and no invocation is recorded (section 7)."""
        decided = self.left_out.values()
        return len(decided) == len(self.hook.jobs) and all(one.status == statuses.SKIPPED for one in decided)

    @property
    def reports_idle(self) -> bool:
        """True if it is printed that no job applies: git's hooks print it only if the hook file asks for it (R23)."""
        return self.trigger != BY_GIT or (self.rules.output is not None and SKIPS in self.output)

    def has_line(self, number: int, outcome: Outcome) -> bool:
        """Return whether a job that was left out has a line on the screen.

        A job that was not selected has none. Where git fired the hook, a background job has none.
        """
        is_selected = outcome.reason != NOT_SELECTED
        return is_selected and (self.trigger != BY_GIT or self.hook.jobs[number].phase == FOREGROUND)


class Nesting(Record):
    """The place of a firing: fired by git or a person, or inside a job of another run (R12)."""

    within: "str | None"  # the invocation whose job fired this hook
    level: int  # 0 for a hook that no job fired


def make_firing(
    world: "World",
    repo: "Repo",
    rules: "Plan",
    hook: "Hook",
    args: "tuple[str, ...]",
    trigger: str,
    left_out: "dict[int, Outcome]",
    stdin: bytes = b"",
    *,
    slots: "int | None" = None,
    phase: "str | None" = None,
) -> Firing:
    """Return the firing of a hook: the one place where firings are made.

    `slots`, `phase`: those that a person asked for; None: as the hook file and the environment say.

    Raises:
        UsageError: DODO_HOOKS_PHASE is unknown.
    """
    phase = phase or _phase_of(world)
    slots = slots or rules.slots or processors()
    return Firing(world, repo, hook, args, trigger, phase, slots, rules, left_out, stdin=stdin)


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


def select_files(
    firing: Firing,
    given: "tuple[bytes, ...] | None" = None,
    pending: "PendingCommands | None" = None,
    *,
    is_forced: bool = False,
) -> Firing:
    """Return the firing with the file lists of its jobs, and with the jobs that do not apply left out (C7, G4).

    Args:
        given: files that a person named, instead of those of the event.
        pending: collects the commands of conditions and file lists, which are then not executed.
        is_forced: a job runs also where no file matches.

    Raises:
        HooksError: git cannot be queried.
    """
    if firing.target is None and any(job.workspace and job.number not in firing.left_out for job in firing.hook.jobs):
        from dodo_hooks.fire.select.targets import find_target

        target = find_target(firing.world, firing.repo, firing.hook)
        unborn = Outcome(statuses.SKIPPED, statuses.CONDITION, "HEAD has no commit yet")
        left_out = {} if target else {job.number: unborn for job in firing.hook.jobs if job.workspace}
        firing = firing._replace(target=target, left_out={**left_out, **firing.left_out})
    if not firing.hook.has_to_ask:
        return firing
    from dodo_hooks.fire.select.event_files import EventFiles
    from dodo_hooks.fire.select.job_filter import filter_jobs

    event = EventFiles(
        firing.world,
        firing.repo,
        firing.hook,
        firing.args,
        firing.stdin,
        given,
        firing.status,
        firing.target,
        firing.branch,
        checked=firing.target if firing.trigger == BY_CHECK else None,
    )
    is_fired = firing.trigger == BY_GIT
    applies = filter_jobs(event, firing.left_out, is_fired=is_fired, is_forced=is_forced, pending=pending)
    for sentence in applies.sentences:
        say(sentence)
    return firing._replace(left_out=applies.left_out, files=applies.files)


def _phase_of(world: "World") -> str:
    """Return the value of DODO_HOOKS_PHASE, which decides about background jobs.

    Raises:
        UsageError: the value is unknown.
    """
    phase = world.environ.get("DODO_HOOKS_PHASE") or AUTO
    if phase not in PHASES:
        raise UsageError(f"unknown DODO_HOOKS_PHASE {quote(phase)}: use one of {', '.join(PHASES)}")
    return phase
