"""What a firing would do, without doing it (`dodo-hooks run --dry-run`)."""

from dodo_hooks.core.plan import FOREGROUND
from dodo_hooks.fire.run import Firing


def describe(firing: Firing) -> list[str]:
    """One line per job, in the order of the plan: its phase, what it waits for, its command; or why it is skipped."""
    jobs = firing.hook.jobs
    lines = []
    for number in firing.hook.order:
        job = jobs[number]
        skipped = firing.left_out.get(number)
        if skipped is not None:
            lines.append(f"{job.name}: skipped, {skipped.reason}")
            continue
        phase = "foreground" if job.phase == FOREGROUND else "background"
        promoted = ", promoted" if job.promoted else ""
        needs = ", needs " + ", ".join(jobs[need].name for need in job.needs) if job.needs else ""
        after = ", after " + ", ".join(jobs[other].name for other in job.after) if job.after else ""
        lines.append(f"{job.name} ({phase}{promoted}{needs}{after}): {job.command}")
    return lines
