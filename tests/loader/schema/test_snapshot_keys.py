"""`workspace: snapshot`, `requires` and the keys beside them: the plan, and what is wrong with them (S, V)."""

import json
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from kit.changed_job import changed_job
from kit.hook_files.broken import errors_in, hook, jobs
from kit.hook_files.plans import hook_of, job_of, needs, plan_of
from kit.repo import Repo

WITHOUT_COMMIT = (
    *("applypatch-msg", "pre-applypatch", "pre-merge-commit", "prepare-commit-msg", "commit-msg"),
    *("post-index-change", "reference-transaction", "worktree-post-remove"),
)
SNAPSHOT_TEST = "    jobs:\n      - {name: test, run: x, workspace: snapshot}\n"


def gate(body: str, required: str = SNAPSHOT_TEST, name: str = "post-commit") -> str:
    """Return a hook file whose pre-push has this body, which begins in line 3, column 5."""
    return hook(body, "pre-push") + f"  {name}:\n{required}"


def listed(repo: Repo) -> list[Any]:
    hooks: list[Any] = json.loads(repo.run("list", "--format", "json", check=True).stdout)["hooks"]
    return hooks


# The plan


def test_s1_groups_and_the_hook_hand_down_the_workspace(tmp_path: Path) -> None:
    found = hook_of(
        tmp_path,
        """
workspace: snapshot
share: [a, {link: [b, ./c/]}]
supersede: false
setup: prepare
jobs:
  - {name: test, run: x, uptodate: v}
  - {name: here, run: x, workspace: worktree}
  - name: outer
    share: d
    clean: true
    group:
      jobs:
        - {name: inner, run: x, supersede: true, uptodate: v}
        - {name: bare, run: x, share: [], clean: false}
""",
        "post-commit",
    )
    setup, test, here, inner, bare = found.jobs
    assert [job.workspace for job in found.jobs] == ["snapshot", "snapshot", "", "snapshot", "snapshot"]
    assert test.shares == setup.shares == (("a", False), ("b", True), ("c", True))
    assert (test.cleans, test.results.supersedes) == (False, False)
    assert here == changed_job(here, shares=(), cleans=False, supersedes=True, is_incremental=False)
    assert (inner.shares, inner.cleans, inner.results.supersedes) == ((("d", False),), True, True)
    assert (bare.shares, bare.cleans, bare.results.supersedes) == ((), False, False)


def test_v1_a_job_in_a_snapshot_is_incremental(tmp_path: Path) -> None:
    def results(more: str) -> Any:
        return job_of(tmp_path, f"run: x\nworkspace: snapshot\n{more}", "post-commit").results

    for more, counts_commit in (("", False), ("inputs: a", False), ("incremental: false", True)):
        assert (results(more).is_incremental, results(more).counts_commit) == (True, counts_commit)
    assert results("env_inputs: A").env_inputs == ("A",)
    assert results("uptodate: v\nglob: '*.py'").uptodate == ("v",)
    assert not job_of(tmp_path, "run: x\nincremental: false").results.counts_commit


def test_s7_what_a_commit_changed_is_no_data_of_the_event(tmp_path: Path) -> None:
    def needs_event(run: str) -> tuple[str, str]:
        body = f"run: '{run}'\nglob: '*.py'"
        here = job_of(tmp_path, body, "post-merge").selection.needs_event
        return here, job_of(tmp_path, f"{body}\nworkspace: snapshot", "post-merge").selection.needs_event

    assert needs_event("lint {changed_files}") == ("{changed_files}", "")
    assert needs_event("lint") == ("{changed_files}", "")
    assert needs_event("lint {changed_files} {1}") == ("{1}", "{1}")


def test_k10_a_job_in_a_snapshot_does_not_need_what_makes_its_inputs(tmp_path: Path) -> None:
    found = hook_of(
        tmp_path,
        """
jobs:
  - {name: build, run: x, outputs: dist}
  - {name: here, run: x, inputs: dist/a}
  - {name: test, run: x, inputs: dist/a, workspace: snapshot}
""",
        "post-commit",
    )
    assert needs(found) == {"build": set(), "here": {"build"}, "test": set()}
    assert [one.reaches_outputs for job in found.jobs for one in job.results.inputs] == [True, False]


