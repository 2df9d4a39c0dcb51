"""The tree of errors, with their exit codes (R22; HOT). Only `main` catches them."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.diagnostics import Diagnostic

JOB_FAILED = 1
RUN_ERROR = 2
USAGE_ERROR = 3
INTERRUPTED = 130  # 128 + SIGINT


class HooksError(Exception):
    """An error that the user can fix. Its message is one sentence that says how."""

    exit_code = RUN_ERROR


class UsageError(HooksError):
    """A command line that names something unknown: a hook, a job, a worktree or an address."""

    exit_code = USAGE_ERROR


class ConfigError(HooksError):
    """A hook file that cannot be used. It holds every diagnostic, so that one run shows them all (C2)."""

    exit_code = USAGE_ERROR

    def __init__(self, diagnostics: "Sequence[Diagnostic]") -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(one.sentence for one in self.diagnostics))

    @property
    def count(self) -> str:
        """The number of errors, as people read it."""
        count = len(self.diagnostics)
        return "1 error" if count == 1 else f"{count} errors"


class GraphError(HooksError):
    """A graph that the engine cannot run (R4). The loader rejects such a file, so the plan is damaged."""


class StoreError(HooksError):
    """A store that cannot be read or written (R21)."""


class UnsafeFileError(HooksError):
    """A file or directory of ours that belongs to somebody else, or that others can write to (section 8)."""

    exit_code = USAGE_ERROR

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}; {fix}")
        self.message, self.fix = message, fix


class GitError(HooksError):
    """A failure of git, or a missing repository."""


class UnsafeRepositoryError(GitError):
    """A repository that git refuses to use, because it belongs to somebody else (section 8)."""

    exit_code = USAGE_ERROR


class CheckoutError(HooksError):
    """A snapshot that cannot be brought to its commit: its job has crashed, and there is no verdict (S4)."""
