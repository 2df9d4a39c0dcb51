"""The few lines at the end of a run: what failed, why, how to see it and run it again (R23; HOT)."""

from dodo_hooks.core import status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.store.writer import InvocationWriter

_MOST_NAMES = 8
_SHOWN = (status.FAILED, status.CRASHED, status.CANCELLED)


def summary(writer: "InvocationWriter", duration_s: float) -> "list[str]":
    """Lines about the jobs that have ended; empty when none of them ran."""
    hook = writer.hook
    ends = [(hook.jobs[number].name, outcome) for number, outcome in sorted(writer.outcomes().items())]
    failed = [(name, outcome) for name, outcome in ends if outcome.status in _SHOWN]
    skipped = [name for name, outcome in ends if outcome.cause == status.NEED]
    ran = sum(outcome.status == status.COMPLETED for _, outcome in ends)
    if not failed:
        return [f"{hook.name}: {count_of(ran)} completed ({duration_s:.2f} s)"] if ran else []
    lines = []
    for name, outcome in failed:
        lines.append(f"{hook.name}: {name} {outcome.status}: {outcome.reason or outcome.cause}")
    if skipped:
        lines.append(f"{hook.name}: skipped because of that: {_listed(skipped)}")
    again = " ".join(f"--job {shell_word(name)}" for name, _ in failed)
    lines.append(f"  output:    dodo-hooks jobs logs {shell_word(f'{failed[0][0]}@{writer.identity}')}")
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
