"""JSON without `import json`, which takes 9 ms, nearly all of it for `re`, which finds the blanks around a value (HOT).

People wait for what reads records, and jobs for the process that starts them. The scanner and the encoder of CPython's
own `json`, which do the rest, are in C and need no `re`. Where there are none, `json` does it.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_BLANKS = " \t\n\r"


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
    except SystemError:  # before Python 3.12 the scanner has no error to raise where `json.decoder` is not imported
        raise ValueError("not valid JSON") from None
    if text[end:].strip(_BLANKS):
        raise ValueError("something follows the JSON value")
    return value


def parse_json_object(text: str) -> "dict[str, object]":
    """Return a JSON object. Raises ValueError, RecursionError: the text is none."""
    value = parse_json(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def json_text(value: object) -> str:
    """Return the JSON text of plain values, in ASCII, as `json.dumps` writes it.

    Raises:
        TypeError, ValueError: a value has no JSON, or contains itself.
    """
    try:
        from _json import encode_basestring_ascii, make_encoder
    except ImportError:
        import json

        return json.dumps(value)
    encode = make_encoder({}, _no_json, encode_basestring_ascii, None, ": ", ", ", False, False, True)
    return "".join(encode(value, 0))


def _no_number(word: str) -> "NoReturn":
    raise ValueError(f"{word} is not a number")


def _no_json(value: object) -> "NoReturn":
    raise TypeError(f"{type(value).__name__} has no JSON")


class _Settings:
    """The attributes that the scanner reads, as `json.JSONDecoder` has them."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None  # read by later versions of Python
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_no_number)
