"""The plan as a graph for Graphviz."""

from __future__ import annotations

from dodo_hooks.cli.graph.graph_model import (
    ABSENT,
    COLORS,
    NOTES,
    edges_of,
    escape_in_xml,
    kind_of,
)
from dodo_hooks.cli.graph.mermaid import _hook_lines, _id
from dodo_hooks.core.plan import Job, Plan

_STYLES = {"needs": "", "reads": ' [style="bold"]', "after": ' [style="dashed"]'}


def render_dot(plan: Plan) -> str:
    """Return the plan as a digraph for Graphviz."""
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
            style = _STYLES[edge.word]
            lines.append(f"  {_id(number, edge.before)} -> {_id(number, edge.after)}{style}")
    return "\n".join([*lines, "}"]) + "\n"


# Graphviz


def _dot_begin(name: str, label: str) -> list[str]:
    return [f"subgraph cluster_{name} {{", f"  label={dot_string(label)}"]


def _dot_job(name: str, job: Job) -> str:
    kind = kind_of(job)
    fill, line, text = COLORS[kind]
    label = dot_string(job.name, *([f"({NOTES[kind]})"] if kind in NOTES else []))
    style = ', style="filled,rounded,dashed"' if kind == ABSENT else ""
    tooltip = dot_string(*(job.description or job.execution.command).splitlines())
    return f'{name} [label={label}, tooltip={tooltip}, fillcolor="{fill}", color="{line}", fontcolor="{text}"{style}]'


def dot_string(*lines: str) -> str:
    """Return the lines as a quoted string. Backslashes and `&` are escaped, since Graphviz interprets them."""
    return '"' + "\\n".join(map(_escape_dot, lines)) + '"'


def _escape_dot(text: str) -> str:
    return escape_in_xml(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
