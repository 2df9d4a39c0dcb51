"""From a hook file to the plan: the meaning of the keys (section 4, C4, C5, R8, R9, R15)."""

import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import Execution, Hook, Job, Order, Plan
from dodo_hooks.loader.layers.discover import named_hook_file
from dodo_hooks.loader.load import load


def plan_of(tmp_path: Path, content: str | bytes) -> Plan:
    (tmp_path / "hooks.dodo").write_bytes(content.encode() if isinstance(content, str) else content)
    return load(named_hook_file("hooks.dodo", top=str(tmp_path), base=str(tmp_path)))


def hook_of(tmp_path: Path, content: str) -> Hook:
    (hook,) = plan_of(tmp_path, content).hooks
    return hook


def job_named(hook: Hook, name: str) -> Job:
    number = hook.number_of(name)
    assert number is not None
    return hook.jobs[number]


def names(hook: Hook, numbers: tuple[int, ...]) -> list[str]:
    return [hook.jobs[number].name for number in numbers]


def edges(hook: Hook, kind: str) -> dict[str, str]:
    """Return what each job needs, or waits for, as names with blanks between them; jobs without any are left out."""
    found = {job.name: job.order.needs if kind == "needs" else job.order.after for job in hook.jobs}
    return {name: " ".join(names(hook, numbers)) for name, numbers in found.items() if numbers}


def test_every_key_reaches_the_plan(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        """\
min_version: 0.1.0
jobs: 4
env: {A: file, B: file, C: file}
hooks:
  post-checkout:
    fail_fast: true
    background: true
    timeout: 10m
    env: {B: hook, C: hook}
    jobs:
      - name: deps
        run: npm ci
        description: Install what the lock file says
        env: {C: job}
        root: ./web//app/
        tags: [slow, net]
        timeout: 90s
        nice: 5
        background: false
      - name: warm
        run: npm run build && echo built
        needs: [deps]
""",
    )
    (hook,) = plan.hooks
    assert (plan.file, plan.slots, plan.diagnostics) == (f"{tmp_path}/hooks.dodo", 4, ())
    assert (hook.name, hook.fail_fast, hook.timeout_s, hook.order) == ("post-checkout", True, 600.0, (0, 1))
    deps, warm = hook.jobs
    assert deps == Job(
        number=0,
        name="deps",
        directory="0-deps",
        execution=Execution(
            command="npm ci",
            argv=("npm", "ci"),
            root="web/app",
            env=(("A", "file"), ("B", "hook"), ("C", "job")),
            timeout_s=90.0,
            nice=5,
        ),
        order=Order(dependents=(1,)),
        description="Install what the lock file says",
        tags=("slow", "net"),
    )
    assert warm.execution.argv == ("sh", "-c", "npm run build && echo built")
    assert (warm.order.needs, warm.phase, warm.declared_background, warm.execution.nice) == (
        (0,),
        "background",
        True,
        None,
    )


@pytest.mark.parametrize(
    "content",
    ["", "\n\n", "# nothing yet\n", "---\n", "---\n# nothing\n...\n", "~", "\ufeff", "\ufeff# x\r\n", "hooks:\n", "{}"],
)
def test_c2_a_file_that_says_nothing_configures_nothing(tmp_path: Path, content: str) -> None:
    assert plan_of(tmp_path, content) == Plan(file=f"{tmp_path}/hooks.dodo", slots=None, hooks=())


def test_c2_a_hook_whose_jobs_are_commented_out_has_none(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "hooks:\n  pre-push:\n  pre-commit:\n    jobs:\n    # - run: x\n    env:\n")
    assert [(hook.name, hook.jobs, hook.order) for hook in plan.hooks] == [("pre-push", (), ()), ("pre-commit", (), ())]


def test_c2_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    content = "jobs: 2\nhooks:\n  pre-commit:\n    jobs:\n      - run: |\n          a\n          b\n"
    plain = plan_of(tmp_path, content)
    assert plain.hooks[0].jobs[0].execution.command == "a\nb\n"
    assert plan_of(tmp_path, b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode()) == plain


def test_c2_texts_that_yaml_1_1_took_for_booleans_and_dates_are_texts(tmp_path: Path) -> None:
    jobs = "[{name: no, run: yes, tags: [on]}]"
    content = f"env: {{on: yes, NO: off, y: 2024-01-01, S: 1:30}}\nhooks: {{pre-commit: {{jobs: {jobs}}}}}"
    (job,) = hook_of(tmp_path, content).jobs
    assert job.execution.env == (("on", "yes"), ("NO", "off"), ("y", "2024-01-01"), ("S", "1:30"))
    assert (job.name, job.execution.command, job.tags) == ("no", "yes", ("on",))


