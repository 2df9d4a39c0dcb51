"""Records that may be deleted: order is trusted, clocks are not (section 7)."""

import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.plan import Retention
from dodo_hooks.store.maintenance.retention import CATCH_UP_S, StoredRun, age_s, to_delete, trusted_now
from kit.hook_files.plans import plan_of

NOW_S = 1_800_000_000.0
DAY_S = 86_400.0
RULES = Retention(7 * DAY_S, 3, 1000)


def identity(at_s: float, number: int = 0) -> str:
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(at_s)) + f"-{number:06}"


def kept(
    days_old: float, worktree: str | None = "/a", size: int = 1, alive: bool = False, number: int = 0
) -> StoredRun:
    return StoredRun(identity(NOW_S - days_old * DAY_S, number), worktree, size, alive)


def deleted(runs: list[StoredRun], rules: Retention = RULES, now_s: float = NOW_S) -> list[StoredRun]:
    ids = to_delete(runs, now_s, rules)
    return [one for one in runs if one.id in ids]


def test_what_is_old_goes_but_for_the_last_of_each_working_tree() -> None:
    old = [kept(days) for days in (20, 15, 12, 10, 9)]
    assert deleted(old) == old[:2]
    others = [kept(days, "/b") for days in (30, 29)]
    assert deleted([*old, *others]) == old[:2]
    young = [kept(days) for days in (1, 2, 3)]
    assert deleted([*old, *young]) == old


def test_an_age_of_exactly_the_retention_is_kept() -> None:
    rules = RULES._replace(keep_last=0)
    assert deleted([kept(7)], rules) == [] and deleted([kept(7 + 1 / DAY_S)], rules) != []


def test_a_working_tree_that_is_gone_keeps_its_records_for_their_time_only() -> None:
    runs = [kept(8, None), kept(6, None)]
    assert deleted(runs) == runs[:1]


def test_too_much_goes_from_the_oldest_on_but_never_the_very_newest_of_a_working_tree() -> None:
    runs = [kept(3, size=600), kept(2, size=600), kept(1, size=600)]
    assert deleted(runs) == runs[:2]
    assert deleted([kept(1, size=5000)]) == []
    assert deleted([kept(5, "/b", 900), *runs]) == runs[:2]
    assert deleted([kept(1, None, 5000), kept(1, "/a", number=1)]) == [kept(1, None, 5000)]


def test_what_is_alive_stays_and_counts() -> None:
    old = [kept(days, size=400, alive=days > 15) for days in (20, 16, 1, 0.5, 0.2)]
    assert deleted(old, RULES._replace(keep_last=0)) == old[2:4]


def test_a_clock_that_was_set_back_deletes_nothing() -> None:
    runs = [kept(days) for days in (5, 4, 3, 2, 1)]
    assert deleted(runs, now_s=NOW_S - 400 * DAY_S) == []


def test_a_clock_that_leapt_ahead_is_followed_in_steps() -> None:
    runs = [kept(days) for days in (5, 4, 3, 2, 1)]
    leapt_s = NOW_S + 4000 * DAY_S
    assert deleted(runs, now_s=trusted_now(NOW_S - DAY_S, leapt_s)) == []
    assert trusted_now(NOW_S, leapt_s) == NOW_S + CATCH_UP_S
    assert trusted_now(None, NOW_S) == NOW_S == trusted_now(NOW_S - DAY_S, NOW_S)
    assert trusted_now(NOW_S, NOW_S - 9 * DAY_S) == NOW_S - 9 * DAY_S


def test_an_id_that_is_no_time_has_no_age() -> None:
    assert age_s("20261399-999999-000000", NOW_S) == age_s("", NOW_S) == age_s(identity(NOW_S + 5), NOW_S) == 0


RUNS = st.lists(
    st.builds(
        kept,
        st.floats(-20, 40),
        st.sampled_from(["/a", "/b", None]),
        st.integers(0, 700),
        st.booleans(),
        st.integers(0, 999_999),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)
ALL_RULES = st.builds(
    Retention, st.floats(0, 30).map(lambda days: days * DAY_S), st.integers(0, 4), st.integers(0, 3000)
)


@given(RUNS, ALL_RULES)
def test_whatever_there_is_the_promises_hold(runs: list[StoredRun], rules: Retention) -> None:
    gone = deleted(runs, rules)
    left = [one for one in runs if one not in gone]
    assert not any(one.is_alive for one in gone)
    too_much = sum(one.size_bytes for one in left) > rules.max_total_bytes
    for one in left:
        newer = [other for other in runs if other.worktree == one.worktree and other.id > one.id]
        is_newest = one.worktree is not None and not newer
        is_last = one.worktree is not None and len(newer) < rules.keep_last
        assert one.is_alive or is_last or is_newest or age_s(one.id, NOW_S) <= rules.retention_s or not too_much
        assert one.is_alive or is_newest or not too_much  # nothing else stands in the way of the bound
        if not one.is_alive and not is_last:
            assert age_s(one.id, NOW_S) <= rules.retention_s
    assert deleted(left, rules) == []  # once is enough


@given(RUNS, st.lists(st.floats(-1000, 4000), max_size=5))
def test_nothing_young_is_lost_however_the_clock_leaps(runs: list[StoredRun], leaps: list[float]) -> None:
    """Prune several times, each as late as the clock says: a record that a correct clock would keep is kept."""
    rules, trusted_s = Retention(30 * DAY_S, 0, 10**9), NOW_S
    for days in leaps:
        trusted_s = trusted_now(trusted_s, NOW_S + days * DAY_S)
        gone = to_delete(runs, trusted_s, rules)
        assert all(age_s(one, NOW_S) > rules.retention_s - len(leaps) * CATCH_UP_S for one in gone)


def test_c3_the_keys_of_log(tmp_path: Path) -> None:
    default = Retention(604_800.0, 3, 500 * 1024 * 1024)
    assert plan_of(tmp_path, "hooks: {}").retention == plan_of(tmp_path, "log: {}").retention == default
    written = plan_of(tmp_path, "log: {retention: 36h, keep_last: 0, max_total_size: 2GB}")
    assert written.retention == Retention(129_600.0, 0, 2 * 1024**3)
