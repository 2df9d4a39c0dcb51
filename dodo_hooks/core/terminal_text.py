"""Text at a terminal: made safe, measured, cut, coloured (HOT).

Whatever comes from a file, a name or another program goes through `shown` before it is printed (section 8). Whoever
prints calls it (host/console.py, cli/terminal_table.py, engine/screen.py), so that no caller can forget it.

How problems are said: quoted texts, nearest names (C2).
"""

from collections.abc import Iterable
from functools import lru_cache

from dodo_hooks.core.nearest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


UNPRINTABLE = frozenset(("Cc", "Cs", "Zl", "Zp"))
# They turn the text around them, so that it looks like another one.
_DIRECTION = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:+,%@")
_FIRST_ODD_WIDTH = "\u0300"  # all printable characters below are one column wide

BOLD, DIM, RED, GREEN = "1", "2", "31", "32"  # of ECMA-48's SGR


def shown(text: str, keeps: str = "") -> str:
    """The text with nothing in it that a terminal would obey: such characters are shown escaped, and a byte that is no
    text as `\\xff`. It is one line, unless `keeps`, characters that stay as they are, has the newline in it."""
    if text.isprintable():  # nearly always; and it saves the prompt an import
        return text
    return "".join(
        _escaped(character) if character not in keeps and _is_unsafe(character) else character for character in text
    )


def shell_word(text: str) -> str:
    """The text as one word of a shell's command line. (`shlex` would import `re`, 7 ms.)"""
    return text if text and not set(text) - _PLAIN else "'" + text.replace("'", "'\\''") + "'"


def columns_of(text: str) -> int:
    """How many columns a terminal gives the text: two for a wide character, none for what joins the one before."""
    if text.isascii() or max(text) < _FIRST_ODD_WIDTH:
        return len(text)
    return sum(_width(character) for character in text)


def cut(text: str, columns: int, sign: str = "…") -> str:
    """The text, or as much of its beginning as fits into so many columns, with a sign that it was cut."""
    if columns_of(text) <= columns:
        return text
    end = len(text)
    while end and columns_of(text[:end]) > columns - len(sign):
        end -= 1
    return text[:end].rstrip() + sign


def padded(text: str, columns: int) -> str:
    return text + " " * (columns - columns_of(text))


def painted(text: str, code: str) -> str:
    """The text in one of the colours above."""
    return f"\x1b[{code}m{text}\x1b[0m"


def wants_colors(
    environ: "Mapping[str, str]", is_terminal: bool, choice: "bool | None" = None, file: "bool | None" = None
) -> bool:
    """Whether to print in colours. The first that says something wins: `choice` (`--color`), NO_COLOR (no-color.org),
    CLICOLOR_FORCE (bixense.com/clicolors), the `file` (`colors:`), and then whether a terminal shows them."""
    if choice is not None:
        return choice
    if environ.get("NO_COLOR"):
        return False
    if environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if file is not None:
        return file
    return is_terminal and environ.get("TERM") != "dumb"


def has_unicode(environ: "Mapping[str, str]") -> bool:
    """Whether the locale's encoding is UTF-8, by the first variable that says something (locale(7))."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return locale.upper().replace("-", "").partition("@")[0].endswith("UTF8")


def _width(character: str) -> int:
    import unicodedata

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_unsafe(character: str) -> bool:
    import unicodedata

    return character in _DIRECTION or unicodedata.category(character) in UNPRINTABLE


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that could not be decoded (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii") if not 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


_LONGEST = 60


def quoted(text: str) -> str:
    """The text in double quotes, cut where it is long, with nothing in it that a terminal would obey."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: _LONGEST + 1])
    return f'"{shown[:_LONGEST]}..."' if len(shown) > _LONGEST else f'"{shown}"'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The rest of a sentence, `, did you mean "needs"?`; empty when nothing known is near."""
    near = _nearest(name, tuple(known))
    return f", did you mean {quoted(near)}?" if near is not None else ""


_nearest = lru_cache(maxsize=1000)(nearest)  # an alias may bring one mistake to thousands of jobs


def listed(names: Iterable[str]) -> str:
    """`a, b or c`"""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