def test_variables_have_the_value_that_stands_in_the_file(tmp_path: Path) -> None:
    values = {"A": "010", "B": "1.50", "C": "true", "D": "1e3", "E": "0x1F", "F": "-0", "G": "TRUE", "H": ".inf"}
    written = "".join(f"  {name}: {value}\n" for name, value in values.items())
    content = f"env:\n{written}  I: ''\n  J: !!str 07\nhooks: {{pre-commit: {{jobs: [{{run: x}}]}}}}"
    assert dict(hook_of(tmp_path, content).jobs[0].execution.env) == {**values, "I": "", "J": "07"}


def test_the_nearest_value_of_a_variable_stands_last_and_alone(tmp_path: Path) -> None:
    content = "env: {A: 1, B: 1, C: 1}\nhooks: {pre-commit: {env: {B: 2}, jobs: [{run: x, env: {A: 3}}]}}"
    assert hook_of(tmp_path, content).jobs[0].execution.env == (("C", "1"), ("B", "2"), ("A", "3"))


def test_c2_anchors_aliases_and_merge_keys_work(tmp_path: Path) -> None:
    content = """\
env: &env {A: 1}
hooks:
  pre-commit:
    jobs:
      - &base {name: base, run: make, tags: &tags [slow], root: a, env: *env}
      - {<<: *base, name: other}
      - {<<: [{root: b}, *base], name: third, tags: *tags}
"""
    hook = hook_of(tmp_path, content)
    assert [(job.name, job.execution.command, job.execution.root, job.tags) for job in hook.jobs] == [
        ("base", "make", "a", ("slow",)),
        ("other", "make", "a", ("slow",)),
        ("third", "make", "b", ("slow",)),
    ]


def test_keys_that_begin_with_x_are_a_place_for_anchors(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path, "x-base: &base {run: make, nam: 3}\nx-job: &job {run: ls}\nhooks: {pre-commit: {jobs: [*job]}}"
    )
    assert [job.execution.command for job in plan.hooks[0].jobs] == ["ls"]
    with pytest.raises(ConfigError, match='unknown key "x-base"'):
        plan_of(tmp_path, "hooks: {pre-commit: {x-base: y}}")


def test_c4_an_unnamed_job_is_not_called_after_the_variables_that_it_sets_first(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path, 'hooks: {pre-commit: {jobs: [{run: "export A=1\\nexport B=x y\\nmake all"}, {run: export A=1}]}}'
    )
    assert [job.name for job in hook.jobs] == ["make-all", "export-A-1"]


def test_c4_unnamed_jobs_are_called_after_their_commands(tmp_path: Path) -> None:
    content = (
        "hooks: {pre-commit: {jobs: [{run: npm test}, {run: npm  test}, {name: npm-test-2, run: x}, {run: '日本'}]}}"
    )
    hook = hook_of(tmp_path, content)
    assert [job.name for job in hook.jobs] == ["npm-test", "npm-test-3", "npm-test-2", "日本"]
    assert [job.directory for job in hook.jobs] == ["0-npm-test", "1-npm-test-3", "2-npm-test-2", "3-job"]


def test_c4_a_need_may_name_an_unnamed_job_and_names_may_hold_nearly_anything(tmp_path: Path) -> None:
    content = "hooks: {pre-commit: {jobs: [{run: npm test}, {name: 'a/b: c ☃', run: x, needs: [npm-test, npm-test]}]}}"
    hook = hook_of(tmp_path, content)
    assert edges(hook, "needs") == {"a/b: c ☃": "npm-test"}


@pytest.mark.parametrize(("root", "expected"), [("", ""), (".", ""), ("a/..", ""), ("./a/", "a"), ("..a", "..a")])
def test_a_root_is_relative_to_the_top(tmp_path: Path, root: str, expected: str) -> None:
    assert (
        hook_of(tmp_path, f"hooks: {{pre-commit: {{jobs: [{{run: x, root: '{root}'}}]}}}}").jobs[0].execution.root
        == expected
    )


@pytest.mark.parametrize("version", ["0", "0.1", "0.1.0", "0.1.0.0", "'0.0.9'"])
def test_a_file_for_this_version_or_an_older_one_is_read(tmp_path: Path, version: str) -> None:
    assert plan_of(tmp_path, f"min_version: {version}").hooks == ()


PAIRS = "- {name: d, run: x, needs: [b]}\n- {name: c, run: x}\n- {name: b, run: x, needs: [a]}\n- {name: a, run: x}\n"


def with_mode(mode: str, jobs: str = PAIRS) -> str:
    body = f"{mode}\njobs:\n{jobs}"
    return "hooks:\n  post-merge:\n" + "".join(f"    {line}\n" for line in body.splitlines())


def test_c5_a_parallel_hook_has_the_written_needs_alone(tmp_path: Path) -> None:
    for mode in ("", "parallel: true", "piped: false\nfollow: false\nparallel: true"):
        hook = hook_of(tmp_path, with_mode(mode))
        assert edges(hook, "needs") == {"d": "b", "b": "a"}
        assert edges(hook, "after") == {}
        assert names(hook, hook.order) == ["c", "a", "b", "d"]


