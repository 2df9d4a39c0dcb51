"""The files generated from the models: the JSON Schema for editors and the reference of the keys (C1)."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dodo_hooks.loader.layers.discover import find_hook_file
from dodo_hooks.loader.load import load
from dodo_hooks.loader.read.yaml_reader import parse
from dodo_hooks.loader.schema import SCHEMA_FILE
from dodo_hooks.loader.schema.file_models import BODIES
from dodo_hooks.loader.schema.kinds import COMMANDS
from dodo_hooks.loader.schema.model_errors import ModelErrors
from dodo_hooks.loader.schema.read_models import read_models
from kit.hook_files.json_schema import (
    DOCUMENTED,
    about,
    default_by,
    default_of,
    hook_file_schema,
    keys_of,
    plain_of,
    rows_of,
    schema_text,
)

ROOT = Path(__file__).parents[3]
HOOK_FILES = sorted([ROOT / "hooks.dodo", *(ROOT / "examples").glob("*/hooks.dodo")])
AGAIN = "a key has changed: run `PYTHONPATH=tests python -m kit.hook_files.json_schema` and commit what it writes"

# Where a body of each level stands; `{}` is the body, in flow style.
AROUND = {
    "file": "{}",
    "log": "{{log: {}}}",
    "hook": "{{hooks: {{pre-commit: {}}}}}",
    "task": "{{tasks: {{dev: {}}}}}",
    "setup": "{{hooks: {{pre-commit: {{setup: [{}]}}}}}}",
    "job": "{{hooks: {{pre-commit: {{jobs: [{{name: format, run: x}}, {}]}}}}}}",
    "group": "{{hooks: {{pre-commit: {{jobs: [{{group: {}}}]}}}}}}",
    "job log": "{{hooks: {{pre-commit: {{jobs: [{{run: x, log: {}}}]}}}}}}",
    "condition": "{{hooks: {{pre-commit: {{jobs: [{{run: x, skip: [{}]}}]}}}}}}",
    "pattern": "{{hooks: {{pre-commit: {{jobs: [{{run: x, glob: [{}]}}]}}}}}}",
    "concurrency": "{{hooks: {{pre-commit: {{concurrency: {}}}}}}}",
    "share": "{{hooks: {{pre-commit: {{workspace: snapshot, share: [{}]}}}}}}",
}
REQUIRED = "post-commit: {{jobs: [{{name: test, run: x, workspace: snapshot}}]}}"
GATES = {
    "hook": f"{{{{hooks: {{{{{REQUIRED}, pre-push: {{}}}}}}}}}}",
    "job": f"{{{{hooks: {{{{{REQUIRED}, pre-push: {{{{jobs: [{{}}]}}}}}}}}}}}}",
}

# Bodies that are as they should be, and such as are not, by level.
GOOD = {
    "file": [
        "{}",
        "{jobs: 4, colors: true, output: false, env: {A: 1, B: true, C: x}, hooks: }",
        "{extends: [a.yml, b.yml], output: [], templates: {a-b: ''}, tasks: {dev: }}",
        "{min_version: 0.1, grace_period: 300ms, trust: pinned, source_dir: a/b}",
    ],
    "hook": [
        "{jobs: , setup: npm ci, skip: true, only: [merge, {ref: main}], exclude_tags: slow}",
        "{fail_on_changes: [ci, non-ci], jobs: [{run: x, fail_on_changes: false}]}",
        "{exclude: {regex: x}, setup: [a, {run: [b, c]}, [d, e]], fail_mode: warn, concurrency: x}",
        "{workspace: snapshot, share: [a, {link: [b, c]}], clean: true, supersede: false}",
        "{requires: ['post-commit:a b'], wait: 4m, each: true}",
    ],
    "pattern": ["{regex: x, ignore_case: false}", "{glob: '*.{js,ts}', ignore_case: true}"],
    "job": [
        "{run: [a, b]}",
        "{run: {linux: a, macos: [b]}, arch: [arm64, amd64], file_types: [text, not symlink, text/x-python]}",
        "{script: a/b.sh, runner: bash, args: ''}",
        "{group: {jobs: [{group: }]}}",
        "{run: x, glob: ['*.py', {regex: y}], needs: , tags: slow, nice: -20, priority: -3, log: }",
        "{run: x, skip: false, only: {all: [CI, {changed: a}], desc: why}, concurrency: {group: a, wait: 5m}}",
    ],
    "concurrency": ["{}", "{on_conflict: cancel-previous}"],
}
BAD = {
    "file": [
        "[]",
        "{job: 4}",
        "{jobs: 0}",
        "{jobs: many}",
        "{output: [all]}",
        "{output: summary}",
        "{colors: blue}",
        "{trust: me}",
        "{grace_period: 5}",
        "{grace_period: 0s}",
        "{source_dir: /x}",
        "{templates: {9a: x}}",
        "{templates: {a: 3}}",
        "{env: {A: [1]}}",
        "{env: {'A=B': 1}}",
        "{hooks: {pre-comit: }}",
        "{tasks: {'a:b': }}",
        "{tasks: {pre-push: }}",
        "{tasks: {bg: }}",
        "{min_version: new}",
    ],
    "log": ["{max_log_size: 10}", "{max_log_size: 1TB}", "{keep_last: -1}", "{retentoin: 1d}"],
    "hook": [
        "[{run: x}]",
        "{run: x}",
        "{parallel: 1}",
        "{fail_mode: stop}",
        "{fail_on_changes: [always]}",
        "{fail_on_changes: ci}",
        "{jobs: {a: {run: x}}}",
        "{setup: [{}]}",
        "{setup: [3]}",
        "{workspace: index}",
        "{share: [3]}",
        "{requires: test}",
        "{requires: 'post-commit:'}",
        "{wait: 4}",
    ],
    "share": ["{}", "{link: 3}", "{links: a}", "[]"],
    "job": [
        "x",
        "{}",
        "{run: x, script: y}",
        "{run: x, runner: bash}",
        "{run: 3}",
        "{run: ''}",
        "{run: []}",
        "{run: {}}",
        "{run: {win: x}}",
        "{run: x, needs: format}",
        "{run: x, nice: 20}",
        "{run: x, root: ../x}",
        "{run: x, file_types: [txt]}",
        "{run: x, arch: mips}",
        "{run: x, background_output: none}",
        "{run: x, only: }",
        "{run: x, skip: []}",
        "{run: x, inputs: [3]}",
        "{run: x, outputs: {a: b}}",
        "{run: x, env_inputs: ['A=B']}",
        "{run: x, log: {keep_last: 3}}",
    ],
    "group": ["{needs: [a]}", "{jobs: [x]}", "[]"],
    "condition": ["3", "{}", "{desc: x}", "{reff: main}", "'mer-ge'", "{env: 3}", "true", "{all: []}"],
    "pattern": [
        "3",
        "''",
        "{}",
        "{glob: x, regex: x}",
        "{ignore_case: true}",
        "{regex: x, ignore_case: true}",
        "{regex: ''}",
        "{glob: ''}",
    ],
    "concurrency": ["''", "{group: a, on_conflict: wait}", "{group: a, wait: soon}"],
}
VALIDATOR = Draft202012Validator(hook_file_schema())


def _cases(bodies: dict[str, list[str]]) -> list[Any]:
    return [
        pytest.param(AROUND[level].format(body), id=f"{level}: {body}")
        for level, some in bodies.items()
        for body in some
    ]


def _examples() -> list[Any]:
    return [
        pytest.param(level, said.example, id=f"{level}: {key}") for level in BODIES for key, _, said in keys_of(level)
    ]


def test_c1_the_published_schema_is_current() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), AGAIN


@pytest.mark.parametrize("level", DOCUMENTED)
def test_c1_the_reference_has_the_keys_of_the_models_in_their_order_with_types_and_defaults(level: str) -> None:
    body = DOCUMENTED[level]
    assert about(level) == " ".join((body.__doc__ or "").split())
    assert [row.name for row in rows_of(level)] == list(body.keys)
    for key, row, said in keys_of(level):
        assert (key, said.type) == (key, row.kind.says)
        assert (key, said.default) == (key, default_by(row) or said.default)


def test_c1_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(hook_file_schema())


@pytest.mark.parametrize("text", _cases(GOOD))
def test_c1_what_the_models_take_the_schema_takes(text: str) -> None:
    _, _, errors = read_models(_root(text))
    assert [one.message for one in errors] == []
    assert [error.message for error in VALIDATOR.iter_errors(plain_of(text))] == []


@pytest.mark.parametrize("text", _cases(BAD))
def test_c1_what_the_models_refuse_the_schema_refuses(text: str) -> None:
    _, _, errors = read_models(_root(text))
    assert errors
    assert not VALIDATOR.is_valid(plain_of(text))


@pytest.mark.parametrize(("level", "example"), _examples())
def test_c1_each_example_of_a_key_is_right(level: str, example: str, tmp_path: Path) -> None:
    around = GATES if "requires" in example else AROUND
    text = around[level].format(f"{{{_completed(level, example)}}}")
    if "pre_commit" in example:
        hook = "{id: mypy, name: mypy, language: system, entry: mypy}"
        (tmp_path / ".pre-commit-config.yaml").write_text(f"repos: [{{repo: local, hooks: [{hook}]}}]")
        text = f"{{extends: .pre-commit-config.yaml, {text[1:]}"
    (tmp_path / "hooks.dodo").write_text(text)
    found = find_hook_file(str(tmp_path))
    assert found is not None
    load(found)  # raises ConfigError
    assert [error.message for error in VALIDATOR.iter_errors(plain_of(text))] == []


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in HOOK_FILES])
def test_c1_the_hook_files_here_are_right_by_the_schema(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(plain_of(path.read_text()))] == []


def test_c1_every_key_says_what_it_means_and_shows_itself() -> None:
    for level in DOCUMENTED:
        for key, _, said in keys_of(level):
            assert said.means
            assert key in plain_of(said.example)


@pytest.mark.parametrize("level", [level for level in BODIES if level in AROUND])
def test_c1_a_default_that_is_shown_is_the_default(level: str) -> None:
    for key, row, _ in keys_of(level):
        shown = default_of(row)
        if shown is None:
            continue
        body = BODIES[level].read(_root(f"{{{_completed(level, f'{key}: {json.dumps(shown)}')}}}"), ModelErrors())
        assert getattr(body, key) == row.default


def _root(text: str) -> Any:
    document = parse(text.encode())
    assert document.root is not None
    assert not document.errors
    return document.root


def _completed(level: str, lines: str) -> str:
    """Return the body in flow style, with the keys that its level requires."""
    keys = plain_of(lines)
    needed = {"job": "run: x", "setup": "run: x", "concurrency": "group: x", "pattern": "regex: x"}.get(level)
    has_it = any(key in keys for key in (("regex", "glob") if level == "pattern" else COMMANDS))
    return ", ".join([*lines.splitlines(), *([needed] if needed and not has_it else [])])
