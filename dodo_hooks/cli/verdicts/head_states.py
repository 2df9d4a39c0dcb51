"""The results of required jobs on HEAD: for `status`, and for a shell's prompt.

Records of runs on HEAD's tree come first. A job that has none may be up to date by the files that it names. That is
found out where no command of the hook file has to run for it: not at each prompt.
"""

from itertools import islice

from dodo_hooks.core import statuses
from dodo_hooks.git.target import head_target
from dodo_hooks.results.verdicts.verdicts import FAILED_BEFORE, NONE, PASSED, RUNNING
from dodo_hooks.store.read_records import ignore
from dodo_hooks.store.reader import list_invocations, read_jobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.core.plan import Hook
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.target import Target
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled
    from dodo_hooks.store.read_records import InvocationRecord

_GATE = "pre-push"
_RECENT = 20  # runs of a hook that are searched
_STATES: "Mapping[str, str]" = {
    statuses.COMPLETED: PASSED,
    statuses.UP_TO_DATE: PASSED,
    statuses.FAILED: FAILED_BEFORE,
    statuses.RUNNING: RUNNING,
    statuses.PENDING: RUNNING,
}


def head_states(world: "World", repo: "Repo", compiled: "Compiled", repository_dir: str) -> "dict[str, str]":
    """Return the state of each job, `HOOK:JOB`, that a push requires; without those that only a command could tell.

    Raises:
        HooksError: there is no commit, or git cannot be queried.
    """
    gate = compiled.hook(_GATE)
    if gate is None or not gate.requires:
        return {}
    target, found = head_target(repo, world.environ), {}
    for name in dict.fromkeys(one.hook for one in gate.requires):
        hook = compiled.hook(name)
        assert hook is not None  # the loader has seen to that
        recorded = _recorded(repository_dir, hook, target)
        for job in dict.fromkeys(one.job for one in gate.requires if one.hook == name):
            state = recorded.get(job) or _by_key(world, repo, compiled, hook, target, job)
            if state is not None:
                found[f"{name}:{job}"] = state
    return found


def sum_up(states: "Mapping[str, str]") -> str:
    """Return the state that counts, of those of all jobs: the worst; "" for no job."""
    return next((one for one in (FAILED_BEFORE, RUNNING, NONE, PASSED) if one in states.values()), "")


def _recorded(repository_dir: str, hook: "Hook", target: "Target") -> "dict[str, str]":
    found: dict[str, str] = {}
    by_commit = {job.name for job in hook.jobs if job.results.counts_commit}
    for run in islice(list_invocations(repository_dir, hook=hook.name, report=ignore), _RECENT):
        if run.tree == target.tree:
            for name, state in _states_in(run).items():
                if name not in by_commit or run.head == target.commit:
                    found.setdefault(name, state)
    return found


def _states_in(run: "InvocationRecord") -> "dict[str, str]":
    """Return the states that the jobs of a run have given to its tree."""
    jobs = {job.name: job for job in read_jobs(run, ignore)}
    states = {}
    for job in jobs.values():
        cause = jobs.get(job.root_cause or "", job)
        state = PASSED if cause.cause == statuses.CONDITION else _STATES.get(cause.status)
        if cause.cause == statuses.SIGNAL and cause.signal in statuses.FROM_OUTSIDE:  # that is no verdict (V4)
            continue
        if state is not None and (state != RUNNING or run.is_alive):
            states[job.name] = state
    return states


def _by_key(
    world: "World", repo: "Repo", compiled: "Compiled", hook: "Hook", target: "Target", name: str
) -> "str | None":
    number = hook.number_of(name)
    if number is None or hook.has_to_ask or any(job.results.uptodate for job in hook.jobs):
        return None
    from dodo_hooks.fire.verdicts.check import Check

    return Check(world, repo, compiled, hook, target, (number,)).verdict(number).state
