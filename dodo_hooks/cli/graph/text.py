"""The plan as trees for a terminal, a tree for each phase of a hook.

    pre-commit
      foreground
      ├─ format     ruff format
      │  ├─ lint    ruff check
      │  └─ types   mypy .
      │     └─ unit pytest       also needs lint

A graph is no tree, so each job appears once, below one of its needs: the one that is farthest from the beginning, which
is most likely the last to end. All other edges are named after the job, so that none is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dodo_hooks.cli.graph.graph_model import names_of, phases_of, summary_of
from dodo_hooks.cli.terminal_table import escape
from dodo_hooks.core.plan import Hook, Job, Plan
from dodo_hooks.core.text.terminal_text import columns_of, pad, truncate

DOES_COLUMNS = 60
# (before one that has others behind it, before the last one), and the same before what is below them
LINES = (("├─ ", "└─ "), ("│  ", "   "))
ASCII_LINES = (("|- ", "`- "), ("|  ", "   "))
_INDENT = "  "
_GAP = "  "

Lines = tuple[tuple[str, str], tuple[str, str]]
_Row = tuple[str, str, str]  # the job in its tree, what it does, its other edges and what is special


def render_text(plan: Plan, lines: Lines = LINES) -> str:
    """Return all hooks in the order of the file, with an empty line between them."""
    return "\n".join("".join(f"{line}\n" for line in _hook_lines(hook, lines)) for hook in plan.hooks)


def _hook_lines(hook: Hook, lines: Lines) -> Iterator[str]:
    yield f"{escape(hook.name)} (task)" if hook.is_task else escape(hook.name)
    if required := _required(hook, -1):
        yield f"{_INDENT}requires {required}"
    elif not hook.jobs:
        yield f"{_INDENT}no jobs"
    phases = [(phase, list(_phase_rows(hook, jobs, lines))) for phase, jobs in phases_of(hook)]
    every = [row for _, rows in phases for row in rows]
    widths = [max((columns_of(row[column]) for row in every), default=0) for column in (0, 1)]
    for phase, rows in phases:
        yield f"{_INDENT}{phase}"
        for tree, what, notes in rows:
            cells = [pad(tree, widths[0]), pad(what, widths[1]), notes]
            yield f"{_INDENT}{_GAP.join(cells)}".rstrip()


def _phase_rows(hook: Hook, jobs: Sequence[Job], lines: Lines) -> Iterator[_Row]:
    above = _needs_above(jobs)
    below: dict[int | None, list[Job]] = {}
    for job in jobs:
        below.setdefault(above[job.number], []).append(job)
    # Not by recursion: a chain may be longer than Python's stack.
    waiting = _entries(below.get(None, []), "", lines)
    while waiting:
        job, before, before_what_is_below = waiting.pop()
        yield before + escape(job.name), truncate(summary_of(job), DOES_COLUMNS), _notes(hook, job, above[job.number])
        waiting += _entries(below.get(job.number, []), before_what_is_below, lines)


def _entries(jobs: Sequence[Job], before: str, lines: Lines) -> list[tuple[Job, str, str]]:
    """Return (job, prefix of its line, prefix of the lines below it) for each job, in reverse order."""
    (other, last), (other_below, last_below) = lines
    entries = [(job, before + other, before + other_below) for job in jobs[:-1]]
    entries += [(job, before + last, before + last_below) for job in jobs[-1:]]
    return entries[::-1]


def _needs_above(jobs: Sequence[Job]) -> Mapping[int, int | None]:
    """Return for each job the need that it stands below; None: at the top, since no need is in this phase."""
    depth: dict[int, int] = {}
    above: dict[int, int | None] = {}
    for job in jobs:
        here = [need for need in job.order.needs if need in depth]
        above[job.number] = max(here, key=depth.__getitem__, default=None)
        depth[job.number] = max((depth[need] + 1 for need in here), default=0)
    return above


def _notes(hook: Hook, job: Job, above: int | None) -> str:
    others = [need for need in job.order.needs if need != above]
    notes = [f"{'also needs' if above is not None else 'needs'} {names_of(hook, others)}"] if others else []
    notes += [f"reads what {names_of(hook, job.order.made_by)} makes"] if job.order.made_by else []
    notes += [f"after {names_of(hook, job.order.after)}"] if job.order.after else []
    notes += [f"requires {required}"] if (required := _required(hook, job.number)) else []
    notes += ["promoted"] if job.promoted else []
    notes += [f"not here: {escape(job.selection.absent)}"] if job.selection.absent else []
    return "; ".join(notes)


def _required(hook: Hook, by: int) -> str:
    """Return what a push requires. `by`: the number of the job that says so; -1: the hook itself."""
    return ", ".join(escape(f"{one.hook}:{one.job}") for one in hook.requires if one.by == by)
