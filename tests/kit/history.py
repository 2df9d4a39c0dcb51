"""Invocations made by the real writer, for tests of their readers: finished ones, living ones, orphans."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from dodo_hooks.core import dependency_graph
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Execution, Hook, Job, Order
from dodo_hooks.core.statuses import COMPLETED, Outcome
from dodo_hooks.core.text import names
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store import layout, records
from dodo_hooks.store.failure_notices import write_notice
from dodo_hooks.store.writer import InvocationWriter, reserve_invocation
from kit.invocation import Invocation
from kit.repo import PACKAGES

TESTS = str(Path(__file__).parents[1])
Graph = Mapping[str, Sequence[str]]  # job -> the jobs that it needs
Writer: TypeAlias = InvocationWriter  # of an invocation that is alive
End: TypeAlias = Outcome  # of a job
DONE = Outcome("completed", exit_code=0)
LOST = Outcome("failed", "exit", exit_code=7)


def make_hook(name: str, needs: Graph, foreground: Collection[str] = ()) -> Hook:
    """Return a hook of background jobs, except those in `foreground`."""
    number = {job: place for place, job in enumerate(needs)}
    edges = [[number[need] for need in its_needs] for its_needs in needs.values()]
    dependents = dependency_graph.dependents_of(edges)
    jobs = tuple(
        Job(
            number=place,
            name=job,
            directory=names.directory_name(place, job),
            execution=Execution("true", ("true",)),
            order=Order(needs=tuple(edges[place]), dependents=tuple(dependents[place])),
            phase=FOREGROUND if job in foreground else BACKGROUND,
            declared_background=job not in foreground,
        )
        for place, job in enumerate(needs)
    )
    hook = Hook(name, jobs, tuple(dependency_graph.topological_order(edges)), False, None)
    return hook._replace(jobs=tuple(job._replace(record=records.constant_part(hook, job)) for job in jobs))


@dataclass(frozen=True, slots=True)
class History:
    """The invocations of one repository in the store. `alive` holds the writers that have not ended."""

    state: Path
    repository: str = "abc"
    worktree: str = "/home/me/project"
    alive: list[InvocationWriter] = field(default_factory=list["InvocationWriter"])

    @property
    def directory(self) -> str:
        return layout.repository_dir(str(self.state), self.repository)

    def begin(
        self, needs: Graph, hook: str = "post-commit", worktree: str = "", foreground: Collection[str] = ()
    ) -> InvocationWriter:
        """Make a living invocation, in which every job is pending; this process holds its locks."""
        facts = records.Facts((), "git", worktree or self.worktree, "main", None, None, os.getpid())
        writer = reserve_invocation(str(self.state), self.repository, make_hook(hook, needs, foreground), facts)
        writer.publish()
        self.alive.append(writer)
        return writer

    def finished(self, outcomes: Mapping[str, Outcome], hook: str = "post-commit", worktree: str = "") -> Invocation:
        """Make an invocation that has ended, of jobs without needs."""
        writer = self.begin({job: () for job in outcomes}, hook, worktree)
        for number, outcome in enumerate(outcomes.values()):
            end(writer, number, outcome)
        writer.finish(0)
        return Invocation(Path(writer.directory))

    def orphan(self, needs: Graph, running: Collection[str] = (), hook: str = "post-commit") -> Invocation:
        """Make an open invocation with free locks, as after the death of its writer."""
        writer = self.begin(needs, hook)
        start(writer, *running)
        writer.release()
        return Invocation(Path(writer.directory))

    def killed(self, needs: Graph, running: Collection[str] = ()) -> Invocation:
        """Make an invocation in another process, and kill that with SIGKILL."""
        # A program of its own, since Python code between fork and exec is not safe beside pytest-xdist's threads.
        arguments = json.dumps([str(self.state), self.repository, dict(needs), list(running)])
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join((PACKAGES, TESTS))}
        argv = [sys.executable, "-c", "import kit.history; kit.history.write_and_wait()", arguments]
        writer = subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        with writer.stdout:
            directory = os.fsdecode(writer.stdout.readline().rstrip(b"\n"))
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        return Invocation(Path(directory))

    def notify(self, identity: str, line: str, hook: str = "post-commit") -> None:
        """Leave this line for the next command to print, as a failure in the background does."""
        write_notice(self.directory, identity, hook, line)

    def close(self) -> None:
        for writer in self.alive:
            writer.release()


def ended_as(
    status: str,
    cause: str | None = None,
    reason: str | None = None,
    *,
    exit_code: int | None = None,
    signal: int | None = None,
    need: int | None = None,
    root_cause: int | None = None,
) -> Outcome:
    """Return the end of a job, in the words of its record; `need` and `root_cause` are numbers of jobs."""
    return Outcome(status, cause, reason, exit_code, signal, need, root_cause)


def start(writer: InvocationWriter, *jobs: str, log: bytes = b"working") -> None:
    """Start these jobs; each has written `log`, by default without an end of the line."""
    for job in writer.hook.jobs:
        if job.name in jobs:
            writer.started(job.number, 4242, 1, wall_ns())
            Path(layout.log_file(writer.jobs[job.number].directory)).write_bytes(log)
    writer.flush()


def end(writer: InvocationWriter, number: int, outcome: Outcome, log: bytes = b"") -> None:
    """End this job, which has written `log`."""
    if outcome.status == COMPLETED or log:
        writer.started(number, 4242, 1, wall_ns())
    if log:
        Path(layout.log_file(writer.jobs[number].directory)).write_bytes(log)
    over(writer, number, outcome)


def over(writer: InvocationWriter, number: int, outcome: Outcome = DONE) -> None:
    """End this job, which has been started or never will be."""
    writer.ended(number, outcome, wall_ns(), 0.5)
    writer.flush()


def write_and_wait() -> None:
    """Make an invocation, print its directory, and wait for the end; runs in the process that `killed` kills."""
    state, repository, needs, running = json.loads(sys.argv[1])
    writer = History(Path(state), repository).begin(needs)
    start(writer, *running)
    sys.stdout.buffer.write(os.fsencode(writer.directory) + b"\n")
    sys.stdout.buffer.flush()
    signal.pause()
