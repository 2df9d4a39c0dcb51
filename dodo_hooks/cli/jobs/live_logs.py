"""The live output of jobs: `dodo-hooks jobs logs -f`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dodo_hooks.cli.jobs.line_labels import Labelled
from dodo_hooks.cli.jobs.live_invocation import LOOK_EVERY_S, LiveInvocation, LogTail
from dodo_hooks.cli.jobs.run_table import status_text
from dodo_hooks.cli.terminal_table import escape
from dodo_hooks.core import statuses
from dodo_hooks.host.pause import Pause
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.store.read_records import InvocationRecord, JobRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.store.read_records import Report

_TURN = 16  # pieces of one job before the other jobs have their turn


class Output:
    """One job's output: its log and its label."""

    def __init__(self, job: JobRecord, tail: LogTail, label: Labelled | None) -> None:
        self.job = job
        self.tail = tail
        self._label = label

    def with_label(self, piece: bytes) -> bytes:
        return piece if self._label is None else self._label.take(piece)

    def end(self) -> bytes:
        """Return the rest of the output, and close the log."""
        self.tail.close()
        return b"" if self._label is None else self._label.end()


def print_output(data: bytes) -> None:
    sys.stdout.buffer.write(data)


def follow(invocations: Sequence[InvocationRecord], outputs: Sequence[Output], report: Report) -> None:
    """Print the outputs until every job has ended. Wait for jobs that have not started.

    Each job that waits, and each job that ends without success, is reported.

    Raises:
        BrokenPipeError: nobody reads what is printed.
    """
    watched = {one.directory: LiveInvocation(one, report, monotonic_s) for one in invocations}
    pause = Pause(sys.stdout.fileno())
    for output in outputs:
        if output.job.status == statuses.PENDING:
            report(f"{escape(output.job.name)}: {status_text(output.job)}")
    left = list(outputs)
    while left:
        for one in watched.values():
            one.look()
        is_behind = False
        for output in list(left):
            current = _read_again(output.job, watched)
            if current.has_ended:  # checked before the log is read, so that the log is complete
                output.tail.end_here()
            is_all = _print_some(output)
            is_behind |= not is_all
            if current.has_ended and is_all:
                print_output(output.end())
                left.remove(output)
                if current.status not in (statuses.COMPLETED, statuses.UP_TO_DATE):
                    report(f"{escape(current.name)}: {status_text(current)}")
        sys.stdout.flush()
        if left and not is_behind:
            pause.wait(LOOK_EVERY_S)


def _read_again(job: JobRecord, watched: dict[str, LiveInvocation]) -> JobRecord:
    """Return the job as it was just read."""
    invocation_dir = job.directory.rpartition("/jobs/")[0]
    return watched[invocation_dir].job(job.name) or job


def _print_some(output: Output) -> bool:
    """Print the next pieces, and return whether nothing is left to print now."""
    for _ in range(_TURN):
        piece = output.tail.read()
        if not piece:
            return True
        print_output(output.with_label(piece))
    return False
