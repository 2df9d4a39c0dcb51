"""The kept results of a run: which jobs are up to date before anything starts (K6; HOT, if a hook has such jobs).

The jobs that need nothing that is still to run are checked at once, and a hook in which no job is left to run leaves no
invocation behind. The others are checked by the loop, when their needs have ended.
"""

from dodo_hooks.core.plan import BACKGROUND, FOREGROUND
from dodo_hooks.core.statuses import CONDITION, SKIPPED, UP_TO_DATE, Outcome, satisfies
from dodo_hooks.fire.environment import environment_of_event
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.results.facts import Occasion
from dodo_hooks.results.kept import KeptResults
from dodo_hooks.store import layout
from dodo_hooks.store.identity import records_dir, repository_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dodo_hooks.core.plan import Job
    from dodo_hooks.fire.firing import Firing
    from dodo_hooks.fire.run_state import Run
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World
    from dodo_hooks.results.cached_outputs import CachedOutputs
    from dodo_hooks.results.run_results import RunResults


_MOST_AT_ONCE = 100  # jobs whose outputs are restored: each has a lock, which is an open file


def open_results(run: "Run") -> "RunResults | None":
    """Return the results for the jobs of a run; None where no job that is to run has any, or they must not be used."""
    outcomes = run.writer.outcomes()
    if not any(job.results.is_incremental and job.number not in outcomes for job in run.firing.hook.jobs):
        return None
    firing = run.firing._replace(hook=run.firing.whole_hook or run.firing.hook)

    def narrow(number: int, files: "list[bytes]") -> None:
        below = firing.hook.jobs[number].below
        run.writer.narrow_files(number, tuple(path[len(below) :] for path in files))

    results = results_of(firing, run.writer.identity, run.notes.append, narrow)
    for number, outcome in outcomes.items():
        if outcome.status != UP_TO_DATE:  # of a retry: what is kept of its success says under which key
            results.decided(number, outcome)
    return results


def results_of(
    firing: "Firing",
    invocation: str,
    say: "Callable[[str], None]",
    narrow: "Callable[[int, list[bytes]], None]" = lambda number, files: None,
) -> "RunResults":
    """Return the results of the jobs of a firing.

    `invocation`: its run; "" where it is only checked. `say`, `narrow`: those of `RunResults`.
    """
    environs: dict[str, Mapping[str, str]] = {}
    target = firing.target
    of_target = {} if target is None else {"DODO_COMMIT": target.commit or "", "DODO_TREE": target.tree}

    def environ_of(job: "Job") -> "Mapping[str, str]":
        if job.phase not in environs:
            environs[job.phase] = environment_of_event(firing, job.phase == BACKGROUND)
        environ = environs[job.phase]
        if job.workspace:  # it has none of git's variables, in whichever phase (S3)
            environ = {**without_local(environ), **of_target}
        return {**environ, **dict(job.execution.env)}

    files = dict(firing.files)  # as they are now: a job may be given a part of its list
    occasion = Occasion(firing.repo, firing.hook, firing.stdin, files, firing.world.environ, environ_of)
    kept, verdicts = kept_results(firing.world, firing.repo), None
    if target is not None:
        from dodo_hooks.results.verdicts.verdicts import Verdicts

        repository_dir = records_dir(firing.world.state, firing.repo.common_dir)
        verdicts = Verdicts(occasion, kept, repository_dir, target, invocation, say, firing.results)
    from dodo_hooks.results.run_results import RunResults

    in_worktree = any(job.results.is_incremental and not job.workspace for job in firing.hook.jobs)
    cache = cached_outputs(firing, say) if in_worktree else None
    return RunResults(occasion, kept, cache, invocation, say, firing.results, narrow, verdicts)


def cached_outputs(firing: "Firing", say: "Callable[[str], None]") -> "CachedOutputs":
    """Return the stored outputs of a repository's jobs."""
    from dodo_hooks.results.cached_outputs import CachedOutputs

    identity = repository_id(firing.repo.common_dir)
    return CachedOutputs(firing.world.cache, identity, firing.repo, firing.rules.cache_bytes, say)


def kept_results(world: "World", repo: "Repo") -> KeptResults:
    """Return the store of a repository's results, as the worktree sees it."""
    return KeptResults(layout.results_dir(world.state, repository_id(repo.common_dir)), repo)


def decide_up_to_date(run: "Run") -> None:
    """Give their outcome to the jobs that are up to date before anything starts."""
    results, hook = run.results, run.firing.hook
    if results is None:
        return
    for phase in (FOREGROUND, BACKGROUND):
        _check_phase(run, results, phase)
        if any(not hook.jobs[number].order.is_setup for number in run.open_jobs(phase)):
            break  # the background begins when the foreground has ended, which may change what it depends on
    left = [*run.open_jobs(FOREGROUND), *run.open_jobs(BACKGROUND)]
    if all(hook.jobs[number].order.is_setup for number in left):
        unneeded = Outcome(SKIPPED, CONDITION, "no job to set up for")
        run.decide((number, unneeded) for number in left)
    results.save()


def _check_phase(run: "Run", results: "RunResults", phase: str) -> None:
    stored: list[int] = []  # those whose outputs are to be restored, as many as can be at once
    jobs = run.firing.hook.jobs
    for number in run.firing.hook.order:
        is_awaited = not {*jobs[number].order.needs, *jobs[number].order.after}.isdisjoint(stored)
        if is_awaited or len(stored) == _MOST_AT_ONCE:
            _decide(run, results, results.restore(stored))
            stored = []
        if jobs[number].phase == phase and _can_be_checked(run, jobs[number]):
            outcome = results.check(number, restores=False)
            if outcome is not None:
                _decide(run, results, {number: outcome})
            elif phase == FOREGROUND and results.can_restore(number):  # the prompt does not wait for a background job
                stored.append(number)
    _decide(run, results, results.restore(stored))


def _decide(run: "Run", results: "RunResults", outcomes: "Mapping[int, Outcome]") -> None:
    for number, outcome in outcomes.items():
        results.decided(number, outcome)
    run.decide(outcomes.items())


def _can_be_checked(run: "Run", job: "Job") -> bool:
    """Return whether everything that the job waits for has ended well, other than commands of `setup`."""
    outcomes, jobs = run.writer.outcomes(), run.firing.hook.jobs
    if not job.results.is_incremental or job.number in outcomes:
        return False
    if any(other not in outcomes and not jobs[other].order.is_setup for other in (*job.order.needs, *job.order.after)):
        return False
    if any(need in outcomes and not satisfies(outcomes[need]) for need in job.order.needs):
        return False
    return not _is_taken(run, job)


def _is_taken(run: "Run", job: "Job") -> bool:
    """Return whether another run has a concurrency group of the job: it may be making what this one depends on."""
    names = [group.name for group in job.order.groups]
    if not names and job.phase == BACKGROUND and not job.workspace:
        names = [""]
    own = layout.own_group(run.firing.hook.name, job.name, run.firing.repo.top) if "" in names else ""
    groups = layout.groups_dir(layout.repository_of(run.writer.directory))
    return any(is_locked(layout.group_file(groups, name or own), if_unknown=False) for name in names)
