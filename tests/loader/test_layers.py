"""The hook file and its layers: the files that are read, and the diagnostics about them (section 4)."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import Plan
from dodo_hooks.loader.layers.config_formats import DAFT, LEFTHOOK, ConfigFormat
from dodo_hooks.loader.layers.discover import Found, find_hook_file, named_hook_file
from dodo_hooks.loader.layers.extends import Layers, read_layers
from dodo_hooks.loader.load import load
from dodo_hooks.loader.read.sources import Sources
from kit.nodes import plain

Write = Callable[..., None]
LINT = "hooks: {pre-commit: {jobs: [{name: lint, run: base}]}}\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes files by their names: `write({"hooks.dodo": "..."})`."""

    def write(files: dict[str, str]) -> None:
        for name, content in files.items():
            path = tmp_path / "top" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return write


def found_in(top: Path) -> Found:
    found = find_hook_file(str(top))
    assert found is not None
    return found


def plan_of(tmp_path: Path, main_top: Path | None = None) -> Plan:
    return load(found_in(tmp_path / "top"), Sources(), None if main_top is None else str(main_top))


def commands(plan: Plan) -> dict[str, list[str]]:
    return {hook.name: [job.command for job in hook.jobs] for hook in plan.hooks}


def refusal(tmp_path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        plan_of(tmp_path)
    return str(caught.value).splitlines()


def layers_of(tmp_path: Path, main_top: Path | None = None) -> Layers:
    """Return the layers of a file in another tool's config format, untranslated."""
    return read_layers(found_in(tmp_path / "top"), Sources(), None if main_top is None else str(main_top))


# extends


def test_what_is_extended_is_laid_over_the_file_in_order_and_recursively(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": "extends: [shared/a.yml, b.yml]\njobs: 1\n" + LINT,
            "shared/a.yml": "extends: deeper/c.yml\njobs: 2\n"
            "hooks: {pre-commit: {jobs: [{name: lint, run: a}, {run: a2}]}}",
            "shared/deeper/c.yml": "jobs: 3\nhooks: {pre-commit: {jobs: [{name: lint, run: c, root: r}]}}",
            "b.yml": "hooks: {pre-commit: {jobs: [{run: b}]}}",
        }
    )
    plan = plan_of(tmp_path)
    assert (plan.slots, commands(plan)) == (3, {"pre-commit": ["c", "a2", "b"]})
    assert plan.hooks[0].jobs[0].root == "r"


def test_a_pattern_stands_for_the_files_that_are_there_in_their_order(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": "extends: ['parts/*/[a-m]?.yml', 'none/*.yml']\n" + LINT,
            "parts/two/b2.yml": "hooks: {pre-commit: {jobs: [{run: two-b}]}}",
            "parts/two/a1.yml": "hooks: {pre-commit: {jobs: [{run: two-a}]}}",
            "parts/one/a1.yml": "hooks: {pre-commit: {jobs: [{run: one-a}]}}",
            "parts/one/z1.yml": "broken: [",
            "parts/one/.a.yml": "broken: [",
            "parts/.hidden/a1.yml": "broken: [",
            "parts/one/c1.yml/x": "a folder is passed over",
            "parts/a file": "",
        }
    )
    assert commands(plan_of(tmp_path)) == {"pre-commit": ["base", "one-a", "two-a", "two-b"]}


def test_a_file_that_two_others_extend_counts_once(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": "extends: [a.yml, b.yml]\n" + LINT,
            "a.yml": "extends: c.yml",
            "b.yml": "extends: ./x/../c.yml",
            "x/none": "",
            "c.yml": "hooks: {pre-commit: {jobs: [{run: c}]}}",
        }
    )
    assert commands(plan_of(tmp_path)) == {"pre-commit": ["base", "c"]}


def test_r4_a_circle_is_shown_with_the_places_that_lead_on(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": "extends:\n  - a.yml\n" + LINT,
            "a.yml": "# a\nextends: [x/b.yml]\n",
            "x/b.yml": "extends: ../a.yml",
        }
    )
    (tmp_path / "top" / "x" / "link.yml").symlink_to("../a.yml")
    circle = "a.yml:2:11 -> x/b.yml:1:10 -> a.yml"
    assert refusal(tmp_path) == [f'x/b.yml:1:10: "extends" forms a cycle: {circle}; remove one of them']
    write({"x/b.yml": "extends: link.yml"})
    (problem,) = refusal(tmp_path)
    assert "a.yml:2:11 -> x/b.yml:1:10 -> x/link.yml;" in problem
    write({"a.yml": "extends: hooks.dodo"})
    assert "hooks.dodo:2:5 -> a.yml:1:10 -> hooks.dodo;" in refusal(tmp_path)[0]


