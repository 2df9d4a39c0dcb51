"""The start of the background phase: which of its jobs may start, and whether attached (HOT, with such jobs)."""

from dodo_hooks.core import statuses
from dodo_hooks.core.git_hooks import is_gate
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND
from dodo_hooks.core.schedule import Ledger
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.fire.firing import ATTACHED, AUTO, BY_CHECK, BY_GIT, OFF
from dodo_hooks.git.replay import abandoned_replays, clear_deferred, defer, deferred_hooks, replay_of
from dodo_hooks.host.console import say
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import monotonic_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.fire.run_state import Run


def decide_background(run: "Run") -> "list[int]":
    """Give an outcome to the background jobs that will not run (R3, R5, R8, R12, R17); return the others."""
    jobs = run.open_jobs(BACKGROUND)
    run.decide(Ledger(run.firing.hook, jobs, run.writer.outcomes()).skip_what_cannot_run())
    refusal = _refusal(run)
    if refusal is not None:
        run.decide((number, refusal) for number in run.open_jobs(BACKGROUND))
    return run.open_jobs(BACKGROUND)


def _refusal(run: "Run") -> "Outcome | None":
    """Return the outcome of all background jobs if their phase must not start; None if it may."""
    hook = run.firing.hook
    if run.interrupted is not None:
        return Outcome(statuses.SKIPPED, statuses.INTERRUPTED, statuses.interrupted_by(run.interrupted))
    if run.deadline_s is not None and monotonic_s() >= run.deadline_s:
        return Outcome(statuses.SKIPPED, statuses.TIMEOUT, f"{hook.name} timed out")
    if run.has_failed(FOREGROUND) and hook.fail_fast:
        return Outcome(statuses.SKIPPED, statuses.FAIL_FAST, "a foreground job failed (fail_fast)")
    has_failed = run.has_failed(FOREGROUND) and not hook.warns  # R8
    # An error of ours refuses a commit, too (G5).
    if (has_failed or run.errors) and is_gate(hook.name, run.firing.args):
        return Outcome(statuses.SKIPPED, statuses.GATE, "foreground jobs failed, so git stops")
    if run.nesting.within is not None:
        return Outcome(statuses.SKIPPED, statuses.NESTED, f"the hook fired inside a job of {run.nesting.within}")
    if run.firing.phase == OFF:
        return Outcome(statuses.SKIPPED, statuses.SELECTION, "background jobs were turned off")
    return _postponement(run) if run.firing.trigger == BY_GIT else None


def _postponement(run: "Run") -> "Outcome | None":
    """Return the outcome of background jobs that are deferred while git replays commits; None if they may start (R12).

    The background phase of a replay starts once, at its end.
    """
    firing, hook = run.firing, run.firing.hook.name
    replay = replay_of(firing.repo, firing.world.environ, hook)
    if replay is None:
        _clear_abandoned(run)
        return None
    if replay.is_over:
        clear_deferred(replay, hook)
        return None
    defer(replay, hook, firing.args)
    return Outcome(statuses.SKIPPED, statuses.REPLAY, "git is replaying commits: background jobs start at the end")


def _clear_abandoned(run: "Run") -> None:
    """Note what happens to the background phases that an abandoned replay deferred.

    This hook's phase starts now; those of other hooks are dropped.
    """
    hook = run.firing.hook.name
    for replay in abandoned_replays(run.firing.repo, run.firing.world.environ, hook):
        for name in deferred_hooks(replay):
            clear_deferred(replay, name)
            if name == hook:
                run.notes.append(f"{hook}: starting the background jobs deferred by an unfinished {replay.command}")
            else:
                run.notes.append(
                    f"{name}: dropped the background jobs deferred by an unfinished {replay.command}; "
                    f"run them with `dodo-hooks run {name}`"
                )


def must_be_attached(run: "Run") -> bool:
    """Return whether the background jobs must run attached.

    That is so in CI and under a container's process 1, where nothing waits for a detached process (R10), and where the
    records cannot be locked.
    """
    firing = run.firing
    if not run.writer.has_locks:
        say(f"{firing.hook.name}: cannot lock {run.writer.directory}; background jobs run attached")
        return True
    if firing.phase != AUTO:
        return firing.phase == ATTACHED
    return firing.world.is_ci or (firing.trigger in (BY_GIT, BY_CHECK) and os.getppid() == 1)
