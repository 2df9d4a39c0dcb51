"""The summary at the end of a run: the failed jobs, the reasons, the logs, the command to run again (R23; HOT)."""

from dodo_hooks.core import statuses
from dodo_hooks.core.plan import FAILURE
from dodo_hooks.core.terminal_text import shell_word
from dodo_hooks.engine.job_line import reason_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dodo_hooks.core.plan import Job
    from dodo_hooks.core.statuses import Outcome
    from dodo_hooks.store.writer import InvocationWriter

_MOST_NAMES = 8
_BAD = (statuses.FAILED, statuses.CRASHED, statuses.CANCELLED)


def summary(
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
    for job, outcome in failed:
        lines = [f"{hook.name}: {_failure(job, outcome)}"]
        lines += job.fail_text.splitlines()
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
