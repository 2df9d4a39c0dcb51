"""The one way of a start and an end to the records, and how often they are written (R19, R20)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import statuses
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.doit_runner.job_notes import JobNote, JobSkipped, note_job
from dodo_hooks.doit_runner.reporters import MetaReporter
from dodo_hooks.engine.recorder import Recorder
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store.writer import InvocationWriter
from kit.history import History
from kit.invocation import Invocation

DONE = Outcome(statuses.COMPLETED, exit_code=0)
LOST = Outcome(statuses.FAILED, statuses.EXIT, "exit code 1", 1)
SKIPPED = Outcome(statuses.SKIPPED, statuses.NEED, "dependency lint failed", need=0, root_cause=0)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[InvocationWriter]:
    history = History(tmp_path)
    yield history.begin({"lint": (), "build": ("lint",)})
    history.close()


def on_disk(writer: InvocationWriter) -> dict[str, str]:
    return Invocation(Path(writer.directory)).statuses()


def test_r19_a_job_that_ends_at_once_is_written_once(writer: InvocationWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dodo_hooks.engine.recorder.START_DELAY_S", 3600.0)
    recorder = Recorder(writer)
    recorder.started(0, 4242, 17, wall_ns())
    assert (recorder.flush_due() or 0) > 0
    assert on_disk(writer)["lint"] == "pending"
    recorder.ended(0, DONE, wall_ns(), 0.001)
    recorder.flush_due()  # an end is never late
    assert on_disk(writer)["lint"] == "completed"
    job = Invocation(Path(writer.directory)).job("lint")
    assert (job.pid, job.wave) == (4242, 17) and job.started_at and job.finished_at


def test_r19_a_job_that_continues_is_written_when_its_start_is_due(
    writer: InvocationWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dodo_hooks.engine.recorder.START_DELAY_S", 0.0)
    recorder = Recorder(writer)
    recorder.started(0, 4242, 17, wall_ns())
    assert recorder.flush_due() is None
    assert on_disk(writer)["lint"] == "running"


def test_r23_nobody_sees_output_of_a_job_whose_record_does_not_say_that_it_runs(
    writer: InvocationWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dodo_hooks.engine.recorder.START_DELAY_S", 3600.0)
    recorder = Recorder(writer)
    recorder.started(0, 4242, 17, wall_ns())
    recorder.output(0)
    assert on_disk(writer)["lint"] == "running"


def test_r3_the_reporter_meta_writes_the_skipped_record(writer: InvocationWriter) -> None:
    recorder = Recorder(writer)
    meta = MetaReporter(None, {"recorder": recorder})
    recorder.ended(0, LOST, wall_ns(), 0.5)
    recorder.ended(1, SKIPPED, wall_ns())
    assert on_disk(writer) == {"lint": "pending", "build": "pending"}
    meta.add_failure(_task_of(writer, 1), JobSkipped("build", SKIPPED, "lint", statuses.FAILED))
    assert on_disk(writer) == {"lint": "failed", "build": "skipped"}


def test_a_listener_finds_the_state_of_a_job_as_the_record_will_have_it(writer: InvocationWriter) -> None:
    class Listener:
        def __init__(self) -> None:
            self.heard: list[tuple[int, str]] = []

        def started(self, number: int) -> None:
            self.heard.append((number, writer.jobs[number].status))

        def ended(self, number: int, outcome: Outcome) -> None:
            self.heard.append((number, writer.jobs[number].status))

    recorder = Recorder(writer)
    recorder.listener = listener = Listener()
    recorder.started(0, 4242, 17, wall_ns())
    recorder.ended(0, LOST, wall_ns(), 0.5)
    recorder.ended(1, SKIPPED, wall_ns())
    assert listener.heard == [(0, "running"), (0, "failed"), (1, "skipped")]


def _task_of(writer: InvocationWriter, number: int) -> Task:
    task = Task("post-commit:build", [lambda: True])
    note_job(task, JobNote(number, writer.jobs[number], f"build@{writer.identity}"))
    return task
