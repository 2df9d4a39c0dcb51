"""The output of `dump` is a hook file with the same meaning (section 4)."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.plan import Plan
from dodo_hooks.loader.layers.discover import find_hook_file
from dodo_hooks.loader.load import Loaded, load_with_tree
from dodo_hooks.loader.read.json_reader import parse_json
from dodo_hooks.loader.read.nodes import ListNode, MapNode, Node
from dodo_hooks.loader.read.sources import Sources
from dodo_hooks.loader.read.yaml_reader import parse
from dodo_hooks.loader.read.yaml_writer import as_json, emit_yaml
from kit.hook_files.nodes import plain, root, tree

# Everything that a program can be given, and pieces that mean something in YAML.
_any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
_pieces = st.lists(
    st.sampled_from([*" \n\t:#-'\"|>\\&*!%@`,[]{}?~=<.$a0", ": ", " #", "---", "\r", "\x85", "\u2028", "\ufeff"]),
    max_size=9,
).map("".join)
_words = st.sampled_from(
    [
        "",
        "yes",
        "on",
        "null",
        "~",
        "true",
        "010",
        "0o17",
        "0x1F",
        "1e3",
        ".inf",
        "-1",
        "1:30",
        "2024-01-01",
        "<<",
        "=",
        "...",
    ]
)
TEXTS = _any_text | _pieces | _words
_scalars = TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


def said(node: Node) -> Any:
    """Return the values of the tree, with how its numbers are written, which is what a variable gets."""
    if isinstance(node, MapNode):
        return {entry.key: said(entry.value) for entry in node.entries}
    if isinstance(node, ListNode):
        return [said(item) for item in node.items]
    return node.value if isinstance(node.value, str) or node.value is None else (node.value, node.text)


@given(st.dictionaries(TEXTS, _values, min_size=1, max_size=4))
def test_whatever_a_tree_says_its_text_says_too(content: dict[str, Any]) -> None:
    its_tree = root(content, "a # b\n:\x07")
    for with_origin in (False, True):
        document = parse(emit_yaml(its_tree, with_origin=with_origin).encode())
        assert document.errors == ()
        assert document.root is not None
        assert said(document.root) == said(its_tree)


@given(TEXTS.filter(lambda key: len(key) > 1), TEXTS, st.integers(200, 3000))
def test_a_long_key_is_read(key: str, value: str, times: int) -> None:
    for content in (value, [value], {"a": value}, None):
        document = parse(emit_yaml(root({key * times: content})).encode())
        assert document.errors == ()
        assert document.root is not None
        assert plain(document.root) == {key * times: content}


@given(st.dictionaries(_any_text, _values, max_size=4))
def test_the_json_is_json_and_says_the_same_but_for_odd_numbers(content: dict[str, Any]) -> None:
    assert json.loads(as_json(root(content))) == json.loads(json.dumps(content))


def test_json_keeps_how_a_number_was_written_where_that_matters() -> None:
    its_tree = tree(
        "min_version: 1.10\nenv: {A: 010, B: true, C: 1.0}\nhooks: {p: {jobs: [{nice: 0x5, env: {D: 1e3}}]}}"
    )
    assert json.loads(as_json(its_tree)) == {
        "min_version": "1.10",
        "env": {"A": "010", "B": "true", "C": "1.0"},
        "hooks": {"p": {"jobs": [{"nice": 5, "env": {"D": "1e3"}}]}},
    }


def test_the_text_is_one_that_people_can_read() -> None:
    its_tree = tree(
        r"""
hooks: {pre-commit: {parallel: false, jobs: [
  {name: "lint, all", run: "ruff check {staged_files} && echo \"it's: $x\"\nls *.py | wc -l\n", tags: []},
  {run: "a\nb", env: {NO: "no", N: "010", M: 010, "a b": ""}, needs: ["lint, all"], timeout: 90s},
  {run: "x # y", root: "", glob: "*.py", description: }]}}
""",
        "f",
    )
    expected = r"""
hooks:
  pre-commit:
    parallel: false  # f:2
    jobs:
      - name: lint, all  # f:3
        run: |  # f:3
          ruff check {staged_files} && echo "it's: $x"
          ls *.py | wc -l
        tags: []  # f:3
      - run: |-  # f:4
          a
          b
        env:
          "NO": "no"  # f:4
          "N": "010"  # f:4
          M: 010  # f:4
          "a b": ""  # f:4
        needs:
          - lint, all  # f:4
        timeout: 90s  # f:4
      - run: "x # y"  # f:5
        root: ""  # f:5
        glob: "*.py"  # f:5
        description:  # f:5
