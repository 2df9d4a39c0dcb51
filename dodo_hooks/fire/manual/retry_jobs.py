"""The retry of the jobs that did not succeed in an invocation (section 7).

A retry runs what was recorded: the commands, roots, variables, file lists and standard input of the old run, not those
that the hook file or git would give now. The environment is that of the caller. A job that had succeeded is not run
again and counts as a satisfied need. In the new invocation it is up-to-date, with a reason that names the old one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dodo_hooks.core import statuses
from dodo_hooks.core.dependency_graph import closure, dependents_of, topological_order
from dodo_hooks.core.errors import ConfigError, GitError, HooksError, StoreError, UnsafeRepositoryError, UsageError
from dodo_hooks.core.plan import (
    Changes,
    Execution,
    FileRule,
    Hook,
    Job,
    Order,
    Plan,
    Report,
    ResultRule,
    Selection,
)
from dodo_hooks.core.plan_parts import Share
from dodo_hooks.core.statuses import Outcome, satisfies
from dodo_hooks.core.text.terminal_text import shell_word
from dodo_hooks.fire.firing import AUTO, BY_RETRY, make_firing
from dodo_hooks.fire.phases import run_firing
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.git.target import Target, find_target, list_tree
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.posix import read_file
from dodo_hooks.host.world import World
from dodo_hooks.plans.plan_cache import load_plan
from dodo_hooks.results import RENEW
from dodo_hooks.store import layout
from dodo_hooks.store.read_records import InvocationRecord, JobRecord
from dodo_hooks.store.records import MASK, is_secret, with_records
from dodo_hooks.trust.policy import expect_accepted

# Causes of `skipped` after an error: the job would have run otherwise.
_WENT_WRONG = frozenset(
    (
        statuses.NEED,
        statuses.FAIL_FAST,
        statuses.GATE,
        statuses.TIMEOUT,
        statuses.INTERRUPTED,
        statuses.ERROR,
        statuses.SPAWN,
        statuses.WRITER_DIED,
        statuses.VANISHED,
    )
)

# What a record has as the plan has it.
_AS_RECORDED = {*JobRecord._fields} & {*Execution._fields} - {"env"}


def retry(world: World, invocation: InvocationRecord, jobs: Sequence[JobRecord], wanted: Collection[str]) -> int:
    """Run jobs of an ended invocation again, and return the exit code of the new run.

    `jobs` are all jobs of the invocation. `wanted` are names: these jobs run again, with their needs that did not
    succeed and the jobs that were skipped because of them. If `wanted` is empty, all jobs that did not succeed run.

    Raises:
        UsageError: there is nothing to retry, or no retry is possible now.
        HooksError: nothing could be started.
    """
    _expect_end(invocation)
    selected = _selected(jobs, wanted, invocation.args)
    if not selected:
        raise UsageError(f"nothing to retry in {invocation.id}: all its jobs succeeded or were left out")
    world = world._replace(environ=without_local(world.environ))
    repo = _repo_of(world, invocation)
    plan = _present_plan(world, repo)
    hook = _hook(invocation, jobs, selected, plan)
    if _may_ask(world, repo, plan):
        hook = _with_results(hook, plan.hook(hook.name), selected)
    left_out = {number: _outcome_of(job, invocation) for number, job in enumerate(jobs) if number not in selected}
    stdin = _stdin(invocation, jobs, selected)
    firing = make_firing(world, repo, plan, with_records(hook), invocation.args, BY_RETRY, left_out, stdin, phase=AUTO)
    if any(jobs[number].workspace for number in selected):
        firing = firing._replace(target=_target_of(world, repo, invocation))
    return run_firing(firing._replace(files=_files(jobs, selected), parent=invocation.id, results=RENEW))


def _expect_end(invocation: InvocationRecord) -> None:
    if invocation.is_alive:
        raise UsageError(f"{invocation.id} is still running: wait for it, or run `dodo-hooks cancel @{invocation.id}`")
    if invocation.writer_died:
        raise UsageError(f"processes of {invocation.id} are still ending: try again in a moment")


def _selected(jobs: Sequence[JobRecord], wanted: Collection[str], args: Sequence[str]) -> set[int]:
    """Return the numbers of the jobs to run. Raises UsageError for a wanted job that cannot be retried."""
    needs = _numbers(jobs, [job.needs for job in jobs])
    can = _retriable(jobs, needs)
    names = [job.name for job in jobs]
    chosen = {names.index(name) for name in wanted} or can
    for number in sorted(chosen - can):
        raise UsageError(_why_not(jobs[number], args))
    below = dependents_of(needs)

    def with_it(number: int) -> set[int]:
        """Return its needs that did not succeed or work in its snapshot, and the jobs that were skipped because of it.

        What a need has made in a snapshot is not kept.
        """
        shared = [one for one in needs[number] if jobs[number].workspace and jobs[one].workspace]
        skipped = [one for one in below[number] if jobs[one].cause == statuses.NEED]
        return {*(one for one in shared if _did_succeed(jobs[one])), *can.intersection((*needs[number], *skipped))}

    return closure(chosen, with_it)


def _retriable(jobs: Sequence[JobRecord], needs: Sequence[Sequence[int]]) -> set[int]:
    """Return the numbers of the jobs that can be retried: those that did not succeed.

    A job that was left out on purpose cannot be retried, nor a job that needs one.
    """
    can: set[int] = set()
    for number in topological_order(needs):
        job = jobs[number]
        went_wrong = job.status in (statuses.FAILED, statuses.CRASHED, statuses.CANCELLED)
        went_wrong = went_wrong or (job.status == statuses.SKIPPED and job.cause in _WENT_WRONG)
        if went_wrong and all(need in can or _has_succeeded(jobs[need]) for need in needs[number]):
            can.add(number)
    return can


def _has_succeeded(job: JobRecord) -> bool:
    return satisfies(Outcome(job.status, job.cause))


def _did_succeed(job: JobRecord) -> bool:
    return job.status in (statuses.COMPLETED, statuses.UP_TO_DATE)


def _why_not(job: JobRecord, args: Sequence[str]) -> str:
    if _has_succeeded(job):
        words = ["dodo-hooks", "run", job.hook, "--job", job.name, *(["--", *args] if args else [])]
        command = " ".join(map(shell_word, words))
        return f"{job.name} did not fail ({job.status}); run it again with `{command}`"
    return f"cannot retry {job.name}: it was {job.status} ({job.reason or job.cause})"


def _outcome_of(job: JobRecord, invocation: InvocationRecord) -> Outcome:
    """Return the outcome, in the new invocation, of a job that is not run again."""
    if _did_succeed(job):
        return Outcome(statuses.UP_TO_DATE, reason=f"{job.status} in {invocation.id}")
    if job.status == statuses.SKIPPED and job.cause not in _WENT_WRONG:
        return Outcome(statuses.SKIPPED, job.cause, job.reason)
    return Outcome(statuses.SKIPPED, statuses.SELECTION, f"not retried: {job.status} in {invocation.id}")


# What was recorded, as a hook again


def _hook(invocation: InvocationRecord, jobs: Sequence[JobRecord], selected: Collection[int], plan: Plan) -> Hook:
    needs = _numbers(jobs, [job.needs for job in jobs])
    after = _numbers(jobs, [job.after for job in jobs])
    dependents, followers = dependents_of(needs), dependents_of(after)
    made = tuple(
        Job(
            number=number,
            name=job.name,
            directory=job.directory.rpartition("/")[2],
            execution=_execution(job)._replace(env=_env(job, plan) if number in selected else job.env),
            order=Order(
                needs=tuple(needs[number]),
                after=tuple(after[number]),
                dependents=tuple(dependents[number]),
                followers=tuple(followers[number]),
                priority=job.priority,
                groups=job.groups,
            ),
            phase=job.phase,
            declared_background=job.declared_background,
            selection=Selection(None if job.files is None else FileRule(job.files, "", (), (), ())),
            changes=Changes(fails_on_changes=job.fails_on_changes),
            results=ResultRule(is_incremental=bool(job.workspace)),
            workspace=job.workspace,
            shares=(*map(Share, job.shares), *(Share(path, is_link=True) for path in job.links)),
            cleans=job.cleans,
            report=Report(fail_text=job.fail_text, is_silent=job.is_silent, max_log_bytes=job.max_log_bytes),
            description=job.description,
            tags=job.tags,
        )
        for number, job in enumerate(jobs)
    )
    order = topological_order([[*job.order.needs, *job.order.after] for job in made])
    fail_fast, warns = invocation.fail_fast, invocation.warns
    return Hook(invocation.hook, made, tuple(order), fail_fast, invocation.timeout_s, warns=warns)


def _execution(job: JobRecord) -> Execution:
    return Execution(**{name: value for name, value in job._asdict().items() if name in _AS_RECORDED})


def _target_of(world: World, repo: Repo, invocation: InvocationRecord) -> Target:
    """Return what the jobs in snapshots were about.

    Raises:
        UsageError: it is no longer there.
    """
    try:
        head = find_target(repo, world.environ, invocation.head) if invocation.head else None
        if head is not None and head.tree == invocation.tree:
            return head
        tree = invocation.tree or ""
        list_tree(repo, world.environ, Target(None, tree, None))
        return Target(None, tree, invocation.head)
    except GitError as error:
        raise UsageError(f"cannot retry {invocation.id}: its commit is no longer there ({error})") from error


def _may_ask(world: World, repo: Repo, plan: Plan) -> bool:
    """Return whether `uptodate` commands of the present hook file may be run, as in a manual run."""
    try:
        expect_accepted(world, repo, plan)
    except HooksError:
        return False
    return True


def _with_results(hook: Hook, present: Hook | None, selected: Collection[int]) -> Hook:
    """Return the hook with what its jobs depend on, where the present hook file has the same jobs."""
    now = {job.name: job for job in present.jobs} if present else {}
    jobs = list(hook.jobs)
    for number, job in enumerate(jobs):
        same = now.get(job.name)
        if same is not None and _what_runs(same) == _what_runs(job):
            jobs[number] = job._replace(
                execution=job.execution._replace(script=same.execution.script, patch=same.execution.patch),
                order=job.order._replace(is_setup=same.order.is_setup and number not in selected),
                selection=job.selection._replace(files=job.selection.files and same.selection.files),
                changes=job.changes._replace(conduct=same.changes.conduct),
                results=same.results._replace(supersedes=job.results.supersedes),
            )
    return hook._replace(jobs=tuple(jobs))


def _what_runs(job: Job) -> tuple[tuple[str, ...], str, str]:
    return job.execution.argv, job.execution.root, job.workspace


def _files(jobs: Sequence[JobRecord], selected: Collection[int]) -> dict[int, tuple[bytes, ...]]:
    """Return the recorded file list of each selected job. Raises StoreError where one is missing."""
    files: dict[int, tuple[bytes, ...]] = {}
    for number in sorted(selected):
        job = jobs[number]
        if job.files is not None:
            try:
                files[number] = tuple(read_file(layout.files_file(job.directory)).split(b"\0")[:-1])
            except OSError as error:
                raise StoreError(f"cannot retry {job.name}: its file list was not recorded") from error
    return files


def _stdin(invocation: InvocationRecord, jobs: Sequence[JobRecord], selected: Collection[int]) -> bytes:
    """Return the recorded standard input, if a selected job reads it. Raises StoreError where it is missing."""
    if not any(jobs[number].use_stdin for number in selected):
        return b""
    try:
        return read_file(layout.stdin_file(invocation.directory))
    except OSError as error:
        raise StoreError("cannot retry: the standard input of the hook was not recorded") from error


def _numbers(jobs: Sequence[JobRecord], names: Sequence[Sequence[str]]) -> list[list[int]]:
    """Return the jobs' names as numbers.

    Raises:
        StoreError: the record of a job, or of one of its needs, is missing.
    """
    numbers = {job.name: number for number, job in enumerate(jobs)}
    for number, job in enumerate(jobs):
        if job.directory.rpartition("/")[2].partition("-")[0] != str(number) or not numbers.keys() >= set(job.needs):
            raise StoreError(f"cannot retry {job.hook}: a record of its jobs cannot be read")
    return [[numbers[name] for name in its_names if name in numbers] for its_names in names]


def _env(job: JobRecord, plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return the recorded variables. A masked one has its value from the present hook file.

    Raises:
        UsageError: the present hook file does not set a masked variable.
    """
    if not any(_is_masked(name, value) for name, value in job.env):
        return job.env
    hook = plan.hook(job.hook)
    number = hook.number_of(job.name) if hook else None
    present = dict(hook.jobs[number].execution.env) if hook and number is not None else {}
    lost = [name for name, value in job.env if _is_masked(name, value) and name not in present]
    if lost:
        raise UsageError(
            f"cannot retry {job.name}: the value of {', '.join(lost)} is secret and was not recorded; "
            "set it for this job in the hook file again"
        )
    return tuple((name, present[name] if _is_masked(name, value) else value) for name, value in job.env)


def _is_masked(name: str, value: str) -> bool:
    return value == MASK and is_secret(name)


def _repo_of(world: World, invocation: InvocationRecord) -> Repo:
    try:
        repo = find_repo(world.environ, invocation.worktree)
    except UnsafeRepositoryError:
        raise
    except (GitError, OSError):
        repo = None
    if repo is None or repo.top != invocation.worktree:
        raise UsageError(f"the working tree of {invocation.id} no longer exists: {invocation.worktree}")
    return repo


def _present_plan(world: World, repo: Repo) -> Plan:
    """Return the present plan, for slots, limits and secrets; an empty one if the hook file is broken or missing."""
    try:
        plan = load_plan(world, repo.top)
    except ConfigError:
        plan = None
    return plan or Plan("", None, ())
