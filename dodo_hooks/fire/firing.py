"""All that makes one firing what it is, found out before its first job (HOT, imported when a hook has jobs)."""

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import BEFORE_COMMIT
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.fire.run import AUTO, BY_GIT, PHASES, Firing, nesting_of, say
from dodo_hooks.git.event import needs_recovery
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Hook
    from dodo_hooks.core.statuses import Outcome
    from dodo_hooks.fire.select.job_filter import Questions
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled


def query_status(firing: "Firing") -> "Firing":
    """The firing with the question to git what is staged and what is not, if it is that of a commit: it is answered
    while we get ready (G5)."""
    if firing.hook.name != BEFORE_COMMIT or all(
        job.phase == BACKGROUND or job.number in firing.left_out for job in firing.hook.jobs
    ):
        return firing
    if _is_inside_of_another(firing):
        return firing
    from dodo_hooks.git.worktree_status import StatusQuery

    return firing._replace(status=StatusQuery(firing.repo, firing.world.environ))


def _is_inside_of_another(firing: "Firing") -> bool:
    """Whether work is set aside by a run that has started this one through a job: the tree is its, and to wait for its
    end would be to wait for our own. A hook inside a job of any other run sets aside as all do."""
    if not needs_recovery(firing.repo):
        return False
    from dodo_hooks.git.unstaged.lock import is_held, is_held_by_ancestor

    is_nested = nesting_of(firing.world.environ).within is not None
    return is_held(firing.repo) if is_nested else is_held_by_ancestor(firing.repo)


def select_files(
    firing: "Firing",
    given: "tuple[bytes, ...] | None" = None,
    questions: "Questions | None" = None,
    *,
    is_forced: bool = False,
) -> "Firing":
    """The firing with the lists of its jobs, and without the jobs that do not apply (C7, G4). `given`: files that a
    person named, instead of those of the event. `questions`: collects the commands that would have to be executed to
    know; they are not. `is_forced`: a job runs also where no file matches.

    Raises:
        HooksError: git does not say what there is to know.
    """
    if not firing.hook.has_to_ask:
        return firing
    from dodo_hooks.fire.select.job_filter import filter_jobs

    applies = filter_jobs(
        firing.world,
        firing.repo,
        firing.hook,
        firing.args,
        firing.stdin,
        given=given,
        left_out=firing.left_out,
        status=firing.status,
        is_fired=firing.trigger == BY_GIT,
        is_forced=is_forced,
        questions=questions,
    )
    for sentence in applies.sentences:
        say(sentence)
    return firing._replace(left_out=applies.left_out, files=applies.files)


def firing_of(
    world: "World",
    repo: "Repo",
    compiled: "Compiled",
    hook: "Hook",
    args: "tuple[str, ...]",
    trigger: str,
    out: "dict[int, Outcome]",
    stdin: bytes = b"",
) -> "Firing":
    rules = compiled.rules
    slots = slots_of(rules.slots)
    return Firing(world, repo, hook, args, trigger, phase_of(world), slots, rules, out, stdin=stdin)


def left_out_by_variable(world: "World", compiled: "Compiled", hook: "Hook") -> "dict[int, Outcome]":
    """Return what the variables leave out; say which words of DODO_HOOKS_SKIP mean nothing in the whole file."""
    out: dict[int, Outcome] = {}
    if world.environ.get("LEFTHOOK_EXCLUDE"):
        from dodo_hooks.fire.select.lefthook_variables import excluded

        out = excluded(world, compiled.rules.family, hook)
    variable = world.environ.get("DODO_HOOKS_SKIP")
    if not variable:
        return out
    from dodo_hooks.fire.select.selectors import BY_VARIABLE, left_out, selectors_from, unknown_skips

    if unknown_skips((hook,), variable) and (plan := compiled.plan()):
        for word in unknown_skips(plan.hooks, variable):
            say(f"DODO_HOOKS_SKIP: no job, group or tag is called {word!r}")
    return {**out, **left_out(hook, selectors_from(variable), said_by=BY_VARIABLE)}


def slots_of(wanted: "int | None") -> int:
    """How many jobs may run at once: what is asked for, else one for each processor that we may use."""
    if wanted is not None:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def phase_of(world: "World") -> str:
    """What DODO_HOOKS_PHASE says about background jobs.

    Raises:
        UsageError: it says something that we do not know.
    """
    phase = world.environ.get("DODO_HOOKS_PHASE") or AUTO
    if phase not in PHASES:
        raise UsageError(f"DODO_HOOKS_PHASE is {phase!r}, and may be one of {', '.join(PHASES)}")
    return phase
