"""Every rule has a test that begins with its name and checks something; no test names a rule that does not exist."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]

RULES = (
    {f"r{n}" for n in range(1, 24)}  # what happens while jobs run
    | {f"c{n}" for n in range(1, 9)}  # the hook file
    | {f"g{n}" for n in range(1, 8)}  # git
    | {f"k{n}" for n in range(1, 13)}  # keys and results
    | {f"s{n}" for n in range(1, 9)}  # snapshots
    | {f"v{n}" for n in range(1, 9)}  # verdicts
)

# The behaviours that this project began with. They keep their names.
BEGINNINGS = (
    "bg_dependent_waits_for_dep_to_finish",
    "bg_dependent_skipped_when_dep_fails",
    "bg_dependent_skipped_when_dep_cancelled",
    "bg_cycle_in_needs_returns_error",
    "bg_missing_dep_in_needs_returns_error",
    "bg_needs_ordering",
)


def _tests() -> dict[str, ast.FunctionDef]:
    trees = [ast.parse(path.read_bytes()) for path in TESTS.rglob("test_*.py")]
    found = [one for tree in trees for one in tree.body if isinstance(one, ast.FunctionDef)]
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
        if not re.fullmatch(r"[rcgksv]\d+", word):
            break
        rules.append(word)
    return rules


def test_rules_have_tests_and_tests_have_rules() -> None:
    """It is one test, since to read all others takes seconds."""
    tests = _tests()
    rules = {name: _rules_of(name) for name in tests}
    named = {rule for some in rules.values() for rule in some}
    checked = {rule for name, some in rules.items() if some and _checks_something(tests[name]) for rule in some}
    assert named == checked == RULES, "rules without a test whose name begins with theirs, or rules that do not exist"
    assert [one for one in BEGINNINGS if not any(one in name for name in tests)] == []
