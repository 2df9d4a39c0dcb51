"""Groups and modes, flattened into one graph (C4, C5, R4, R9)."""

from graphlib import TopologicalSorter
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.hook_files.plans import after, errors_of, hook_of, hook_or_errors, needs


def errors_in(tmp_path: Path, body: str, name: str = "pre-commit") -> list[str]:
    errors = hook_or_errors(tmp_path, body, name)
    assert isinstance(errors, list)
    return errors


def test_c5_a_group_gives_its_jobs_what_it_says(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
env: {A: hook, B: hook, C: hook}
exclude: gen/**
jobs:
  - name: outer
    env: {B: group, C: group}
    root: web
    glob: "*.ts"
    exclude: old/**
    tags: [web]
    timeout: 3s
    background: true
    needs: [first]
    group:
      jobs:
        - {name: a, run: "true", env: {C: job}, tags: [slow]}
        - {name: b, run: "true", root: api, glob: "*.js", timeout: 5s, background: false}
  - {name: first, run: "true"}
""",
    )
    a, b, first = hook.jobs
    assert dict(a.execution.env) == {"A": "hook", "B": "group", "C": "job"}
    assert (a.execution.root, a.tags, a.execution.timeout_s) == ("web", ("web", "slow"), 3)
    assert (b.execution.root, b.tags, b.execution.timeout_s, b.declared_background) == ("api", ("web",), 5, False)
    assert a.declared_background and not first.declared_background
    assert needs(hook) == {"a": {"first"}, "b": {"first"}, "first": set()}
    assert a.selection.files is not None and b.selection.files is not None
    assert (a.below, b.below) == (b"web/", b"api/")
    assert len(a.selection.files.excludes) == len(b.selection.files.excludes) == 2
    assert a.selection.files.globs != b.selection.files.globs
    assert first.selection.files is None


def test_c5_a_need_on_a_groups_name_is_a_need_on_all_of_it(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
jobs:
  - {name: last, run: "true", needs: [checks]}
  - name: checks
    group:
      jobs:
        - {name: a, run: "true"}
        - {group: {jobs: [{name: b, run: "true"}, {name: c, run: "true", needs: [a]}]}}
""",
    )
    assert needs(hook) == {"last": {"a", "b", "c"}, "a": set(), "b": set(), "c": {"a"}}


def test_c5_a_groups_mode_orders_inside_it_only(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
jobs:
  - name: g
    group:
      piped: true
      jobs: [{name: a, run: "true"}, {name: b, run: "true"}]
  - name: h
    group:
      parallel: false
      jobs: [{name: c, run: "true"}, {name: d, run: "true"}]
  - {name: e, run: "true"}
""",
    )
    assert needs(hook) == {"a": set(), "b": {"a"}, "c": set(), "d": set(), "e": set()}
    assert after(hook) == {"a": set(), "b": set(), "c": set(), "d": {"c"}, "e": set()}


def test_c5_a_piped_hook_puts_whole_groups_in_a_row(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
piped: true
jobs:
  - group: {jobs: [{name: a, run: "true"}, {name: b, run: "true", needs: [a]}, {name: c, run: "true"}]}
  - group: {jobs: [{name: d, run: "true"}, {name: e, run: "true", needs: [d]}]}
  - {name: f, run: "true"}
""",
    )
    assert needs(hook) == {"a": set(), "b": {"a"}, "c": set(), "d": {"b", "c"}, "e": {"d"}, "f": {"e"}}


def test_c5_parallel_false_waits_for_every_job_of_the_group_before(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
parallel: false
jobs:
  - group: {jobs: [{name: a, run: "true"}, {name: b, run: "true"}]}
  - {name: c, run: "true", background: true}
  - group: {jobs: [{name: d, run: "true"}, {name: e, run: "true"}]}
""",
    )
    assert after(hook) == {"a": set(), "b": set(), "c": set(), "d": {"a", "b"}, "e": {"a", "b"}}


def test_c5_the_order_of_a_row_is_that_of_the_needs_then_priority_then_place(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
piped: true
jobs:
  - {name: a, run: "true", needs: [c]}
  - {name: b, run: "true"}
  - {name: c, run: "true"}
  - {name: d, run: "true", priority: -1}
""",
    )
    assert [hook.jobs[number].name for number in hook.order] == ["d", "b", "c", "a"]


def test_c5_setup_comes_before_all_jobs(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
setup: [echo one, {run: echo two, name: second}]
jobs:
  - {name: a, run: "true"}
  - {name: b, run: "true", needs: [a]}
""",
    )
    assert needs(hook) == {"setup": set(), "second": {"setup"}, "a": {"second"}, "b": {"a"}}
    assert [job.order.is_setup for job in hook.jobs] == [True, True, False, False]


def test_c5_setup_is_as_late_as_the_first_job(tmp_path: Path) -> None:
    late = hook_of(tmp_path, 'background: true\nsetup: echo\njobs: [{run: "true"}]', "post-commit")
    assert {job.phase for job in late.jobs} == {"background"}
    mixed = hook_of(tmp_path, 'setup: echo\njobs: [{run: "true"}, {run: "false", background: true}]', "post-commit")
    assert [job.phase for job in mixed.jobs] == ["foreground", "foreground", "background"]
    assert not mixed.jobs[0].promoted


def test_r9_a_background_job_in_the_middle_of_a_pipe_is_promoted(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
piped: true
jobs:
  - {name: a, run: "true", background: true}
  - {name: b, run: "true"}
  - {name: c, run: "true", background: true}
""",
    )
    assert [(job.phase, job.promoted) for job in hook.jobs] == [
        ("foreground", True),
        ("foreground", False),
        ("background", False),
    ]


BROKEN = {
    "a cycle through groups": (
        """jobs:
  - {name: g, needs: [h], group: {jobs: [{name: a, run: x}]}}
  - {name: h, group: {jobs: [{name: b, run: x, needs: [c]}]}}
  - {name: c, run: x, needs: [a]}""",
        ['4: job "a": needs form a cycle: a -> b -> c -> a; remove one of them'],
    ),
    "a need on its own group": (
        "jobs:\n  - {name: g, group: {jobs: [{name: a, run: x, needs: [g]}]}}",
        ['4: job "a": cannot need "g": one of them contains the other'],
    ),
    "a group that needs its own job": (
        "jobs:\n  - {name: g, needs: [a], group: {jobs: [{name: a, run: x}]}}",
        ['4: job "g": cannot need "a": one of them contains the other'],
    ),
    "a group and a job of one name": (
        "jobs:\n  - {name: a, group: {jobs: [{run: x}]}}\n  - {name: a, run: y}",
        ['5: job "a": duplicate name, first used at line 4; rename one of them'],
    ),
    "a job of one name in two groups": (
        "jobs:\n  - group: {jobs: [{name: a, run: x}]}\n  - group: {jobs: [{name: a, run: x}]}",
        ['5: job "a": duplicate name, first used at line 4; rename one of them'],
    ),
    "groups that need each other in a row": (
        """piped: true
jobs:
  - {name: g, group: {jobs: [{name: a, run: x, needs: [b]}, {name: c, run: x}]}}
  - {name: h, group: {jobs: [{name: b, run: x}, {name: d, run: x, needs: [c]}]}}""",
        ['3: hook "pre-commit": "piped" cannot order jobs that need each other: g -> h -> g'],
    ),
    "two modes of a group": (
        "jobs:\n  - name: g\n    group: {piped: true, follow: true, jobs: [{run: x}]}",
        ['5: job "g": "piped" and "follow" cannot be combined; keep one of them'],
    ),
    "a key that says nothing at a group": (
        "jobs:\n  - name: g\n    stage_fixed: true\n    group: {jobs: [{run: x}]}",
        ['5: job "g": "stage_fixed" has no effect on a group; set it on its jobs'],
    ),
    "an unknown need of a group": (
        "jobs:\n  - {name: g, needs: [tset], group: {jobs: [{run: x}]}}\n  - {name: test, run: y}",
        ['4: job "g": unknown job "tset" in needs (did you mean "test"?)'],
    ),
    "an interactive background job": (
        "jobs:\n  - name: a\n    run: x\n    background: true\n    interactive: true",
        ['7: job "a": a background job cannot be interactive: it has no terminal'],
    ),
    "an interactive job with input": (
        "jobs:\n  - name: a\n    run: x\n    use_stdin: true\n    interactive: true",
        ['6: job "a": an interactive job cannot use git\'s input: it reads the terminal'],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_c5_r4_what_cannot_be_is_reported_with_its_place(tmp_path: Path, case: str) -> None:
    body, expected = BROKEN[case]
    assert errors_in(tmp_path, body) == expected


def test_c2_stage_fixed_is_for_a_commit(tmp_path: Path) -> None:
    assert errors_in(tmp_path, "jobs:\n  - {name: a, run: x, stage_fixed: true}", "pre-push") == [
        '4: job "a": nothing to stage in "pre-push"; use it in pre-commit'
    ]


def test_r4_a_task_may_need_its_own_jobs_only(tmp_path: Path) -> None:
    hook, task = "{jobs: [{name: a, run: x}]}", "{jobs: [{name: b, run: y, needs: [a]}]}"
    (error,) = errors_of(tmp_path, f"hooks:\n  pre-commit: {hook}\ntasks:\n  a-task: {task}\n")
    assert 'unknown job "a" in needs' in error


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a hook with groups in groups, any modes, and needs without a cycle among the jobs."""
    names = [f"j{number}" for number in range(draw(st.integers(2, 9)))]
    order = draw(st.permutations(names))
    jobs: list[dict[str, Any]] = [
        {
            "name": name,
            "run": "true",
            "needs": draw(st.lists(st.sampled_from(order[: order.index(name)] or [name]), max_size=2, unique=True))
            if order.index(name)
            else [],
        }
        for name in names
    ]
    modes = st.sampled_from(({}, {"piped": True}, {"follow": True}, {"parallel": False}))
    for count in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, max(len(jobs) - 1, 0)))
        end = draw(st.integers(start + 1, len(jobs)))
        group = {"name": f"g{count}", "group": {**draw(modes), "jobs": jobs[start:end]}}
        jobs[start:end] = [group]
    return {**draw(modes), "jobs": jobs}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(bodies())
def test_c5_no_cycle_arises_that_nobody_wrote(tmp_path: Path, body: dict[str, Any]) -> None:
    """The result is a plan that keeps every written need, or an error about groups that need each other."""
    hook = hook_or_errors(tmp_path, yaml.safe_dump(body))
    if isinstance(hook, list):
        assert all("need each other" in error for error in hook)
        return
    TopologicalSorter({job.number: (*job.order.needs, *job.order.after) for job in hook.jobs}).prepare()  # no cycle
    written = {job["name"]: set(job["needs"]) for job in leaves(body["jobs"])}
    assert all(written[name] <= found for name, found in needs(hook).items())


def leaves(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [leaf for job in jobs for leaf in (leaves(job["group"]["jobs"]) if "group" in job else [job])]


def test_c5_jobs_without_groups_are_never_tangled(tmp_path: Path) -> None:
    for order in permutations("abc"):
        body = {"piped": True, "jobs": [{"name": n, "run": "true", "needs": ["a"] if n == "c" else []} for n in order]}
        hook = hook_of(tmp_path, yaml.safe_dump(body))
        assert len(hook.order) == 3
