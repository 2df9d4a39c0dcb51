"""The plan as source text for Mermaid, and what it shares with that for Graphviz.

Both use an id of ours for each job, so that a job's own name stands only in labels, where it can be escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dodo_hooks.cli.graph.graph_model import (
    ABSENT,
    COLORS,
    KINDS,
    NOTES,
    edges_of,
    escape_in_xml,
    kind_of,
    phases_of,
)
from dodo_hooks.core.plan import Hook, Job, Plan

_ARROWS = {"needs": "-->", "reads": "==>", "after": "-.->"}
# What a label may hold as it is; everything else is written by its number. Of letters and symbols beyond ASCII none
# means anything to Mermaid.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_/,")


def render_mermaid(plan: Plan) -> str:
    """Return the plan as a flowchart, which GitHub and GitLab show in Markdown."""
    lines = ["flowchart LR"]
    for number, hook in enumerate(plan.hooks):
        lines += _hook_lines(number, hook, _mermaid_begin, _mermaid_job, "end")
    for number, hook in enumerate(plan.hooks):
        for edge in edges_of(hook):
            lines.append(f"  {_id(number, edge.before)} {_ARROWS[edge.word]} {_id(number, edge.after)}")
    kinds = {kind_of(job) for hook in plan.hooks for job in hook.jobs}
    for kind in KINDS:
        if kind in kinds:
            fill, line, text = COLORS[kind]
            dashes = ",stroke-dasharray:4 3" if kind == ABSENT else ""
            lines.append(f"  classDef {kind} fill:{fill},stroke:{line},color:{text}{dashes}")
    return "\n".join(lines) + "\n"


def _hook_lines(
    number: int, hook: Hook, begin: Callable[[str, str], list[str]], node: Callable[[str, Job], str], end: str
) -> Iterator[str]:
    """Yield the lines of a hook. A hook without jobs has none, since it would be drawn like a job.

    `begin`: the first lines of a subgraph, of its id and its label.
    """
    if not hook.jobs:
        return
    label = f"{hook.name} (task)" if hook.is_task else hook.name
    yield from (f"  {line}" for line in begin(f"h{number}", label))
    for phase, jobs in phases_of(hook):
        yield from (f"    {line}" for line in begin(f"h{number}{phase}", phase))
        for job in jobs:
            yield f"      {node(_id(number, job.number), job)}"
        yield f"    {end}"
    yield f"  {end}"


def _id(hook: int, job: int) -> str:
    return f"h{hook}j{job}"


# Mermaid


def _mermaid_begin(name: str, label: str) -> list[str]:
    # Without a direction of its own, a subgraph that no edge leaves is turned; and it has to be in a line of its own.
    return [f'subgraph {name}["{mermaid_label(label)}"]', "  direction LR"]


def _mermaid_job(name: str, job: Job) -> str:
    kind = kind_of(job)
    note = f"<br/>({NOTES[kind]})" if kind in NOTES else ""
    return f'{name}["{mermaid_label(job.name)}{note}"]:::{kind}'


def mermaid_label(text: str) -> str:
    """Return the text escaped for a quoted label."""
    return "".join(c if c in _PLAIN or ord(c) > 0x7E else f"#{ord(c)};" for c in escape_in_xml(text))
