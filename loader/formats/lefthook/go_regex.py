r"""Regular expressions in Go's syntax (https://github.com/google/re2/wiki/Syntax), converted to Python's.

The two agree on most. Go has `\z`, `\Q...\E`, `[[:alpha:]]`, `\x{263a}`, `(?U)` and flags in the middle, and reads
`{,3}` as a text. It has `\pL` and `\C`, which Python does not have. Syntax that only Python has cannot occur in such a
file.
"""

import re

from dodo_hooks.core.diagnostics import InvalidValue

_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": r"0-9A-Za-z_",
}
_COUNT = re.compile(r"\{\d+(,\d*)?\}")
_FLAGS = re.compile(r"\(\?([imsU]*)(-[imsU]+)?([:)])")


def python_regex(text: str) -> str:
    """Return the same expression for Python.

    Raises:
        ValueError: there is none; the message is a sentence.
    """
    regex = _Rewriter(text).rewritten()
    try:
        re.compile(regex)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error.msg}") from None
    return regex


class _Rewriter:
    def __init__(self, text: str) -> None:
        self._text, self._at, self._out = text, 0, ""
        self._flags = [list[str]()]  # for each open group, the flags that hold from here to its end

    def rewritten(self) -> str:
        while self._at < len(self._text):
            self._step()
        return self._out + ")" * len(self._flags[0])

    def _step(self) -> None:
        character = self._text[self._at]
        if character == "\\":
            self._out += self._escape(in_class=False)
        elif character == "[":
            self._class()
        elif character == "(":
            self._open()
        elif character == "{" and not _COUNT.match(self._text, self._at):
            self._take(1, "\\{")
        elif character == ")":
            self._take(1, ")" * (1 + (len(self._flags.pop()) if len(self._flags) > 1 else 0)))
        elif character == "|":  # flags continue in the next alternative
            self._take(1, ")" * len(self._flags[-1]) + "|" + "".join(self._flags[-1]))
        else:
            self._take(1, character)

    def _take(self, length: int, replacement: str) -> None:
        self._at += length
        self._out += replacement

    def _open(self) -> None:
        flags = _FLAGS.match(self._text, self._at)
        if flags is None:
            self._flags.append([])
            named = self._text.startswith("(?<", self._at)  # Go's newer spelling of (?P<
            self._take(3 if named else 1, "(?P<" if named else "(")
            return
        on, off = flags[1].replace("U", ""), (flags[2] or "").replace("U", "")  # lazy or greedy finds the same
        wanted = on + (off if off != "-" else "")
        if self._at == 0 and flags[3] == ")" and wanted == on:
            self._take(len(flags[0]), f"(?{on})" if on else "")
            return
        opening = f"(?{wanted}:"
        if flags[3] == ":":
            self._flags.append([])
        else:
            self._flags[-1].append(opening)
        self._take(len(flags[0]), opening)

    def _class(self) -> None:
        self._take(1, "[")
        if self._text.startswith("^", self._at):
            self._take(1, "^")
        if self._text.startswith("]", self._at):
            self._take(1, "\\]")
        while self._at < len(self._text) and self._text[self._at] != "]":
            if self._text[self._at] == "\\":
                self._out += self._escape(in_class=True)
            elif self._text.startswith("[:", self._at):
                self._posix_class()
            else:
                character = self._text[self._at]
                self._take(1, "\\" + character if character in "[&~|" else character)
        self._take(1, "]")

    def _posix_class(self) -> None:
        end = self._text.find(":]", self._at)
        name = self._text[self._at + 2 : end] if end > 0 else ""
        if name not in _POSIX_CLASSES:
            raise InvalidValue(f"Python has no [:{name}:]", "write the characters out")
        self._take(end + 2 - self._at, _POSIX_CLASSES[name])

    def _escape(self, *, in_class: bool) -> str:
        letter = self._text[self._at + 1 : self._at + 2]
        if letter in ("p", "P", "C"):
            raise InvalidValue(f"Python has no \\{letter}", "write the characters out")
        if letter == "Q":
            end = self._text.find("\\E", self._at)
            literal = self._text[self._at + 2 : end if end > 0 else None]
            self._at = end + 2 if end > 0 else len(self._text)
            return re.escape(literal)
        if letter == "x" and self._text.startswith("{", self._at + 2):
            end = self._text.find("}", self._at)
            character = _character(self._text[self._at + 3 : end])
            self._at = end + 1
            return re.escape(character)
        self._at += 2
        if letter == "z" and not in_class:
            return "\\Z"
        return "\\" + letter


def _character(digits: str) -> str:
    try:
        return chr(int(digits, 16))
    except (ValueError, OverflowError):
        raise ValueError(f"\\x{{{digits}}} is not a character") from None
