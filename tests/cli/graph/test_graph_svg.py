"""The picture of a plan: valid whatever the names are, nothing upon anything else, readable on any page."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise

import pytest
from hypothesis import given

from cli.graph.drawn import HOSTILE, as_drawn, edges, hooks, plans, read_picture, size_of
from dodo_hooks.cli.graph.graph_layout import COLUMN_GAP, Edge, lay_out
from dodo_hooks.cli.graph.svg import COLORS, render_svg
from dodo_hooks.core.plan import BACKGROUND, Hook, Plan
from doit_plugin.plans import make_hook, make_job, make_plan
from kit.changed_job import changed_job


@given(plans)
def test_no_box_is_upon_another_and_all_are_in_their_zone_and_in_the_picture(plan: Plan) -> None:
    text = render_svg(plan)
    width, height = size_of(text)
    drawn = read_picture(text)
    for hook, picture in zip(plan.hooks, drawn, strict=True):
        assert len(picture.boxes) == len(hook.jobs)
        assert not any(one.overlaps(other) for one, other in combinations(picture.boxes, 2))
        assert not any(one.overlaps(other) for one, other in combinations(picture.zones, 2))
        phases = sorted({job.phase for job in hook.jobs}, reverse=True)  # as they are drawn
        zones = dict(zip(phases, picture.zones, strict=True))
        for job, box in zip(hook.jobs, picture.boxes, strict=True):
            zone = zones[job.phase]
            assert zone.left < box.left < box.right < zone.right <= width
            assert zone.top < box.top < box.bottom < zone.bottom <= height
    panels = [zone for picture in drawn for zone in picture.zones[:1]]
    assert all(upper.bottom < lower.top for upper, lower in pairwise(panels))


@given(hooks())
def test_every_edge_is_drawn_from_left_to_right_and_runs_over_no_box(hook: Hook) -> None:
    (picture,) = read_picture(render_svg(make_plan(hook)))
    assert sorted(picture.edges) == sorted(as_drawn(f"{job} {word} {other}") for job, word, other in edges(hook))
    for points in picture.lines:
        assert all(left <= right for (left, _), (right, _) in pairwise(points))
        assert not any(box.holds(x, y) for x, y in points for box in picture.boxes)


@given(hooks())
def test_every_edge_begins_and_ends_at_its_jobs(hook: Hook) -> None:
    (picture,) = read_picture(render_svg(make_plan(hook)))
    boxes = {job.name: box for job, box in zip(hook.jobs, picture.boxes, strict=True)}
    ends = {as_drawn(f"{job} {word} {other}"): (boxes[other], boxes[job]) for job, word, other in edges(hook)}
    for title, points in zip(picture.edges, picture.lines, strict=True):
        before, after = ends[title]
        assert points[0][0] == pytest.approx(before.right, abs=0.2)
        assert before.top < points[0][1] < before.bottom
        assert points[-1][0] == pytest.approx(after.left - 6, abs=0.2)  # then comes the arrow's head
        assert after.top < points[-1][1] < after.bottom


@given(hooks())
def test_r8_the_background_is_to_the_right_of_the_foreground(hook: Hook) -> None:
    (picture,) = read_picture(render_svg(make_plan(hook)))
    late = [box.left for job, box in zip(hook.jobs, picture.boxes, strict=True) if job.phase == BACKGROUND]
    front = [box.right for job, box in zip(hook.jobs, picture.boxes, strict=True) if job.phase != BACKGROUND]
    if late and front:
        assert max(front) < min(late)


def test_any_name_is_whole_in_a_tooltip_and_fits_into_its_box() -> None:
    jobs = [make_job(number, name, command=f"{name}\n\x00\x1b[2J") for number, name in enumerate(HOSTILE)]
    text = render_svg(make_plan(make_hook("pre-commit", *jobs)))
    (picture,) = read_picture(text)
    for name, title in zip(HOSTILE, picture.texts, strict=True):
        assert title.splitlines()[:2] == [as_drawn(name), as_drawn(name)]
    assert picture.boxes[0].right - picture.boxes[0].left < 300
    names = [node.text or "" for node in ElementTree.fromstring(text).iter() if node.get("class") == "title name"]
    assert names[HOSTILE.index("c" * 300)] == "c" * 27 + "…"
    assert names[HOSTILE.index("名" * 90)] == "名" * 13 + "…"
    assert names[0] == 'say "hello"'


def test_the_legend_says_what_occurs_and_nothing_else() -> None:
    plain = render_svg(make_plan(make_hook("pre-commit", make_job(0, "a"))))
    assert _legend(plain) == ["foreground"]
    jobs = (
        make_job(0, "a", declared_background=True),
        make_job(1, "b", needs=(0,)),
        make_job(2, "c", after=(1,), phase=BACKGROUND),
        make_job(3, "d", absent="it is for macos"),
    )
    everything = render_svg(make_plan(make_hook("pre-commit", *jobs)))
    kinds = ["foreground", "promoted: the foreground needs it", "background", "not here"]
    assert _legend(everything) == [*kinds, "needs its success", "waits for its end"]
    assert "promoted · true" in everything and "not here · true" in everything  # not by colour alone
    assert "does not apply here: it is for macos" in everything


def test_a_task_says_that_it_is_one() -> None:
    assert "task" in render_svg(make_plan(make_hook("x", make_job(0, "a"))._replace(is_task=True)))


def test_a_plan_without_jobs_is_a_picture_all_the_same() -> None:
    assert read_picture(render_svg(make_plan())) == []
    assert read_picture(render_svg(make_plan(make_hook("pre-commit")))) == []


def test_the_picture_is_the_same_every_time() -> None:
    """Also where Python orders its sets otherwise."""
    code = (
        "from cli.graph.test_graph_svg import DIAMONDS; from dodo_hooks.cli.graph.svg import render_svg\n"
        "import sys; sys.stdout.buffer.write(render_svg(DIAMONDS).encode())"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    outputs = {
        subprocess.check_output([sys.executable, "-c", code], env={"PYTHONPATH": path, "PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    }
    assert outputs == {render_svg(DIAMONDS).encode()}


def test_a_long_chain_and_many_jobs_are_drawn_in_a_moment() -> None:
    chain = [make_job(number, f"j{number}", needs=(0, number - 1) if number else ()) for number in range(75)]
    many = [make_job(n, f"j{n}", needs=tuple(range(max(0, n - 30), max(0, n - 15)))) for n in range(80)]
    for jobs in (chain, many):
        hook = make_hook("pre-commit", *(changed_job(job, needs=tuple(dict.fromkeys(job.order.needs))) for job in jobs))
        (picture,) = read_picture(render_svg(make_plan(hook)))
        assert len(picture.boxes) == len(jobs)


@pytest.mark.parametrize("scheme", [1, 2])
def test_text_and_lines_stand_out_from_their_ground(scheme: int) -> None:
    """By the contrast ratios of WCAG 2: 4.5 for text, 3 for what else has to be seen."""
    color = {(name, entry[0]): entry[scheme] for name, entries in COLORS.items() for entry in entries}
    grounds = [color[name, "fill"] for name in ("ground", "panel", "zone-foreground", "zone-background", "box")]
    for ground in grounds:
        assert _contrast(color["title", "fill"], ground) >= 7
        assert _contrast(color["small", "fill"], ground) >= 4.5
        assert _contrast(color["edge", "stroke"], ground) >= 3
        for kind in ("foreground", "promoted", "background", "absent"):
            assert _contrast(color[kind, "stroke"], ground) >= 3


def test_a_crossing_that_can_be_avoided_is() -> None:
    """a -> d and b -> c: drawn in the order of the file, they would cross."""
    layout = lay_out([0, 0, 1, 1], [Edge(0, 3, True), Edge(1, 2, True)], [100.0] * 4, 40.0, {})
    a, b, c, d = layout.boxes
    assert (a.y < b.y) == (d.y < c.y)
    assert c.x == a.right + COLUMN_GAP


def test_a_chain_is_a_straight_line() -> None:
    layout = lay_out([0, 1, 2], [Edge(0, 1, True), Edge(1, 2, True)], [100.0] * 3, 40.0, {})
    assert len({box.middle for box in layout.boxes}) == 1


def _legend(text: str) -> list[str]:
    (legend,) = (node for node in ElementTree.fromstring(text).iter() if node.get("class") == "legend")
    return [node.text or "" for node in legend if node.text]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", color)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


DIAMONDS = make_plan(
    make_hook(
        "pre-commit",
        *(make_job(number, f"j{number}", needs=tuple(range(number % 3, number, 3))) for number in range(12)),
        *(make_job(number, f"j{number}", needs=(1, 2), after=(3,), phase=BACKGROUND) for number in range(12, 15)),
    )
)
