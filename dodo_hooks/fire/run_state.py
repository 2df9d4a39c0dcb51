"""A firing under way: its records, its clock, its errors and its exit code (HOT). fire/phases.py runs its phases."""

from dodo_hooks.core import statuses
from dodo_hooks.host.world import wall_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.core.statuses import Outcome
    from dodo_hooks.fire.firing import Firing, Nesting
    from dodo_hooks.results.run_results import RunResults
    from dodo_hooks.store.writer import InvocationWriter


class Run:
    """A firing under way: its records, its clock, and the errors of the run as a whole."""

    def __init__(self, firing: "Firing", nesting: "Nesting", writer: "InvocationWriter", started_s: float) -> None:
        timeout_s = firing.hook.timeout_s
        self.firing = firing
        self.results: RunResults | None = None  # of its incremental jobs
        self.nesting = nesting
        self.writer = writer
        self.deadline_s = None if timeout_s is None else started_s + timeout_s  # R15: counts from the firing
        self.interrupted: int | None = None  # the signal that ended it (R17)
        self.had_line: set[int] = set()  # the jobs about which a line was printed
        self.rest = b""  # output that could not be printed without waiting
        self.notes: list[str] = []  # messages that do not change the exit code
        self.errors: list[str] = []  # messages that make the run fail (R21)
        self.record_error: str | None = None  # the first error about a record that could not be written

    def open_jobs(self, phase: str) -> "list[int]":
        decided = self.writer.outcomes()
        return [job.number for job in self.firing.hook.jobs if job.phase == phase and job.number not in decided]

    def decide(self, ended: "Iterable[tuple[int, Outcome]]") -> None:
        for number, outcome in ended:
            self.writer.ended(number, outcome, wall_ns())

    def has_failed(self, *phases: str) -> bool:
        jobs = self.firing.hook.jobs
        outcomes = [one for number, one in self.writer.outcomes().items() if jobs[number].phase in phases]
        return bool(statuses.exit_code_of(outcomes))

    def exit_code(self, *phases: str) -> int:
        """Return the exit code: a signal counts before an error of ours, and that before a failed job (R22)."""
        if self.interrupted is not None:
            return 128 + self.interrupted
        if self.errors or self.record_error:
            return 2
        return int(self.has_failed(*phases) and not self.firing.hook.warns)
