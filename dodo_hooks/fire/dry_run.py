"""What a firing would do, without doing it (`dodo-hooks run --dry-run`): nothing is executed, nothing recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dodo_hooks.core.job_line import job_line, name_columns
from dodo_hooks.core.plan import FOREGROUND
from dodo_hooks.core.shown import BOLD, cut, padded, painted, shown
from dodo_hooks.engine.foreground import look_at_terminal
from dodo_hooks.fire.firing import asked
from dodo_hooks.fire.run import Firing
from dodo_hooks.host.console import print_line

if TYPE_CHECKING:
    from dodo_hooks.fire.applies import Questions


def describe(firing: Firing, given: tuple[bytes, ...] | None, *, is_forced: bool = False) -> int:
    """Print a line for each job, in the order of the plan: its phase, what it waits for, its command, and what would be
    asked first; or why it would be skipped. Returns the exit code. The rest is as for `asked`.

    Raises:
        HooksError: git does not say what there is to know.
    """
    questions: Questions = {}
    firing = asked(firing, given, questions, is_forced=is_forced)
    jobs = firing.hook.jobs
    look = look_at_terminal(firing.world, firing.rules.has_colors).look
    title = f"{shown(firing.hook.name)}: {'nothing to run' if firing.is_idle else 'would run'}"
    print_line(painted(title, BOLD) if look.has_colors else title)
    width = name_columns((job.title for job in jobs), look)
    for number in firing.hook.order:
        job = jobs[number]
        if number in firing.left_out:
            print_line(job_line(job.title, width, firing.left_out[number], None, look))
            continue
        about = f"  {padded(shown(job.title), width)}  {shown(_about(firing, number))}"
        print_line(cut(about, look.columns) if look.columns else about)
        for command in questions.get(number, ()):
            print_line(f"    would ask: {shown(command)}")
    return 0


def _about(firing: Firing, number: int) -> str:
    job, jobs = firing.hook.jobs[number], firing.hook.jobs
    words = ["foreground" if job.phase == FOREGROUND else "background"]
    words += ["promoted"] if job.promoted else []
    words += [f"needs {', '.join(jobs[need].title for need in job.needs)}"] if job.needs else []
    words += [f"after {', '.join(jobs[other].title for other in job.after)}"] if job.after else []
    words += [_counted(len(firing.files[number]))] if number in firing.files else []
    if job.refused:
        return f"{', '.join(words)}: fails, without being run: {job.refused}"
    return f"{', '.join(words)}: {' '.join(job.command.split())}"


def _counted(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"
