"""The tree of errors, with their exit codes (R22; HOT). Only `main` catches them."""

from dodo_hooks.core.named_tuple import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

JOB_FAILED = 1
RUN_ERROR = 2
USAGE_ERROR = 3


class HooksError(Exception):
    """An error that the user can fix. Its message is one sentence that says how."""

    exit_code = RUN_ERROR


class UsageError(HooksError):
    """A command line that names something unknown: a hook, a job, a worktree or an address."""

    exit_code = USAGE_ERROR


class Problem(Record):
    """One diagnostic in one file. Line and column count from 1; both are 0 where there is none."""

    file: str
    line: int
    column: int
    message: str


class ConfigError(HooksError):
    """A hook file that cannot be used. It holds every diagnostic, so that one run shows them all (C2).

    `base` is the absolute directory that the files of the diagnostics are relative to; "" where it is unknown.
    """

    exit_code = USAGE_ERROR

    def __init__(self, problems: "Sequence[Problem]", base: str = "") -> None:
        self.problems = tuple(problems)
        self.base = base
        super().__init__("\n".join(sentence(problem) for problem in self.problems))


class GraphError(HooksError):
    """A graph that the engine cannot run (R4). The loader rejects such a file, so the plan is damaged."""


class StoreError(HooksError):
    """A store that cannot be read or written (R21)."""


class UnsafeFileError(HooksError):
    """A file or directory of ours that belongs to somebody else, or that others can write to (section 8)."""

    exit_code = USAGE_ERROR


class GitError(HooksError):
    """A failure of git, or a missing repository."""


class UnsafeRepositoryError(GitError):
    """A repository that git refuses to use, because it belongs to somebody else (section 8)."""

    exit_code = USAGE_ERROR


def format_location(problem: Problem) -> str:
    """Return `file:line:column`, or the file alone where there is no line."""
    return f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file


def sentence(problem: Problem) -> str:
    """Return the location and the message of a diagnostic."""
    return f"{format_location(problem)}: {problem.message}"
