"""The repair of a dead writer's records: who may do it, the ends that it writes, and its safety at any moment."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dodo_hooks.core.statuses import CANCELLED, CONDITION, EXIT, FAILED, SKIPPED, USER, Outcome
from dodo_hooks.store import layout
from dodo_hooks.store.maintenance.repair import repair
from dodo_hooks.store.reader import list_invocations, read_jobs
from kit.history import History, end, start
from kit.invocation import Invocation
from kit.repo import PACKAGES

CHAIN = {"deps": (), "build": ("deps",), "pack": ("build",), "docs": ()}


def markers(history: History) -> list[str]:
    return os.listdir(layout.live_dir(history.directory))


def as_shown(history: History) -> list[tuple[str, str | None, str | None, str | None]]:
    (record,) = list_invocations(history.directory, report=pytest.fail)
    return [(job.status, job.cause, job.need, job.root_cause) for job in read_jobs(record, pytest.fail)]


def test_r18_what_a_killed_writer_left_is_ended(history: History) -> None:
    invocation = history.killed(CHAIN, running=["deps"])
    assert repair(history.directory) == [invocation.id]
    assert invocation.statuses() == {"deps": "crashed", "build": "skipped", "pack": "skipped", "docs": "skipped"}
    deps, pack, docs = invocation.job("deps"), invocation.job("pack"), invocation.job("docs")
    assert (deps.cause, deps.log_bytes, deps.duration_s) == ("writer-died", len(b"working"), None)
    assert (pack.cause, pack.need, pack.root_cause) == ("need", "build", "deps")
    assert docs.cause == "writer-died" and "died" in docs.reason
    assert all(job.finished_at is not None for job in invocation.jobs())
    assert (invocation.record.exit_code, invocation.has_ended(), markers(history)) == (2, True, [])
    assert "died" in invocation.record.error


def test_r18_a_reader_shows_beforehand_what_a_repair_writes(history: History) -> None:
    history.orphan(CHAIN, running=["deps"])
    before = as_shown(history)
    repair(history.directory)
    assert as_shown(history) == before


def test_r18_all_that_was_written_before_stays(history: History) -> None:
    invocation = history.orphan({"deps": ()}, running=["deps"])
    before = invocation.job("deps").fields
    repair(history.directory)
    after = invocation.job("deps").fields
    assert list(after) == list(before)
    changed = {"status", "cause", "reason", "finished_at", "log_bytes"}
    assert {name for name in after if after[name] != before[name]} == changed


def test_r3_the_cascade_of_a_failure_is_finished(history: History) -> None:
    """The writer was killed after it had written the failure, and before the skips."""
    writer = history.begin({"a": (), "b": ("a",), "c": ("b",), "d": (), "e": ("d",), "f": ()})
    end(writer, 0, Outcome(FAILED, EXIT, exit_code=7))
    end(writer, 3, Outcome(SKIPPED, CONDITION, "no file matches"))  # satisfies what needs it (R2)
    end(writer, 5, Outcome(CANCELLED, USER))
    writer.release()
    assert repair(history.directory) == [writer.identity]
    invocation = Invocation(Path(writer.directory))
    assert list(invocation.statuses().values()) == [FAILED, SKIPPED, SKIPPED, SKIPPED, SKIPPED, CANCELLED]
    assert (invocation.job("c").need, invocation.job("c").root_cause) == ("b", "a")
    assert (invocation.job("d").cause, invocation.job("e").cause) == (CONDITION, "writer-died")
    assert invocation.job("a").exit_code == 7


def test_r18_an_error_that_was_recorded_is_not_replaced(history: History) -> None:
    writer = history.begin({"a": ()})
    writer.note(error="the disk was full")
    writer.release()
    repair(history.directory)
    assert Invocation(Path(writer.directory)).record.error == "the disk was full"


# Who may not


def test_r18_a_living_writer_is_left_alone(history: History) -> None:
    writer = history.begin(CHAIN)
    start(writer, "deps")
    assert repair(history.directory) == []
    assert Invocation(Path(writer.directory)).statuses()["deps"] == "running"
    assert len(markers(history)) == 1


def test_r18_while_a_wave_lives_nothing_is_written(history: History) -> None:
    writer = history.begin(CHAIN)
    start(writer, "deps")
    os.close(writer.lock)  # the writer is dead, and its wave has not ended its jobs yet
    writer.lock = -1
    assert repair(history.directory) == []
    writer.release()
    assert repair(history.directory) == [writer.identity]


def test_r18_another_hosts_invocation_is_left_alone(history: History) -> None:
    invocation = history.orphan(CHAIN, running=["deps"])
    path = invocation.path / "invocation.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "host": "elsewhere"}))
    assert repair(history.directory) == []
    assert invocation.statuses()["deps"] == "running"


def test_r19_a_broken_invocation_is_left_to_pruning(history: History) -> None:
    broken, other = history.orphan(CHAIN), history.orphan(CHAIN)
    (broken.path / "invocation.json").write_bytes(b"{")
    assert repair(history.directory) == [other.id]


def test_r19_a_broken_job_does_not_keep_its_invocation_open(history: History) -> None:
    invocation = history.orphan(CHAIN, running=["deps"])
    meta = invocation.job("build").path
    meta.write_bytes(b"{")
    assert repair(history.directory) == [invocation.id]
    assert meta.read_bytes() == b"{"
    assert Invocation(invocation.path).record.finished_at is not None
    assert json.loads((invocation.path / "jobs" / "0-deps" / "meta.json").read_text())["status"] == "crashed"


def test_r18_a_repair_reads_what_has_a_marker_and_nothing_else(history: History) -> None:
    invocation = history.orphan(CHAIN, running=["deps"])
    shutil.rmtree(layout.live_dir(history.directory))
    assert repair(history.directory) == []
    assert invocation.statuses()["deps"] == "running"


# At any moment


def test_r18_a_repair_that_was_killed_is_finished_by_the_next(history: History) -> None:
    invocation = history.orphan(CHAIN, running=["deps"])
    before = as_shown(history)
    untouched = {path: path.read_bytes() for path in invocation.path.rglob("*.json")}
    repair(history.directory)
    # Back to where the first repair had written one job and nothing else.
    for path, content in untouched.items():
        if path.parent.name != "0-deps":
            path.write_bytes(content)
    Path(layout.live_marker(history.directory, invocation.id, "post-commit")).touch()
    assert repair(history.directory) == [invocation.id]
    assert as_shown(history) == before


def test_r18_many_repairs_at_once_end_each_invocation_once(history: History) -> None:
    orphans = {history.orphan(CHAIN, running=["deps"]).id for _ in range(19)}
    program = (
        "import json, sys; from dodo_hooks.store.maintenance.repair import repair; "
        "input(); print(json.dumps(repair(sys.argv[1])))"
    )
    repairs = [
        subprocess.Popen(
            [sys.executable, "-c", program, history.directory],
            env={**os.environ, "PYTHONPATH": PACKAGES},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for one in repairs:  # all of them are about to begin
        assert one.stdin is not None
        one.stdin.write(b"go\n")
        one.stdin.flush()
    answers = [json.loads(one.communicate()[0]) for one in repairs]
    assert sorted(identity for answer in answers for identity in answer) == sorted(orphans)
    found = list(list_invocations(history.directory, report=pytest.fail))
    assert {one.exit_code for one in found} == {2}
    assert {tuple(job.status for job in read_jobs(one, pytest.fail)) for one in found} == {
        ("crashed", "skipped", "skipped", "skipped")
    }
    assert markers(history) == []


def test_r21_a_store_that_cannot_be_written_is_left_as_it_is_without_a_word(
    history: History, capfd: pytest.CaptureFixture[str]
) -> None:
    invocation = history.orphan(CHAIN, running=["deps"])
    # A directory where the new record would be written: the one thing that stops root too.
    (invocation.path / "jobs" / "0-deps" / "meta.json.tmp").mkdir()
    before = as_shown(history)
    assert repair(history.directory) == []
    assert capfd.readouterr() == ("", "")
    assert as_shown(history) == before
    assert len(markers(history)) == 1


def test_a_repository_without_a_store_has_nothing_to_repair(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert repair(str(tmp_path / "nowhere")) == []
    assert repair(str(tmp_path / "file")) == []


# Markers without an invocation


def marker_of(history: History, identity: str, age_s: float) -> Path:
    history.finished({})
    marker = Path(layout.live_marker(history.directory, identity, "post-commit"))
    marker.touch()
    at = marker.stat().st_mtime - age_s
    os.utime(marker, (at, at))
    return marker


@pytest.mark.parametrize(("age_s", "stays"), [(0, True), (50, True), (70, False), (-3600, True)])
def test_a_marker_whose_invocation_never_came_goes_after_a_minute(history: History, age_s: float, stays: bool) -> None:
    marker = marker_of(history, "20200101-000000-000000", age_s)
    assert repair(history.directory) == []
    assert marker.exists() == stays


def test_a_marker_of_an_invocation_that_is_being_built_stays(history: History) -> None:
    writer = history.begin(CHAIN)
    os.rename(writer.directory, layout.unfinished_dir(history.directory, writer.identity))
    marker = marker_of(history, writer.identity, 3600)
    repair(history.directory)
    assert marker.exists()


def test_the_marker_that_an_ended_invocation_left_goes(history: History) -> None:
    invocation = history.finished({})
    marker = marker_of(history, invocation.id, 0)
    assert repair(history.directory) == []
    assert not marker.exists()


def test_what_is_no_marker_is_left_alone(history: History) -> None:
    history.finished({})
    stranger = Path(layout.live_dir(history.directory)) / "..notes"
    stranger.touch()
    os.utime(stranger, (0, 0))
    repair(history.directory)
    assert stranger.exists()
