"""Text for a terminal: escape, measure, truncate, pad and colour it (HOT).

Text from a file, a name or another program goes through `escape` before it is printed (section 8). The functions that
print call it (host/console.py, cli/terminal_table.py, engine/screen.py), so that no caller can forget it.

The parts of messages are here, too: texts in quotes, and lists.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


UNPRINTABLE = frozenset(("Cc", "Cs", "Zl", "Zp"))
# They turn the text around them, so that it looks like another one.
_DIRECTION = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:+,%@")
_FIRST_ODD_WIDTH = "\u0300"  # all printable characters below are one column wide

# Of ECMA-48's SGR: the prompt's own. All else has its colours from colorama (engine/colors.py).
BOLD, DIM, RED, GREEN, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def escape(text: str, keeps: str = "") -> str:
    r"""Return the text with every character escaped that a terminal would obey.

    A byte that is not text becomes `\xff`. The result is one line, unless `keeps`, the characters that stay
    unchanged, contains the newline.
    """
    if text.isprintable():  # nearly always; and it saves the prompt an import
        return text
    return "".join(
        _escaped(character) if character not in keeps and is_unsafe(character) else character for character in text
    )


def shell_word(text: str) -> str:
    """Quote the text as one word of a shell's command line.

    `shlex` would import `re`, which takes 7 ms.
    """
    return text if text and not set(text) - _PLAIN else "'" + text.replace("'", "'\\''") + "'"


def columns_of(text: str) -> int:
    """Return the width of the text in columns: two for a wide character, none for a combining one."""
    if text.isascii() or max(text) < _FIRST_ODD_WIDTH:
        return len(text)
    return sum(_width(character) for character in text)


def truncate(text: str, columns: int, sign: str = "…") -> str:
    """Return at most so many columns of the text, with a sign where the rest is missing."""
    if columns_of(text) <= columns:
        return text
    end = len(text)
    while end and columns_of(text[:end]) > columns - len(sign):
        end -= 1
    return text[:end].rstrip() + sign


def pad(text: str, columns: int) -> str:
    """Return the text padded with blanks to so many columns."""
    return text + " " * (columns - columns_of(text))


def paint(text: str, code: str) -> str:
    """Return the text in a colour: one of those above, or of colorama's."""
    return f"{code}{text}{_RESET}"


def wants_colors(
    environ: "Mapping[str, str]", is_terminal: bool, choice: "bool | None" = None, file: "bool | None" = None
) -> bool:
    """Return whether to print in colours.

    The first of these that is set wins: `choice` (`--color`), NO_COLOR (no-color.org), FORCE_COLOR (force-color.org)
    and CLICOLOR_FORCE, CLICOLOR=0 (both bixense.com/clicolors), `file` (`colors:`), and then whether the output is a
    terminal with colours. An empty variable is none, and so is CLICOLOR_FORCE=0.
    """
    if choice is not None:
        return choice
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if environ.get("CLICOLOR") == "0":
        return False
    if file is not None:
        return file
    return is_terminal and knows_escapes(environ)


def knows_escapes(environ: "Mapping[str, str]") -> bool:
    """Return whether a terminal obeys escape sequences. As for git, one without a TERM does not."""
    return environ.get("TERM", "dumb") != "dumb"


def has_unicode(environ: "Mapping[str, str]") -> bool:
    """Return whether the locale's encoding is UTF-8, by the first variable that is set (locale(7))."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return locale.upper().replace("-", "").partition("@")[0].endswith("UTF8")


def _width(character: str) -> int:
    import unicodedata

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def is_unsafe(character: str) -> bool:
    """Return whether a terminal would obey the character, or it turns the text around it."""
    import unicodedata

    return character in _DIRECTION or unicodedata.category(character) in UNPRINTABLE


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that could not be decoded (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii") if not 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


_LONGEST = 60


def quote(text: str) -> str:
    """Return the text in double quotes, truncated where it is long, without characters that a terminal would obey."""
    clean = text[: _LONGEST + 1]
    if not clean.isprintable():
        clean = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in clean)
    return f'"{clean[:_LONGEST]}..."' if len(clean) > _LONGEST else f'"{clean}"'


def join_or(names: "Iterable[str]") -> str:
    """Join names as `a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def counted(number: int, what: str) -> str:
    """Return `1 job`, `2 jobs`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def duration_text(seconds: float) -> str:
    """Return a duration as text: `0.4s`, `2m03s`, `1h02m`."""
    tenths = round(seconds * 10)
    if tenths < 600:
        return f"{tenths / 10:.1f}s"
    minutes, rest_s = divmod(round(seconds), 60)
    return f"{minutes}m{rest_s:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"
