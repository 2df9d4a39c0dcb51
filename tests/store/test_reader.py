"""The lists of invocations: newest first, read lazily, and never stopped by a damaged record."""

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from dodo_hooks.core.statuses import COMPLETED, EXIT, FAILED, Outcome
from dodo_hooks.host.world import timestamp, wall_ns
from dodo_hooks.store import layout
from dodo_hooks.store.read_records import InvocationRecord, JobRecord
from dodo_hooks.store.reader import identities, list_invocations, read_invocation, read_jobs
from kit.history import History, end, start
from kit.invocation import Invocation

DONE = Outcome(COMPLETED, exit_code=0)
LOST = Outcome(FAILED, EXIT, exit_code=7)


def listed(history: History, **filters: Any) -> list[InvocationRecord]:
    """Return all invocations; a report fails the test."""
    return list(list_invocations(history.directory, report=pytest.fail, **filters))


def jobs_of(invocation: Invocation) -> dict[str, JobRecord]:
    record = read_invocation(str(invocation.path), pytest.fail)
    assert record is not None
    return {job.name: job for job in read_jobs(record, pytest.fail)}


def test_the_newest_comes_first(history: History) -> None:
    made = [history.finished({"a": DONE}).id for _ in range(3)]
    assert [one.id for one in listed(history)] == made[::-1]


def test_nothing_is_on_record_where_nothing_ran(history: History) -> None:
    assert listed(history) == []


def test_a_listing_is_of_one_hook_or_one_working_tree(history: History) -> None:
    checkout = history.finished({"a": DONE}, "post-checkout").id
    elsewhere = history.finished({"a": DONE}, worktree="/home/me/topic").id
    assert [one.id for one in listed(history, hook="post-checkout")] == [checkout]
    assert [one.id for one in listed(history, worktree="topic")] == [elsewhere]
    assert [one.id for one in listed(history, worktree="/home/me/topic")] == [elsewhere]
    assert listed(history, worktree="/home/you/topic") == []


def test_all_fields_come_back_as_they_were_written(history: History) -> None:
    writer = history.begin({"base": (), "lint": ("base",)}, foreground=("base",))
    end(writer, 0, LOST, b"out")
    end(writer, 1, Outcome("skipped", "need", "dependency base failed", need=0, root_cause=0))
    writer.finish(1)
    (record,) = listed(history)
    assert (record.hook, record.trigger, record.worktree, record.branch) == (
        "post-commit",
        "git",
        history.worktree,
        "main",
    )
    assert (record.pid, record.exit_code, record.error, record.is_alive) == (os.getpid(), 1, None, False)
    base, lint = read_jobs(record, pytest.fail)
    assert (base.phase, base.status, base.cause, base.exit_code, base.log_bytes) == ("foreground", FAILED, EXIT, 7, 3)
    assert base.started_at is not None and base.duration_s == 0.5
    assert (lint.needs, lint.need, lint.root_cause, lint.reason) == (
        ("base",),
        "base",
        "base",
        "dependency base failed",
    )
    assert lint.started_at is None and lint.declared_background


def test_jobs_come_in_the_order_of_the_plan(history: History) -> None:
    names = [f"job {number}" for number in range(12)]
    invocation = history.finished({name: DONE for name in names})
    assert list(jobs_of(invocation)) == names


@pytest.mark.parametrize(
    "name", ["lint/all: *.py", "ünï", "日本", "a" * 300, "..", "日/../../x", "a b'c\"d\\e", "-e"[1:]]
)
def test_c4_any_name_comes_back(history: History, name: str) -> None:
    assert list(jobs_of(history.finished({name: DONE}))) == [name]


def test_bytes_that_are_no_text_come_back(history: History) -> None:
    worktree = os.fsdecode(b"/home/\xff\n\x1b[31m")
    history.finished({"a": DONE}, worktree=worktree)
    assert [one.worktree for one in listed(history, worktree=worktree)] == [worktree]


# The last N of many


