"""The table of `dodo-hooks jobs` for people: a heading for each run, and its jobs below the heading."""

from dodo_hooks.cli.measures import elapsed_s, format_age
from dodo_hooks.cli.terminal_table import (
    GAP,
    escape,
    fit_cell,
    fit_widths,
    heading,
    print_safe,
    sign,
    status_colors,
    terminal_width,
)
from dodo_hooks.core import statuses
from dodo_hooks.core.git_hooks import BEFORE_COMMIT
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text.terminal_text import duration_text, paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dodo_hooks.host.world import World
    from dodo_hooks.store.read_records import InvocationRecord, JobRecord

INDENT = "  "
STATUS_COLUMN = 1
_TRIGGERS: "Mapping[str, str]" = {"run": "manual run", "doit": "by doit"}  # trigger -> words


class Run(Record):
    """An invocation, and the jobs of it that are shown."""

    repository: "str | None"  # its path; None where the store does not record it
    invocation: "InvocationRecord"
    jobs: "tuple[JobRecord, ...]"
    left_s: "float | None" = None  # until it ends, as far as anybody can tell


class Line(Record):
    """A heading, a job's row, or a sentence about a run as a whole."""

    text: str
    cells: "tuple[str, ...]" = ()  # of a row; empty: `text` is the line
    is_heading: bool = False
    is_open: bool = False  # of a job that has not ended


def print_runs(runs: "Sequence[Run]", world: "World", *, is_verbose: bool = False) -> None:
    """Print the runs in their order. `is_verbose`: with their ids, and without cutting lines off."""
    for line in style_lines(
        lines_of(runs, is_verbose=is_verbose), world, None if is_verbose else terminal_width(world)
    ):
        print_safe(line)


def lines_of(runs: "Sequence[Run]", *, is_verbose: bool = False) -> "list[Line]":
    """Return the lines to print. Repository and working tree are named where there are several."""
    has_repositories = len({run.repository for run in runs}) > 1
    has_worktrees = len({run.invocation.worktree for run in runs}) > len({run.repository for run in runs})
    lines: list[Line] = []
    for run in runs:
        words = list(_heading(run, has_repositories, has_worktrees, is_verbose))
        lines.append(Line(sign(" \u00b7 ", " - ").join(words), is_heading=True))
        lines += [_row(job) for job in run.jobs]
        error = run.invocation.error
        if error is not None and error not in map(reason_text, run.jobs):
            lines.append(Line(INDENT + escape(error)))
    return lines


def style_lines(lines: "Sequence[Line]", world: "World", width: "int | None") -> "Iterator[str]":
    """Yield the lines as they are printed, in at most `width` columns; None: without a limit."""
    rows = [line.cells for line in lines if line.cells]
    widths = fit_widths(rows, None if width is None else width - len(INDENT))
    colors = status_colors(world)
    for line in lines:
        if line.cells:
            cells = [fit_cell(cell, wide) for cell, wide in zip(line.cells, widths, strict=True)]
            if color := colors.get(line.cells[STATUS_COLUMN]):
                cells[STATUS_COLUMN] = paint(cells[STATUS_COLUMN], color)
            yield (INDENT + GAP.join(cells)).rstrip()
        else:
            text = line.text if width is None else fit_cell(line.text, width).rstrip()
            yield heading(text, world) if line.is_heading else text


def reason_text(job: "JobRecord") -> str:
    """Return the reason for a job's status in a few words, with the root cause where that is another job."""
    words = ""
    if job.status not in (statuses.PENDING, statuses.RUNNING, statuses.COMPLETED):
        words = job.reason or _ending(job) or job.cause or ""
        words = "" if words == job.status else words  # `cancelled` says it all
    if job.cause == statuses.NEED and job.root_cause not in (None, job.need):
        words += f" (root cause: {job.root_cause})"
    return "; ".join(filter(None, (words, job.changed_meanwhile)))


def status_text(job: "JobRecord") -> str:
    """Return the status of a job with its reason, such as `failed, exit code 7`."""
    because = escape(reason_text(job))
    return f"{job.status}, {because}" if because else job.status


def _heading(run: Run, has_repositories: bool, has_worktrees: bool, is_verbose: bool) -> "Iterator[str]":
    one = run.invocation
    if is_verbose:
        yield one.id
    yield format_age(one.started_at)
    yield one.hook
    if one.branch is not None:
        yield escape(one.branch)
    if one.head is not None and (one.branch is None or (one.tree is not None and one.hook != BEFORE_COMMIT)):
        yield f"at {escape(one.head[:10])}"
    if has_repositories:
        yield f"repository {escape(_last_part(run.repository or '?'))}"
    if has_worktrees:
        yield f"worktree {escape(_last_part(one.worktree))}"
    if one.parent is not None:
        yield f"retry of {escape(one.parent)}" if is_verbose else "retry"
    elif one.trigger in _TRIGGERS:
        yield _TRIGGERS[one.trigger]
    if one.is_alive:
        yield statuses.RUNNING if run.left_s is None else f"{statuses.RUNNING}, about {duration_text(run.left_s)} left"
    elif one.error is not None:
        yield statuses.FAILED


def _row(job: "JobRecord") -> Line:
    cells = (escape(job.name), job.status, _time(job), escape(reason_text(job)))
    return Line("", cells, is_open=not job.has_ended)


def _time(job: "JobRecord") -> str:
    """Return how long the job took, or how long it has been running."""
    if job.status == statuses.RUNNING and job.started_at is not None:
        return duration_text(max(0.0, elapsed_s(job.started_at) or 0.0))
    return "" if job.duration_s is None else duration_text(job.duration_s)


def _last_part(path: str) -> str:
    return path.rpartition("/")[2] or path


def _ending(job: "JobRecord") -> str:
    if job.signal is not None:
        return f"signal {job.signal}"
    return f"exit code {job.exit_code}" if job.exit_code else ""
