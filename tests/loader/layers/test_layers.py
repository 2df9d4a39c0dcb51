"""The layers over a hook file: files for one hook, the local overlay, those of other formats (section 4)."""

from pathlib import Path

import pytest

from kit.hook_files.layers import LINT, Write, commands, layers_of, plan_of, refusal
from kit.hook_files.nodes import plain

# Files for one hook


def test_a_file_for_one_hook_is_merged_into_it(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": "extends: a.yml\n" + LINT,
            "a.yml": "hooks: {pre-commit: {jobs: [{name: lint, run: extended, root: r}]}}",
            ".hooks.dodo.d/pre-commit.yml": "fail_fast: true\njobs: [{name: lint, run: x}, {run: y}]",
            ".hooks.dodo.d/pre-push.yaml": "jobs: [{run: z}]",
            ".hooks.dodo.d/post-merge.yml": "# nothing yet",
            ".hooks.dodo.d/.swap": "",
            "hooks.local.dodo": "hooks: {pre-push: {jobs: [{run: local}]}}",
        }
    )
    plan = plan_of(tmp_path)
    assert commands(plan) == {"pre-commit": ["x", "y"], "pre-push": ["z", "local"]}
    assert plan.hooks[0].fail_fast
    assert plan.hooks[0].jobs[0].execution.root == "r"
    assert plan.diagnostics == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LINT, '1:1: this file is the body of "pre-commit"; write "jobs:" at its top, without "hooks"'),
        ("pre-commit: {jobs: []}", '1:1: this file is the body of "pre-commit"; write "jobs:" at its top, without '),
        ("- {run: x}", "1:1: expected a mapping of keys to values, found a list"),
        ("job: []", '1:1: hook "pre-commit": unknown key "job" (did you mean "jobs"?)'),
    ],
)  # fmt: skip
def test_a_file_for_one_hook_holds_its_body_and_nothing_else(
    tmp_path: Path, write: Write, content: str, said: str
) -> None:
    write({"hooks.dodo": LINT, ".hooks.dodo.d/pre-commit.yml": content})
    (error,) = refusal(tmp_path)
    assert error.startswith(f".hooks.dodo.d/pre-commit.yml:{said}")


