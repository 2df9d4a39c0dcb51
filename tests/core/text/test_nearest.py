"""Names that are near enough to be suggested (C2)."""

import pytest

from dodo_hooks.core.text.nearest import choose_from, nearest

HOOKS = ("pre-commit", "post-merge", "post-checkout", "pre-push")
KEYS = ("exclude", "parallel", "skip", "run", "needs", "glob")


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("pre-comit", HOOKS, "pre-commit"),
        ("Pre-Commit", HOOKS, "pre-commit"),
        ("precomit", HOOKS, "pre-commit"),
        ("post-chekcout", HOOKS, "post-checkout"),
        ("parralel", KEYS, "parallel"),
        ("skpi", KEYS, "skip"),
        ("rum", KEYS, "run"),
        ("need", KEYS, "needs"),
        ("include", KEYS, None),
        ("test-large", HOOKS, None),
        ("post-push", HOOKS, None),
        ("x", KEYS, None),
        ("", KEYS, None),
        ("exclude" + "d" * 100, KEYS, None),
    ],
)
def test_c2_a_suggestion_is_an_edit_or_two_apart(name: str, known: tuple[str, ...], expected: "str | None") -> None:
    assert nearest(name, known) == expected


def test_c2_the_nearest_of_several_is_suggested() -> None:
    assert nearest("lint-jss", ("lint-jsons", "lint-js", "lint-css")) == "lint-js"


def test_c2_where_no_name_is_near_there_is_a_choice() -> None:
    assert choose_from("skpi", KEYS) == ' (did you mean "skip"?)'
    assert choose_from("x", ("a-job", "a-job", "other")) == "; choose from a-job, other"
    assert choose_from("x", [f"job-{number}" for number in range(14)]).endswith(", job-10, job-11 and 2 more")
    assert choose_from("x", ()) == ""
