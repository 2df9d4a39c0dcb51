"""The report of a run for people: the contents of its screen, and the lines at its end (R23; HOT)."""

from dodo_hooks.core import statuses
from dodo_hooks.core.plan import FAILURE, FOREGROUND, SKIPS, SUMMARY
from dodo_hooks.core.text.terminal_text import BOLD, counted, escape, paint, shell_word
from dodo_hooks.engine.foreground import read_terminal
from dodo_hooks.engine.job_line import job_line, name_columns, reason_of
from dodo_hooks.engine.screen import Display
from dodo_hooks.fire.firing import BY_DOIT, BY_GIT, Firing
from dodo_hooks.fire.run_state import Run
from dodo_hooks.host.console import print_bytes, print_line, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from dodo_hooks.core.plan import Job
    from dodo_hooks.core.statuses import Outcome
    from dodo_hooks.engine.job_line import Look
    from dodo_hooks.store.writer import InvocationWriter

_MOST_NAMES = 8  # of skipped jobs
_BAD = (statuses.FAILED, statuses.CRASHED, statuses.CANCELLED)


def display_of(run: Run, phase: str, knows_escapes: bool, look: "Look", *, is_quiet: bool) -> Display:
    """Return what the screen of an attached phase shows."""
    firing, hook = run.firing, run.firing.hook
    out = firing.left_out
    jobs = [
        job
        for job in hook.jobs
        if (firing.has_line(job.number, out[job.number]) if job.number in out else job.phase == phase)
    ]
    title = hook.name if phase == FOREGROUND else f"{hook.name} (background)"
    has_lines = firing.trigger != BY_DOIT  # else a reporter of doit's prints
    return Display(knows_escapes, look, title, jobs, firing.output, has_lines, is_quiet)


def report_idle(firing: Firing) -> None:
    """Print that no job applies, and why, if it is to be printed."""
    is_fired = firing.trigger == BY_GIT
    if not firing.reports_idle:
        return
    why = "nothing to run" if firing.hook.jobs else "nothing to run (no jobs)"
    _print_lines(firing, firing.left_out, f"{firing.hook.name}: {why}", is_fired)


def report_up_to_date(run: Run) -> None:
    """Print that every job that applies is up to date: one line if git fired the hook, and each job in a manual run."""
    firing, outcomes = run.firing, run.writer.outcomes()
    done = sum(outcome.status == statuses.UP_TO_DATE for outcome in outcomes.values())
    if firing.trigger == BY_GIT:
        if SUMMARY in firing.output and done:
            say(f"{firing.hook.name}: {done} up to date")
    elif firing.trigger != BY_DOIT:
        _print_lines(firing, outcomes, f"{firing.hook.name}: {done} up to date", False)
    for line in run.notes:
        say(line)


def report(run: Run, *sentences: str) -> None:
    """Print how the jobs ended, these sentences, and the notes and errors of the run as a whole."""
    firing, waits = run.firing, run.interrupted is None
    if run.rest:
        print_bytes(run.rest, waits=waits)
    lines: list[str] = []
    if firing.trigger != BY_DOIT:  # else a reporter of doit's has printed it already
        if firing.trigger != BY_GIT and SKIPS in firing.output:
            _print_skipped(run, waits)
        arguments = ("--", *firing.args) if firing.args else ()
        again = None if firing.needs_retry else (*(firing.again or ()), *arguments)
        lines = _summarize(run.writer, firing.output, again, run.had_line)
    record_errors = (run.record_error,) if run.record_error else ()
    for line in (*lines, *dict.fromkeys((*sentences, *run.notes, *run.errors, *record_errors))):
        say(line, waits=waits)


