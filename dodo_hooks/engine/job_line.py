"""The line about a job's end: mark, name, time, reason (R23; HOT).

    + format    0.4s
    x lint     2m03s  exit code 1
    - types    no matching staged files

Where the locale's encoding has them, the marks are a check, a cross, a dash and an arrow.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text.terminal_text import DIM, GREEN, RED, columns_of, duration_text, escape, pad, paint, truncate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.core.statuses import Outcome

_MARKS = {
    statuses.COMPLETED: ("✔", "+"),
    statuses.UP_TO_DATE: ("↷", ">"),
    statuses.SKIPPED: ("\u2013", "-"),  # an en dash
}
_FAILED_MARK = ("✘", "x")
_WIDEST_NAME = 40
_LEAST_FOR_NAME = 8
_BESIDE_NAME = 2 + 2 + 6 + 2 + 12  # the mark, the time, gaps, and the beginning of a reason
_TIME_COLUMNS = 6  # "12.3s", "59m59s"
_GAP = "  "


class Look(Record):
    """The properties of the output that lines are printed to."""

    has_colors: bool = False
    has_unicode: bool = False
    columns: int = 0  # the width of a line; 0: no limit
    colors: "tuple[str, str, str]" = (GREEN, DIM, RED)  # of success, of a job that did not run, of failure


def job_line(name: str, width: int, outcome: "Outcome", duration_s: "float | None", look: Look) -> str:
    """Return one line, safe to print. `width`: from `name_columns`, the same for all lines of one column."""
    mark = _MARKS.get(outcome.status, _FAILED_MARK)[not look.has_unicode]
    text = pad(_truncate_name(escape(name), width, look) if look.columns else escape(name), width)
    time = "" if duration_s is None else _GAP + duration_text(duration_s).rjust(_TIME_COLUMNS)
    why = "" if outcome.status == statuses.COMPLETED else _GAP + escape(reason_of(outcome))
    rest = text + time + why
    if look.columns:
        rest = _truncate_name(rest, look.columns - 2, look)
    rest = rest.rstrip()
    if not look.has_colors:
        return f"{mark} {rest}"
    good, idle, bad = look.colors
    if outcome.status == statuses.COMPLETED:
        return f"{paint(mark, good)} {rest}"
    return paint(f"{mark} {rest}", idle if outcome.status in (statuses.SKIPPED, statuses.UP_TO_DATE) else bad)


def name_columns(names: "Iterable[str]", look: Look) -> int:
    """Return the width of the column with these names."""
    widest = max((columns_of(escape(name)) for name in names), default=0)
    most = max(look.columns - _BESIDE_NAME, _LEAST_FOR_NAME) if look.columns else _WIDEST_NAME
    return min(widest, most, _WIDEST_NAME)


def reason_of(outcome: "Outcome") -> str:
    """Return the reason of a job's end in a few words: `exit code 1`, `no matching staged files`."""
    if outcome.status == statuses.UP_TO_DATE:
        return outcome.reason or "up to date"
    if outcome.cause == statuses.EXIT and outcome.exit_code is not None:
        return f"exit code {outcome.exit_code}"
    if outcome.cause == statuses.SIGNAL and outcome.signal is not None:
        return f"ended by {statuses.signal_name(outcome.signal)}"
    return outcome.reason or _BECAUSE.get(outcome.cause or "", outcome.cause or outcome.status)


# For an outcome without a reason of its own, such as one that an older version has recorded.
_BECAUSE = {
    statuses.NEED: "a dependency did not succeed",
    statuses.FAIL_FAST: "another job failed",
    statuses.GATE: "the foreground jobs failed",
    statuses.CONDITION: "does not apply here",
    statuses.SELECTION: "not selected",
    statuses.NESTED: "the hook fired inside a job",
    statuses.USER: "cancelled",
    statuses.SPAWN: "could not be started",
    statuses.WAVE_DIED: "the process that ran it died",
    statuses.WRITER_DIED: "the process that kept its record died",
}


def _truncate_name(text: str, columns: int, look: Look) -> str:
    return truncate(text, columns, "…" if look.has_unicode else "...")