def test_v3_a_gate_requires_jobs_and_all_that_they_need(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        """
hooks:
  pre-push:
    requires: [post-commit:test, post-commit:checks]
    wait: 4m
    jobs:
      - {name: other, run: x}
      - {name: ask, run: x, requires: 'post-merge:deps', each: true}
  post-merge:
    jobs: [{name: deps, run: x, workspace: snapshot}]
  post-commit:
    workspace: snapshot
    jobs:
      - {name: build, run: x}
      - {name: test, run: x, needs: [build]}
      - {name: docs, run: x, needs: [test]}
      - name: checks
        group: {jobs: [{name: lint, run: x}, {name: types, run: x}]}
""",
    )
    assert plan.required_hooks == ("post-merge", "post-commit")
    required = {(found.name, job.name) for found in plan.hooks for job in found.jobs if job.results.is_required}
    assert required == {("post-merge", "deps"), *(("post-commit", job) for job in ("build", "test", "lint", "types"))}
    push, *others = plan.hooks
    assert [tuple(one)[:5] for one in push.requires] == [
        ("post-commit", "test", 240.0, False, -1),
        ("post-commit", "lint", 240.0, False, -1),
        ("post-commit", "types", 240.0, False, -1),
        ("post-merge", "deps", None, True, 1),
    ]
    assert [found.requires for found in others] == [(), ()]


def test_v3_the_plan_is_the_same_out_of_the_cache(repo: Repo) -> None:
    repo.write("hooks.dodo", gate("requires: post-commit:test").replace("snapshot}", "snapshot, share: a}"))
    first, again = (listed(repo) for _ in range(2))
    assert first == again
    push, commit = first
    assert push["requires"] == [{"hook": "post-commit", "job": "test", "wait_s": None, "each": False, "by": None}]
    (job,) = commit["jobs"]
    assert (job["workspace"], job["shares"], job["is_required"]) == (
        "snapshot",
        [{"path": "a", "is_link": False}],
        True,
    )


def test_v2_the_hooks_that_dispatch_required_jobs_get_shims(repo: Repo) -> None:
    repo.write("hooks.dodo", gate("requires: post-commit:test"))
    repo.run("install", check=True)
    shims = {path.name for path in (repo.path / ".git/hooks").iterdir() if not path.name.endswith(".sample")}
    assert {"pre-push", "post-commit", "post-merge", "post-rewrite"} <= shims


def test_section_4_an_overlay_replaces_what_is_shared(repo: Repo) -> None:
    body = "share: [a]\nworkspace: snapshot\njobs:\n  - {name: test, run: x, inputs: b}"
    repo.write("hooks.dodo", hook(body, "post-commit"))
    repo.write("hooks.local.dodo", hook("share: {link: c}", "post-commit"))
    assert listed(repo)[0]["jobs"][0]["shares"] == [{"path": "c", "is_link": True}]


