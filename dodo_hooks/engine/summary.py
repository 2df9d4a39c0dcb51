"""The few lines at the end of a run: what failed, why, how to see it and run it again (R23; HOT)."""

from dodo_hooks.core import status
from dodo_hooks.core.plan import FAILURE, SKIPS, SUMMARY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Job
    from dodo_hooks.core.status import Outcome
    from dodo_hooks.store.writer import InvocationWriter

_MOST_NAMES = 8
_SHOWN = (status.FAILED, status.CRASHED, status.CANCELLED)


def summary(writer: "InvocationWriter", shown: "Sequence[str]", duration_s: float) -> "list[str]":
    """Lines about the jobs that have ended; empty when none of them ran. `shown`: of plan.OUTPUTS; a failure is said
    in any case, as shortly as can be."""
    hook = writer.hook
    ends = sorted(writer.outcomes().items())
    failed = [(hook.jobs[number], outcome) for number, outcome in ends if outcome.status in _SHOWN]
    ran = sum(outcome.status == status.COMPLETED for _, outcome in ends)
    lines = []
    if SKIPS in shown and (ran or failed):
        for number, outcome in ends:
            if outcome.status == status.SKIPPED and outcome.cause != status.NEED:
                lines.append(f"{hook.name}: {hook.jobs[number].name} skipped: {outcome.reason or outcome.cause}")
    if failed:
        return lines + _failures(writer, failed, FAILURE in shown)
    if ran and SUMMARY in shown:
        lines.append(f"{hook.name}: {count_of(ran)} completed ({duration_s:.2f} s)")
    return lines


def _failures(writer: "InvocationWriter", failed: "list[tuple[Job, Outcome]]", says_how: bool) -> "list[str]":
    hook = writer.hook
    lines = []
    for job, outcome in failed:
        lines.append(f"{hook.name}: {job.name} {outcome.status}: {outcome.reason or outcome.cause}")
        if job.fail_text:
            lines += [f"  {line}" for line in job.fail_text.splitlines()]
    skipped = [hook.jobs[n].name for n, outcome in sorted(writer.outcomes().items()) if outcome.cause == status.NEED]
    if skipped:
        lines.append(f"{hook.name}: skipped because of that: {_listed(skipped)}")
    if hook.warns:
        lines.append(f"{hook.name}: it only warns (fail_mode), so git goes on")
    if says_how:
        again = " ".join(f"--job {shell_word(job.name)}" for job, _ in failed)
        lines.append(f"  output:    dodo-hooks jobs logs {shell_word(f'{failed[0][0].name}@{writer.identity}')}")
        lines.append(f"  run again: dodo-hooks run {hook.name} {again}")
    return lines


def _listed(names: "list[str]") -> str:
    rest = len(names) - _MOST_NAMES
    return ", ".join(names) if rest <= 1 else f"{', '.join(names[:_MOST_NAMES])} and {rest} more"


def count_of(jobs: int) -> str:
    return "1 job" if jobs == 1 else f"{jobs} jobs"


def shell_word(text: str) -> str:
    """A word that a shell reads back as `text`. (`shlex.quote` would import `re`, 7 ms.)"""
    plain = text.replace("-", "").replace("_", "").replace(".", "").replace("/", "").replace(":", "").replace("@", "")
    if plain.isalnum() and text.isascii():
        return text
    return "'" + text.replace("'", "'\\''") + "'"
