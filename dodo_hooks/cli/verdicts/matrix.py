"""Jobs by commits: what is known about each job on each commit (V7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dodo_hooks.cli.jobs.run_table import elapsed_s, format_age, format_duration
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.plan import Hook, Plan
from dodo_hooks.core.statuses import SKIPPED
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import BOLD, DIM, GREEN, RED, quote
from dodo_hooks.fire.verdicts.check import Check
from dodo_hooks.git.files import GitQuery
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.target import Target
from dodo_hooks.host.world import World, timestamp
from dodo_hooks.plans.compiled_plan import Compiled
from dodo_hooks.results.verdicts.verdicts import FAILED_BEFORE, NONE, PASSED, RUNNING
from dodo_hooks.store import layout
from dodo_hooks.store.identity import repository_id
from dodo_hooks.store.reader import read_invocation, read_jobs

WELL = (PASSED, SKIPPED)
COLORS: Mapping[str, str] = {PASSED: GREEN, FAILED_BEFORE: f"{BOLD};{RED}", RUNNING: "33", SKIPPED: DIM, NONE: DIM}

Wanted = Sequence[tuple[Hook, Sequence[int]]]  # hooks, and the numbers of the jobs that are shown


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, as people name it."""

    target: Target
    subject: str

    @property
    def short(self) -> str:
        return self.target.name[:12]

    def __str__(self) -> str:
        return f"{self.short} {self.subject}"


@dataclass(frozen=True, slots=True)
class State:
    """What is known about a job on a commit."""

    hook: str
    job: str
    word: str  # passed, failed, running, none or skipped
    by: str  # the job that it comes from: the job itself, or one that it needs
    since: str | None  # RFC 3339
    invocation: str | None

    @property
    def text(self) -> str:
        """The state as a cell of the table."""
        words = self.word if self.by == self.job else f"{self.word} ({self.by})"
        if self.since is None:
            return words
        return f"{words} {format_duration(elapsed_s(self.since)) if self.word == RUNNING else format_age(self.since)}"


class Matrix:
    """The checks of commits by jobs."""

    def __init__(self, world: World, repo: Repo, compiled: Compiled, wanted: Wanted) -> None:
        self.world = world
        self._repo = repo
        self._compiled = compiled
        self._wanted = wanted

    def jobs(self) -> list[tuple[str, str]]:
        """Return the hook and the name of each job that is shown."""
        return [(hook.name, hook.jobs[number].name) for hook, numbers in self._wanted for number in numbers]

    def checks(self, commit: Commit) -> list[Check]:
        """Return the checks of a commit, one for each hook. Raises HooksError."""
        return [
            Check(self.world, self._repo, self._compiled, hook, commit.target, numbers)
            for hook, numbers in self._wanted
        ]

    def states(self, commit: Commit) -> list[State]:
        """Return what is known about each job now, in the order of `jobs`. Raises HooksError."""
        return [self.state(check, number) for check in self.checks(commit) for number in check.jobs]

    def missing(self, commit: Commit) -> list[Check]:
        """Return the checks with a job that has not passed. Raises HooksError."""
        return [
            check
            for check in self.checks(commit)
            if any(self.state(check, number).word not in WELL for number in check.jobs)
        ]

    def state(self, check: Check, number: int) -> State:
        """Return what is known about a job of a check now."""
        hook, job = check.hook.name, check.hook.jobs[number].name
        outcome = check.firing.left_out.get(number)
        if outcome is not None and outcome.status == SKIPPED:
            return State(hook, job, SKIPPED, job, None, None)
        verdict = check.verdict(number)
        by, since, invocation = check.hook.jobs[verdict.job].name, None, None
        if verdict.run is not None:
            invocation = verdict.run.invocation
            since = self._started_at(invocation, by)
        elif verdict.success is not None:
            since, invocation = timestamp(verdict.success.ended_ns), verdict.success.invocation or None
        return State(hook, job, verdict.state, by, since, invocation)

    def _started_at(self, invocation: str, job: str) -> str | None:
        repository_dir = layout.repository_dir(self.world.state, repository_id(self._repo.common_dir))
        record = read_invocation(layout.invocation_dir(repository_dir, invocation), _ignore)
        if record is None:
            return None
        return next((one.started_at for one in read_jobs(record, _ignore) if one.name == job), None)


def _ignore(sentence: str) -> None:
    """Take a sentence about a record that cannot be read: it costs a detail of a cell."""


def wanted_jobs(plan: Plan, names: Sequence[str]) -> Wanted:
    """Return the named jobs (`HOOK:JOB`); without names, those that a gate requires.

    Raises:
        UsageError: there is no such job, it runs in the working tree, or no gate requires one.
    """
    pairs = [_named_job(plan, name) for name in names] or list(required_jobs(plan))
    if not pairs:
        raise UsageError("no gate requires a job; name one that runs in a snapshot with `--job HOOK:JOB`")
    found: dict[str, tuple[Hook, list[int]]] = {}
    for hook, number in dict.fromkeys(pairs):
        found.setdefault(hook.name, (hook, []))[1].append(number)
    return list(found.values())


def required_jobs(plan: Plan) -> Iterator[tuple[Hook, int]]:
    """Yield the hook and the number of each job that a gate requires."""
    for gate in plan.hooks:
        for requirement in gate.requires:
            hook = plan.hook(requirement.hook)
            number = hook.number_of(requirement.job) if hook is not None else None
            if hook is not None and number is not None:
                yield hook, number


def _named_job(plan: Plan, name: str) -> tuple[Hook, int]:
    hook_name, _, job = name.partition(":")
    known = {f"{hook.name}:{one.name}": (hook, one) for hook in plan.hooks for one in hook.jobs}
    if name not in known:
        raise UsageError(f"no job {quote(name)} in {plan.file}; write HOOK:JOB{did_you_mean(name, known)}")
    hook, found = known[name]
    if not found.workspace:
        raise UsageError(
            f'{hook_name}:{job} runs in the working tree; only jobs with "workspace: snapshot" have verdicts'
        )
    return hook, found.number


def find_commits(query: GitQuery, revisions: Sequence[str], most: int | None, *options: str) -> list[Commit]:
    """Return the commits that revisions name, each once, newest first: of a range `A..B` all commits in it.

    `most`: that many commits of each revision and its ancestors; None: without a range only the commit itself.

    Raises:
        GitError: a revision names no commit.
    """
    found: dict[str, Commit] = {}
    limit = "--no-walk" if most is None else f"--max-count={most}"
    for revision in revisions:
        printed = query.git("rev-list", "--format=%H %T %s", limit, *options, "--end-of-options", revision)
        for line in printed.decode("utf-8", "surrogateescape").split("\n"):
            commit, _, rest = line.partition(" ")
            if commit and commit != "commit":  # a line of git's before each of ours
                tree, _, subject = rest.partition(" ")
                found.setdefault(commit, Commit(Target(commit, tree, commit), subject))
    return list(found.values())


def fields_of(commit: Commit, state: State) -> dict[str, Any]:
    """Return the fields of a job on a commit, for programs."""
    return {
        "commit": commit.target.commit,
        "tree": commit.target.tree,
        "subject": commit.subject,
        "hook": state.hook,
        "job": state.job,
        "state": state.word,
        "by": state.by,
        "since": state.since,
        "invocation": state.invocation,
    }
