"""The lines about a hook of pre-commit that has ended, as people know them (P8; HOT, for such hooks alone).

    trim trailing whitespace.................................................Failed
    - hook id: trailing-whitespace
    - exit code: 1
    - files were modified by this hook

The widths, words and colours are pre-commit's.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.text.terminal_text import DIM, columns_of, escape, paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.core.plan import Job
    from dodo_hooks.core.statuses import Outcome
    from dodo_hooks.engine.job_line import Look

MODIFIED = "files were modified by this hook"
NO_FILES = "(no files to check)"
_PASSED, _FAILED, _SKIPPED = "Passed", "Failed", "Skipped"
_LEAST_COLUMNS = 80
_GREEN, _RED, _TURQUOISE, _YELLOW = "\x1b[42m", "\x1b[41m", "\x1b[46;30m", "\x1b[43;30m"


def hook_columns(jobs: "Iterable[Job]") -> int:
    """Return the width of the lines of these hooks."""
    widest = max((columns_of(_name_of(job)) for job in jobs), default=0)
    return max(widest + len("...") + len(NO_FILES) + 1 + len(_SKIPPED), _LEAST_COLUMNS)


def _name_of(job: "Job") -> str:
    """Return the name of a hook for people; that of its job is the id."""
    return escape(job.description or job.title)


def shows_output(job: "Job", outcome: "Outcome") -> bool:
    """Return whether the output of a hook is shown: if it has failed, or if its config asks for it."""
    if outcome.status == statuses.COMPLETED:
        return job.changes.conduct is not None and job.changes.conduct.is_verbose
    return outcome.status != statuses.SKIPPED


def hook_lines(job: "Job", columns: int, outcome: "Outcome", duration_s: "float | None", look: "Look") -> "list[str]":
    """Return the line of a hook, and those below that say why it has failed; all are safe to print."""
    end, color, why = _end_of(outcome)
    name = _name_of(job)
    dots = "." * max(columns - columns_of(name) - len(why) - len(end) - 1, 3)
    lines = [f"{name}{dots}{why}{_painted(end, color, look)}"]
    if not shows_output(job, outcome):
        return lines
    about = [f"hook id: {escape(job.name)}"]
    if job.changes.conduct is not None and job.changes.conduct.is_verbose and duration_s is not None:
        about.append(f"duration: {round(duration_s, 2) or 0}s")
    if outcome.exit_code:
        about.append(f"exit code: {outcome.exit_code}")
    elif outcome.signal:
        about.append(f"exit code: -{outcome.signal}")
    if outcome.reason and outcome.cause not in (statuses.EXIT, statuses.SIGNAL, statuses.CHANGES):
        about.append(escape(outcome.reason))
    if outcome.cause == statuses.CHANGES and outcome.reason:
        about.append(escape(outcome.reason.rpartition("; ")[2]))
    return lines + [_painted(f"- {line}", DIM, look) for line in about]


def _end_of(outcome: "Outcome") -> "tuple[str, str, str]":
    """Return the word for an end, its colour, and what stands before it."""
    if outcome.status in (statuses.COMPLETED, statuses.UP_TO_DATE):
        return _PASSED, _GREEN, ""
    if outcome.status != statuses.SKIPPED:
        return _FAILED, _RED, ""
    if outcome.cause == statuses.SELECTION:
        return _SKIPPED, _YELLOW, ""
    reason = outcome.reason or outcome.status
    return _SKIPPED, _TURQUOISE, NO_FILES if reason.startswith("no matching") else f"({escape(reason)})"


def _painted(text: str, color: str, look: "Look") -> str:
    return paint(text, color) if look.has_colors else text