def test_c2_what_is_wrong_with_extended_files_is_said_at_its_place_and_all_at_once(
    tmp_path: Path, write: Write
) -> None:
    write(
        {
            "hooks.dodo": "extends:\n  - gone.yml\n  - folder\n  - bad.yml\n  - list.yml\n  - wrong.yml\n" + LINT,
            "folder/x": "",
            "bad.yml": "a: [b",
            "list.yml": "- a",
            "wrong.yml": "extends: [gone.yml, [a], 3, '', {a: b}, ~]",
            "hooks.local.dodo": "a: b: c",
        }
    )
    assert refusal(tmp_path) == [
        'bad.yml:1:4: this bracket is never closed: a "]" is missing',
        'hooks.dodo:2:5: "extends": "gone.yml": no such file',
        'hooks.dodo:3:5: "extends": "folder": expected a hook file, found a directory',
        'hooks.local.dodo:1:5: a ":" cannot stand here: put a text that holds ": " in quotes, or check the indentation'
        ', and that there is a blank behind the ":" of the line before',
        "list.yml:1:1: expected a mapping of keys to values, found a list",
        'wrong.yml:1:21: "extends": expected a text, found a list',
        'wrong.yml:1:26: "extends": expected a text, found the number 3: write "3"',
        'wrong.yml:1:29: "extends": expected a text, found the text ""',
        'wrong.yml:1:33: "extends": expected a text, found a mapping',
        'wrong.yml:1:41: "extends": expected a text, found nothing',
    ]


def test_c2_problems_of_all_files_come_together_each_with_its_own_place(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": "extends: a.yml\nhooks:\n  pre-commit:\n    jobs:\n      - {name: lint, run: x, tag: [y]}\n",
            "a.yml": "jbos: 3\n",
            "hooks.local.dodo": "hooks:\n  pre-commit:\n    jobs:\n      - name: lint\n        needs: [gone]\n",
        }
    )
    assert [line.split(": ")[0] for line in refusal(tmp_path)] == [
        "a.yml:1:1",
        "hooks.dodo:5:30",
        "hooks.local.dodo:5:17",
    ]


def test_nothing_behind_extends_is_nothing(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": "extends:\n" + LINT})
    assert commands(plan_of(tmp_path)) == {"pre-commit": ["base"]}


def test_a_named_file_has_its_extends_and_the_layers_of_its_name(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": LINT,
            "other.dodo": "extends: a.yml",
            "a.yml": LINT,
            "hooks.local.dodo": "hooks: {pre-commit: {jobs: [{name: lint, run: local}]}}",
        }
    )
    for name, command in (("other.dodo", "base"), ("hooks.dodo", "local")):
        found = named_hook_file(name, top="/", base=str(tmp_path / "top"))
        assert commands(load(found, Sources())) == {"pre-commit": [command]}


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
    assert plan.hooks[0].jobs[0].root == "r"
    assert plan.notices == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LINT, '1:1: this file is the body of "pre-commit": write "jobs:" at its top, without "hooks"'),
        ("pre-commit: {jobs: []}", '1:1: this file is the body of "pre-commit": write "jobs:" at its top, without '),
        ("- {run: x}", "1:1: expected a mapping of keys to values, found a list"),
        ("job: []", '1:1: hook "pre-commit": unknown key "job" (did you mean "jobs"?)'),
    ],
)  # fmt: skip
def test_a_file_for_one_hook_holds_its_body_and_nothing_else(
    tmp_path: Path, write: Write, content: str, said: str
) -> None:
    write({"hooks.dodo": LINT, ".hooks.dodo.d/pre-commit.yml": content})
    (problem,) = refusal(tmp_path)
    assert problem.startswith(f".hooks.dodo.d/pre-commit.yml:{said}")


