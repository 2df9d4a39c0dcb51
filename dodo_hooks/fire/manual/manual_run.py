"""Hooks that a command fires: `dodo-hooks run`, and the commands that have hooks of their own.

With `dodo-hooks run --dry-run` the jobs are only described: nothing is executed, nothing recovered.
"""

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import WITH_STDIN
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import BACKGROUND, FAILURE, FOREGROUND, OUTPUTS, Hook
from dodo_hooks.core.text.terminal_text import BOLD, counted, escape, pad, paint, truncate
from dodo_hooks.fire.commit_status import query_status
from dodo_hooks.fire.firing import ATTACHED, DETACHED, MANUAL, Firing, make_firing, select_files
from dodo_hooks.fire.left_out import left_out_by_variable
from dodo_hooks.fire.select.selectors import BY_COMMAND, Selectors, left_out
from dodo_hooks.host.posix import os
from dodo_hooks.results import USE
from dodo_hooks.trust.policy import admit, expect_accepted, installed_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.fire.select.job_filter import PendingCommands
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled

EVERYTHING = Selectors()


class Request(Record):
    """The options of one `dodo-hooks run`."""

    args: "tuple[str, ...]" = ()
    selectors: Selectors = EVERYTHING
    phase: "str | None" = None  # of fire.firing.PHASES; None: as the environment says
    slots: "int | None" = None
    files: "tuple[bytes, ...] | None" = None  # the files for its jobs, relative to the top; None: the event's files
    is_forced: bool = False  # jobs run also where no file matches
    results: str = USE  # how kept results are used: dodo_hooks.results
    stages_fixed: bool = True
    is_detached: bool = False  # all jobs, whatever their phase, go to the background
    is_dry: bool = False
    is_verbose: bool = False
    is_quiet: bool = False  # only what failed is shown
    again: "tuple[str, ...] | None" = ()  # as in `Firing`


def run_manually(
    world: "World", repo: "Repo", compiled: "Compiled", body: "Hook", request: Request, *, is_own_file: bool = True
) -> int:
    """Fire a hook, or a task, from the command line, and return its exit code.

    `is_own_file`: the plan is that of the repository's own hook file.

    Raises:
        HooksError: as for `fire`.
    """
    if is_own_file:
        expect_accepted(world, repo, compiled.rules)
    firing = _firing(world, repo, compiled, request, body)
    if request.is_dry:
        return describe(firing, request.files, is_forced=request.is_forced)
    if body.gates_commits and request.files is None:
        from dodo_hooks.fire.verdicts.gate import Push

        code = Push(world, repo, compiled, body, firing.args, firing.stdin).gate(firing.left_out)
        if code:
            return code
    from dodo_hooks.fire.report.run_report import report_idle  # while `git status` runs

    firing = select_files(firing, request.files, is_forced=request.is_forced)
    if firing.is_idle:  # then none of the engine is imported
        report_idle(firing)
        return 0
    from dodo_hooks.fire.phases import run_firing

    return run_firing(firing)


def _firing(world: "World", repo: "Repo", compiled: "Compiled", request: Request, body: "Hook") -> Firing:
    """Return the firing with everything that decides what its jobs do, except their files."""
    out = {
        **left_out_by_variable(world, compiled.plan, body),
        **left_out(body, request.selectors, said_by=BY_COMMAND),
    }
    if not request.stages_fixed:
        body = _without_staging(body)
    if request.is_detached:
        body = _detached(body)
    phase = DETACHED if request.is_detached else request.phase
    firing = make_firing(
        world,
        repo,
        compiled.rules,
        body,
        request.args,
        MANUAL,
        out,
        _manual_stdin(body),
        slots=request.slots,
        phase=phase,
    )._replace(again=request.again, results=request.results)
    if request.files is None and body.name == "pre-push" and not firing.stdin.strip():  # without git's lines
        from dodo_hooks.fire.manual.manual_push import with_push

        firing = with_push(firing)
    if request.is_verbose or request.is_quiet:
        firing = firing._replace(rules=firing.rules._replace(output=OUTPUTS if request.is_verbose else (FAILURE,)))
    if request.files is None and not request.is_dry:  # named files are used as they are: no changes are hidden then
        firing = firing._replace(status=query_status(world, repo, body, firing.left_out))
    return firing


