"""A .pre-commit-config.yaml becomes jobs (P1, P2)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import ANYTHING, MESSAGE, NO_FILES, NO_FILES_OF_EVENT, NOTHING, PUSHED, STAGED, Job, Plan
from dodo_hooks.core.plan_parts import TagRule
from dodo_hooks.loader.formats.pre_commit.config_hook import ResolvedHook
from dodo_hooks.loader.layers.discover import find_hook_file
from dodo_hooks.loader.load import load

LOCAL = "{{repo: local, hooks: [{}]}}"
HOOK = "{{id: {0}, name: The {0}, language: system, entry: {0}{1}}}"


PlanOf = Callable[..., Plan]


@pytest.fixture
def plan_of(tmp_path: Path) -> PlanOf:
    def plan_of(config: str, overlay: str = "") -> Plan:
        (tmp_path / ".pre-commit-config.yaml").write_text(config)
        if overlay:
            (tmp_path / "hooks.dodo").write_text(f"extends: .pre-commit-config.yaml\n{overlay}")
        found = find_hook_file(str(tmp_path))
        assert found is not None
        return load(found)

    return plan_of


def hook(name: str, more: str = "") -> str:
    return HOOK.format(name, f", {more}" if more else "")


def config(*hooks: str, top: str = "") -> str:
    return f"{top}\nrepos: [{LOCAL.format(', '.join(hooks))}]\n"


def names(plan: Plan) -> dict[str, list[str]]:
    return {one.name: [job.name for job in one.jobs] for one in plan.hooks}


def jobs(plan: Plan, event: str = "pre-commit") -> dict[str, Job]:
    found = plan.hook(event)
    assert found is not None
    return {job.name: job for job in found.jobs}


def test_p2_a_hook_runs_in_its_stages_else_in_the_default_ones_else_wherever_there_are_hooks(plan_of: PlanOf) -> None:
    hooks = [hook("a"), hook("b", "stages: [push]"), hook("c", "stages: [manual, pre-commit]")]
    assert names(plan_of(config(*hooks))) == {
        "pre-commit": ["a", "c"],
        "pre-push": ["a", "b"],
        "manual": ["a", "c"],
    }
    top = "default_stages: [pre-commit, commit-msg]"
    assert names(plan_of(config(*hooks, top=top))) == {
        "pre-commit": ["a", "c"],
        "commit-msg": ["a"],
        "pre-push": ["b"],
        "manual": ["c"],
    }


def test_p2_manual_is_a_task_and_install_leaves_out_what_is_not_to_be_installed(plan_of: PlanOf) -> None:
    hooks = [hook("a"), hook("b", "stages: [pre-push]"), hook("c", "stages: [manual]")]
    plan = plan_of(config(*hooks))
    assert [(one.name, one.is_task, one.is_on_demand) for one in plan.hooks] == [
        ("pre-commit", False, False),
        ("pre-push", False, True),
        ("manual", True, False),
    ]
    plan = plan_of(config(*hooks, top="default_install_hook_types: [pre-push, pre-merge-commit]"))
    assert names(plan)["pre-merge-commit"] == ["a"]
    assert not any(one.is_on_demand for one in plan.hooks)


def test_p2_an_id_that_comes_twice_gets_a_number_and_can_be_selected_by_id_and_alias(plan_of: PlanOf) -> None:
    plan = plan_of(config(hook("a"), hook("a", "alias: other"), hook("a-2"), hook("a")))
    assert {job.name: job.within for job in jobs(plan).values()} == {
        "a": (),
        "a-3": ("a", "other"),
        "a-2": (),
        "a-4": ("a",),
    }


def test_p2_the_keys_of_a_hook_decide_what_runs_and_for_which_files(plan_of: PlanOf) -> None:
    more = "args: [-x, a b], files: '[.]py$', exclude: ^t, types_or: [python, pyi], require_serial: true, verbose: true"
    more += ", log_file: out, pass_filenames: 3, fail_fast: true"
    top = "{files: ^src/, exclude: ^src/old/, fail_fast: true, "
    plan = plan_of(f"{top}{config(hook('a', more), hook('b', 'pass_filenames: false, always_run: true')).strip()}}}")
    job = jobs(plan)["a"]
    rule, conduct = job.selection.files, job.changes.conduct
    assert rule is not None and conduct is not None
    assert (job.execution.argv, job.execution.files_at) == (("a", "-x", "a b"), 3)
    assert (job.title, job.description) == ("a", "The a")
    assert (rule.source, rule.tags) == (STAGED, TagRule(("file",), ("python", "pyi"), ()))
    assert [one[1] for one in rule.required] == ["^src/", "[.]py$"]
    assert [one[1] for one in rule.excludes] == ["^src/old/", "^t"]
    assert conduct._replace(identity="") == conduct.__class__(
        ANYTHING, ANYTHING, True, "", True, is_serial=True, max_files=3, is_verbose=True, log_file="out"
    )
    other = jobs(plan)["b"]
    assert other.selection.files is not None and other.selection.files.always_runs
    assert other.execution.files_at == NO_FILES
    assert plan.hooks[0].fail_fast


@pytest.mark.parametrize(
    ("event", "source"),
    [
        ("pre-merge-commit", STAGED),
        ("pre-push", PUSHED),
        ("commit-msg", MESSAGE),
        ("prepare-commit-msg", MESSAGE),
        ("post-commit", NO_FILES_OF_EVENT),
        ("pre-rebase", NO_FILES_OF_EVENT),
    ],
)
def test_p4_the_files_are_those_of_the_stage(plan_of: PlanOf, event: str, source: str) -> None:
    job = jobs(plan_of(config(hook("a", f"stages: [{event}]"))), event)["a"]
    assert job.selection.files is not None and job.selection.files.source == source


def test_p3_languages_without_an_environment_have_short_forms(plan_of: PlanOf) -> None:
    hooks = (
        "{id: grep, name: g, language: pygrep, entry: 'it''s', args: [--multiline, -i]}",
        "{id: fail, name: f, language: fail, entry: it's wrong}",
        "{id: here, name: h, language: script, entry: check.sh -x}",
        "{id: there, name: t, language: unsupported_script, entry: ci/check.sh}",
        "{id: n1, name: n, language: system, entry: pre-commit hazmat n1 echo --}",
        "{id: odd, name: o, language: system, entry: echo 'x}",
        "{id: bad, name: b, language: pygrep, entry: '('}",
    )
    found = jobs(plan_of(config(*hooks)))
    argv = {name: job.execution.argv for name, job in found.items()}
    assert argv["grep"][1:3] == ("-I", "-S") and argv["grep"][-2:] == ("im", "it's")
    assert argv["fail"][:2] == ("sh", "-c") and argv["fail"][-1] == "it's wrong"
    assert argv["here"] == ("./check.sh", "-x") and argv["there"] == ("./ci/check.sh",)
    assert argv["n1"][-3:] == ("n1", "echo", "--")
    assert found["odd"].execution.refused == "its entry is not a command line: no closing quotation"
    assert found["bad"].execution.refused.startswith("its entry is not a regular expression: ")
    conducts = {name: job.changes.conduct for name, job in found.items()}
    assert {name for name, one in conducts.items() if one and one.writes == NOTHING} == {"grep", "fail", "bad"}


def test_p10_a_hook_of_a_repository_is_shown_without_resolving_it(plan_of: PlanOf) -> None:
    plan = plan_of("repos: [{repo: https://example.org/x, rev: v1.0, hooks: [{id: a}, {id: b, stages: [pre-push]}]}]")
    assert names(plan) == {"pre-commit": ["a"], "pre-push": ["a", "b"]}
    job = jobs(plan)["a"]
    assert job.execution.is_unresolved
    assert job.execution.refused == "not installed yet: that is done when it is to run"


def test_p2_a_resolved_hook_has_its_manifest_s_values_below_its_own(tmp_path: Path) -> None:
    text = "repos: [{repo: https://a, rev: v1.0, hooks: [{id: a, files: x}]}, {repo: meta, hooks: [{id: identity}]}]"
    (tmp_path / ".pre-commit-config.yaml").write_text(text)
    found = find_hook_file(str(tmp_path))
    assert found is not None
    manifest = {"name": "The a", "entry": "a -x", "language": "python", "files": "y", "types": ["python"]}
    patch = (("PATH", ("/env/bin", ":", ("PATH", ""))),)
    resolved = ResolvedHook({**manifest, "stages": ["pre-push"]}, "/store", ("a", "-x"), patch, True, ())
    nothing = ResolvedHook({}, "", ("x",), (), True, ())
    plan = load(found, resolver=lambda _config, _file: {(0, 0): resolved, (1, 0): nothing})
    assert names(plan) == {"pre-commit": ["identity"], "pre-push": ["a", "identity"]}
    job, meta = jobs(plan, "pre-push")["a"], jobs(plan)["identity"]
    assert job.selection.files is not None and job.selection.files.tags == TagRule(("python",))
    assert [one[1] for one in job.selection.files.required] == ["x"]
    assert (job.execution.argv, job.execution.patch[1:], job.execution.is_unresolved) == (("a", "-x"), patch, False)
    assert meta.description == "identity" and meta.changes.conduct is not None and meta.changes.conduct.is_verbose
    assert not plan.has_unknown_hooks and plan.unresolved_hooks == ()


def test_p1_an_overlay_adds_needs_and_moves_hooks(plan_of: PlanOf) -> None:
    overlay = (
        "hooks:\n"
        "  pre-commit: {jobs: [{name: after, run: x, needs: [a]}, {name: a, timeout: 2m}]}\n"
        "  post-commit: {workspace: snapshot, jobs: [{name: types, pre_commit: b}]}\n"
        "  pre-push: {requires: [post-commit:types], each: true}\n"
    )
    plan = plan_of(config(hook("a"), hook("b", "types: [python]")), overlay)
    assert names(plan) == {"pre-commit": ["a", "after"], "post-commit": ["types"], "pre-push": []}
    found = jobs(plan)
    assert found["after"].order.needs == (0,) and found["a"].execution.timeout_s == 120
    moved = jobs(plan, "post-commit")["types"]
    assert moved.execution.argv == ("b",) and moved.results.is_required
    assert moved.selection.files is not None and moved.selection.files.source == "changed"
    assert plan.diagnostics == ()


def test_p1_a_hook_that_is_named_in_both_events_is_in_both(plan_of: PlanOf) -> None:
    both = "[{name: b, pre_commit: b}]"
    overlay = f"hooks: {{pre-commit: {{jobs: {both}}}, post-commit: {{jobs: {both}}}}}"
    assert names(plan_of(config(hook("a"), hook("b")), overlay)) == {"pre-commit": ["a", "b"], "post-commit": ["b"]}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("ci: {}", '.pre-commit-config.yaml:1:1: "repos" is missing'),
        ("repos: [{repo: local}]", '1:9: local: "hooks" is missing'),
        ("repos: [{repo: local, rev: v1, hooks: []}]", '1:23: local: "rev": "local" has no revisions; remove it'),
        ("repos: [{repo: https://a, hooks: []}]", '1:9: https://a: "rev" is missing'),
        (
            "repos: [{repo: https://a, rev: 1.0, hooks: []}]",
            'found the number 1.0; write "1.0"',
        ),
        ("repos: [{repo: local, hooks: [{id: a}]}]", '1:31: hook "a": "name" is missing'),
        (config("{id: a, name: a, entry: a, language: pyton}"), '"pyton" is unknown (did you mean "python"?)'),
        (config(hook("a", "files: '('")), '"files": "(" is not a regular expression'),
        (config(hook("a", "types: [pyton]")), '"types": no file has the type "pyton" (did you mean "python"?)'),
        (config(hook("a", "stages: [pre-comit]")), '"stages": "pre-comit" is unknown (did you mean "pre-commit"?)'),
        (config(hook("a", "stages: push")), '"stages": expected a list, found the text "push"'),
        (config(hook("a", "args: [1]")), '"args": expected a text, found the number 1; write "1"'),
        (config(hook("a", "args:")), '"args": expected a list, found nothing'),
        (config(hook("a", "verbose: 1")), '"verbose": expected true or false, found the number 1'),
        (config(hook("a", "pass_filenames: 0")), '"pass_filenames": expected true or false, found the number 0'),
        ("repos: [{repo: meta, hooks: [{id: x}]}]", '"id": "x" is unknown; choose from check-hooks-apply'),
        (
            "repos: [{repo: meta, hooks: [{id: identity, entry: x}]}]",
            '"entry": cannot be set for a meta hook',
        ),
        ("minimum_pre_commit_version: '99'\nrepos: []", "pre-commit 99 or newer is needed; run `pip install --upgrade"),
        ("default_language_version: {pyton: x}\nrepos: []", '"pyton": unknown language (did you mean "python"?)'),
        ("default_install_hook_types: [manual]\nrepos: []", '"default_install_hook_types": "manual" is unknown'),
        ("", '"repos" is missing'),
    ],
)
def test_p1_what_pre_commit_refuses_is_refused_with_its_place(plan_of: PlanOf, text: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_of(text)
    assert error in str(caught.value)


def test_p1_unknown_keys_and_those_of_prek_are_one_warning_each(plan_of: PlanOf) -> None:
    text = config(
        hook("a", "priority: 1"), hook("b", "priority: 2, requires_serial: true"), top="ci: {skip: [a]}\nexcludes: x"
    )
    builtin = "\n".join([text.rstrip()[:-1] + ", {repo: builtin, hooks: [{id: c}]}]"])
    plan = plan_of(builtin)
    assert names(plan) == {"pre-commit": ["a", "b"]}
    assert [one.message for one in plan.diagnostics] == [
        '"excludes" is ignored: unknown key of the file (did you mean "exclude"?)',
        '"priority" is ignored: it is a key of prek, and the order is found out here',
        '"requires_serial" is ignored: unknown key of hook "b" (did you mean "require_serial"?)',
        'the hooks of "builtin" do not run: they are a part of prek',
    ]


def test_p1_an_overlay_without_the_file_below_shows_how_to_name_it(tmp_path: Path) -> None:
    (tmp_path / "hooks.dodo").write_text("hooks: {pre-commit: {jobs: [{pre_commit: mypy}]}}")
    found = find_hook_file(str(tmp_path))
    assert found is not None
    with pytest.raises(ConfigError, match=r'no hooks of pre-commit.* add "extends: .pre-commit-config.yaml"'):
        load(found)