# What is wrong


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (
            "interactive: true",
            '5:9: job "x": "interactive" and "workspace: snapshot" cannot be combined (its result depends on the '
            "commit alone); keep one of them",
        ),
        ("outputs: a", '"outputs" and "workspace: snapshot" cannot be combined (they stay in the snapshot)'),
        ("stage_fixed: true", '"stage_fixed" and "workspace: snapshot" cannot be combined (its fixes stay in'),
        ("cache: true", '"cache" and "workspace: snapshot" cannot be combined (its outputs stay in the snapshot)'),
        ("fail_on_changes: true", "(it changes none of your files); keep one of them"),
        (
            "incremental: true\nglob: a\nrun: x {staged_files}",
            '"incremental" and "workspace: snapshot" cannot be combined (its result is about the whole commit)',
        ),
        ("incremental: false\ninputs: a", '6:9: job "x": "inputs" has no effect with "incremental: false"'),
        ("share: /tmp/a", '5:16: job 1 of "pre-commit": "share": expected a path relative to the top'),
        ("share: [a, ../b]", '5:20: job 1 of "pre-commit": "share": expected a path inside of the repository'),
        ("share: {link: [.git/a]}", '5:24: job 1 of "pre-commit": "link": expected a path in the working tree'),
        ("share: .", '5:16: job 1 of "pre-commit": "share": expected a file or folder in the repository, found the'),
        ("share: ['*.so']", '"*.so" is a pattern; name the folder that holds such files'),
        ("share: {links: a}", '5:16: job 1 of "pre-commit": "link" is missing: a link needs paths'),
        ("share: [a/b, {link: a}]", '5:17: job "x": "a/b" is in "a", which is shared; remove one of them'),
        ("workspace: snapshop", 'expected worktree or snapshot, found "snapshop" (did you mean "snapshot"?)'),
    ],
)
def test_s7_what_does_not_go_with_a_snapshot_is_an_error(lines: str, error: str, tmp_path: Path) -> None:
    run = "" if "run:" in lines else "\nrun: x"
    workspace = "" if "workspace:" in lines else "\nworkspace: snapshot"
    assert any(error in one for one in errors_in(tmp_path, jobs(f"fail_text: ''\n{lines}{run}{workspace}")))


@pytest.mark.parametrize("key", ["share: a", "clean: true", "supersede: false"])
def test_s6_keys_of_a_snapshot_need_one(key: str, tmp_path: Path) -> None:
    word = key.partition(":")[0]
    error = f'"{word}" has no effect without "workspace: snapshot"'
    assert errors_in(tmp_path, jobs(f"run: x\n{key}")) == [f'5:9: job "x": {error}']
    assert errors_in(tmp_path, hook(f"{key}\njobs: [{{run: x}}]")) == [f'3:5: hook "pre-commit": {error}']
    group = f"name: g\n{key}\ngroup: {{jobs: [{{run: x}}]}}"
    assert errors_in(tmp_path, jobs(group, "run: y\nworkspace: snapshot")) == [f'5:9: job "g": {error}']


@pytest.mark.parametrize("name", WITHOUT_COMMIT)
def test_s1_a_hook_without_its_commit_has_no_snapshot(name: str, tmp_path: Path) -> None:
    (one,) = errors_in(tmp_path, hook("workspace: snapshot\njobs: [{run: x}]", name))
    assert one.startswith(f'3:16: hook "{name}": {name} has no snapshot, since HEAD is not the commit')


def test_s6_shared_paths_need_what_stands_for_them(tmp_path: Path) -> None:
    body = """\
workspace: snapshot
share: a
setup: prepare
jobs:
  - {name: x, run: x}
  - {name: y, run: y, uptodate: v}
  - {name: z, run: z, share: b, inputs: c}
  - {name: w, run: w, share: []}
"""
    message = 'shared paths are not in the commit; add "uptodate" or "inputs" that stand for them'
    plan = plan_of(tmp_path, hook(body, "post-commit"))
    assert [(one.location.line, one.location.column, one.text) for one in plan.diagnostics] == [
        (4, 5, f'hook "post-commit": {message}')
    ]
    assert plan_of(tmp_path, hook(body.replace("run: x}", "run: x, uptodate: v}"), "post-commit")).diagnostics == ()