def _detached(hook: "Hook") -> Hook:
    """Return the hook with all of its jobs in the background. Raises UsageError where one needs the terminal."""
    for job in hook.jobs:
        if job.execution.interactive:
            raise UsageError(f"cannot detach {hook.name}: job {job.name} is interactive")
    from dodo_hooks.store.records import with_records

    jobs = (job._replace(phase=BACKGROUND, declared_background=True) for job in hook.jobs)
    return with_records(_without_staging(hook._replace(jobs=tuple(jobs))))


def _without_staging(hook: "Hook") -> "Hook":
    return hook._replace(jobs=tuple(job._replace(changes=job.changes._replace(stage_fixed=False)) for job in hook.jobs))


def run_command_hook(world: "World", repo: "Repo", hook: str, args: "tuple[str, ...]") -> int:
    """Fire a hook for a command of ours in the working tree `repo`, attached, and return its exit code.

    Attached, since the working tree may be about to be removed. Returns 0 where no hook file names the hook, and where
    the hooks of the repository may not run, which is printed (section 8).

    Raises:
        HooksError: as for `fire`.
    """
    if world.environ.get("DODO_HOOKS") == "0":
        return 0
    admitted = admit(world, repo, installed_in(repo), (hook,), args)
    if admitted is None:
        return 0
    compiled, _ = admitted
    body = compiled.hook(hook)
    if body is None:
        return 0
    out = left_out_by_variable(world, compiled.plan, body)
    firing = select_files(make_firing(world, repo, compiled.rules, body, args, MANUAL, out, phase=ATTACHED))
    if firing.is_idle:
        return 0
    from dodo_hooks.fire.phases import run_firing

    return run_firing(firing)


def _manual_stdin(hook: "Hook") -> bytes:
    """Return the standard input of a manual run, which takes the place of git's.

    Example: `echo ... | dodo-hooks run pre-push -- origin URL`.
    """
    wants = hook.name in WITH_STDIN or any(job.execution.use_stdin for job in hook.jobs)
    if not wants or os.isatty(0):
        return b""
    from dodo_hooks.host.posix import read_rest

    return read_rest(0)


def describe(firing: Firing, given: "tuple[bytes, ...] | None", *, is_forced: bool = False) -> int:
    """Print a line for each job, in the order of the plan, and return the exit code.

    The line has the job's phase, what it waits for and its command, or the reason why the job would be skipped.
    The commands that would decide whether it runs follow. `given` and `is_forced` are those of `select_files`.

    Raises:
        HooksError: git cannot be queried.
        OSError: the lines cannot be written.
    """
    from dodo_hooks.engine.foreground import read_terminal
    from dodo_hooks.engine.job_line import job_line, name_columns
    from dodo_hooks.host.console import print_answer

    pending: PendingCommands = {}
    firing = select_files(firing, given, pending, is_forced=is_forced)
    jobs = firing.hook.jobs
    look = read_terminal(firing.world, firing.rules.has_colors).look
    title = f"{escape(firing.hook.name)}: {'nothing to run' if firing.is_idle else 'would run'}"
    lines = [paint(title, BOLD) if look.has_colors else title]
    width = name_columns((job.title for job in jobs), look)
    for number in firing.hook.order:
        job = jobs[number]
        if number in firing.left_out:
            lines.append(job_line(job.title, width, firing.left_out[number], None, look))
            continue
        about = f"  {pad(escape(job.title), width)}  {escape(_about(firing, number))}"
        lines.append(truncate(about, look.columns) if look.columns else about)
        lines += [f"    would first run: {escape(command)}" for command in pending.get(number, ())]
    print_answer(lines)
    return 0


def _about(firing: Firing, number: int) -> str:
    job, jobs = firing.hook.jobs[number], firing.hook.jobs
    words = ["foreground" if job.phase == FOREGROUND else "background"]
    words += ["promoted"] if job.promoted else []
    words += [f"needs {', '.join(jobs[need].title for need in job.order.needs)}"] if job.order.needs else []
    words += [f"after {', '.join(jobs[other].title for other in job.order.after)}"] if job.order.after else []
    words += [counted(len(firing.files[number]), "file")] if number in firing.files else []
    if job.execution.refused:
        return f"{', '.join(words)}: would fail without being run: {job.execution.refused}"
    return f"{', '.join(words)}: {job.execution.command.strip()}"