def test_what_lies_in_the_folder_and_is_not_read_is_reported(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": LINT, ".hooks.dodo.d/pre-comit.yml": "jobs: []"})
    assert refusal(tmp_path) == [
        '.hooks.dodo.d/pre-comit.yml:1:1: unknown hook "pre-comit" (did you mean "pre-commit"?)'
    ]
    (tmp_path / "top" / ".hooks.dodo.d" / "pre-comit.yml").unlink()
    write({f".hooks.dodo.d/{name}": "jobs: [{run: x}]" for name in ("README", "pre-push.yaml", "pre-push.yml")})
    plan = plan_of(tmp_path)
    assert [one.sentence for one in plan.diagnostics] == [
        ".hooks.dodo.d/README is not read, because a file here is called HOOK.yml",
        ".hooks.dodo.d/pre-push.yaml is not read, because .hooks.dodo.d/pre-push.yml comes first",
    ]
    assert commands(plan)["pre-push"] == ["x"]


def test_r22_a_folder_that_is_none_is_refused(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": LINT, ".hooks.dodo.d": "jobs: []"})
    assert refusal(tmp_path) == [".hooks.dodo.d: expected a folder, found a file"]


# The local overlay


@pytest.mark.parametrize("name", ["hooks.local.dodo", ".hooks.local.dodo.yml", ".config/hooks.local.dodo.yaml"])
def test_the_local_overlay_is_the_highest(tmp_path: Path, write: Write, name: str) -> None:
    write(
        {
            "hooks.dodo": LINT,
            ".hooks.dodo.d/pre-commit.yml": "jobs: [{name: lint, run: x}]",
            name: "extends: more.yml\nhooks: {pre-commit: {jobs: [{name: lint, run: local}]}}",
            ".config/more.yml" if "/" in name else "more.yml": "hooks: {pre-push: {jobs: [{run: more}]}}",
        }
    )
    assert commands(plan_of(tmp_path)) == {"pre-commit": ["local"], "pre-push": ["more"]}


def test_a_second_local_overlay_is_reported(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": LINT, "hooks.local.dodo": "jobs: 2", ".hooks.local.dodo": "jobs: 3"})
    plan = plan_of(tmp_path)
    assert plan.slots == 2
    assert [one.sentence for one in plan.diagnostics] == [
        ".hooks.local.dodo is not read, because hooks.local.dodo comes first"
    ]


def test_an_overlay_over_a_file_that_says_nothing_counts(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": "# nothing\n", "hooks.local.dodo": LINT})
    assert commands(plan_of(tmp_path)) == {"pre-commit": ["base"]}


def test_an_overlay_takes_jobs_and_hooks_away(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": "env: {A: x, B: y}\nhooks:\n  pre-commit: {jobs: [{run: x}]}\n  pre-push: {jobs: [{run: y}]}",
            "hooks.local.dodo": "env: {B: }\nhooks: {pre-commit: }",
        }
    )
    plan = plan_of(tmp_path)
    assert commands(plan) == {"pre-push": ["y"]}
    assert plan.hooks[0].jobs[0].execution.env == (("A", "x"),)


def test_a_command_that_an_overlay_takes_away_is_missing_there(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": LINT, "hooks.local.dodo": "hooks:\n  pre-commit: {jobs: [{name: lint, run: }]}"})
    (error,) = refusal(tmp_path)
    assert error.startswith('hooks.local.dodo:2:23: job "lint": "run" is missing')


def test_the_overlay_of_the_main_working_tree_lies_below_that_of_the_linked_one(tmp_path: Path, write: Write) -> None:
    main = tmp_path / "main"
    main.mkdir()
    (main / ".hooks.local.dodo").write_text("extends: m.yml\nhooks: {pre-commit: {jobs: [{name: lint, run: main}]}}")
    (main / "m.yml").write_text("jobs: 3")
    (main / "hooks.dodo").write_text("jobs: 7")
    write({"hooks.dodo": LINT})
    plan = plan_of(tmp_path, main)
    assert (plan.slots, commands(plan)) == (3, {"pre-commit": ["main"]})
    write({"hooks.local.dodo": "hooks: {pre-commit: {jobs: [{name: lint, run: own}]}}"})
    assert commands(plan_of(tmp_path, main)) == {"pre-commit": ["own"]}
    (main / "m.yml").write_text("jobs: x")
    assert refusal(tmp_path, main)[0].startswith(f"{main}/m.yml:1:7: ")


# Other config formats


def test_daft_its_layers_lie_where_daft_looks_for_them(tmp_path: Path, write: Write) -> None:
    write(
        {
            ".config/daft.yml": "extends: [a.yml, 'b*.yml', gone.yml]\n"
            "hooks: {post-clone: {piped: true, jobs: [{run: x}]}}",
            ".config/a.yml": "log: {retention: 1d}",
            ".config/daft/post-clone.yml": "jobs: [{run: y}]",
            ".config/daft/pre-commit.yml": "jobs: [{run: daft has no file for this hook}]",
            ".config/daft.local.yml": "hooks: {post-clone: {jobs: [{run: z}]}}",
            ".config/daft-local.yml": "hooks: {post-clone: {jobs: [{run: w}]}}",
        }
    )  # fmt: skip
    layers = layers_of(tmp_path)
    assert (layers.is_complete, all(one.severity == "note" for one in layers.diagnostics)) == (True, True)
    assert plain(layers.root) == {
        "hooks": {"post-clone": {"jobs": [{"run": "y"}, {"run": "z"}]}},
        "log": {"retention": "1d"},
    }
    assert [one.sentence for one in layers.diagnostics] == [
        '.config/daft.yml:1:18: "extends": ".config/b*.yml" is ignored: no such file',
        '.config/daft.yml:1:28: "extends": ".config/gone.yml" is ignored: no such file',
        ".config/daft-local.yml is not read, because .config/daft.local.yml comes first",
    ]


def test_daft_the_files_for_one_hook_lie_beside_a_file_at_the_top(tmp_path: Path, write: Write) -> None:
    write(
        {
            ".daft.yaml": "hooks: {}",
            "worktree-post-create.yaml": "jobs: [{run: x}]",
            ".daft-local.yaml": "hooks: {worktree-post-create: {jobs: [{run: y}]}}",
        }
    )
    assert plain(layers_of(tmp_path).root) == {
        "hooks": {"worktree-post-create": {"jobs": [{"run": "x"}, {"run": "y"}]}}
    }


def test_lefthook_paths_in_extends_begin_at_the_top(tmp_path: Path, write: Write) -> None:
    write(
        {
            ".config/lefthook.yml": "extends: ['shared/*.yml', gone.yml]\n"
            "pre-commit: {setup: [{run: m}], jobs: [{name: a, run: x}]}",
            "shared/a.yml": "extends: [b.toml]\npre-commit: {setup: [{run: a}]}",
            "b.toml": "[pre-commit]\nparallel = true\n",
            ".lefthook-local.json": '{"pre-commit": {"jobs": [{"name": "a", "run": "dip {cmd}"}]}}',
        }
    )  # fmt: skip
    layers = layers_of(tmp_path)
    assert plain(layers.root) == {
        "pre-commit": {"setup": [{"run": "a"}, {"run": "m"}], "jobs": [{"name": "a", "run": "dip x"}], "parallel": True}
    }
    place = ".config/lefthook.yml:1:27"
    assert [one.sentence for one in layers.diagnostics] == [f'{place}: "extends": "gone.yml" is ignored: no such file']


def test_lefthook_a_local_file_alone_has_no_overlay(tmp_path: Path, write: Write) -> None:
    write({"lefthook-local.yml": "pre-commit: {}", ".lefthook-local.yml": "pre-push: {}"})
    layers = layers_of(tmp_path)
    assert (plain(layers.root), layers.diagnostics) == ({"pre-commit": {}}, ())


def test_r22_a_file_of_another_format_that_is_extended_and_cannot_be_read_is_refused(
    tmp_path: Path, write: Write
) -> None:
    write({"lefthook.yml": "extends: [folder, loose]", "folder/x": ""})
    (tmp_path / "top" / "loose").symlink_to("nowhere")
    layers = layers_of(tmp_path)
    assert not layers.is_complete
    assert [one.message for one in layers.diagnostics] == [
        '"extends": "folder": expected a hook file, found a directory',
        '"extends": "loose": no such file',
    ]
