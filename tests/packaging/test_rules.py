"""docs/rules.md, the code and the tests name the same rules, and what the page points at is there."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TOP = TESTS.parent
PAGE = (TOP / "docs/rules.md").read_text("utf-8")

# "R7" -> its entry, from its heading to the next one.
ENTRIES = dict(re.findall(r"^### ([A-Z]\d+)\. (.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
RULES = {rule.lower() for rule in ENTRIES}
LETTERS = "".join(sorted({rule[0] for rule in RULES}))

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
    return asserts or any(re.match(r"_?(expect|check|compare|assert|raises|refus)", name) for name in called)


def _rules_of(name: str) -> list[str]:
    """Return the rules at the beginning of a test's name: one, or several in a row as in test_r1_r2_..."""
    rules: list[str] = []
    for word in name.split("_")[1:]:
        if not re.fullmatch(rf"[{LETTERS}]\d+", word):
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


def test_each_rule_that_the_code_names_has_an_entry() -> None:
    sources = [*TOP.glob("dodo_hooks/**/*.py"), *TOP.glob("loader/**/*.py")]
    name = re.compile(rf"\b[{LETTERS.upper()}]\d{{1,2}}\b(?!-)")
    named = {rule for path in sources for rule in name.findall(path.read_text("utf-8"))}
    assert named - ENTRIES.keys() == set()


def test_each_entry_names_the_file_that_keeps_the_rule_and_a_test_of_it() -> None:
    tests: dict[str, set[str]] = {}
    for rule, entry in ENTRIES.items():
        files = re.findall(r"Kept by `([^`]+)`", entry)
        proofs = re.findall(r"`(tests/[^`]+)::(\w+)`", entry)
        assert len(files) == 1, f"{rule}: one file keeps it"
        assert proofs, f"{rule}: a test proves it"
        assert (TOP / files[0]).is_file(), f"{rule} names {files[0]}"
        for file, test in proofs:
            text = (TOP / file).read_text("utf-8")
            tests.setdefault(file, set(re.findall(r"^def (test_\w+)", text, re.MULTILINE)))
            assert test in tests[file], f"{rule} names {file}::{test}"
