"""What a firing would do, without doing it (`dodo-hooks run --dry-run`)."""

from dodo_hooks.core.plan import FOREGROUND
from dodo_hooks.fire.run import Firing


def describe(firing: Firing) -> list[str]:
    """One line per job, in the order of the plan: its phase, what it waits for, its command; or why it is skipped."""
    jobs = firing.hook.jobs
    lines = []
    for number in firing.hook.order:
        job = jobs[number]
        if number in firing.left_out:
            lines.append(_left_out(firing, number))
            continue
        phase = "foreground" if job.phase == FOREGROUND else "background"
        promoted = ", promoted" if job.promoted else ""
        needs = ", needs " + ", ".join(jobs[need].name for need in job.needs) if job.needs else ""
        after = ", after " + ", ".join(jobs[other].name for other in job.after) if job.after else ""
        files = _counted(len(firing.files[number])) if number in firing.files else ""
        command = f"fails, without being run: {job.refused}" if job.refused else job.command
        lines.append(f"{job.name} ({phase}{promoted}{needs}{after}{files}): {command}")
    return lines


def left_out_lines(firing: Firing) -> list[str]:
    """One line for each job that will not run, and why."""
    return [_left_out(firing, number) for number in firing.hook.order if number in firing.left_out]


def _left_out(firing: Firing, number: int) -> str:
    outcome = firing.left_out[number]
    return f"{firing.hook.jobs[number].name}: {outcome.status}, {outcome.reason}"


def _counted(files: int) -> str:
    return ", 1 file" if files == 1 else f", {files} files"