def test_what_lies_in_the_folder_and_is_not_read_is_told(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": LINT, ".hooks.dodo.d/pre-comit.yml": "jobs: []"})
    assert refusal(tmp_path) == [
        '.hooks.dodo.d/pre-comit.yml:1:1: unknown hook "pre-comit" (did you mean "pre-commit"?)'
    ]
    (tmp_path / "top" / ".hooks.dodo.d" / "pre-comit.yml").unlink()
    write({f".hooks.dodo.d/{name}": "jobs: [{run: x}]" for name in ("README", "pre-push.yaml", "pre-push.yml")})
    plan = plan_of(tmp_path)
    assert plan.notices == (
        ".hooks.dodo.d/README is not read, because a file here is called HOOK.yml",
        ".hooks.dodo.d/pre-push.yaml is not read, because .hooks.dodo.d/pre-push.yml comes first",
    )
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


def test_a_second_local_overlay_is_told(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": LINT, "hooks.local.dodo": "jobs: 2", ".hooks.local.dodo": "jobs: 3"})
    plan = plan_of(tmp_path)
    assert plan.slots == 2
    assert plan.notices == (".hooks.local.dodo is not read, because hooks.local.dodo comes first",)


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
    assert plan.hooks[0].jobs[0].env == (("A", "x"),)


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
    with pytest.raises(ConfigError, match=f"^{main}/m.yml:1:7: "):
        plan_of(tmp_path, main)


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
    assert (layers.is_whole, layers.findings) == (True, ())
    assert plain(layers.root) == {
        "hooks": {"post-clone": {"jobs": [{"run": "y"}, {"run": "z"}]}},
        "log": {"retention": "1d"},
    }
    assert layers.notices == (
        '.config/daft.yml:1:18: "extends": ".config/b*.yml" is ignored: no such file',
        '.config/daft.yml:1:28: "extends": ".config/gone.yml" is ignored: no such file',
        ".config/daft-local.yml is not read, because .config/daft.local.yml comes first",
    )


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
        "pre-commit": {
            "setup": [{"run": "a"}, {"run": "m"}],
            "jobs": [{"name": "a", "run": "dip x"}],
            "parallel": True,
        }
    }
    place = ".config/lefthook.yml:1:27"
    assert layers.notices == (f'{place}: "extends": "gone.yml" is ignored: no such file',)


def test_lefthook_a_local_file_alone_has_no_overlay(tmp_path: Path, write: Write) -> None:
    write({"lefthook-local.yml": "pre-commit: {}", ".lefthook-local.yml": "pre-push: {}"})
    layers = layers_of(tmp_path)
    assert (plain(layers.root), layers.notices) == ({"pre-commit": {}}, ())


def test_r22_a_file_of_another_family_that_is_extended_and_cannot_be_read_is_refused(
    tmp_path: Path, write: Write
) -> None:
    write({"lefthook.yml": "extends: [folder, loose]", "folder/x": ""})
    (tmp_path / "top" / "loose").symlink_to("nowhere")
    layers = layers_of(tmp_path)
    assert not layers.is_whole
    assert [finding.message for finding in layers.findings] == [
        '"extends": "folder": expected a hook file, found a directory',
        '"extends": "loose": no such file',
    ]


# What the layers rest on


def test_everything_that_was_looked_for_is_known(tmp_path: Path, write: Write) -> None:
    write(
        {
            "hooks.dodo": "extends: ['parts/*.yml', x.yml]\n" + LINT,
            "parts/a.yml": "",
            "x.yml": "",
            ".hooks.dodo.d/pre-push.yml": "",
            ".hooks.local.dodo": "",
        }
    )
    top, sources = str(tmp_path / "top"), Sources()
    found = find_hook_file(top, sources)
    assert found is not None
    load(found, sources, "/elsewhere")
    seen = {os.path.relpath(path, top): one for path, one in sources.seen.items() if path.startswith(top)}
    assert {name for name, one in seen.items() if one.content is not None} == {
        "hooks.dodo", "parts/a.yml", "x.yml", ".hooks.dodo.d/pre-push.yml", ".hooks.local.dodo"
    }  # fmt: skip
    assert {name for name, one in seen.items() if one.is_listing} == {"parts", ".hooks.dodo.d"}
    absent = {name for name, one in seen.items() if one.stat is None}
    assert {"hooks.local.dodo", ".config/hooks.local.dodo.yaml", ".hooks.dodo", "daft.yml", "lefthook.toml"} <= absent
    assert sources.seen["/elsewhere/hooks.local.dodo"].stat is None


@pytest.mark.parametrize("family", [DAFT, LEFTHOOK])
def test_a_family_is_translated_and_its_notices_show_their_place(
    tmp_path: Path, write: Write, family: ConfigFormat
) -> None:
    translation = pytest.importorskip("dodo_hooks.loader.formats.translation")
    write({"x.yml": "log: {keep_last: 1}\nother: 3"})

    def translate(root):  # type: ignore[no-untyped-def]
        notice = translation.Notice(root.entry("other").mark, "`other` is not read")
        kept = tuple(entry for entry in root.entries if entry.key != "other")
        return translation.Translation(replace(root, entries=kept), [], [notice])

    found = Found(str(tmp_path / "top/x.yml"), str(tmp_path / "top"), replace(family, translate=translate))
    plan = load(found, Sources())
    assert plan.retention.keep_last == 1
    assert plan.notices == ("x.yml:2:1: `other` is not read",)


def test_a_pattern_of_extends_that_matches_nothing_is_told(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": "extends: ['shared/**/*.yml', '[a']\n" + LINT})
    assert layers_of(tmp_path).notices == (
        'hooks.dodo:1:11: "extends": no file matches "shared/**/*.yml" (`**` stands for one folder, as `*` does)',
        'hooks.dodo:1:30: "extends": no file matches "[a"',
    )