def _summarize(
    writer: "InvocationWriter", output: "Sequence[str]", again: "Sequence[str] | None", had_line: "Collection[int]"
) -> "list[str]":
    """Return sentences about the failed jobs; none if no job failed.

    `output`: of plan.OUTPUTS; without FAILURE each failure still gets a short sentence. `again`: the words of
    `dodo-hooks run` after the jobs; None: a retry is what runs them again. `had_line`: the jobs that had their line on
    the screen.
    """
    hook = writer.hook
    ends = sorted(writer.outcomes().items())
    failed = [(hook.jobs[number], outcome) for number, outcome in ends if outcome.status in _BAD]
    if not failed:
        return []
    sentences = []
    explained = [job for job, _ in failed if job.is_judged_by_diff and job.number in had_line]  # as pre-commit does it
    if explained:
        sentences.append(f"{hook.name}: {counted(len(explained), 'hook')} failed")
    for job, outcome in (one for one in failed if one[0] not in explained):
        lines = [f"{hook.name}: {_failure(job, outcome)}"]
        lines += job.report.fail_text.splitlines()
        if FAILURE in output and writer.jobs[job.number].log_bytes:
            lines.append(f"log:       dodo-hooks jobs logs {shell_word(f'{job.name}@{writer.identity}')}")
        sentences.append("\n".join(lines))
    skipped = [
        hook.jobs[number].title for number, outcome in ends if outcome.cause == statuses.NEED and number not in had_line
    ]
    if skipped:
        sentences.append(f"{hook.name}: skipped (dependency failed): {_join_names(skipped)}")
    if hook.warns:
        sentences.append(f"{hook.name}: failures are warnings here (fail_mode: warn)")
    if FAILURE in output:
        words = ["retry", f"@{writer.identity}"]
        if again is not None:
            words = ["run", hook.name, *(word for job, _ in failed for word in ("--job", job.name)), *again]
        sentences[-1] += f"\nrun again: {' '.join(map(shell_word, ('dodo-hooks', *words)))}"
    return sentences


def _failure(job: "Job", outcome: "Outcome") -> str:
    reason = reason_of(outcome)
    if outcome.status == statuses.CANCELLED or reason == outcome.status:
        return f"{job.title}: {reason}"
    return f"{job.title} {outcome.status}: {reason}"


def _join_names(names: "list[str]") -> str:
    rest = len(names) - _MOST_NAMES
    return ", ".join(names) if rest <= 1 else f"{', '.join(names[:_MOST_NAMES])} and {rest} more"


def _print_skipped(run: Run, waits: bool) -> None:
    """Print a line for each skipped job that has none yet, as in a manual run every skipped job has one.

    Where a job runs its own hook, the loader has warned of it (nested_runs.py), and nobody reads it at each run.
    """
    is_own = run.firing.world.environ.get("DODO_HOOK") == run.firing.hook.name
    silent = {
        number: outcome
        for number, outcome in run.writer.outcomes().items()
        if outcome.status == statuses.SKIPPED and number not in run.had_line
        if not (is_own and outcome.cause == statuses.NESTED)
    }
    title = "" if run.had_line else run.firing.hook.name
    run.had_line |= _print_lines(run.firing, silent, title, True, waits=waits)


def _print_lines(
    firing: Firing, outcomes: "Mapping[int, Outcome]", title: str, only_with_lines: bool, *, waits: bool = True
) -> "set[int]":
    """Print lines about jobs that no screen has shown, and return their numbers."""
    numbers = [number for number, outcome in sorted(outcomes.items()) if firing.has_line(number, outcome)]
    jobs = [firing.hook.jobs[number] for number in numbers]
    look = read_terminal(firing.world, firing.rules.has_colors).look
    if title and (jobs or not only_with_lines):
        print_line(paint(escape(title), BOLD) if look.has_colors else escape(title), waits=waits)
    width = name_columns((job.title for job in jobs), look)
    for job in jobs:
        if job.is_judged_by_diff:
            from dodo_hooks.engine.hook_lines import hook_columns, hook_lines

            columns = hook_columns(one for one in jobs if one.is_judged_by_diff)
            print_line(hook_lines(job, columns, outcomes[job.number], None, look)[0], waits=waits)
            continue
        print_line(job_line(job.title, width, outcomes[job.number], None, look), waits=waits)
    return set(numbers)
