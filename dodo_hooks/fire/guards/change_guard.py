"""The base of the guards that read the state of the tree when a job ends, and judge what has changed (HOT)."""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.statuses import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.fire.run_state import Run


class ChangeGuard:
    """A guard of the loop; a subclass says how a job is judged.

    It must see a job's end before the guard that stages fixed files does.
    """

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._jobs = run.firing.hook.jobs
        self._running: set[int] = set()

    def starting(self, number: int) -> None:
        self._running.add(number)

    def ended(self, number: int, outcome: Outcome) -> Outcome:
        if number not in self._running:
            return outcome
        self._running.remove(number)
        try:
            return self.judge(number, outcome)
        except (GitError, OSError) as error:  # a gate must not pass because of that
            if outcome.status != statuses.COMPLETED:
                return outcome
            return failed(f"cannot check whether the job changed files: {error}", outcome)

    def judge(self, number: int, outcome: Outcome) -> Outcome:
        """Return the outcome of a job that has ended.

        Raises:
            GitError, OSError: the state of the tree cannot be read.
        """
        raise NotImplementedError

    def has(self, number: int, path: bytes) -> bool:
        """Return whether a path is in the list of a job."""
        below = self._jobs[number].below
        files = self._run.firing.files.get(number, ())
        return path.startswith(below) and path[len(below) :] in files


def failed(reason: str, outcome: Outcome) -> Outcome:
    return Outcome(statuses.FAILED, statuses.CHANGES, reason, outcome.exit_code)


def differing(one: "Mapping[bytes, object]", other: "Mapping[bytes, object]") -> "set[bytes]":
    """Return the paths of which the two states differ."""
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}
