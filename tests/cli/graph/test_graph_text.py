"""The plan as trees: every job once, every edge once, whatever the graph is."""

import inspect
import re
import sys

import pytest
from hypothesis import given

from cli.graph.drawn import edges, hooks
from dodo_hooks.cli.graph.text import ASCII_LINES, render_text
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook
from dodo_hooks.core.plan_parts import Requirement
from doit_plugin.plans import make_hook, make_job, make_plan
from kit.changed_job import changed_job

DIAMOND = make_hook(
    "post-merge",
    make_job(0, "deps", command="npm ci", declared_background=True),
    make_job(1, "lint", command="eslint .\neslint --fix", needs=(0,)),
    make_job(2, "types", description="Types, all of them", needs=(0,)),
    make_job(3, "unit", command="x" * 100, needs=(1, 2)),
    make_job(4, "say", after=(3,), absent="it is for macos"),
    make_job(5, "größe 名", command="du", phase=BACKGROUND, needs=(1, 2)),
    make_job(6, "index", command="ctags", phase=BACKGROUND, needs=(5, 3), after=(4,)),
)


def test_r9_the_trees_of_a_hook() -> None:
    assert render_text(make_plan(DIAMOND, make_hook("pre-push"))) == (
        "post-merge\n"
        "  foreground\n"
        "  ├─ deps        npm ci                                                        promoted\n"
        "  │  ├─ lint     eslint . …\n"
        f"  │  │  └─ unit  {'x' * 59}…  also needs types\n"
        "  │  └─ types    Types, all of them\n"
        "  └─ say         true                                                          "
        "after unit; not here: it is for macos\n"
        "  background\n"
        "  └─ größe 名    du                                                            needs lint, types\n"
        "     └─ index    ctags                                                         "
        "also needs unit; after say\n"
        "\n"
        "pre-push\n"
        "  no jobs\n"
    )


def test_v3_what_a_push_requires() -> None:
    by_job = {"test": -1, "lint": -1, "x": 0}
    required = [Requirement("post-commit", name, None, False, by) for name, by in by_job.items()]
    gate = make_hook("pre-push", make_job(0, "size"))._replace(requires=tuple(required))
    assert render_text(make_plan(gate, gate._replace(jobs=(), order=()))) == (
        "pre-push\n"
        "  requires post-commit:test, post-commit:lint\n"
        "  foreground\n"
        "  └─ size  true  requires post-commit:x\n"
        "\n"
        "pre-push\n"
        "  requires post-commit:test, post-commit:lint\n"
    )


def test_the_trees_of_a_task_in_ascii() -> None:
    task = make_hook("release", make_job(0, "a"), make_job(1, "b", needs=(0,)), make_job(2, "c"))._replace(is_task=True)
    assert render_text(make_plan(task), ASCII_LINES) == (
        "release (task)\n  foreground\n  |- a     true\n  |  `- b  true\n  `- c     true\n"
    )


def test_a_job_stands_below_the_need_that_is_farthest_from_the_beginning() -> None:
    jobs = (make_job(0, "early"), make_job(1, "first"), make_job(2, "late", needs=(1,)), make_job(3, "x", needs=(0, 2)))
    lines = render_text(make_plan(make_hook("pre-commit", *jobs))).splitlines()
    assert [line.split()[-2] for line in lines[2:-1]] == ["early", "first", "late"]
    assert lines[-1] == "        └─ x  true  also needs early"


@given(hooks())
def test_every_job_stands_once_and_every_edge_can_be_read(hook: Hook) -> None:
    plain = _with_plain_names(hook)
    seen, found = _read(render_text(make_plan(plain)))
    assert sorted(seen) == sorted((job.phase, job.name) for job in plain.jobs)
    assert sorted(found) == sorted(edges(plain))


@given(hooks())
def test_names_make_no_lines_of_their_own(hook: Hook) -> None:
    phases = {job.phase for job in hook.jobs}
    assert len(render_text(make_plan(hook)).split("\n")) == 1 + len(phases) + len(hook.jobs) + 1


def test_a_chain_may_be_longer_than_the_stack_of_python() -> None:
    hook = make_hook("pre-commit", *(make_job(n, f"j{n}", needs=(n - 1,) if n else ()) for n in range(250)))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        text = render_text(make_plan(hook))
    finally:
        sys.setrecursionlimit(limit)
    assert text.count("└─") == 250


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[2Jb", "a\u202eb"])
def test_nothing_that_a_terminal_would_obey_is_printed(text: str) -> None:
    job = make_job(0, "a", command=text, absent=text)
    printed = render_text(make_plan(make_hook("pre-commit", job)))
    assert not set("\x1b\u202e") & set(printed)
    assert printed.count("\n") == 3


def _with_plain_names(hook: Hook) -> Hook:
    jobs = (changed_job(job, name=f"j{job.number}", command="-", description="") for job in hook.jobs)
    return hook._replace(jobs=tuple(jobs))


def _read(text: str) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """Return the jobs with their phases, and the edges: those of the tree, then those in words."""
    seen: list[tuple[str, str]] = []
    found: list[tuple[str, str, str]] = []
    phase, above = "", list[str]()
    for line in text.splitlines()[1:]:
        if line.strip() in (FOREGROUND, BACKGROUND):
            phase, above = line.strip(), []
            continue
        match = re.fullmatch(r"  ([│├└─ ]*)(j\d+) +-(.*)", line)
        assert match is not None, line
        depth, name, notes = len(match[1]) // 3 - 1, match[2], match[3]
        seen.append((phase, name))
        above = [*above[:depth], name]
        found += [(name, "needs", above[depth - 1])] if depth else []
        for word, names in re.findall(r"(needs|after) (j[^;]*)", notes):
            found += [(name, word, other) for other in names.strip().split(", ")]
    return seen, found
