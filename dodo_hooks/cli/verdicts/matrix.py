"""Jobs by commits: what is known about each job on each commit (V7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dodo_hooks.cli.measures import elapsed_s, format_age
from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import Hook, Plan
from dodo_hooks.core.statuses import COMPLETED, FAILED, SKIPPED
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import duration_text, quote
from dodo_hooks.fire.verdicts.check import Check
from dodo_hooks.fire.verdicts.report import find_job
from dodo_hooks.git.files import GitQuery
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.target import Target
from dodo_hooks.host.world import World, timestamp
from dodo_hooks.plans.compiled_plan import Compiled
from dodo_hooks.results.verdicts.verdicts import FAILED_BEFORE, NONE, PASSED, RUNNING

WELL = {PASSED, SKIPPED}
# The status that has the colour of a result.
LIKE: Mapping[str, str] = {PASSED: COMPLETED, FAILED_BEFORE: FAILED, RUNNING: RUNNING, SKIPPED: SKIPPED, NONE: SKIPPED}

Wanted = Sequence[tuple[Hook, Sequence[int]]]  # hooks, and the numbers of the jobs that are shown


class Commit(Record):
    """A commit, as people name it."""

    target: Target
    subject: str

    @property
    def title(self) -> str:
        return f"{self.target.name[:12]} {self.subject}"


class State(Record):
    """The verdict of a job on a commit. The fields are those of `--format json`."""

    hook: str
    job: str
    state: str  # passed, failed, running, none or skipped
    by: str  # the job that it comes from: the job itself, or one that it needs
    since: str | None = None  # RFC 3339
    invocation: str | None = None
    failed_before: bool = False  # it has passed, and had failed on the same content

    @property
    def text(self) -> str:
        """The state as a cell of the table."""
        words = self.state if self.by == self.job else f"{self.state} ({self.by})"
        words += " (failed before)" if self.failed_before else ""
        if self.since is None:
            return words
        if self.state != RUNNING:
            return f"{words} {format_age(self.since)}"
        return f"{words} {duration_text(elapsed_s(self.since) or 0.0)}"


class Matrix(Record):
    """The checks of commits by jobs."""

    world: World
    repo: Repo
    compiled: Compiled
    wanted: Wanted

    def _checks(self, commit: Commit) -> list[Check]:
        return [Check(self.world, self.repo, self.compiled, hook, commit.target, jobs) for hook, jobs in self.wanted]

    def missing(self, commit: Commit, keeps_failed: bool = False) -> list[Check]:
        """Return the checks with a job that has not passed; `keeps_failed`: and has not failed. Raises HooksError."""
        settled = {*WELL, FAILED_BEFORE} if keeps_failed else WELL
        found = []
        for check, (hook, jobs) in zip(self._checks(commit), self.wanted, strict=True):
            left = [one for one, state in zip(jobs, _states_of(check), strict=True) if state.state not in settled]
            if left:
                is_whole = not keeps_failed or len(left) == len(jobs)
                rest = check if is_whole else Check(self.world, self.repo, self.compiled, hook, commit.target, left)
                found.append(rest)
        return found

    def states(self, commit: Commit) -> list[State]:
        """Return what is known about each job now, in their order. Raises HooksError."""
        return [state for check in self._checks(commit) for state in _states_of(check)]


def _states_of(check: Check) -> list[State]:
    return [_state(check, number) for number in check.jobs]


def _state(check: Check, number: int) -> State:
    hook, job = check.hook.name, check.hook.jobs[number].name
    outcome = check.firing.left_out.get(number)
    if outcome is not None and outcome.status == SKIPPED:
        return State(hook, job, SKIPPED, job)
    verdict = check.verdict(number)
    by = check.hook.jobs[verdict.job].name
    if verdict.run is not None:
        run = verdict.run.invocation
        record = find_job(check, run, by)
        return State(hook, job, verdict.state, by, record.started_at if record is not None else None, run)
    if verdict.success is not None:
        success = verdict.success
        has_failed = verdict.state == PASSED and check.has_failed_before(number)
        ended = timestamp(success.ended_ns)
        return State(hook, job, verdict.state, by, ended, success.invocation or None, has_failed)
    return State(hook, job, verdict.state, by)


def wanted_jobs(plan: Plan, names: Sequence[str]) -> Wanted:
    """Return the named jobs (`HOOK:JOB`); without names, those that a gate requires.

    Raises:
        UsageError: there is no such job, it runs in the working tree, or no gate requires one.
    """
    known = {f"{hook.name}:{job.name}": (hook, job) for hook in plan.hooks for job in hook.jobs}
    names = names or [f"{one.hook}:{one.job}" for gate in plan.hooks for one in gate.requires]
    if not names:
        raise UsageError("no gate requires a job; name one that runs in a snapshot with `--job HOOK:JOB`")
    found: dict[str, tuple[Hook, list[int]]] = {}
    for name in dict.fromkeys(names):
        if name not in known:
            raise UsageError(f"no job {quote(name)} in {plan.file}; write HOOK:JOB{did_you_mean(name, known)}")
        hook, job = known[name]
        if not job.workspace:
            raise UsageError(f'{name} runs in the working tree; a job with "workspace: snapshot" has results by commit')
        found.setdefault(hook.name, (hook, []))[1].append(job.number)
    return list(found.values())


def find_commits(query: GitQuery, revisions: Sequence[str], most: int | None, *options: str) -> list[Commit]:
    """Return the commits that revisions name, each once, newest first: of a range `A..B` all commits in it.

    `most`: that many commits of each revision and its ancestors; None: without a range only the commit itself.

    Raises:
        UsageError: a revision names no commit.
    """
    found: dict[str, Commit] = {}
    limit = "--no-walk" if most is None else f"--max-count={most}"
    for revision in revisions:
        try:
            printed = query.git("rev-list", "--format=%H %T %s", limit, *options, "--end-of-options", revision)
        except GitError as error:
            raise UsageError(str(error)) from error
        if not printed and ".." not in revision:  # a tree or a file: nothing of it has passed
            raise UsageError(f"not a commit: {quote(revision)}")
        for line in printed.decode("utf-8", "surrogateescape").split("\n"):
            commit, _, rest = line.partition(" ")
            if commit and commit != "commit":  # a line of git's before each of ours
                tree, _, subject = rest.partition(" ")
                found.setdefault(commit, Commit(Target(commit, tree, commit), subject))
    return list(found.values())