def test_c5_piped_is_a_chain_of_needs_in_topological_order(tmp_path: Path) -> None:
    hook = hook_of(tmp_path, with_mode("piped: true"))
    assert edges(hook, "needs") == {"a": "c", "b": "a", "d": "b"}
    assert edges(hook, "after") == {}
    assert job_named(hook, "c").order.dependents == (3,)


@pytest.mark.parametrize("mode", ["follow: true", "parallel: false"])
def test_c5_follow_and_not_parallel_are_a_chain_of_after(tmp_path: Path, mode: str) -> None:
    hook = hook_of(tmp_path, with_mode(mode, PAIRS.replace("[b]", "[a]")))
    assert edges(hook, "needs") == {"d": "a", "b": "a"}
    assert edges(hook, "after") == {"a": "c", "b": "d"}  # c a d b; d is behind a because it needs it
    assert job_named(hook, "d").order.followers == (2,)


def test_c5_a_chain_of_after_stays_within_its_phase(tmp_path: Path) -> None:
    jobs = "".join(
        f"- {{name: {name}, run: x, background: {late}, needs: [{needs}]}}\n"
        for name, late, needs in [
            ("a", "true", ""),
            ("b", "false", ""),
            ("c", "true", ""),
            ("d", "false", "c"),
            ("e", "true", ""),
        ]
    )
    hook = hook_of(tmp_path, with_mode("follow: true", jobs))
    assert [job.phase[0] for job in hook.jobs] == ["b", "f", "f", "f", "b"]
    assert edges(hook, "after") == {"c": "b", "e": "a"}


def test_c5_a_background_job_inside_of_a_piped_chain_is_promoted_and_one_at_its_end_is_not(tmp_path: Path) -> None:
    jobs = "".join(
        f"- {{name: {name}, run: x, background: {late}}}\n"
        for name, late in [("a", "true"), ("b", "false"), ("c", "true"), ("d", "true")]
    )
    hook = hook_of(tmp_path, with_mode("piped: true", jobs))
    assert [(job.phase, job.promoted) for job in hook.jobs] == [
        ("foreground", True),
        ("foreground", False),
        ("background", False),
        ("background", False),
    ]


def test_r9_and_r15_a_promoted_job_is_foreground_and_has_no_default_timeout(tmp_path: Path) -> None:
    content = with_mode(
        "background: true",
        "- {name: a, run: x}\n- {name: b, run: x, needs: [a]}\n- {name: c, run: x, needs: [b], background: false}\n"
        "- {name: d, run: x, needs: [c]}\n- {name: e, run: x, timeout: 300ms}\n",
    )
    hook = hook_of(tmp_path, content)
    assert {job.name: (job.phase, job.promoted, job.execution.timeout_s) for job in hook.jobs} == {
        "a": ("foreground", True, None),
        "b": ("foreground", True, None),
        "c": ("foreground", False, None),
        "d": ("background", False, 3600.0),
        "e": ("background", False, 0.3),
    }


@given(st.data())
def test_c5_whatever_the_mode_the_order_respects_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, 7))
    places = data.draw(st.permutations(range(count)))  # the written needs go against the order of the file too
    mode = data.draw(st.sampled_from(["", "piped: true", "follow: true", "parallel: false"]))
    jobs = ""
    for number in range(count):
        smaller = [other for other in range(count) if places[other] < places[number]]
        needs = data.draw(st.lists(st.sampled_from(smaller), unique=True) if smaller else st.just([]))
        late = data.draw(st.sampled_from(["true", "false"]))
        jobs += (
            f"- {{name: j{number}, run: x, background: {late}, needs: [{', '.join(f'j{need}' for need in needs)}]}}\n"
        )
    hook = hook_of(tmp_path_factory.getbasetemp(), with_mode(mode, jobs))
    assert sorted(hook.order) == list(range(count))
    for job in hook.jobs:
        assert all(
            hook.order.index(before) < hook.order.index(job.number) for before in (*job.order.needs, *job.order.after)
        )
        assert all(hook.jobs[before].phase == job.phase for before in job.order.after)
        assert job.phase == "background" or all(hook.jobs[need].phase == "foreground" for need in job.order.needs)
        assert [other.number for other in hook.jobs if job.number in other.order.needs] == list(job.order.dependents)
        assert [other.number for other in hook.jobs if job.number in other.order.after] == list(job.order.followers)
    if mode and len({job.phase for job in hook.jobs}) == 1:  # one phase: each job but the first waits for another
        assert sum(1 for job in hook.jobs if not job.order.needs and not job.order.after) == 1


@given(st.binary(max_size=60) | st.text("aA:-[]{},&*!|>'\"%@` \t\n#?<yno01~.\\ux", max_size=60).map(str.encode))
def test_c2_no_file_ends_in_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        plan_of(tmp_path_factory.getbasetemp(), content)
    except ConfigError as error:
        assert all(min(one.location[1:]) >= 1 and one.message for one in error.diagnostics)


def test_python_prints_nothing_about_a_regular_expression(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan_of(tmp_path, "hooks: {pre-commit: {jobs: [{run: x, glob: {regex: '[[qz]'}}]}}")
