"""Random plans for the renderers, and a picture read back: its boxes and the points of its lines."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from hypothesis import strategies as st

from dodo_hooks.cli.terminal_table import escape
from dodo_hooks.core.dependency_graph import promoted
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook, Plan
from dodo_hooks.core.text.names import name_error
from engine.graphs import hooks as any_hooks
from kit.changed_job import changed_job

SVG = "{http://www.w3.org/2000/svg}"
STEPS = 24  # points that are read on one curve

# Names that would mean something else in one of the formats, if they were not escaped.
HOSTILE = (
    'say "hello"',
    "it's",
    "end",
    "subgraph",
    "a]b",
    "(x)",
    "{y}",
    "<b>bold</b>",
    "a<br/>b",
    "]]>",
    "<!--",
    "#35;",
    "#quot;",
    "a;b",
    "&lt;",
    "&",
    "`code`",
    "**x**",
    "1. first",
    "+ z",
    "%%{init: {}}%%",
    "\\N",
    "back\\",
    "a\\nb",
    "a-->b",
    "|pipe|",
    "$$x$$",
    ":::class",
    "größe 名 🚀",
    "e\u0301",
    "x\ufffe\uffff",
    "c" * 300,
    "名" * 90,
)

job_names = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=12).filter(lambda name: name_error(name) is None)
# What a file can say in double quotes, control characters among it.
commands = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@st.composite
def hooks(draw: st.DrawFn, most: int = 10) -> Hook:
    """Any graph, with phases and promotions as they are compiled, and names that the numbers make unique."""
    hook = draw(any_hooks(most))
    wanted = draw(st.lists(st.booleans(), min_size=len(hook.jobs), max_size=len(hook.jobs)))
    in_front = promoted([[*job.order.needs, *job.order.after] for job in hook.jobs], wanted)
    jobs = [
        changed_job(
            job,
            name=f"{draw(job_names)} {job.number}",
            command=draw(commands),
            declared_background=late,
            phase=BACKGROUND if late and job.number not in in_front else FOREGROUND,
            absent=draw(st.sampled_from(("", "", "it is for macos"))),
        )
        for job, late in zip(hook.jobs, wanted, strict=True)
    ]
    return hook._replace(jobs=tuple(jobs), is_task=draw(st.booleans()))


plans = st.lists(hooks(), max_size=3).map(lambda found: Plan("/nowhere/hooks.dodo", None, tuple(found)))


def edges(hook: Hook) -> set[tuple[str, str, str]]:
    """(job, "needs" or "after", job) as the plan has them."""
    return {
        (job.name, word, hook.jobs[other].name)
        for job in hook.jobs
        for word, others in (("needs", job.order.needs), ("after", job.order.after))
        for other in others
    }


def as_drawn(text: str) -> str:
    """Return the text of a name in the picture: XML forbids two characters that may be shown elsewhere."""
    return escape(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


@dataclass(frozen=True, slots=True)
class DrawnBox:
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "DrawnBox") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, x: float, y: float) -> bool:
        """Inside, and not at the border, where lines begin and end; what was rounded is forgiven."""
        return self.left + 0.2 < x < self.right - 0.2 and self.top + 0.2 < y < self.bottom - 0.2


@dataclass(frozen=True, slots=True)
class DrawnHook:
    boxes: list[DrawnBox]  # in the order of the jobs
    texts: list[str]  # of each box, its tooltip
    zones: list[DrawnBox]
    lines: list[list[tuple[float, float]]]  # points of each edge
    edges: list[str]  # of each edge, its tooltip


def read_picture(text: str) -> list[DrawnHook]:
    """Parse the picture. Raises ParseError where the text is no XML."""
    picture = ElementTree.fromstring(text)
    return [_hook(group) for group in picture.iter(f"{SVG}g") if group.get("class") == "hook"]


def size_of(text: str) -> tuple[float, float]:
    picture = ElementTree.fromstring(text)
    return float(picture.attrib["width"]), float(picture.attrib["height"])


def _hook(group: ElementTree.Element) -> DrawnHook:
    dx, dy = _shift(group)
    (body,) = (below for below in group if below.tag == f"{SVG}g")
    x, y = dx + _shift(body)[0], dy + _shift(body)[1]
    jobs = [below for below in body if below.get("class") == "job"]
    lines = [below for below in body if below.get("class") != "job"]
    zones = [rect for rect in group.findall(f"{SVG}rect") if rect.attrib["class"].startswith("zone")]
    return DrawnHook(
        [_box(next(job.iter(f"{SVG}rect")), x, y) for job in jobs],
        [job.findtext(f"{SVG}title") or "" for job in jobs],
        [_box(rect, dx, dy) for rect in zones],
        [_points(next(line.iter(f"{SVG}path")).attrib["d"], x, y) for line in lines],
        [line.findtext(f"{SVG}title") or "" for line in lines],
    )


def _shift(group: ElementTree.Element) -> tuple[float, float]:
    x, y = re.findall(r"-?[\d.]+", group.attrib["transform"])
    return float(x), float(y)


def _box(rect: ElementTree.Element, dx: float, dy: float) -> DrawnBox:
    x, y, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
    return DrawnBox(x + dx, y + dy, x + dx + width, y + dy + height)


def _points(path: str, dx: float, dy: float) -> list[tuple[float, float]]:
    """Points on a path of M, H and C."""
    points: list[tuple[float, float]] = []
    for command, rest in re.findall(r"([A-Z])([^A-Z]*)", path):
        numbers = [float(number) for number in rest.split()]
        if command == "M":
            points.append((numbers[0], numbers[1]))
        elif command == "H":
            points += [((1 - t) * points[-1][0] + t * numbers[0], points[-1][1]) for t in _steps()]
        else:
            assert command == "C"
            start = points[-1]
            ends = (start, *zip(numbers[::2], numbers[1::2], strict=True))
            points += [(_bezier([x for x, _ in ends], t), _bezier([y for _, y in ends], t)) for t in _steps()]
    return [(x + dx, y + dy) for x, y in points]


def _steps() -> list[float]:
    return [step / STEPS for step in range(1, STEPS + 1)]


def _bezier(ends: list[float], t: float) -> float:
    a, b, c, d = ends
    return a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t**2 * (1 - t) + d * t**3