"""
    assert emit_yaml(its_tree, with_origin=True) == expected[1:]
    without = "".join(f"{line.partition('  # f:')[0]}\n" for line in expected[1:].splitlines())
    assert emit_yaml(its_tree) == without


def test_a_file_that_says_nothing_is_an_empty_mapping() -> None:
    assert (emit_yaml(tree("{}")), as_json(tree("{}"))) == ("{}\n", "{}\n")


# Round trips of whole files


def load_files(files: dict[str, str]) -> Loaded:
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        found = find_hook_file(folder)
        assert found is not None
        return load_with_tree(found, Sources())


def same(plan: Plan) -> Plan:
    return plan._replace(file="", diagnostics=(), digest="", config_format="")


def assert_round_trip(files: dict[str, str], written: Callable[[MapNode], str] = emit_yaml) -> None:
    first = load_files(files)
    second = load_files({"hooks.dodo": written(first.root)})
    assert same(second.plan) == same(first.plan)


RUNS = ("a: b", "# a", "- x", "'a'", "a\n", "\na", " a\n b", "a\n\n", "a\t# b", "@{push} %x", "!a", "x \\\n  y")
FILES = {
    "nothing": {"hooks.dodo": ""},
    "hooks without jobs": {"hooks.dodo": "hooks:\n  pre-push:\n  pre-commit:\n    jobs:\n    # - run: x\n    env:\n"},
    "aliases": {
        "hooks.dodo": "hooks:\n  pre-push:\n    jobs:\n      - &a {name: a, run: x, env: {A: 010}}\n"
        "      - {<<: *a, name: b, env: {B: .5}}\n"
    },
    "layers": {
        "hooks.dodo": "extends: 'parts/*.yml'\nmin_version: 0.1.0\njobs: 0x3\n"
        "hooks: {pre-push: {jobs: [{name: a, run: x}]}}",
        "parts/a.yml": "log: {max_log_size: 1MB, retention: 1d}\ngrace_period: 300ms\nhooks: {pre-push: {piped: true}}",
        ".hooks.dodo.d/pre-push.yml": "jobs:\n  - {name: b, run: \"a\\n b\\n\\n\", needs: [a]}\n",
        "hooks.local.dodo": "jobs: \nhooks:\n  pre-push:\n    jobs:\n"
        "      - name: a\n        run: >\n          a\n          b\n",
    },
    "commands": {
        "hooks.dodo": "hooks:\n  pre-push:\n    jobs:\n" + "".join(f"      - run: {json.dumps(run)}\n" for run in RUNS)
    },
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("written", [emit_yaml, as_json, lambda root: emit_yaml(root, with_origin=True)])
def test_what_is_dumped_loads_to_the_same_plan(case: str, written: Callable[[MapNode], str]) -> None:
    assert_round_trip(FILES[case], written)


_shown = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp", "Cf"]) | st.sampled_from("\n\t"))
_env = st.dictionaries(st.sampled_from(["A", "NO", "a b", "1"]), _shown | st.integers(), max_size=2)
_durations = st.sampled_from(["90s", "300ms", "2h"])


@st.composite
def _jobs(draw: st.DrawFn, names: tuple[str, ...], *, have_commands: bool) -> list[dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
    return [
        draw(
            st.fixed_dictionaries(
                {"name": st.just(name)} | ({"run": _commands} if have_commands else {}),
                optional={
                    "description": _shown,
                    "env": _env,
                    "root": st.sampled_from(["", "a/b", "."]),
                    "tags": st.lists(st.sampled_from(["slow", "no", "1"]), max_size=2),
                    "timeout": _durations,
                    "background": st.booleans(),
                    "nice": st.integers(0, 19),
                },
            )
        )
        for name in chosen
    ]


_commands = _shown.filter(lambda text: text.strip() and not set("{}") & set(text))
_NAMES = ("lint", "a b", "on", "ü/x", "7")


def _hooks(*, have_commands: bool) -> st.SearchStrategy[dict[str, Any]]:
    body = st.fixed_dictionaries(
        {}, optional={"jobs": _jobs(_NAMES, have_commands=have_commands), "env": _env, "fail_fast": st.booleans()}
    )
    return st.fixed_dictionaries({name: body for name in ("pre-commit", "post-merge")})


@given(_hooks(have_commands=True), _hooks(have_commands=True), st.integers(1, 9))
def test_what_is_dumped_of_any_merged_file_loads_to_the_same_plan(low: Any, high: Any, slots: int) -> None:
    assert_round_trip(
        {
            "hooks.dodo": json.dumps({"jobs": slots, "hooks": low}, ensure_ascii=False),
            "hooks.local.dodo": json.dumps({"hooks": high}, ensure_ascii=False),
        }
    )


def test_what_is_dumped_as_json_is_read_as_json() -> None:
    its_tree = tree('a: "\U0001f600\\x85\\u2028 // x"\nb: [1, {c: }]')
    again = parse_json(as_json(its_tree).encode())
    assert again.root is not None
    assert plain(again.root) == plain(its_tree)
