"""Printing what jobs write while they write it: `dodo-hooks jobs logs -f`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from dodo_hooks.cli.jobs.line_labels import Labelled
from dodo_hooks.cli.jobs.live_invocation import LOOK_EVERY_S, LiveInvocation, LogTail
from dodo_hooks.core import statuses
from dodo_hooks.host.pause import Pause
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.read_records import InvocationRecord, JobRecord, Report

_TURN = 16  # pieces of one job before the others have their turn: one that never stops must not keep us to itself


class Output:
    """One job's output: where it comes from, and how it is shown."""

    def __init__(self, job: JobRecord, tail: LogTail, label: Labelled | None) -> None:
        self.job = job
        self.tail = tail
        self._label = label

    def shaped(self, piece: bytes) -> bytes:
        return piece if self._label is None else self._label.take(piece)

    def end(self) -> bytes:
        """The last of it; closes the log."""
        self.tail.close()
        return b"" if self._label is None else self._label.end()


def follow(
    invocations: Sequence[InvocationRecord],
    outputs: Sequence[Output],
    write: Callable[[bytes], None],
    say_standing: Callable[[JobRecord], None],
    report: Report,
) -> None:
    """Print until every job has ended and all that it wrote is printed. A job that has not begun is waited for.

    `say_standing` is told of each job that waits, and of each that ends in another way than well.

    Raises:
        BrokenPipeError: nobody reads what is printed.
    """
    watched = {one.directory: LiveInvocation(one, report, monotonic_s) for one in invocations}
    pause = Pause(sys.stdout.fileno())
    for output in outputs:
        if output.job.status == statuses.PENDING:
            say_standing(output.job)
    left = list(outputs)
    while left:
        for one in watched.values():
            one.look()
        is_behind = False
        for output in list(left):
            standing = _now(output.job, watched)
            if standing.has_ended:  # asked before the log is read: all that the job wrote is there
                output.tail.end_here()
            is_all = _print_some(output, write)
            is_behind |= not is_all
            if standing.has_ended and is_all:
                write(output.end())
                left.remove(output)
                if standing.status not in (statuses.COMPLETED, statuses.UP_TO_DATE):
                    say_standing(standing)
        sys.stdout.flush()
        if left and not is_behind:
            pause.wait(LOOK_EVERY_S)


def _now(job: JobRecord, watched: dict[str, LiveInvocation]) -> JobRecord:
    """The job as it stands in the look that was just taken."""
    invocation_dir = job.directory.rpartition("/jobs/")[0]
    return watched[invocation_dir].job(job.name) or job


def _print_some(output: Output, write: Callable[[bytes], None]) -> bool:
    """Print the next pieces; whether that was all there is."""
    for _ in range(_TURN):
        piece = output.tail.read()
        if not piece:
            return True
        write(output.shaped(piece))
    return False
