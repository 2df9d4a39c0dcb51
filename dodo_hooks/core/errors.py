"""The one tree of errors, with their exit codes (R22; HOT). `main` catches it, and nothing else does."""

from dodo_hooks.core.named_tuple import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

JOB_FAILED = 1
RUN_ERROR = 2
USAGE_ERROR = 3


class HooksError(Exception):
    """Something that a person can mend. The message is one sentence that says how."""

    exit_code = RUN_ERROR


class UsageError(HooksError):
    """The command line asks for what is not there: an unknown hook, job, worktree or address."""

    exit_code = USAGE_ERROR


class Problem(Record):
    """One thing wrong in one file; line and column count from 1, 0 where there is none."""

    file: str
    line: int
    column: int
    message: str


class ConfigError(HooksError):
    """The hook file cannot be used. Holds every problem, so that one run shows them all (C2).

    `base`: the absolute directory that the files of the problems are relative to; "" where that is not known.
    """

    exit_code = USAGE_ERROR

    def __init__(self, problems: "Sequence[Problem]", base: str = "") -> None:
        self.problems = tuple(problems)
        self.base = base
        super().__init__("\n".join(sentence(problem) for problem in self.problems))


class GraphError(HooksError):
    """The engine met a graph that cannot be run (R4): the loader refuses such a file, so a plan was damaged."""


class StoreError(HooksError):
    """The store cannot be read or written (R21)."""


class UnsafeFileError(HooksError):
    """A file or directory of ours belongs to somebody else, or others can write to it (section 8)."""

    exit_code = USAGE_ERROR


class GitError(HooksError):
    """git, or a repository, is not there or does not answer as it should."""


class UnsafeRepositoryError(GitError):
    """The repository is there, and git refuses to use it: it belongs to somebody else (section 8)."""

    exit_code = USAGE_ERROR


def format_location(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file


def sentence(problem: Problem) -> str:
    return f"{format_location(problem)}: {problem.message}"
