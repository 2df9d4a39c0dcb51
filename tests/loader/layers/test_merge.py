"""The merge of several trees (section 4)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.loader.layers.config_formats import DAFT, DODO, LEFTHOOK
from dodo_hooks.loader.layers.merge import Layer, merge, merge_layers
from dodo_hooks.loader.read.nodes import MapNode, key_mark_at, mark_at
from kit.hook_files.nodes import marks, plain, root, tree

EMPTY = MapNode(Location("empty", 1, 1), ())


def together(base: str, overlay: str) -> Any:
    return plain(merge(tree(base), tree(overlay), DODO.rules))


CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a value replaces": ("a: 1\nb: 2", "b: 3\nc: 4", {"a": 1, "b": 3, "c": 4}),
    "mappings are merged": ("a: {b: {c: 1, d: 2}}", "a: {b: {d: 3}}", {"a": {"b": {"c": 1, "d": 3}}}),
    "another list replaces": ("needs: [a, b]", "needs: [c]", {"needs": ["c"]}),
    "a mapping replaces a value": ("run: x", "run: {linux: y}", {"run": {"linux": "y"}}),
    "a value replaces a mapping": ("run: {linux: y}", "run: x", {"run": "x"}),
    "nothing takes a key away": ("a: {b: 1, c: 2}\nd: 3", "a: {b: }\nd: ~", {"a": {"c": 2}}),
    "nothing takes away what nobody said": ("a: 1", "b: {c: , d: 2}\ne:", {"a": 1, "b": {"d": 2}}),
    "an empty value of the lowest stays": ("a:\nb: {c: }", "d: 1", {"a": None, "b": {"c": None}, "d": 1}),
    "an empty value can be filled": ("a:\n  b:", "a: {b: {c: 1}}", {"a": {"b": {"c": 1}}}),
    "a named job is merged in its place": (
        "jobs: [{name: a, run: x, tags: [t]}, {name: b, run: y}]",
        "jobs: [{name: a, timeout: 5s, tags: [u]}]",
        {"jobs": [{"name": "a", "run": "x", "tags": ["u"], "timeout": "5s"}, {"name": "b", "run": "y"}]},
    ),
    "new and unnamed jobs are appended": (
        "jobs: [{run: x}, {name: a, run: y}]",
        "jobs: [{run: x}, {name: b, run: z, env: }, {name: a, run: w}]",
        {"jobs": [{"run": "x"}, {"name": "a", "run": "w"}, {"run": "x"}, {"name": "b", "run": "z"}]},
    ),
    "jobs of a named group, too": (
        "jobs: [{name: g, group: {piped: true, jobs: [{name: a, run: x}]}}]",
        "jobs: [{name: g, group: {jobs: [{name: b, run: y}, {name: a, root: r}]}}]",
        {
            "jobs": [
                {
                    "name": "g",
                    "group": {
                        "piped": True,
                        "jobs": [{"name": "a", "run": "x", "root": "r"}, {"name": "b", "run": "y"}],
                    },
                }
            ]
        },
    ),
    "a job that occurs twice above stays double": (
        "jobs: [{name: a, run: x}]",
        "jobs: [{name: a, run: y}, {name: a, run: z}]",
        {"jobs": [{"name": "a", "run": "y"}, {"name": "a", "run": "z"}]},
    ),
    "a command ends a script": (
        "jobs: [{name: a, script: s.sh, runner: bash, args: x, root: r}]",
        "jobs: [{name: a, run: y}]",
        {"jobs": [{"name": "a", "root": "r", "run": "y"}]},
    ),
    "a script ends a command": (
        "jobs: [{name: a, run: y}]",
        "jobs: [{name: a, script: s.sh, runner: bash}]",
        {"jobs": [{"name": "a", "script": "s.sh", "runner": "bash"}]},
    ),
    "a command ends a group": (
        "jobs: [{name: a, group: {jobs: [{run: y}]}}]",
        "jobs: [{name: a, run: z}]",
        {"jobs": [{"name": "a", "run": "z"}]},
    ),
    "taking a command away brings none": (
        "jobs: [{name: a, script: s.sh}]",
        "jobs: [{name: a, run: , root: r}]",
        {"jobs": [{"name": "a", "script": "s.sh", "root": "r"}]},
    ),
    "setup grows": ("setup: [a]", "setup: [b, {run: c}]", {"setup": ["a", "b", {"run": "c"}]}),
    "the number of slots is no list": ("jobs: 4", "jobs: 2", {"jobs": 2}),
    "a list of jobs that is no list is replaced": ("jobs: x", "jobs: [{run: y}]", {"jobs": [{"run": "y"}]}),
    "a job that is none is left to the models": ("jobs: [x]", "jobs: [y]", {"jobs": ["x", "y"]}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_merging_does(case: str) -> None:
    base, overlay, result = CASES[case]
    assert together(base, overlay) == result
    assert list(together(base, overlay)) == list(result)


def test_c2_each_value_keeps_the_place_where_it_was_written() -> None:
    base = tree("hooks:\n  pre-commit:\n    jobs:\n      - name: a\n        run: x\n        root: r\n", "low")
    overlay = tree("hooks: {pre-commit: {piped: true, jobs: [{name: a, run: y}, {run: z}]}}", "high")
    whole = merge(base, overlay, DODO.rules)
    job: list[str | int] = ["hooks", "pre-commit", "jobs", 0]
    assert mark_at(whole, [*job, "run"]) == Location("high", 1, 57)
    assert mark_at(whole, [*job, "root"]) == Location("low", 6, 15)
    assert mark_at(whole, job) == Location("low", 4, 9)
    assert mark_at(whole, ["hooks", "pre-commit", "jobs", 1]).file == "high"
    assert mark_at(whole, ["hooks", "pre-commit", "piped"]).file == "high"
    assert key_mark_at(whole, ["hooks", "pre-commit", "jobs"]) == Location("low", 3, 5)
    assert key_mark_at(whole, [*job, "run"]).file == "high"


# Trees in which a key always has the same kind of value: else it would matter which two are merged first.

_texts = st.sampled_from(["x", "y", "z"])
_jobs: st.SearchStrategy[list[dict[str, Any]]] = st.deferred(
    lambda: st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from("abc"),
                "root": _texts,
                "tags": st.lists(_texts, max_size=2),
                "env": st.dictionaries(st.sampled_from("AB"), _texts, max_size=2),
                "group": st.fixed_dictionaries({}, optional={"piped": st.booleans(), "jobs": _jobs}),
            },
        ),
        max_size=3,
        unique_by=lambda job: str(job.get("name", id(job))),
    )
)
_bodies = st.fixed_dictionaries(
    {}, optional={"piped": st.booleans(), "jobs": _jobs, "setup": st.lists(_texts, max_size=2)}
)
_FILES = st.fixed_dictionaries(
    {}, optional={"jobs": st.integers(1, 9), "hooks": st.dictionaries(st.sampled_from(["p", "q"]), _bodies, max_size=2)}
)


@given(_FILES)
def test_nothing_over_a_tree_and_a_tree_over_nothing_is_that_tree(file: dict[str, Any]) -> None:
    its_tree = root(file)
    assert merge(its_tree, EMPTY, DODO.rules) == its_tree
    assert plain(merge(EMPTY, its_tree, DODO.rules)) == file


@given(_FILES, _FILES, _FILES)
def test_it_does_not_matter_which_two_are_merged_first(low: Any, middle: Any, high: Any) -> None:
    a, b, c = root(low, "low"), root(middle, "middle"), root(high, "high")
    rules = DODO.rules
    assert merge(merge(a, b, rules), c, rules) == merge(a, merge(b, c, rules), rules)


@given(_FILES, _FILES)
def test_no_place_is_made_up(low: Any, high: Any) -> None:
    a, b = root(low, "low"), root(high, "high")
    assert marks(merge(a, b, DODO.rules)) <= marks(a) | marks(b)


def test_lefthook_the_setup_of_the_main_file_comes_last() -> None:
    files = ["pre-commit: {setup: [m, n]}", "pre-commit: {setup: [e]}", "pre-commit: {setup: [f]}"]
    layers = [Layer(tree(file)) for file in files]
    assert plain(merge_layers(layers, LEFTHOOK.rules)) == {"pre-commit": {"setup": ["e", "f", "m", "n"]}}
    layers += [Layer(tree("pre-commit: {setup: }")), Layer(tree("pre-commit: {setup: [m]}"))]
    assert plain(merge_layers(layers, LEFTHOOK.rules)) == {"pre-commit": {"setup": ["m"]}}


def test_lefthook_a_command_may_stand_for_the_one_below_it() -> None:
    base = tree("p: {jobs: [{name: a, run: 'lint {staged_files}'}], commands: {b: {run: x}}}")
    overlay = tree("p: {jobs: [{name: a, run: 'dip {cmd}'}], commands: {b: {run: 'dip {cmd}'}, c: {run: '{cmd}'}}}")
    assert plain(merge(base, overlay, LEFTHOOK.rules)) == {
        "p": {
            "jobs": [{"name": "a", "run": "dip lint {staged_files}"}],
            "commands": {"b": {"run": "dip x"}, "c": {"run": "{cmd}"}},
        }
    }


def test_daft_a_named_job_replaces_the_other_and_nothing_says_nothing() -> None:
    base = tree("hooks: {p: {piped: true, skip: {ref: x}, jobs: [{name: a, run: x, root: r}]}}\nlog: {retention: 7d}")
    overlay = tree("hooks: {p: {piped: , skip: {env: Y}, jobs: [{name: a, run: y}, {run: z}]}}\nlog: {keep_last: 3}")
    assert plain(merge(base, overlay, DAFT.rules)) == {
        "hooks": {"p": {"piped": True, "skip": {"env": "Y"}, "jobs": [{"name": "a", "run": "y"}, {"run": "z"}]}},
        "log": {"retention": "7d", "keep_last": 3},
    }


def test_daft_a_file_for_one_hook_is_all_that_counts_for_it() -> None:
    base = Layer(tree("hooks: {p: {piped: true, jobs: [{run: x}]}, q: {jobs: [{run: y}]}}"))
    instead = Layer(tree("hooks: {p: {jobs: [{run: z}]}}"), is_instead=True)
    assert plain(merge_layers([base, instead], DAFT.rules)) == {
        "hooks": {"q": {"jobs": [{"run": "y"}]}, "p": {"jobs": [{"run": "z"}]}}
    }
