"""How a text is shown at a terminal: in one line, with nothing in it that the terminal would obey."""

import unicodedata

UNPRINTABLE = frozenset(("Cc", "Cs", "Zl", "Zp"))
# They turn the text around them, so that it looks like another one.
_DIRECTION = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(text: str) -> str:
    """The text in one line, with nothing in it that a terminal would obey: such characters are shown escaped, and a
    byte that is no text as `\\xff`."""
    return "".join(_escaped(character) if _is_unsafe(character) else character for character in text)


def columns_of(text: str) -> int:
    """How many columns a terminal gives the text: two for a wide character, none for what joins the one before."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_unsafe(character: str) -> bool:
    return character in _DIRECTION or unicodedata.category(character) in UNPRINTABLE


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that could not be decoded (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii") if not 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
