"""Every rule that is built has a test that begins with its name, and no test names a rule that does not exist."""

import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

RULES = (
    {f"r{n}" for n in range(1, 24)}  # what happens while jobs run
    | {f"c{n}" for n in range(1, 9)}  # the hook file
    | {f"g{n}" for n in range(1, 8)}  # git
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
def _test_names() -> list[str]:
    sources = [path.read_text() for path in TESTS.rglob("test_*.py")]
    return [name for source in sources for name in re.findall(r"^\s*def (test_\w+)", source, re.MULTILINE)]


def _rules_of(name: str) -> list[str]:
    """Return the rules at the beginning of a test's name: one, or several in a row as in test_r1_r2_..."""
    rules: list[str] = []
    for word in name.split("_")[1:]:
        if not re.fullmatch(r"[rcg]\d+", word):
            break
        rules.append(word)
    return rules


@pytest.mark.parametrize("rule", BUILT)
def test_every_rule_has_a_test(rule: str) -> None:
    assert any(rule in _rules_of(name) for name in _test_names()), f"no test's name begins with test_{rule}_"


def test_no_test_names_an_unknown_rule() -> None:
    assert {rule for name in _test_names() for rule in _rules_of(name)} <= RULES


@pytest.mark.parametrize("behaviour", BEGINNINGS)
def test_every_beginning_has_a_test(behaviour: str) -> None:
    assert any(behaviour in name for name in _test_names()), f"no test is named {behaviour}"
