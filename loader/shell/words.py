"""Where each placeholder of a word stands: bare, in double or in single quotes (XCU 2.2 and 2.6 of POSIX).

Nothing is expanded. What shells read differently is `Unclear`: such a command has to go without placeholders.
"""

import re
from bisect import bisect_left
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BARE, SINGLE, DOUBLE = "bare", "single", "double"  # the quotes around a placeholder
ARGUMENT, ITEM, ASSIGNMENT, SUBJECT, TARGET = "argument", "item", "assignment", "subject", "target"  # roles of a word

UNKNOWN = "\0"  # stands in a word's text for what is not known before the shell runs

_DEEPEST = 50
BREAKS = " \t\n;&|<>()"
_BLANK = re.compile(r"(?:[ \t]|\\\n)+|#[^\n]*")
_PARAMETER = re.compile(r"\$\{[#!]?(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])")
_SHORT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_ANSI = re.compile(r"\$'([^'\\]|\\[^'])*'", re.DOTALL)  # a shell without it ends at a \' already
_BACKTICKS = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
FUNCTION = "in a function, which has arguments of its own: hand the value to it"


class Unclear(Exception):
    """The text cannot be read, or not in one way."""


class Position:
    """A placeholder where a shell would expand something."""

    def __init__(self, start: int, end: int, quotes: str, word: "Word", place: str) -> None:
        self.start, self.end, self.quotes, self.word = start, end, quotes, word
        self.place = place  # where it stands, if nothing may be put there; "" else
        self.outer = (start, end)  # with its quotes, when there is nothing else between them

    @property
    def is_whole(self) -> bool:
        return self.outer != (self.start, self.end)


class Word:
    def __init__(self, start: int, role: str, operator: str = "") -> None:
        self.start, self.end, self.role = start, start, role
        self.operator = operator  # of the redirection that it is the target of
        self.text = ""  # without its quotes, and UNKNOWN for each expansion and each placeholder
        self.is_solid = False  # the shell cannot make no word at all of it


