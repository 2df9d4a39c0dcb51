"""The facts of one firing, gathered before its first job (HOT, imported when a hook has jobs)."""

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
    """Start `git status` for the firing of a commit, and return the firing with that query (G5).

    git answers while the run is prepared.
    """
    if firing.hook.name != BEFORE_COMMIT or all(
        job.phase == BACKGROUND or job.number in firing.left_out for job in firing.hook.jobs
    ):
        return firing
    if _is_inside_of_another(firing):
        return firing
    from dodo_hooks.git.worktree_status import StatusQuery

    return firing._replace(status=StatusQuery(firing.repo, firing.world.environ))


def _is_inside_of_another(firing: "Firing") -> bool:
    """Return whether unstaged changes are hidden by a run whose job fired this hook.

    The tree belongs to that run, and waiting for its end would be a deadlock. A hook inside a job of any other run
    hides unstaged changes as usual.
    """
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
    """Return the firing with the file lists of its jobs, and with the jobs that do not apply left out (C7, G4).

    Args:
        given: files that a person named, instead of those of the event.
        questions: collects the commands of conditions and file lists, which are then not executed.
        is_forced: a job runs also where no file matches.

    Raises:
        HooksError: git cannot be queried.
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
    """Return the outcomes of the jobs that the variables leave out.

    Report the words of DODO_HOOKS_SKIP that name nothing in the whole hook file.
    """
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
            say(f"unknown job, group or tag {word!r} in DODO_HOOKS_SKIP")
    return {**out, **left_out(hook, selectors_from(variable), said_by=BY_VARIABLE)}


def slots_of(wanted: "int | None") -> int:
    """Return how many jobs may run at once: the wanted number, else one for each processor that we may use."""
    if wanted is not None:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def phase_of(world: "World") -> str:
    """Return the value of DODO_HOOKS_PHASE, which decides about background jobs.

    Raises:
        UsageError: the value is unknown.
    """
    phase = world.environ.get("DODO_HOOKS_PHASE") or AUTO
    if phase not in PHASES:
        raise UsageError(f"unknown DODO_HOOKS_PHASE {phase!r}: use one of {', '.join(PHASES)}")
    return phase
