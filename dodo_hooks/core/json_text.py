"""JSON for commands that people wait for.

`import json` takes 9 ms, nearly all of it for `re`, which finds the blanks around a value. The scanner of CPython's own
`json`, which does the rest, is in C and needs neither. Where there is none, `json` does it.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_BLANKS = " \t\n\r"


def _no_number(word: str) -> "NoReturn":
    raise ValueError(f"{word} is not a number")


class _Settings:
    """The attributes that the scanner reads, as `json.JSONDecoder` has them."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None  # read by later versions of Python
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_no_number)


def parse_json(text: str) -> object:
    """Return the value of a JSON text, in which NaN and infinities are errors.

    Raises:
        ValueError, RecursionError: the text is no JSON.
    """
    try:
        from _json import make_scanner
    except ImportError:
        import json

        return json.loads(text, parse_constant=_no_number)
    try:
        value, end = make_scanner(_Settings)(text, len(text) - len(text.lstrip(_BLANKS)))  # type: ignore[arg-type]
    except StopIteration:
        raise ValueError("there is no JSON value") from None
    if text[end:].strip(_BLANKS):
        raise ValueError("something follows the JSON value")
    return value
