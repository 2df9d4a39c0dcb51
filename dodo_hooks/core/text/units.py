"""Durations and sizes as users write them (C3)."""

from dodo_hooks.core.diagnostics import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_EXPECTED = "a duration is a whole number and one of ms, s, m, h, d, such as 300ms, 90s, 5m, 2h or 7d"
_DAY_S = 86_400.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": _DAY_S}
_LONGEST_S = 10_000 * _DAY_S  # beyond any use, and within what clocks and polls can add


def seconds_of(text: str) -> float:
    """Return the seconds of a duration: `90s` is 90.0. The result is more than zero.

    Raises:
        InvalidValue: it is not a duration; the message says what is expected.
    """
    number = text.rstrip("dhms")
    unit = text[len(number) :]
    if unit not in _UNITS or not (number.isascii() and number.isdigit()):
        compact = "".join(text.split())
        compact += "s" if text.isdigit() else ""
        raise InvalidValue(_EXPECTED, _fix(text, compact, seconds_of))
    if len(number.lstrip("0")) > 15:  # before int(), which refuses thousands of digits in words of its own
        raise InvalidValue("a duration is at most 10000d")
    # A division is exact where a multiplication by 0.001 is not.
    seconds = int(number) / 1000 if unit == "ms" else int(number) * _UNITS[unit]
    if seconds == 0:
        raise InvalidValue("a duration is more than zero", "leave it out for none")
    if seconds > _LONGEST_S:
        raise InvalidValue("a duration is at most 10000d")
    return seconds


_SIZES = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_SIZE_EXPECTED = "a size is a whole number and one of B, KB, MB, GB, such as 500KB or 10MB"
_LONGEST_DIGITS = 12


def bytes_of(text: str) -> int:
    """Return the bytes of a size: `10MB` is 10485760. Multiples are binary, and the result is more than zero.

    Raises:
        InvalidValue: it is not a size; the message says what is expected.
    """
    number = text.rstrip("BKMG")
    unit = text[len(number) :]
    if unit not in _SIZES or not (number.isascii() and number.isdigit()):
        raise InvalidValue(_SIZE_EXPECTED, _fix(text, "".join(text.split()).upper(), bytes_of))
    if len(number.lstrip("0")) > _LONGEST_DIGITS:
        raise InvalidValue(f"a size has at most {_LONGEST_DIGITS} digits")
    size = int(number) * _SIZES[unit]
    if not size:
        raise InvalidValue("a size is more than zero")
    return size


def _fix(text: str, meant: str, parse: "Callable[[str], float]") -> str:
    """Return the advice to write what was probably meant; "" where that is no value either."""
    if meant == text or len(meant) > 20:
        return ""
    try:
        parse(meant)
    except InvalidValue:
        return ""
    return f"write {meant}"
