"""A hook file and the files that it extends (section 4)."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from dodo_hooks.core.diagnostics import NOTE, Diagnostic
from dodo_hooks.loader.layers.config_formats import DAFT, LEFTHOOK, ConfigFormat
from dodo_hooks.loader.layers.discover import Found, find_hook_file, named_hook_file
from dodo_hooks.loader.load import load
from dodo_hooks.loader.read.sources import Sources
from kit.hook_files.layers import LINT, Write, commands, layers_of, plan_of, refusal


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
    assert plan.hooks[0].jobs[0].execution.root == "r"


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
    (error,) = refusal(tmp_path)
    assert "a.yml:2:11 -> x/b.yml:1:10 -> x/link.yml;" in error
    write({"a.yml": "extends: hooks.dodo"})
    assert "hooks.dodo:2:5 -> a.yml:1:10 -> hooks.dodo;" in refusal(tmp_path)[0]


def test_c2_what_is_wrong_with_extended_files_is_reported_at_its_place_and_all_at_once(
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
        'hooks.local.dodo:1:5: a ":" is not allowed here; put a text with ": " in quotes, or check the indentation'
        ' and the blank after the ":" of the line before',
        "list.yml:1:1: expected a mapping of keys to values, found a list",
        'wrong.yml:1:21: "extends": expected a text, found a list',
        'wrong.yml:1:26: "extends": expected a text, found the number 3; write "3"',
        'wrong.yml:1:29: "extends": expected a text, found the text ""',
        'wrong.yml:1:33: "extends": expected a text, found a mapping',
        'wrong.yml:1:41: "extends": expected a text, found nothing',
    ]


def test_c2_errors_of_all_files_come_together_each_with_its_own_place(tmp_path: Path, write: Write) -> None:
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
    assert {name for name, one in seen.items() if one.names is not None} == {"parts", ".hooks.dodo.d"}
    absent = {name for name, one in seen.items() if one.stat is None}
    assert {"hooks.local.dodo", ".config/hooks.local.dodo.yaml", ".hooks.dodo", "daft.yml", "lefthook.toml"} <= absent
    assert sources.seen["/elsewhere/hooks.local.dodo"].stat is None


@pytest.mark.parametrize("config_format", [DAFT, LEFTHOOK])
def test_a_format_is_translated_and_its_notices_show_their_place(
    tmp_path: Path, write: Write, config_format: ConfigFormat
) -> None:
    translation = pytest.importorskip("dodo_hooks.loader.formats.translation")
    write({"x.yml": "log: {keep_last: 1}\nother: 3"})

    def translate(root, _resolver):  # type: ignore[no-untyped-def]
        note = Diagnostic(root.entry("other").mark, "`other` is not read", severity=NOTE)
        kept = tuple(entry for entry in root.entries if entry.key != "other")
        return translation.Translation(replace(root, entries=kept), [note])

    found = Found(str(tmp_path / "top/x.yml"), str(tmp_path / "top"), replace(config_format, translate=translate))
    plan = load(found, Sources())
    assert plan.retention.keep_last == 1
    assert [one.sentence for one in plan.diagnostics] == ["x.yml:2:1: `other` is not read"]


def test_a_pattern_of_extends_that_matches_nothing_is_reported(tmp_path: Path, write: Write) -> None:
    write({"hooks.dodo": "extends: ['shared/**/*.yml', '[a']\n" + LINT})
    assert [one.sentence for one in layers_of(tmp_path).diagnostics] == [
        'hooks.dodo:1:11: "extends": no file matches "shared/**/*.yml" (`**` stands for one folder, as `*` does)',
        'hooks.dodo:1:30: "extends": no file matches "[a"',
    ]
