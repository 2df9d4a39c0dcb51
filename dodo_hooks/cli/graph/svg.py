"""The plan as an SVG picture for a README, drawn without any other program.

Each hook has a panel. Time goes from left to right: first the foreground, for which git waits, then the background. The
picture has its own background colour, so that it is readable on any page, and dark colours where the reader prefers
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from dodo_hooks.cli.graph.graph_layout import Box, Edge, Layout, Point, lay_out
from dodo_hooks.cli.graph.graph_model import (
    ABSENT,
    KINDS,
    PROMOTED,
    edges_of,
    escape_in_xml,
    kind_of,
    names_of,
    ranks_of,
    summary_of,
)
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook, Job, Plan
from dodo_hooks.core.text.terminal_text import columns_of, truncate

MARGIN = 20.0  # between the picture's border and the panels, and between panels
PADDING = 16.0  # inside a zone
HEADER = 38.0  # of a panel: the hook's name
LABEL = 26.0  # of a zone: its phase
BOX_HEIGHT = 48.0
BOX_PADDING = 14.0
NARROWEST = 140.0
PHASE_GAP = 2 * PADDING  # so that the zones of the phases stand apart
LEGEND_ROW = 24.0
NARROWEST_PICTURE = 420.0
NAME_COLUMNS = 28
ABOUT_COLUMNS = 34
# Of monospaced fonts the widest that are common: how much a column takes, for sizes of 13 and 10.5.
NAME_COLUMN = 7.9
ABOUT_COLUMN = 6.4
LABEL_COLUMN = 5.9  # of the small sans-serif texts

MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',Arial,sans-serif"

# Of each class: (property, in light, in dark).
COLORS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "ground": (("fill", "#ffffff", "#0d1117"), ("stroke", "#d0d7de", "#30363d")),
    "panel": (("fill", "#f6f8fa", "#151b23"), ("stroke", "#d0d7de", "#30363d")),
    "zone-foreground": (("fill", "#e3f0fc", "#112742"),),
    "zone-background": (("fill", "#f0e8fe", "#241d40"),),
    "title": (("fill", "#1f2328", "#f0f6fc"),),
    "small": (("fill", "#57606a", "#9da7b1"),),
    "box": (("fill", "#ffffff", "#0d1117"),),
    "foreground": (("stroke", "#0969da", "#4493f8"),),
    "background": (("stroke", "#8250df", "#ab7df8"),),
    "promoted": (("stroke", "#bc4c00", "#f0883e"),),
    "absent": (("stroke", "#6e7781", "#8b949e"),),
    "stripe-foreground": (("fill", "#0969da", "#4493f8"),),
    "stripe-background": (("fill", "#8250df", "#ab7df8"),),
    "stripe-promoted": (("fill", "#bc4c00", "#f0883e"),),
    "stripe-absent": (("fill", "#6e7781", "#8b949e"),),
    "edge": (("stroke", "#6e7781", "#8b949e"),),
    "head": (("fill", "#6e7781", "#8b949e"),),
}
SHAPES = f"""\
.title,.small{{font-family:{SANS}}}
.title{{font-size:15px;font-weight:600}}
.small{{font-size:11px;font-weight:400}}
.name{{font:600 13px {MONO}}}
.about{{font:10.5px {MONO}}}
.box{{stroke-width:1.3}}
.absent{{stroke-dasharray:4 3}}
.edge{{fill:none;stroke-width:1.4}}
.reads{{stroke-width:2.6}}
.after{{stroke-dasharray:5 4}}
"""
# (of a task, phase)
ZONES: Mapping[tuple[bool, str], str] = {
    (False, FOREGROUND): "foreground · git waits",
    (False, BACKGROUND): "background · git continues",
    (True, FOREGROUND): "foreground · you wait",
    (True, BACKGROUND): "background · you continue",
}
MEANINGS: Mapping[str, str] = {
    FOREGROUND: "foreground",
    PROMOTED: "promoted: the foreground needs it",
    BACKGROUND: "background",
    ABSENT: "not here",
}
EDGE_MEANINGS: Mapping[str, str] = {
    "needs": "needs its success",
    "reads": "reads what it makes",
    "after": "waits for its end",
}


@dataclass(frozen=True, slots=True)
class _Panel:
    hook: Hook
    layout: Layout
    ranks: Sequence[int]
    width: float
    height: float


def render_svg(plan: Plan) -> str:
    """Return the picture. It is valid XML for any name, and the same text for the same plan."""
    panels = [_panel(hook) for hook in plan.hooks if hook.jobs]
    inner = max([NARROWEST_PICTURE, *(panel.width for panel in panels)])
    legend = _place_legend(_legend([panel.hook for panel in panels]), inner)
    legend_height = LEGEND_ROW * (1 + max((row for _, row, _, _ in legend), default=0))
    width, height = inner + 2 * MARGIN, sum(panel.height + MARGIN for panel in panels) + legend_height + 1.6 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" role="img">',
        f"<title>The jobs of {_text(plan.file.rpartition('/')[2])}</title>",
        f"<style>\n{_style()}</style>",
        _rect("ground", Box(0.5, 0.5, width - 1, height - 1), 10),
    ]
    y = MARGIN
    for panel in panels:
        lines += [f'<g class="hook" transform="translate({_n(MARGIN)} {_n(y)})">', *_draw_panel(panel, inner), "</g>"]
        y += panel.height + MARGIN
    lines += [f'<g class="legend" transform="translate({_n(MARGIN)} {_n(y + LEGEND_ROW / 2 - 4)})">']
    return "\n".join([*lines, *_draw_legend(legend), "</g>", "</svg>"]) + "\n"


# A panel: a hook, with a zone for each phase


def _panel(hook: Hook) -> _Panel:
    ranks = ranks_of(hook)
    widths = [_box_width(job) for job in hook.jobs]
    behind = [ranks[job.number] for job in hook.jobs if job.phase == BACKGROUND]
    layout = lay_out(ranks, edges_of(hook), widths, BOX_HEIGHT, {min(behind): PHASE_GAP} if behind else {})
    width = max(layout.columns[-1][1] + 4 * PADDING, NAME_COLUMN * 1.2 * columns_of(_heading(hook)))
    return _Panel(hook, layout, ranks, width, HEADER + LABEL + layout.height + 1.5 * PADDING)


def _draw_panel(panel: _Panel, width: float) -> Iterator[str]:
    hook = panel.hook
    yield _rect("panel", Box(0, 0, width, panel.height), 8)
    note = f'<tspan class="small" dx="10">{_text(_note(hook))}</tspan>' if _note(hook) else ""
    yield f'<text class="title" x="{_n(PADDING)}" y="25">{_text(truncate(escape_in_xml(hook.name), 60))}{note}</text>'
    for phase in (FOREGROUND, BACKGROUND):
        yield from _zone(panel, phase)
    yield f'<g transform="translate({_n(2 * PADDING)} {_n(HEADER + LABEL)})">'
    for edge, points in panel.layout.routes:
        yield from _edge(hook, edge, points)
    for job in hook.jobs:
        yield from _job(hook, job, panel.layout.boxes[job.number])
    yield "</g>"


def _heading(hook: Hook) -> str:
    return f"{truncate(escape_in_xml(hook.name), 60)}  {_note(hook)}"


def _note(hook: Hook) -> str:
    notes = ["task"] if hook.is_task else []
    if hook.warns:
        notes.append("failures only warn")
    return ", ".join(notes)


def _zone(panel: _Panel, phase: str) -> Iterator[str]:
    columns = [panel.layout.columns[panel.ranks[job.number]] for job in panel.hook.jobs if job.phase == phase]
    if not columns:
        return
    left, right = min(columns)[0] + PADDING, max(columns)[1] + 3 * PADDING
    bottom = panel.height - PADDING / 2
    yield _rect(f"zone-{phase}", Box(left, HEADER, right - left, bottom - HEADER), 6)
    label = ZONES[panel.hook.is_task, phase]
    yield f'<text class="small" x="{_n(left + 10)}" y="{_n(HEADER + 17)}">{label}</text>'


# Boxes and edges


def _job(hook: Hook, job: Job, box: Box) -> Iterator[str]:
    kind = kind_of(job)
    radius = 7
    yield f'<g class="job"><title>{_text(_tooltip(hook, job))}</title>'
    yield _rect(f"box {kind}", box, radius)
    corner = f"a{radius} {radius} 0 0 0"
    yield (
        f'<path class="stripe-{kind}" d="M{_n(box.x + radius)} {_n(box.y)}{corner} -{radius} {radius}'
        f'v{_n(box.height - 2 * radius)}{corner} {radius} {radius}z"/>'
    )
    x = _n(box.x + BOX_PADDING)
    yield f'<text class="title name" x="{x}" y="{_n(box.y + 20)}">{_text(_name(job))}</text>'
    yield f'<text class="small about" x="{x}" y="{_n(box.y + 37)}">{_text(_about(job))}</text></g>'


def _box_width(job: Job) -> float:
    texts = max(columns_of(_name(job)) * NAME_COLUMN, columns_of(_about(job)) * ABOUT_COLUMN)
    return max(NARROWEST, texts + 2 * BOX_PADDING)


def _name(job: Job) -> str:
    return truncate(escape_in_xml(job.name), NAME_COLUMNS)


def _about(job: Job) -> str:
    """Return the line about a job. It names a special kind in words, since colour must not be the only sign."""
    special = {PROMOTED: "promoted · ", ABSENT: "not here · "}.get(kind_of(job), "")
    return truncate(special + summary_of(job), ABOUT_COLUMNS)


def _tooltip(hook: Hook, job: Job) -> str:
    lines = [job.name, *job.description.splitlines(), *job.execution.command.splitlines()]
    lines += [f"needs {names_of(hook, job.order.needs)}"] if job.order.needs else []
    lines += [f"reads what {names_of(hook, job.order.made_by)} makes"] if job.order.made_by else []
    lines += [f"after {names_of(hook, job.order.after)}"] if job.order.after else []
    lines += ["promoted: a foreground job needs it"] if job.promoted else []
    lines += [f"does not apply here: {job.selection.absent}"] if job.selection.absent else []
    return "\n".join(lines)


def _edge(hook: Hook, edge: Edge, points: Sequence[Point]) -> Iterator[str]:
    """Yield a smooth line that is level wherever it passes a column, and an arrow's head."""
    *most, (x, y) = points
    path = f"M{_at(most[0])}"
    for place, (left, right) in enumerate(zip(most, [*most[1:], (x - 6, y)], strict=True)):
        if place % 2:
            path += f"H{_n(right[0])}"
        else:
            middle = (left[0] + right[0]) / 2
            path += f"C{_at((middle, left[1]))} {_at((middle, right[1]))} {_at(right)}"
    before, after = hook.jobs[edge.before].name, hook.jobs[edge.after].name
    yield f"<g><title>{_text(f'{after} {edge.word} {before}')}</title>"
    yield f'<path class="edge {edge.word}" d="{path}"/>'
    yield f'<path class="head" d="M{_at((x - 8, y - 4))}L{_at((x - 1, y))}L{_at((x - 8, y + 4))}z"/></g>'


