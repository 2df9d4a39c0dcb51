"""The plan as source text for other programs that draw graphs: Mermaid and Graphviz.

Both get an id of ours for each job, so that a job's own name stands only in labels, where it can be escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dodo_hooks.cli.graph_model import ABSENT, KINDS, PROMOTED, edges_of, kind_of, phases_of, shown_in_xml
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook, Job, Plan

# (fill, line, text): each readable by itself, on a light page and on a dark one
COLORS: Mapping[str, tuple[str, str, str]] = {
    FOREGROUND: ("#ddf0ff", "#0969da", "#0a3069"),
    PROMOTED: ("#ffe7d6", "#bc4c00", "#5c2500"),
    BACKGROUND: ("#f0e6ff", "#8250df", "#3b1d73"),
    ABSENT: ("#eaeef2", "#6e7781", "#424a53"),
}
NOTES: Mapping[str, str] = {PROMOTED: "promoted", ABSENT: "not here"}
# What a label may hold as it is; everything else is written by its number. Of letters and symbols beyond ASCII none
# means anything to Mermaid.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_/,")


def render_mermaid(plan: Plan) -> str:
    """A flowchart, as GitHub and GitLab show it in Markdown."""
    lines = ["flowchart LR"]
    for number, hook in enumerate(plan.hooks):
        lines += _hook_lines(number, hook, _mermaid_begin, _mermaid_job, "end")
    for number, hook in enumerate(plan.hooks):
        for edge in edges_of(hook):
            arrow = "-->" if edge.is_need else "-.->"
            lines.append(f"  {_id(number, edge.before)} {arrow} {_id(number, edge.after)}")
    kinds = {kind_of(job) for hook in plan.hooks for job in hook.jobs}
    for kind in KINDS:
        if kind in kinds:
            fill, line, text = COLORS[kind]
            dashes = ",stroke-dasharray:4 3" if kind == ABSENT else ""
            lines.append(f"  classDef {kind} fill:{fill},stroke:{line},color:{text}{dashes}")
    return "\n".join(lines) + "\n"


def render_dot(plan: Plan) -> str:
    """A digraph for Graphviz."""
    lines = [
        "digraph hooks {",
        '  graph [rankdir="LR", fontname="sans-serif", color="#8c959f", style="rounded", compound="true"]',
        '  node [shape="box", style="filled,rounded", fontname="monospace", fontsize="11"]',
        '  edge [color="#6e7781"]',
    ]
    for number, hook in enumerate(plan.hooks):
        lines += _hook_lines(number, hook, _dot_begin, _dot_job, "}")
    for number, hook in enumerate(plan.hooks):
        for edge in edges_of(hook):
            style = "" if edge.is_need else ' [style="dashed"]'
            lines.append(f"  {_id(number, edge.before)} -> {_id(number, edge.after)}{style}")
    return "\n".join([*lines, "}"]) + "\n"


Begin = Callable[[str, str], list[str]]  # of a subgraph: its id, its label
Node = Callable[[str, Job], str]


def _hook_lines(number: int, hook: Hook, begin: Begin, node: Node, end: str) -> Iterator[str]:
    """A hook without jobs is left out: it would be drawn as if it was one."""
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
    """The text inside of a quoted label."""
    return "".join(c if c in _PLAIN or ord(c) > 0x7E else f"#{ord(c)};" for c in shown_in_xml(text))


# Graphviz


def _dot_begin(name: str, label: str) -> list[str]:
    return [f"subgraph cluster_{name} {{", f"  label={dot_string(label)}"]


def _dot_job(name: str, job: Job) -> str:
    kind = kind_of(job)
    fill, line, text = COLORS[kind]
    label = dot_string(job.name, *([f"({NOTES[kind]})"] if kind in NOTES else []))
    style = ', style="filled,rounded,dashed"' if kind == ABSENT else ""
    tooltip = dot_string(*(job.description or job.command).splitlines())
    return f'{name} [label={label}, tooltip={tooltip}, fillcolor="{fill}", color="{line}", fontcolor="{text}"{style}]'


def dot_string(*lines: str) -> str:
    """A quoted string, of which Graphviz takes backslashes and the entities of HTML for something else."""
    return '"' + "\\n".join(map(_dot_escaped, lines)) + '"'


def _dot_escaped(text: str) -> str:
    return shown_in_xml(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
