"""Names of jobs, written, derived and on disk (C4)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.text.names import derived_name, directory_name, job_names, name_error

SAFE = set(string.ascii_letters + string.digits + "._-")


@pytest.mark.parametrize(
    "name", ["lint", "a/b", "web:build", "two words", "a\u00a0b", "日本", "🏳️‍🌈", "...", "_x", "*", "a-"]
)
def test_c4_anything_printable_is_a_name(name: str) -> None:
    assert name_error(name) is None


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "must not be empty"),
        (" \u3000", "must not be empty"),
        (" a", "must not begin or end with a blank"),
        ("a\u00a0", "must not begin or end with a blank"),
        ("a\n", "must not begin or end with a blank"),
        ("-a", 'must not begin with "-"'),
        ("a@b", 'must not contain "@"'),
        ("a=b", 'must not contain "="'),
        ("a\tb", "must not contain the control character U+0009"),
        ("a\x1b[1m", "must not contain the control character U+001B"),
        ("a\x85b", "must not contain the control character U+0085"),
        ("a\u2028b", "must not contain the control character U+2028"),
        ("a\u202eb", "must not contain the control character U+202E"),
        ("a\ud800b", "must not contain the control character U+D800"),
    ],
)
def test_c4_what_a_name_must_not_be(name: str, error: str) -> None:
    assert name_error(name) == error


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("npm test", "npm-test"),
        ("./scripts/check.sh --fast", "scripts-check.sh-fast"),
        ("A=1 make all && echo done\n", "A-1-make-all-echo-done"),
        ("größe", "größe"),
        ("!!", "job"),
        ("x" * 40, "x" * 40),
    ],
)
def test_c4_an_unnamed_job_is_called_after_its_command(command: str, name: str) -> None:
    assert derived_name(command) == name


def test_c4_long_commands_that_begin_alike_have_names_of_their_own() -> None:
    first, second = (derived_name(f"python -m pytest tests/unit tests/integration {end}") for end in ("a", "b"))
    assert first != second
    assert first.startswith("python-m-pytest-tests-unit-test")
    assert len(first) == 40


@given(st.text())
def test_c4_a_derived_name_is_a_name_and_depends_on_nothing_else(command: str) -> None:
    assert name_error(derived_name(command)) is None
    assert derived_name(command) == derived_name(command)
    assert len(derived_name(command)) <= 40


def test_c4_derived_names_give_way_to_written_ones_and_count_in_the_order_of_the_file() -> None:
    written = [None, None, "make", "make-3", None]
    assert job_names(written, ["make", "make", "x", "y", "make"]) == ["make-2", "make-4", "make", "make-3", "make-5"]


@given(st.lists(st.tuples(st.none() | st.sampled_from(["a", "b", "a-2"]), st.sampled_from(["a", "b", "a 2", "c"]))))
def test_c4_derived_names_are_unique_and_written_ones_are_kept(jobs: list[tuple[str | None, str]]) -> None:
    names = job_names([name for name, _ in jobs], [command for _, command in jobs])
    written = {name for name, _ in jobs if name is not None}
    derived = [found for found, (name, _) in zip(names, jobs, strict=True) if name is None]
    assert len(derived) == len(set(derived))
    assert not written & set(derived)
    assert all(name is None or found == name for found, (name, _) in zip(names, jobs, strict=True))


@pytest.mark.parametrize(
    ("name", "directory"),
    [
        ("lint", "3-lint"),
        ("web/build: all", "3-web-build-all"),
        ("..", "3-job"),
        ("日本", "3-job"),
        ("../../etc", "3-etc"),
        ("x" * 90, "3-" + "x" * 40),
        ("x" * 39 + "..y", "3-" + "x" * 39),
    ],
)
def test_c4_a_directory_has_the_number_and_what_is_safe_of_the_name(name: str, directory: str) -> None:
    assert directory_name(3, name) == directory


@given(st.integers(0, 10**6), st.text())
def test_c4_a_directory_is_safe_and_gives_its_number_back(number: int, name: str) -> None:
    directory = directory_name(number, name)
    before, rest = directory.split("-", 1)
    assert int(before) == number
    assert 1 <= len(rest) <= 40
    assert set(rest) <= SAFE
    assert rest.strip(".-") == rest
