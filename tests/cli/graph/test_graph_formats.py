"""Mermaid and Graphviz: every job and edge is there, and no name can break out of its quotes.

That the programs themselves show these names was tried manually with Mermaid 11 and Graphviz 2.43; here the texts are
read back by the rules of their languages.
"""

import html
import re

import pytest
from hypothesis import given

from cli.graph.drawn import HOSTILE, as_drawn, edges, hooks
from dodo_hooks.cli.graph.dot import dot_string, render_dot
from dodo_hooks.cli.graph.mermaid import mermaid_label, render_mermaid
from dodo_hooks.core.plan import BACKGROUND, Hook
from doit_plugin.plans import make_hook, make_job, make_plan

PLAN = make_plan(
    make_hook(
        "post-merge",
        make_job(0, "deps", declared_background=True),
        make_job(1, 'say "x"', needs=(0,)),
        make_job(2, "warm", needs=(0,), after=(1,), phase=BACKGROUND, command="a\nb"),
    ),
    make_hook("pre-push"),
    make_hook("release", make_job(0, "tag", absent="it is for macos"))._replace(is_task=True),
)


def test_r9_a_mermaid_chart() -> None:
    assert render_mermaid(PLAN) == (
        "flowchart LR\n"
        '  subgraph h0["post-merge"]\n'
        "    direction LR\n"
        '    subgraph h0foreground["foreground"]\n'
        "      direction LR\n"
        '      h0j0["deps<br/>(promoted)"]:::promoted\n'
        '      h0j1["say #34;x#34;"]:::foreground\n'
        "    end\n"
        '    subgraph h0background["background"]\n'
        "      direction LR\n"
        '      h0j2["warm"]:::background\n'
        "    end\n"
        "  end\n"
        '  subgraph h2["release #40;task#41;"]\n'
        "    direction LR\n"
        '    subgraph h2foreground["foreground"]\n'
        "      direction LR\n"
        '      h2j0["tag<br/>(not here)"]:::absent\n'
        "    end\n"
        "  end\n"
        "  h0j0 --> h0j1\n"
        "  h0j0 --> h0j2\n"
        "  h0j1 -.-> h0j2\n"
        "  classDef foreground fill:#ddf0ff,stroke:#0969da,color:#0a3069\n"
        "  classDef promoted fill:#ffe7d6,stroke:#bc4c00,color:#5c2500\n"
        "  classDef background fill:#f0e6ff,stroke:#8250df,color:#3b1d73\n"
        "  classDef absent fill:#eaeef2,stroke:#6e7781,color:#424a53,stroke-dasharray:4 3\n"
    )


def test_r9_a_dot_graph() -> None:
    lines = [line.strip() for line in render_dot(PLAN).splitlines()]
    assert lines[0] == "digraph hooks {" and lines[-1] == "}"
    assert lines[lines.index("subgraph cluster_h0 {") + 1] == 'label="post-merge"'
    assert lines[lines.index("subgraph cluster_h2 {") + 1] == 'label="release (task)"'
    assert any(line.startswith(r'h0j0 [label="deps\n(promoted)", tooltip="true", ') for line in lines)
    assert any(line.startswith(r'h0j1 [label="say \"x\"", ') for line in lines)
    assert any(line.startswith(r'h0j2 [label="warm", tooltip="a\nb", ') for line in lines)
    assert any(line.startswith('h2j0 [label="tag') and 'style="filled,rounded,dashed"' in line for line in lines)
    assert lines[-4:-1] == ["h0j0 -> h0j1", "h0j0 -> h0j2", 'h0j1 -> h0j2 [style="dashed"]']


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mermaid_label_is_the_name_again_when_it_is_decoded(name: str) -> None:
    label = mermaid_label(name)
    # Nothing is left of what its grammar, its Markdown, its comments or HTML could see in it.
    assert re.fullmatch(r"(#\d+;|[\w \-/,]|[^\x00-\x7f])*", label)
    assert re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label) == as_drawn(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_dot_string_is_the_name_again_when_it_is_decoded(name: str) -> None:
    text = dot_string(name)
    assert re.fullmatch(r'"([^"\\]|\\.)*"', text)  # one quoted string, by its grammar
    assert html.unescape(re.sub(r"\\(.)", r"\1", text[1:-1])) == as_drawn(name)


@given(hooks())
def test_every_job_and_every_edge_is_in_both(hook: Hook) -> None:
    plan = make_plan(hook)
    arrows = {"-->": "needs", "-.->": "after", "->": "needs"}
    for text in (render_mermaid(plan), render_dot(plan)):
        ids = re.findall(r"^ {6}h0j(\d+) ?\[", text, re.MULTILINE)
        assert sorted(map(int, ids)) == [job.number for job in hook.jobs]
        found = {
            (hook.jobs[int(after)].name, "after" if style else arrows[arrow], hook.jobs[int(before)].name)
            for before, arrow, after, style in re.findall(r"^  h0j(\d+) (\S+) h0j(\d+)( \[.*)?$", text, re.MULTILINE)
        }
        assert found == edges(hook)
