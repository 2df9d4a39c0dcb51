"""The start of a firing's record: from its facts to its published directory in the store (HOT)."""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND
from dodo_hooks.engine.waves.job import TO_FILE, TO_PIPE, TO_TERMINAL, Context
from dodo_hooks.fire.environment import environment_of_run
from dodo_hooks.fire.firing import nesting_of
from dodo_hooks.fire.run_state import Run
from dodo_hooks.git.head import head_of
from dodo_hooks.git.repo import main_worktree
from dodo_hooks.host.console import say
from dodo_hooks.host.posix import open_terminal, os
from dodo_hooks.host.process import has_process_table
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store import layout
from dodo_hooks.store.identity import records_dir, repository_id
from dodo_hooks.store.records import Facts
from dodo_hooks.store.writer import reserve_invocation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.engine.foreground import Terminal
    from dodo_hooks.fire.firing import Firing, Nesting

BACKGROUND_NICE = 10  # R13


def begin(firing: "Firing") -> "Run | None":
    """Reserve the invocation, which `publish` then makes visible.

    Returns None where the record cannot be written and only background jobs are lost. The reason was printed then, and
    the git command does not fail (R21).

    Raises:
        HooksError: the record cannot be written and foreground jobs need it, or the firing is nested too deep (R12).
    """
    started_s = monotonic_s()
    nesting = nesting_of(firing.world.environ)
    whole_hook = firing.whole_hook or firing.hook
    if firing.left_out:
        from dodo_hooks.core.added_edges import bypass_skipped

        firing = firing._replace(hook=bypass_skipped(firing.hook, firing.left_out))
    if any(job.is_judged_by_diff for job in firing.hook.jobs):
        from dodo_hooks.results.hook_memory import with_memory

        repository_dir = records_dir(firing.world.state, firing.repo.common_dir)
        firing = firing._replace(hook=with_memory(firing.hook, repository_dir))
    if any(job.changes.stage_fixed or job.changes.conduct for job in firing.hook.jobs):
        from dodo_hooks.core.added_edges import serialize_conflicts

        running = [job.number for job in firing.hook.jobs if job.number not in firing.left_out]
        firing = firing._replace(hook=serialize_conflicts(firing.hook, running, firing.files))
    try:
        identity = repository_id(firing.repo.common_dir)
        writer = reserve_invocation(firing.world.state, identity, firing.hook, _facts(firing, nesting))
        writer.max_log_bytes = firing.rules.max_log_bytes
        writer.files, writer.stdin = dict(firing.files), firing.stdin
        # One mapping of files for all, since a list may become shorter (K8).
        firing = firing._replace(files=writer.files, whole_hook=whole_hook)
    except StoreError as error:
        _refuse_or_report(firing, error)
        return None
    run = Run(firing, nesting, writer, started_s)
    if not has_process_table():
        run.notes.append("/proc is not mounted: ending a cancelled job always takes the whole grace period")
    run.decide(firing.left_out.items())
    if any(job.results.is_incremental for job in firing.hook.jobs):
        from dodo_hooks.fire.guards.kept_results import open_results

        run.results = open_results(run)
    return run


def publish(run: Run) -> bool:
    """Make the invocation visible in the store, and return whether that succeeded.

    False: the record cannot be written, the reason was printed, and the git command does not fail (R21).

    Raises:
        HooksError: the record cannot be written and foreground jobs need it.
    """
    try:
        run.writer.publish()
    except StoreError as error:
        _refuse_or_report(run.firing, error)
        return False
    return True


def _refuse_or_report(firing: "Firing", error: StoreError) -> None:
    """Raise the error if foreground jobs were to run, so that a gate refuses; else print the error (R21).

    In a manual run or a retry, background jobs that are not started are an error, too (R22).
    """
    to_run = [job for job in firing.hook.jobs if job.number not in firing.left_out]
    if firing.is_manual or any(job.phase == FOREGROUND for job in to_run):
        raise error
    say(f"the background jobs of {firing.hook.name} were not started: {error}")


def _facts(firing: "Firing", nesting: "Nesting") -> Facts:
    branch, head = head_of(firing.repo, firing.world.environ)
    target = firing.target
    if target is not None:
        head = target.head
    return Facts(
        firing.args,
        firing.trigger,
        firing.repo.top,
        branch,
        head,
        nesting.within,
        os.getpid(),
        firing.parent,
        _retention_s(firing),
        target.tree if target is not None else None,
        main_worktree(firing.repo) or firing.repo.common_dir,
    )


def _retention_s(firing: "Firing") -> "float | None":
    """Return how long the run is kept, in seconds: the longest retention of its jobs (section 7).

    Returns None where no job has a retention of its own.
    """
    own = [job.report.retention_s for job in firing.hook.jobs]
    if not any(own):
        return None
    return max(firing.rules.retention.retention_s if one is None else one for one in own)


def context_of(run: Run, phase: str, terminal: "Terminal | None") -> Context:
    """Return what the jobs of a phase share.

    `terminal`: where their output is shown; None if it goes only to the log.
    """
    is_background = phase == BACKGROUND
    output = TO_FILE
    if terminal is not None:
        output = TO_TERMINAL if terminal.is_terminal else TO_PIPE
    return Context(
        run.firing.hook,
        run.firing.repo.top,
        environment_of_run(run, is_background),
        run.writer.directory,
        output,
        run.firing.rules.grace_s,
        BACKGROUND_NICE if is_background else 0,
        is_background,
        run.firing.rules.max_log_bytes,
        _ancestors(run),
        terminal.window if terminal is not None else b"",
        run.firing.files,
        terminal is not None and any(job.execution.interactive for job in run.firing.hook.jobs) and _has_tty(),
    )


def _has_tty() -> bool:
    try:
        os.close(open_terminal())
    except OSError:
        return False
    return True


def _ancestors(run: Run) -> "tuple[str, ...]":
    if run.nesting.within is None or not any(job.order.groups for job in run.firing.hook.jobs):
        return ()
    from dodo_hooks.engine.groups import ancestors_of

    return tuple(ancestors_of(layout.repository_of(run.writer.directory), run.nesting.within))