class Reads:
    """An observer of the directories and files that this process is about to open below a path."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self._below: str | None = None
        self._then: Callable[[str], None] | None = None
        sys.addaudithook(self._note)  # there is no way to remove it again

    @contextmanager
    def below(self, path: str, then: Callable[[str], None] | None = None) -> Generator[list[str], None, None]:
        """Collect the paths; `then` is called with each."""
        self.paths, self._below, self._then = [], path, then
        try:
            yield self.paths
        finally:
            self._below = None

    def _note(self, event: str, details: tuple[Any, ...]) -> None:
        if self._below is None or event not in ("open", "os.listdir", "os.scandir"):
            return
        if isinstance(details[0], str) and details[0].startswith(self._below):
            self.paths.append(details[0])
            if self._then is not None:
                self._then(details[0])


READS = Reads()


def make_old_ones(history: History) -> None:
    """Make the directories, without records, of a month of invocations in a very busy repository."""
    for number in range(10_000):
        day = f"202001{number // 400 + 1:02}"
        os.makedirs(layout.invocation_dir(history.directory, f"{day}-000000-{number:06}"))


def test_the_last_n_cost_o_of_n(history: History) -> None:
    make_old_ones(history)
    newest = [history.finished({"a": DONE, "b": LOST}) for _ in range(25)]
    with READS.below(history.directory) as paths:
        found = list(islice(list_invocations(history.directory, report=pytest.fail), 20))
        jobs = [job for one in found for job in read_jobs(one, pytest.fail)]
    assert [one.id for one in found] == [one.id for one in newest[:4:-1]]
    assert len(jobs) == 40
    # Per invocation: its record, the list of its jobs, two records. Beside these: the days, and the newest day.
    assert len(paths) == 20 * 4 + 2


def test_an_id_that_begins_with_a_day_costs_that_day(history: History) -> None:
    for day in ("20200101", "20200102", "20210101"):
        os.makedirs(layout.invocation_dir(history.directory, f"{day}-000000-000000"))
    for prefix, days in (("20200101-0", 1), ("202001", 2), ("", 3)):
        with READS.below(history.directory) as paths:
            assert len(list(identities(history.directory, prefix))) == days
        assert len(paths) == 1 + days


# What is broken


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"\xff",
    b"null",
    b'{"schema": 2}',
    b'{"schema": true}',
    b"[" * 100_000,
    b'{"schema": 1, "id": NaN}',
]


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_r19_a_broken_record_is_reported_once_and_breaks_no_listing(history: History, content: bytes) -> None:
    before = history.finished({"a": DONE})
    broken = history.finished({"a": DONE})
    after = history.finished({"a": DONE})
    (broken.path / "invocation.json").write_bytes(content)
    notices: list[str] = []
    found = list(list_invocations(history.directory, report=notices.append))
    assert [one.id for one in found] == [after.id, before.id]
    (notice,) = notices
    assert str(broken.path / "invocation.json") in notice


def test_r19_a_pipe_in_the_place_of_a_record_holds_up_no_listing(history: History) -> None:
    before, broken = history.finished({"a": DONE}), history.finished({"a": DONE})
    (broken.path / "invocation.json").unlink()
    os.mkfifo(broken.path / "invocation.json")
    assert [one.id for one in list_invocations(history.directory, report=lambda _: None)] == [before.id]


@pytest.mark.parametrize("content", [b"9" * 32, b"-1", b"x", b""])
def test_r19_a_broken_clock_keeps_no_run_from_its_record(history: History, content: bytes) -> None:
    history.finished({"a": DONE})
    Path(layout.clock_file(history.directory)).write_bytes(content)
    assert history.finished({"a": DONE}).id[:2] == "20"


@pytest.mark.parametrize(
    "field", ['"status": "completed"', '"needs": []', '"log_bytes": 0', '"declared_background": true']
)
@pytest.mark.parametrize("value", ['"no such status"', "[1]", "1.5", "{}", "null", "true and more"])
def test_r19_a_field_of_the_wrong_type_costs_that_job_alone(history: History, field: str, value: str) -> None:
    invocation = history.finished({"a": DONE, "b": DONE})
    meta = invocation.path / "jobs" / "0-a" / "meta.json"
    meta.write_text(meta.read_text().replace(field, f"{field.partition(':')[0]}: {value}"))
    record = read_invocation(str(invocation.path), pytest.fail)
    assert record is not None
    notices: list[str] = []
    assert [job.name for job in read_jobs(record, notices.append)] == ["b"]
    (notice,) = notices
    assert str(meta) in notice


def test_r19_a_job_without_its_command_is_not_used(history: History) -> None:
    invocation = history.finished({"a": DONE, "b": LOST})
    meta = Path(layout.meta_file(jobs_of(invocation)["b"].directory))
    fields = json.loads(meta.read_text())
    del fields["argv"]
    meta.write_text(json.dumps(fields))
    reports: list[str] = []
    record = read_invocation(str(invocation.path), pytest.fail)
    assert record is not None
    assert [job.name for job in read_jobs(record, reports.append)] == ["a"]
    assert reports == [f"skipped unreadable record {meta}: field 'argv' is missing"]


def test_r19_a_half_made_invocation_is_not_seen(history: History) -> None:
    done = history.finished({"a": DONE})
    shutil.copytree(done.path, done.path.with_name(f".{done.id}"))
    (done.path.parent / "notes.txt").write_text("not ours")
    assert [one.id for one in listed(history)] == [done.id]


def test_r19_a_directory_without_a_record_is_reported(history: History) -> None:
    done = history.finished({"a": DONE})
    (done.path / "invocation.json").unlink()
    notices: list[str] = []
    assert list(list_invocations(history.directory, report=notices.append)) == []
    assert len(notices) == 1


def test_an_invocation_that_is_pruned_meanwhile_is_not_reported(history: History) -> None:
    old, new = history.finished({"a": DONE}), history.finished({"a": DONE})
    found = list_invocations(history.directory, report=pytest.fail)
    assert next(found).id == new.id
    shutil.rmtree(old.path)
    assert list(found) == []


def test_a_record_that_lies_about_its_id_is_not_used(history: History) -> None:
    done = history.finished({"a": DONE})
    shutil.copytree(done.path, done.path.with_name(f"{done.id[:9]}000000-000000"))
    notices: list[str] = []
    assert [one.id for one in list_invocations(history.directory, report=notices.append)] == [done.id]
    assert len(notices) == 1


# Who is alive


def test_r18_while_the_writer_lives_its_records_are_the_truth(history: History) -> None:
    writer = history.begin({"deps": (), "build": ("deps",)})
    start(writer, "deps")
    (record,) = listed(history)
    assert record.is_alive
    assert [job.status for job in read_jobs(record, pytest.fail)] == ["running", "pending"]


def test_r18_after_the_death_of_the_writer_readers_say_so_and_write_nothing(history: History) -> None:
    graph = {"deps": (), "build": ("deps",), "pack": ("build",), "docs": ()}
    invocation = history.killed(graph, running=["deps"])
    before = {path: path.read_bytes() for path in _files(invocation.path)}
    (record,) = listed(history)
    jobs = jobs_of(invocation)
    assert record.writer_died and not record.is_alive
    assert {name: job.status for name, job in jobs.items()} == {
        "deps": "crashed",
        "build": "skipped",
        "pack": "skipped",
        "docs": "skipped",
    }
    assert (jobs["deps"].cause, jobs["build"].cause, jobs["docs"].cause) == ("writer-died", "need", "writer-died")
    assert (jobs["build"].need, jobs["pack"].need, jobs["pack"].root_cause) == ("deps", "build", "deps")
    assert {path: path.read_bytes() for path in _files(invocation.path)} == before


def test_r18_an_invocation_that_ended_has_no_dead_writer(history: History) -> None:
    history.finished({"a": DONE})
    (record,) = listed(history)
    assert not record.writer_died


def test_r18_a_writer_that_ends_while_it_is_read_has_not_died(history: History) -> None:
    writer = history.begin({"a": ()})

    def end_it(path: str) -> None:
        if path == layout.lock_file(writer.directory) and writer.has_locks:
            writer.finish(0)

    with READS.below(history.directory, end_it):  # after the record was read, before its lock is
        (record,) = listed(history)
    assert not writer.has_locks
    assert record.finished_at is not None and not record.writer_died


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def test_r18_runs_that_no_lock_can_tell_from_dead_ones_do_not_count_as_a_flood(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("dodo_hooks.store.writer.flock", flock)
    for _ in range(25):
        history.orphan({"a": ()})
    assert len(listed(history)) == 25


@pytest.mark.parametrize("leap_s", [-400 * 86400, -1, 400 * 86400])
def test_ids_keep_their_order_when_the_clock_leaps_and_records_have_its_time(
    history: History, monkeypatch: pytest.MonkeyPatch, leap_s: int
) -> None:
    now_ns = wall_ns()
    clock = [now_ns, now_ns + leap_s * 10**9, now_ns + 10**6, now_ns + 10**6]
    made = []
    for at_ns in clock:
        monkeypatch.setattr("dodo_hooks.store.writer.wall_ns", lambda at_ns=at_ns: at_ns)
        made.append(history.finished({"a": DONE}).id)
    assert made == sorted(set(made))
    assert [(one.id, one.started_at) for one in listed(history)][::-1] == list(
        zip(made, map(timestamp, clock), strict=True)
    )
