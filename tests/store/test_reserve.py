"""A disk that is full when jobs end: their ends are written into the reserved room (R18, R21)."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.statuses import COMPLETED, EXIT, FAILED, NEED, SKIPPED, Outcome
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store import layout, reserve
from dodo_hooks.store.maintenance.repair import repair
from dodo_hooks.store.read_records import InvocationRecord, JobRecord
from dodo_hooks.store.reader import list_invocations, read_jobs
from dodo_hooks.store.records import JobState
from dodo_hooks.store.writer import InvocationWriter
from kit.history import History
from kit.invocation import Invocation

if not hasattr(os, "posix_fallocate"):
    pytest.skip("room cannot be taken here (macOS)", allow_module_level=True)

DONE = Outcome(COMPLETED, exit_code=0)
LOST = Outcome(FAILED, EXIT, exit_code=7)
CHAIN = {"deps": (), "lint": (), "build": ("lint",)}


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOSPC) -> Iterator[None]:
    """Let every creation of a file in the store fail."""

    def create(path: str, data: bytes) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr("dodo_hooks.host.files.atomic_files.write_file", create)
        yield


def run(writer: InvocationWriter) -> None:
    """Complete deps, fail lint, and skip build because of that; none of these can be written."""
    for number in (0, 1):
        writer.started(number, 4242, 1, wall_ns())
    writer.ended(0, DONE, wall_ns(), 0.5)
    writer.ended(1, LOST, wall_ns(), 0.7)
    writer.ended(2, Outcome(SKIPPED, NEED, "needs lint, which failed", need=1, root_cause=1), wall_ns())
    with pytest.raises(StoreError):
        writer.flush()


def shown(history: History) -> tuple[InvocationRecord, dict[str, JobRecord]]:
    (record,) = list_invocations(history.directory, report=pytest.fail)
    return record, {job.name: job for job in read_jobs(record, pytest.fail)}


def expect_the_truth(jobs: dict[str, JobRecord]) -> None:
    assert {name: job.status for name, job in jobs.items()} == {"deps": COMPLETED, "lint": FAILED, "build": SKIPPED}
    assert (jobs["lint"].exit_code, jobs["lint"].duration_s, jobs["lint"].pid) == (7, 0.7, 4242)
    assert (jobs["build"].need, jobs["build"].root_cause, jobs["build"].reason) == (
        "lint",
        "lint",
        "needs lint, which failed",
    )
    assert all(job.finished_at for job in jobs.values()) and jobs["deps"].started_at


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_r21_what_ended_on_a_full_disk_is_shown_as_it_ended(
    history: History, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    writer = history.begin(CHAIN)
    with full_disk(monkeypatch, number):
        run(writer)
        with pytest.raises(StoreError):
            writer.finish(1)
        assert not writer.has_locks
        record, jobs = shown(history)
        assert (record.exit_code, record.is_alive, record.writer_died) == (1, False, False)
        assert record.error is not None and "no space left on the disk of" in record.error
        expect_the_truth(jobs)
        assert repair(history.directory) == []
    assert repair(history.directory) == [writer.identity]
    invocation = Invocation(Path(writer.directory))
    assert invocation.statuses() == {"deps": COMPLETED, "lint": FAILED, "build": SKIPPED}
    assert (invocation.record.exit_code, invocation.has_ended()) == (1, True)
    expect_the_truth(shown(history)[1])
    assert os.listdir(layout.live_dir(history.directory)) == [] and repair(history.directory) == []


def test_r18_a_writer_that_is_killed_on_a_full_disk_costs_only_what_had_not_ended(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = history.begin({"deps": (), "lint": (), "pack": ("deps",)})
    writer.started(1, 4243, 1, wall_ns())
    writer.flush()
    with full_disk(monkeypatch):
        writer.started(0, 4242, 1, wall_ns())
        writer.ended(0, DONE, wall_ns(), 0.5)
        with pytest.raises(StoreError):
            writer.flush()
    writer.release()
    record, jobs = shown(history)
    expected = {"deps": (COMPLETED, None), "lint": ("crashed", "writer-died"), "pack": (SKIPPED, "writer-died")}
    assert record.writer_died
    assert {name: (job.status, job.cause) for name, job in jobs.items()} == expected
    assert repair(history.directory) == [writer.identity]
    assert {job.name: (job.status, job.cause) for job in Invocation(Path(writer.directory)).jobs()} == expected


def test_what_was_kept_and_then_written_is_not_read_again(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = history.begin(CHAIN)
    lock = Path(layout.lock_file(writer.directory))
    assert lock.stat().st_blocks * 512 >= 4 * reserve.SLOT_BYTES
    with full_disk(monkeypatch):
        run(writer)
    writer.finish(1)
    lock.write_bytes(lock.read_bytes().replace(b"failed", b"broken"))
    expect_the_truth(shown(history)[1])
    assert repair(history.directory) == []


def test_r21_without_room_a_full_disk_leaves_the_writer_alive(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "")

    monkeypatch.setattr("dodo_hooks.store.reserve.os.posix_fallocate", refuse)
    writer = history.begin(CHAIN)
    with full_disk(monkeypatch):
        run(writer)
        with pytest.raises(StoreError):
            writer.finish(1)
    assert writer.has_locks and shown(history)[0].is_alive  # so whoever has it can try again
    writer.finish(1)
    expect_the_truth(shown(history)[1])


texts = st.text(max_size=400) | st.none()


@given(texts, st.text(min_size=1, max_size=300), st.integers(0, 10**19))
def test_any_end_fits_into_its_slot(
    tmp_path_factory: pytest.TempPathFactory, reason: str | None, name: str, n: int
) -> None:
    state = JobState("")
    state.started_ns, state.finished_ns, state.duration_s, state.pid, state.wave = n, n, n / 7, n, n
    state.log_bytes = state.log_left_out = n
    state.changed_meanwhile = f"HEAD moved from {'a' * 7} to {'b' * 7} and the index changed while it ran"
    state.outcome = Outcome(SKIPPED, NEED, reason, 255, 64, need=0, root_cause=0)
    lock = tmp_path_factory.getbasetemp() / "slots"
    with lock.open("wb") as file:
        assert reserve.put_job(file.fileno(), 1, state, [name])
        assert reserve.put_invocation(file.fileno(), n, n, 2, reason)
    slots = reserve.read_slots(str(lock))
    assert list(slots) == [0, 2] and lock.stat().st_size == 3 * reserve.SLOT_BYTES
    assert slots[2]["status"] == SKIPPED and slots[2]["finished_at"] == slots[0]["finished_at"]
    assert (reason or "").startswith(str(slots[2]["reason"] or "")) and slots[2]["need"] in (name, None)


@given(st.binary(max_size=2000))
def test_r19_rubbish_in_the_slots_is_no_end(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    lock = tmp_path_factory.getbasetemp() / "rubbish"
    lock.write_bytes(data)
    assert all(isinstance(fields, dict) for fields in reserve.read_slots(str(lock)).values())
    lock.write_bytes(b", " + b"[" * (reserve.SLOT_BYTES - 2) + data)
    assert 0 not in reserve.read_slots(str(lock))
