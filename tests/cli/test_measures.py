"""Ages, times and sizes as people read them."""

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.cli.measures import format_age, format_size
from dodo_hooks.host.world import timestamp, wall_ns
from dodo_hooks.store.read_records import unix_s


@pytest.mark.parametrize(
    ("elapsed_s", "words"),
    [(0, "0s ago"), (59, "59s ago"), (60, "1m ago"), (3_599, "59m ago"), (7_200, "2h ago"), (200_000, "2d ago")],
)
def test_a_heading_says_how_long_ago(elapsed_s: int, words: str) -> None:
    assert format_age(timestamp(wall_ns() - elapsed_s * 1_000_000_000)) == words


def test_a_time_that_is_yet_to_come_is_shown_as_it_is() -> None:
    later = timestamp(wall_ns() + 10**13)
    assert format_age(later) == later


@given(st.datetimes(datetime(1970, 1, 1), datetime(2399, 12, 31)))
def test_a_time_is_read_as_datetime_reads_it(moment: datetime) -> None:
    text = moment.isoformat(timespec="microseconds") + "Z"
    assert unix_s(text) == pytest.approx(moment.replace(tzinfo=timezone.utc).timestamp(), abs=1e-5)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-24", "2026-11-24T07:55Z", "2026-11T07:55:00Z"])
def test_what_is_no_time_is_shown_as_it_is(text: str) -> None:
    assert format_age(text) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0B"), (1023, "1023B"), (1536, "1.5KB"), (20 << 10, "20KB"), (500 << 20, "500MB"), (3 << 29, "1.5GB")],
)
def test_sizes_are_shown_as_they_are_written(size: int, text: str) -> None:
    assert format_size(size) == text