class Words:
    """The part of the reader that knows words; `ShellText` adds commands."""

    has_pipe = False  # a command may read what another one prints
    _functions = 0  # how many bodies of functions we are in

    def __init__(self, text: str, placeholders: "dict[int, int]") -> None:
        """`placeholders`: where each begins -> where it ends."""
        self.positions: dict[int, Position] = {}
        self._text, self._placeholders, self._starts = text, placeholders, sorted(placeholders)
        self._at, self._end = 0, len(text)
        self._depth = 0
        self._place = ""  # what we are in, if nothing may be put there
        self._documents: list[tuple[str, bool, bool]] = []  # delimiter, whether tabs are stripped, whether it is quoted

    def _commands(self, closer: str) -> None:
        raise NotImplementedError

    def _newline(self) -> None:
        raise NotImplementedError

    def starts_in(self, start: int, end: int) -> "list[int]":
        """Where the placeholders between two places begin."""
        return self._starts[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def _here(self, length: int = 1) -> str:
        return self._text[self._at : min(self._at + length, self._end)]

    def _is_over(self) -> bool:
        return self._at >= self._end

    def _take(self, pattern: "re.Pattern[str]") -> str:
        """What the pattern matches here, and over it."""
        match = pattern.match(self._text, self._at, self._end)
        if not match or self._at in self._placeholders:
            return ""
        self._at = match.end()
        return match[0]

    def _blanks(self) -> None:
        while self._take(_BLANK):
            pass

    def _lines(self) -> None:
        self._blanks()
        while self._here() == "\n":
            self._at += 1
            self._newline()
            self._blanks()

    @contextmanager
    def _inside(self, place: str) -> "Iterator[None]":
        """One level further in; with `place` nothing may be put in the place of a placeholder."""
        outer, self._place = self._place, self._place or place
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unclear("it is nested too deeply")
        yield
        self._depth -= 1
        self._place = outer

    # Words

    def _word(self, role: str, operator: str = "") -> Word:
        """The word that begins here."""
        word = Word(self._at, role, operator)
        while self._at < self._end and (self._here() not in BREAKS or self._here(2) in ("<(", ">(")):
            self._piece(word, is_quoted=False)
        word.end = self._at
        raw = self._text[word.start : word.end]
        if not raw:
            raise Unclear(f"a {self._here() or 'word'} is missing or stands in a strange place".replace("\n", "word"))
        if self._documents and "\n" in raw:
            raise Unclear("a here-document begins in the middle of a word")
        word.is_solid = bool(word.text.strip(UNKNOWN)) or (raw[0] in "\"'" and "@" not in raw)
        return word

    def _piece(self, word: Word, is_quoted: bool) -> None:
        """One character or one construct; `is_quoted`: inside double quotes."""
        if self._is_over():
            raise Unclear("a quote or a brace is not closed")
        character = self._text[self._at]
        if self._at in self._placeholders:
            self._position(word, DOUBLE if is_quoted else BARE)
        elif character == "\\":
            following = self._here(2)[1:]
            is_escape = not is_quoted or following in ("$", "`", '"', "\\")
            word.text += "" if following == "\n" else following if is_escape else character + following
            self._at = min(self._at + 2, self._end)
        elif character == "$":
            self._dollar(word, is_quoted)
        elif character == "`":
            self._backticks(word)
        elif character == "'" and not is_quoted:
            self._single(word)
        elif character == '"' and not is_quoted:
            self._double(word)
        elif not is_quoted and self._here(2) in ("<(", ">("):
            self.has_pipe = True
            with self._inside("in <( ): pipe it"):
                self._substitution(word)
        else:
            word.text += character
            self._at += 1

    def _position(self, word: Word, quotes: str) -> Position:
        end = self._placeholders[self._at]
        if end > self._end:
            raise Unclear("a placeholder is cut off")
        place = self._place or (FUNCTION if self._functions else "")
        position = self.positions[self._at] = Position(self._at, end, quotes, word, place)
        word.text += UNKNOWN
        self._at = end
        return position

    def _single(self, word: Word) -> None:
        start, close = self._at, self._text.find("'", self._at + 1, self._end)
        if close < 0:
            raise Unclear("a single quote is not closed")
        self._at += 1
        while self._at < close:
            if self._at in self._placeholders:
                self._position(word, SINGLE)
            else:
                word.text += self._text[self._at]
                self._at += 1
        self._close(start)

    def _double(self, word: Word) -> None:
        start = self._at
        self._at += 1
        while self._here() != '"':
            self._piece(word, is_quoted=True)
        self._close(start)

    def _close(self, start: int) -> None:
        """Over the closing quote; a placeholder that is alone in its quotes takes them along."""
        self._at += 1
        position = self.positions.get(start + 1)
        if position and position.end == self._at - 1:
            position.outer = (start, self._at)

    def _dollar(self, word: Word, is_quoted: bool) -> None:
        following = self._here(2)[1:]
        if self._here(3) == "$((":
            self._arithmetic(self._at + 1)
            word.text += UNKNOWN
        elif following == "(":
            self._substitution(word)
        elif following == "{":
            self._parameter(word, is_quoted)
        elif following == "'" and not is_quoted:
            match = _ANSI.match(self._text, self._at, self._end)
            if not match:
                raise Unclear("where $'...' ends depends on the shell")
            self._region(word, match.end(), "in $'...': close that quote before it")
        elif following in ("[", "\\") or (following == '"' and not is_quoted):
            raise Unclear(f"what ${following} means depends on the shell")
        else:
            name = _SHORT.match(self._text, self._at + 1, self._end)
            word.text += UNKNOWN if name else "$"
            self._at = name.end() if name else self._at + 1
            if name and self._here() == "[" and self.starts_in(self._at, self._text.find("]", self._at)):
                raise Unclear("what $x[ ] means depends on the shell")

    def _substitution(self, word: Word) -> None:
        self._at += 2
        self._commands(")")
        word.text += UNKNOWN

    def _region(self, word: Word, end: int, place: str) -> None:
        """Over a part of the text in which nothing is read and nothing may be put."""
        with self._inside(place):
            for start in self.starts_in(self._at, end):
                self._at = start
                self._position(word, BARE)
        word.text += UNKNOWN
        self._at = end

    def _arithmetic(self, start: int) -> None:
        """Over the `((` at `start` and what it holds."""
        depth, at = 0, start
        while depth or at == start:
            if at >= self._end or self._text[at] in "'\"\\`":
                raise Unclear("where (( )) ends is not clear")
            depth += {"(": 1, ")": -1}.get(self._text[at], 0)
            at += 1
        if self._text[at - 2 : at] != "))":
            raise Unclear("it is not clear whether (( is arithmetic: write a blank between two parentheses")
        self._region(Word(start, ARGUMENT), at, "in arithmetic, which is evaluated: check it first and calculate with")

    def _backticks(self, word: Word) -> None:
        match = _BACKTICKS.match(self._text, self._at, self._end)
        if not match:
            raise Unclear("a backtick is not closed")
        outer, self._end = self._end, match.end() - 1
        self._at += 1
        with self._inside("in backticks: write $( ) instead"):
            self._commands("")
        self._at, self._end = match.end(), outer
        word.text += UNKNOWN

    def _parameter(self, word: Word, is_quoted: bool) -> None:
        if not self._take(_PARAMETER):
            raise Unclear("this ${ } is not one of a POSIX shell")
        inner = Word(self._at, word.role)
        with self._inside("in ${ }: keep it in a variable first"):
            while self._here() != "}":
                if is_quoted and self._here() in ('"', "'"):
                    raise Unclear("what a quote means in ${ } between quotes depends on the shell")
                self._piece(inner, is_quoted)
        self._at += 1
        word.text += UNKNOWN
