"""The deletion of old invocations: never one that is alive, and whole ones only."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dodo_hooks.core.plan import Retention
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store import layout
from dodo_hooks.store.failure_notices import write_notice
from dodo_hooks.store.maintenance.prune_runs import prune, prune_if_due
from dodo_hooks.store.reader import identities
from kit.history import DONE, History

NOTHING = Retention(0.001, 0, 10**9)
DAY_S = 86_400.0


@pytest.fixture
def old(history: History) -> Callable[[float], str]:
    """Return a function that makes invocations that ended days ago: their time is in their names."""

    def make(days: float, **options: str) -> str:
        at_ns = wall_ns() - int(days * DAY_S * 1e9)
        return _dated(history, at_ns, **options) if days else history.finished({"a": DONE}, **options).id

    return make


def _dated(history: History, at_ns: int, **options: str) -> str:
    made = history.finished({"a": DONE}, **options).path
    identity = time.strftime("%Y%m%d-%H%M%S", time.gmtime(at_ns / 1e9)) + made.name[15:]
    day = Path(history.directory) / layout.day_of(identity)
    day.mkdir(exist_ok=True)
    record = made / "invocation.json"
    record.write_bytes(record.read_bytes().replace(made.name.encode(), identity.encode()))
    made.rename(day / identity)
    return identity


def left(history: History) -> list[str]:
    return sorted(identities(history.directory))


def now_s() -> float:
    return wall_ns() / 1e9


def test_old_ones_go_with_their_days(history: History, old: Callable[..., str], tmp_path: Path) -> None:
    ids = [old(days, worktree=str(tmp_path)) for days in (20, 10, 9, 8, 0)]
    assert [one.id for one in prune(history.directory, Retention(), now_s(), is_dry=True)] == ids[:2]
    assert left(history) == ids
    pruned = prune(history.directory, Retention(), now_s())
    assert [one.id for one in pruned] == ids[:2] and all(one.size_bytes > 0 for one in pruned)
    assert left(history) == ids[2:]
    assert not os.path.exists(f"{history.directory}/{layout.day_of(ids[0])}")
    assert prune(history.directory, Retention(), now_s()) == []


def test_of_a_working_tree_that_is_gone_none_is_kept_for_ever(history: History, old: Callable[..., str]) -> None:
    old(10, worktree="/no/such/tree")
    assert len(prune(history.directory, Retention(), now_s())) == 1


@pytest.mark.parametrize("lock", ["lock", "alive"])
def test_r18_one_whose_lock_is_held_is_never_deleted(history: History, old: Callable[..., str], lock: str) -> None:
    identity = old(10)
    path = Path(layout.invocation_dir(history.directory, identity)) / lock
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert prune(history.directory, NOTHING, now_s()) == []
    assert [one.id for one in prune(history.directory, NOTHING, now_s())] == [identity]


def test_one_that_runs_is_never_deleted(history: History) -> None:
    writer = history.begin({"a": ()})
    assert prune(history.directory, Retention(0.001, 0, 1), now_s() + 100 * DAY_S) == []
    assert left(history) == [writer.identity]


def test_r18_one_of_another_host_that_has_not_ended_is_left_to_it(history: History) -> None:
    """Its locks may be invisible on this host."""
    orphan = history.orphan({"a": ()}, running=["a"])
    record = orphan.path / "invocation.json"
    host = orphan.record.host
    record.write_bytes(record.read_bytes().replace(f'"host": "{host}"'.encode(), b'"host": "elsewhere"'))
    assert prune(history.directory, NOTHING, now_s() + DAY_S) == []
    assert orphan.path.exists()


def test_r18_an_orphan_is_ended_first_and_then_deleted(history: History) -> None:
    orphan = history.killed({"a": ()}, running=["a"])
    assert [one.id for one in prune(history.directory, NOTHING, now_s() + DAY_S)] == [orphan.id]
    assert not orphan.path.exists()


def test_r19_a_broken_record_goes_by_the_age_of_its_id(history: History, old: Callable[..., str]) -> None:
    young, aged = old(0), old(10)
    for identity in (young, aged):
        Path(layout.invocation_file(layout.invocation_dir(history.directory, identity))).write_bytes(b"{")
    assert [one.id for one in prune(history.directory, Retention(), now_s())] == [aged]


def test_r19_what_is_being_made_is_left_and_what_a_killed_writer_left_goes(history: History) -> None:
    history.finished({"a": DONE})
    (day,) = (path for path in Path(history.directory).iterdir() if path.name.startswith("2"))
    names = (".20260101-000000-000001", ".gone-20260101-000000-000002", ".20260101-000000-000003", ".new")
    for name in names:
        (day / name).mkdir()
        (day / name / "lock").touch()
        if name != ".new":
            os.utime(day / name, (0, 0))
    with (day / names[0] / "lock").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        prune(history.directory, Retention(), now_s())
        assert [path.name for path in sorted(day.iterdir()) if path.name.startswith(".")] == [names[0], ".new"]


def test_a_notice_of_what_is_deleted_is_not_reported(history: History, old: Callable[..., str]) -> None:
    identity, other = old(10), old(0)
    for one in (identity, other):
        write_notice(history.directory, one, "post-commit", "post-commit: a failed")
    prune(history.directory, Retention(), now_s())
    assert os.listdir(layout.failed_dir(history.directory)) == [f"{other}.post-commit"]


def test_once_a_day_is_enough(history: History, old: Callable[..., str]) -> None:
    start_s = now_s()
    old(10)
    prune_if_due(history.directory, Retention(), start_s)
    assert left(history) == []
    second = old(10)
    prune_if_due(history.directory, Retention(), start_s + DAY_S - 60)
    assert left(history) == [second]
    prune_if_due(history.directory, Retention(), start_s + DAY_S + 60)
    assert left(history) == []


def test_a_clock_that_leaps_ahead_does_not_empty_the_store(history: History, old: Callable[..., str]) -> None:
    start_s, ids = now_s(), [old(days) for days in (4, 3, 2)]
    prune_if_due(history.directory, Retention(), start_s)
    prune_if_due(history.directory, Retention(), start_s + 3650 * DAY_S)
    assert left(history) == ids
    prune_if_due(history.directory, Retention(), start_s)  # set right again
    assert left(history) == ids


@pytest.mark.parametrize("content", [b"", b"x", b"1 2 3", b"\xff\xfe", b"nan nan"])
def test_a_damaged_stamp_is_none(history: History, old: Callable[..., str], content: bytes) -> None:
    old(10)
    Path(layout.prune_stamp(history.directory)).write_bytes(content)
    prune_if_due(history.directory, Retention(), now_s())
    assert left(history) == []


def test_two_prunings_at_once_are_one(history: History, old: Callable[..., str]) -> None:
    identity = old(10)
    with open(layout.prune_stamp(history.directory), "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        prune_if_due(history.directory, Retention(), now_s())
        assert left(history) == [identity]


def test_r21_a_store_that_is_not_there_or_read_only_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    prune_if_due(str(tmp_path / "file" / "repository"), Retention(), now_s())
    assert prune(str(tmp_path / "none"), Retention(), now_s()) == []
