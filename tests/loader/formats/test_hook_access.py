"""The tables of what known hooks read and write (P6)."""

import pytest

from dodo_hooks.core.plan import ANYTHING, GIVEN, NOTHING
from dodo_hooks.loader.formats.pre_commit.hook_access import UNKNOWN, Access, access_of

CHECK, READ, FIX, FORMAT = (
    Access(GIVEN, NOTHING),
    Access(ANYTHING, NOTHING),
    Access(GIVEN, GIVEN),
    Access(ANYTHING, GIVEN),
)
HOOKS = "https://github.com/pre-commit/pre-commit-hooks"


@pytest.mark.parametrize(
    ("repo", "identity", "access"),
    [
        (HOOKS, "check-yaml", CHECK),
        (HOOKS + ".git", "check-yaml", CHECK),
        ("git@github.com:pre-commit/pre-commit-hooks.git", "check-yaml", CHECK),
        ("https://github.com/PyCQA/flake8/", "flake8", READ),
        (HOOKS, "end-of-file-fixer", FIX),
        (HOOKS, "one-of-the-future", UNKNOWN),
        ("https://example.org/a-fork/pre-commit-hooks", "check-yaml", UNKNOWN),
        ("meta", "check-hooks-apply", READ),
    ],
)
def test_p6_a_repository_and_an_id_say_what_a_hook_does(repo: str, identity: str, access: Access) -> None:
    assert access_of(repo, identity, "python", identity, (), passes_files=True) == access


@pytest.mark.parametrize(
    ("entry", "args", "access"),
    [
        ("mypy", "", READ),
        ("python -m mypy --strict", "src", READ),
        ("poetry run mypy", "", READ),
        ("/usr/bin/black", "--line-length 100", FORMAT),
        ("black src", "", UNKNOWN),
        ("ruff check --fix", "", FORMAT),
        ("eslint", "", READ),
        ("eslint", "--fix", FORMAT),
        ("npx prettier --write", ".", UNKNOWN),
        ("tsc", "", UNKNOWN),
        ("tsc --noEmit", "", READ),
        ("cargo clippy", "", UNKNOWN),
        ("uv run mypy", "", UNKNOWN),
        ("bash -c 'mypy'", "", UNKNOWN),
        ("sh 'unclosed", "", UNKNOWN),
        ("", "", UNKNOWN),
    ],
)
def test_p6_a_program_says_what_a_local_hook_does(entry: str, args: str, access: Access) -> None:
    assert access_of("local", "x", "system", entry, args.split(), passes_files=True) == access


def test_p6_a_fixer_without_a_list_may_write_any_file_and_a_pattern_writes_none() -> None:
    assert access_of("local", "x", "system", "black", (), passes_files=False) == UNKNOWN
    assert access_of("local", "x", "system", "mypy", (), passes_files=False) == READ
    for language in ("pygrep", "fail"):
        assert access_of("local", "x", language, "black 'odd", (), passes_files=False) == CHECK
