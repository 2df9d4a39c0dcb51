"""Durations and sizes (C3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.text.units import bytes_of, seconds_of

EXAMPLES = {"300ms": 0.3, "1ms": 0.001, "90s": 90.0, "5m": 300.0, "2h": 7200.0, "7d": 604_800.0, "007s": 7.0}
UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@pytest.mark.parametrize(("text", "seconds"), EXAMPLES.items())
def test_c3_a_duration_is_seconds(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@given(st.integers(1, 10_000), st.sampled_from(list(UNIT_S)))
def test_c3_durations_there_and_back(number: int, unit: str) -> None:
    assert seconds_of(f"{number}{unit}") / UNIT_S[unit] == number
    assert seconds_of(f"{number}ms") == float(f"{number}e-3")


@pytest.mark.parametrize(
    "text",
    ["", "s", "5", "5 m", " 5m", "5m ", "5m\n", "-5m", "+5m", "1.5h", "1h30m", "5min", "5M", "5S", "5µs", "٣s", "²s",
     "1_000s", "5ss", "5sm", "ms5", "0x5s", "1e3s", "inf", "infs", "9" * 5000],
)  # fmt: skip
def test_c3_anything_else_is_refused_and_the_error_says_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="such as 300ms, 90s, 5m, 2h or 7d"):
        seconds_of(text)


@pytest.mark.parametrize("text", ["0s", "0ms", "000d"])
def test_c3_zero_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="more than zero"):
        seconds_of(text)


@pytest.mark.parametrize("text", ["10001d", "9999999999999999999999s", "9" * 5000 + "d"])
def test_c3_what_no_clock_can_add_is_refused(text: str) -> None:
    assert seconds_of("10000d") == 864_000_000
    with pytest.raises(ValueError, match="at most 10000d"):
        seconds_of(text)


@pytest.mark.parametrize(("text", "fix"), [("30", "write 30s"), ("5 m", "write 5m"), ("1 000 s", "write 1000s")])
def test_c3_the_error_for_the_usual_slips_has_the_fix(text: str, fix: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        seconds_of(text)
    assert caught.value.fix == fix


@pytest.mark.parametrize("text", ["5 x", "1 000", "5" * 30, "5 mm", "5 dms", "5 sm", "0", "0 h", "20000 d", "٣", "٣ s"])
def test_c3_no_fix_is_suggested_that_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        seconds_of(text)
    assert caught.value.fix == ""


@pytest.mark.parametrize(("text", "fix"), [("10 mb", "write 10MB"), ("0 MB", ""), ("9" * 13 + " B", ""), ("5 BB", "")])
def test_c3_a_suggested_size_is_a_size(text: str, fix: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        bytes_of(text)
    assert caught.value.fix == fix


@given(st.text("0123456789mshd .-+", max_size=8) | st.text(max_size=8))
def test_c3_a_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        assert seconds_of(text) > 0
    except ValueError as error:
        assert str(error).startswith("a duration is")


@pytest.mark.parametrize(
    ("text", "size"), {"1B": 1, "64KB": 65_536, "10MB": 10_485_760, "2GB": 2_147_483_648, "007KB": 7_168}.items()
)
def test_c3_a_size_is_bytes_in_binary_multiples(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    "text", ["", "10", "MB", "10 MB", "10mb", "10M", "1.5MB", "-1MB", "10MiB", "٣MB", "10TB", "0MB"]
)
def test_c3_any_other_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="more than zero" if text == "0MB" else "such as 500KB or 10MB"):
        bytes_of(text)
