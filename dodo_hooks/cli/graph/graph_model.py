"""The parts of a plan that every format of `dodo-hooks graph` shows: edges, phases, ranks, and texts of jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dodo_hooks.cli.graph.graph_layout import Edge
from dodo_hooks.cli.terminal_table import escape
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook, Job

PROMOTED = "promoted"
ABSENT = "absent"
# The kinds of jobs, which are drawn differently.
KINDS = (FOREGROUND, PROMOTED, BACKGROUND, ABSENT)


def kind_of(job: Job) -> str:
    if job.selection.absent:
        return ABSENT
    return PROMOTED if job.promoted else job.phase


def phases_of(hook: Hook) -> list[tuple[str, list[Job]]]:
    """Return the phases that have jobs, in the order of time (R8), each with its jobs in topological order."""
    jobs = [hook.jobs[number] for number in hook.order]
    phases = [(phase, [job for job in jobs if job.phase == phase]) for phase in (FOREGROUND, BACKGROUND)]
    return [(phase, members) for phase, members in phases if members]


def edges_of(hook: Hook) -> list[Edge]:
    """Return every edge once: the needs of each job, then the jobs that it only waits for."""
    return [
        Edge(before, job.number, is_need, before in job.order.made_by)
        for job in hook.jobs
        for is_need, others in ((True, job.order.needs), (False, job.order.after))
        for before in dict.fromkeys(others)
        if is_need or before not in job.order.needs
    ]


def ranks_of(hook: Hook) -> list[int]:
    """Return the longest way to each job. The background begins after all of the foreground (R8)."""
    ranks = [0] * len(hook.jobs)
    begin = 0
    for _, jobs in phases_of(hook):
        for job in jobs:
            ranks[job.number] = max([begin, *(ranks[other] + 1 for other in (*job.order.needs, *job.order.after))])
        begin = max(ranks) + 1
    return ranks


def names_of(hook: Hook, numbers: Sequence[int]) -> str:
    return ", ".join(escape(hook.jobs[number].name) for number in numbers)


def summary_of(job: Job) -> str:
    """Return the description or command of a job in one line, escaped for terminals."""
    return first_line(job.description) or first_line(job.execution.command)


def first_line(text: str) -> str:
    """Return the first line that is not blank, with an ellipsis if there are more."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return escape(lines[0]) + (" …" if len(lines) > 1 else "") if lines else ""


def escape_in_xml(text: str) -> str:
    """Return the text as `escape` does, with the two characters escaped that XML forbids. Graphviz also writes SVG."""
    return escape(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


# (fill, line, text): each readable by itself, on a light page and on a dark one
COLORS: Mapping[str, tuple[str, str, str]] = {
    FOREGROUND: ("#ddf0ff", "#0969da", "#0a3069"),
    PROMOTED: ("#ffe7d6", "#bc4c00", "#5c2500"),
    BACKGROUND: ("#f0e6ff", "#8250df", "#3b1d73"),
    ABSENT: ("#eaeef2", "#6e7781", "#424a53"),
}
NOTES: Mapping[str, str] = {PROMOTED: "promoted", ABSENT: "not here"}
