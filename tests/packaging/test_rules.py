"""Every rule has a test that begins with its name and checks something; no test names a rule that does not exist."""

import ast
import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

RULES = (
    {f"r{n}" for n in range(1, 24)}  # what happens while jobs run
    | {f"c{n}" for n in range(1, 9)}  # the hook file
    | {f"g{n}" for n in range(1, 8)}  # git
    | {f"k{n}" for n in range(1, 13)}  # keys and results
    | {f"s{n}" for n in range(1, 9)}  # snapshots
)

BUILT: list[str] = sorted(RULES, key=lambda rule: (rule[0], int(rule[1:])))

# The behaviours that this project began with. They keep their names.
BEGINNINGS = (
    "bg_dependent_waits_for_dep_to_finish",
    "bg_dependent_skipped_when_dep_fails",
    "bg_dependent_skipped_when_dep_cancelled",
    "bg_cycle_in_needs_returns_error",
    "bg_missing_dep_in_needs_returns_error",
    "bg_needs_ordering",
)


@functools.cache
def _tests() -> dict[str, ast.FunctionDef]:
    trees = [ast.parse(path.read_bytes()) for path in TESTS.rglob("test_*.py")]
    found = [one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
    return {one.name: one for one in found if one.name.startswith("test_")}


def _checks_something(test: ast.FunctionDef) -> bool:
    """Return whether a test asserts, or calls what asserts: a name without that holds no rule."""
    called = [ast.unparse(one.func).rpartition(".")[2] for one in ast.walk(test) if isinstance(one, ast.Call)]
    asserts = any(isinstance(one, ast.Assert) for one in ast.walk(test))
    return asserts or any(re.match(r"_?(expect|check|assert|raises|refus)", name) for name in called)


def _rules_of(name: str) -> list[str]:
    """Return the rules at the beginning of a test's name: one, or several in a row as in test_r1_r2_..."""
    rules: list[str] = []
    for word in name.split("_")[1:]:
        if not re.fullmatch(r"[rcgks]\d+", word):
            break
        rules.append(word)
    return rules


@pytest.mark.parametrize("rule", BUILT)
def test_every_rule_has_a_test(rule: str) -> None:
    tests = [test for name, test in _tests().items() if rule in _rules_of(name)]
    assert any(map(_checks_something, tests)), f"no test whose name begins with test_{rule}_ checks something"


def test_no_test_names_an_unknown_rule() -> None:
    assert {rule for name in _tests() for rule in _rules_of(name)} <= RULES


@pytest.mark.parametrize("behaviour", BEGINNINGS)
def test_every_beginning_has_a_test(behaviour: str) -> None:
    assert any(behaviour in name for name in _tests()), f"no test is named {behaviour}"