# The legend: the kinds that occur


def _legend(hooks: Sequence[Hook]) -> list[tuple[str, str]]:
    """Return (class of the sample, meaning) for what occurs in the picture."""
    kinds = {kind_of(job) for hook in hooks for job in hook.jobs}
    edges = {edge.word for hook in hooks for edge in edges_of(hook)}
    boxes = [(f"box {kind}", MEANINGS[kind]) for kind in KINDS if kind in kinds]
    return [*boxes, *((f"edge {word}", meaning) for word, meaning in EDGE_MEANINGS.items() if word in edges)]


def _place_legend(legend: Sequence[tuple[str, str]], width: float) -> list[tuple[float, int, str, str]]:
    """Return (left, row, class, meaning) for each entry, as many in a row as fit."""
    placed: list[tuple[float, int, str, str]] = []
    x, row = 0.0, 0
    for sample, meaning in legend:
        step = 34 + LABEL_COLUMN * len(meaning)
        if x and x + step > width:
            x, row = 0.0, row + 1
        placed.append((x, row, sample, meaning))
        x += step + 18
    return placed


def _draw_legend(legend: Sequence[tuple[float, int, str, str]]) -> Iterator[str]:
    for x, row, sample, meaning in legend:
        y = row * LEGEND_ROW
        if sample.startswith("box"):
            yield _rect(sample, Box(x + 4, y - 7, 22, 14), 4)
        else:
            yield f'<path class="{sample}" d="M{_n(x)} {_n(y)}H{_n(x + 20)}"/>'
            yield f'<path class="head" d="M{_at((x + 19, y - 4))}L{_at((x + 26, y))}L{_at((x + 19, y + 4))}z"/>'
        yield f'<text class="small" x="{_n(x + 34)}" y="{_n(y + 4)}">{meaning}</text>'


# XML


def _style() -> str:
    light = "".join(_rule(name, [(of, color) for of, color, _ in colors]) for name, colors in COLORS.items())
    dark = "".join(_rule(name, [(of, color) for of, _, color in colors]) for name, colors in COLORS.items())
    return f"{light}{SHAPES}@media(prefers-color-scheme:dark){{\n{dark}}}\n"


def _rule(name: str, colors: Sequence[tuple[str, str]]) -> str:
    return f".{name}{{{';'.join(f'{of}:{color}' for of, color in colors)}}}\n"


def _rect(name: str, box: Box, radius: float) -> str:
    return (
        f'<rect class="{name}" x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" '
        f'rx="{_n(radius)}"/>'
    )


def _text(text: str) -> str:
    return escape("\n".join(map(escape_in_xml, text.split("\n"))), quote=False)


def _at(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(number: float) -> str:
    """Return the number with at most one decimal: nobody sees more."""
    return f"{round(number, 1) + 0.0:g}"  # + 0.0, since there is a -0.0