WAYS = {
    "another hook": (
        hook("requires: post-commit:test", "pre-commit"),
        '3:5: hook "pre-commit": "requires" is for pre-push, which has the commits that must have passed',
    ),
    "a task": (
        "tasks: {dev: {jobs: [{run: x, requires: 'post-commit:a'}]}}",
        '1:31: job "x": "requires" is for pre-push',
    ),
    "a group": (gate("jobs:\n  - group: {jobs: [{run: x}]}\n    requires: post-commit:test"), "no effect on a group"),
    "no colon": (gate("requires: test"), '3:15: hook "pre-push": "requires": expected HOOK:JOB, such as post-commit:'),
    "a misspelt hook": (
        gate("requires: [post-comit:test]"),
        '3:16: hook "pre-push": cannot require a job of "post-comit" (did you mean "post-commit"?): a job of '
        "post-commit, post-merge or post-rewrite can be required",
    ),
    "a hook that cannot be": (gate("requires: pre-push:x\njobs: [{name: x, run: x}]"), 'a job of "pre-push": a job of'),
    "a hook that is not there": (gate("requires: post-merge:test"), 'cannot require "test" of "post-merge": the file'),
    "a misspelt job": (
        gate("requires: post-commit:tset"),
        '3:15: hook "pre-push": unknown job "tset" of "post-commit" (did you mean "test"?)',
    ),
    "of a job": (gate("jobs: [{name: a, run: x, requires: [post-commit:b]}]"), '3:41: job "a": unknown job "b" of'),
    "a job in the background": (
        gate("jobs: [{name: a, run: x, background: true, requires: [post-commit:test]}]"),
        '3:48: job "a": a background job cannot hold a push',
    ),
    "wait alone": (gate("wait: 4m"), '3:5: hook "pre-push": "wait" has no effect without "requires"'),
    "each alone": (gate("jobs: [{run: x, each: true}]"), '3:21: job "x": "each" has no effect without "requires"'),
    "no snapshot": (
        gate("requires: post-commit:test", "    jobs: [{name: test, run: x}]\n"),
        '3:15: hook "pre-push": "post-commit:test" cannot be required: it has no snapshot; set "workspace: snapshot"',
    ),
    "a need without a snapshot": (
        gate(
            "requires: post-commit:test",
            "    jobs:\n"
            "      - {name: a, run: x}\n"
            "      - {name: b, run: x, needs: [a], workspace: snapshot}\n"
            "      - {name: test, run: x, needs: [b], workspace: snapshot}\n",
        ),
        'job "b": needs "a", which has no snapshot',
    ),
    "a fixer beside a snapshot of the index": (
        "hooks:\n  pre-commit:\n    jobs:\n"
        "      - {name: fix, run: x, stage_fixed: true}\n      - {name: test, run: x, workspace: snapshot}\n",
        'job "fix": the snapshot would not have what it fixes',
    ),
    "an argument": (
        gate("requires: post-merge:test", SNAPSHOT_TEST.replace("run: x", "run: 'x {1}'"), "post-merge"),
        '"post-merge:test" cannot be required: it uses {1}, which no other event has',
    ),
    "standard input": (
        gate("requires: post-rewrite:test", SNAPSHOT_TEST.replace("}", ", use_stdin: true}"), "post-rewrite"),
        '"post-rewrite:test" cannot be required: it uses standard input',
    ),
    "a need with an argument": (
        gate(
            "requires: post-merge:test",
            "    workspace: snapshot\n    setup: prepare {1}\n" + SNAPSHOT_TEST,
            "post-merge",
        ),
        'cannot be required: its need "setup" uses {1}',
    ),
}


@pytest.mark.parametrize("case", WAYS)
def test_v3_what_cannot_be_required_is_an_error(case: str, tmp_path: Path) -> None:
    text, error = WAYS[case]
    (one,) = errors_in(tmp_path, text)
    assert error in one


@pytest.mark.parametrize("key", ["workspace: snapshot", "share: [a]", "requires: [post-commit:a]", "wait: 4m"])
def test_the_files_of_other_tools_do_not_have_these_keys(key: str, tmp_path: Path) -> None:
    text = f"pre-push:\n  {key}\n  jobs:\n    - run: x\n      {key}\n"
    word = key.partition(":")[0]
    for name, content in (("lefthook.yml", text), ("daft.yml", f"hooks:\n{indent(text, '  ')}")):
        plan = plan_of(tmp_path, content, name)
        assert len(plan.diagnostics) == 2
        assert all(f'"{word}" is ignored: unknown key' in one.text for one in plan.diagnostics)
