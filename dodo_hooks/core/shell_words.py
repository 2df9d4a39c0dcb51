"""Words of a POSIX shell: quotes, expansions, and the placeholders in them (XCU 2.2, 2.6, and what bash adds).

Nothing is expanded here. The scanner walks over a text as a shell would and notes, for each placeholder ("hole"), how
the shell would treat an expansion that stood in its place. Whatever shells read differently is a `Confusion`, and so is
what cannot be read at all: the text then has to go without placeholders.
"""

import re
from bisect import bisect_left
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# How an expansion in the place of a spot has to be written.
BARE = "bare"  # with double quotes of its own
SINGLE = "single"  # the single quotes end before it and begin again after it
DOUBLE = "double"  # as it is: there are double quotes around, or it is a here-document

# What a word is to its command.
ARGUMENT = "argument"
ITEM = "item"  # of `for x in ...` or of an array: fields, as arguments are
ASSIGNMENT = "assignment"
TARGET = "target"  # of a redirection
TEST = "test"  # one field in any case: the subject and the patterns of `case`, the operands of [[ ]]
HERE = "here"  # the body of a here-document
NAME = "name"  # of a variable or a function

# Why nothing may be put in a spot's place.
ARITHMETIC, QUOTED_HERE, BACKTICKS, OPERATOR, ANSI = "arithmetic", "quoted here", "backticks", "operator", "ansi"

# Builtins whose arguments are assignments.
DECLARATIONS = frozenset(("export", "readonly", "declare", "typeset", "local"))

BREAKS = " \t\n;&|<>()"
HOLE_IN_TEXT = "\0"  # stands in a word's text for all that is not known before the shell runs

_DEEPEST = 50

_PARAMETER = re.compile(r"[#!]?(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])")
_SHORT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_DEFAULT = re.compile(r":?[-+=?]")
_PATTERN = re.compile(r"##?|%%?")


class Confusion(Exception):
    """The text cannot be read, or not in one way; `offset` is where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Spot:
    """A placeholder where a shell would expand something."""

    def __init__(self, start: int, end: int, quoting: str, *, is_inner: bool, refusal: str = "") -> None:
        self.start, self.end, self.quoting, self.refusal = start, end, quoting, refusal
        self.is_inner = is_inner  # in the operand of ${x-...}
        self.quoted = (start, end)  # with its quotes, when there is nothing else between them

    @property
    def is_whole(self) -> bool:
        return self.quoted != (self.start, self.end)


class Word:
    """A word with its spots; those in a command substitution belong to the words in there."""

    def __init__(self, start: int, role: str) -> None:
        self.start, self.end, self.role = start, start, role
        self.text = ""  # without its quotes, HOLE_IN_TEXT for each expansion and each spot
        self.spots: list[Spot] = []
        self.is_in_function = False
        self.operator = ""  # of the redirection that it is the target of
        self.shell_variable = False  # it is "$SHELL"
        self.may_vanish = False  # it is nothing but an expansion, of which nothing may be left
        self.is_process = False  # there is bash's <( ) in it

    @property
    def known_text(self) -> str:
        """What is left of the text if all expansions are empty."""
        return self.text.replace(HOLE_IN_TEXT, "")


class WordScanner:
    """The part of the scanner that knows words; `ShellText` adds commands."""

    def __init__(self, text: str, holes: "Mapping[int, int]") -> None:
        """`holes`: where each placeholder begins -> where it ends."""
        self.text, self.holes, self._sorted = text, holes, sorted(holes)
        self.at, self.end = 0, len(text)
        self.seen: set[int] = set()  # the holes that were met, in comments too
        self._depth = 0

    def commands(self, closers: "frozenset[str]") -> str:
        raise NotImplementedError

    @contextmanager
    def deeper(self) -> "Iterator[None]":
        """One level further in; nobody writes fifty of them, and Python has its limits."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Confusion("it is nested too deeply", self.at)
        yield
        self._depth -= 1

    def word(self, role: str, breaks: str = BREAKS) -> Word:
        """The word that begins here; empty when a break does."""
        word = Word(self.at, role)
        self.word_begins(word)
        while self.at < self.end and (self.text[self.at] not in breaks or self._is_process()):
            self._piece(word)
        word.end = self.at
        raw = self.text[word.start : word.end]
        is_quoted = raw.startswith('"') and raw.endswith('"') and "@" not in raw
        word.may_vanish = raw != "" and not word.text.strip(HOLE_IN_TEXT) and not is_quoted
        return word

    def word_begins(self, word: Word) -> None:
        raise NotImplementedError

    def here(self, length: int = 1) -> str:
        return self.text[self.at : min(self.at + length, self.end)]

    def refuse(self, word: Word, start: int, end: int, refusal: str) -> None:
        """Nothing may be put in the place of the holes from `start` to `end`."""
        for hole in self.holes_in(start, end):
            self.seen.add(hole)
            word.spots.append(Spot(hole, self.holes[hole], BARE, is_inner=True, refusal=refusal))

    def holes_in(self, start: int, end: int) -> "list[int]":
        return self._sorted[bisect_left(self._sorted, start) : bisect_left(self._sorted, end)]

    def has_hole(self, start: int, end: int) -> bool:
        return bisect_left(self._sorted, start) < bisect_left(self._sorted, end)

    def _is_process(self) -> bool:
        """Whether bash's <( ) or >( ) begins here."""
        return self.here() in ("<", ">") and self.here(2)[1:] == "("

    def _spot(self, word: Word, quoting: str, *, is_inner: bool) -> Spot:
        spot = Spot(self.at, self.holes[self.at], quoting, is_inner=is_inner)
        if spot.end > self.end:
            raise Confusion("a placeholder is cut off", self.at)
        self.seen.add(self.at)
        word.spots.append(spot)
        word.text += HOLE_IN_TEXT
        self.at = spot.end
        return spot

    def _piece(self, word: Word, *, is_inner: bool = False) -> None:
        """One character or one construct outside of quotes."""
        character = self.text[self.at]
        if self.at in self.holes:
            self._spot(word, BARE, is_inner=is_inner)
        elif character == "\\":
            self._escape(word, any_character=True)
        elif character == "'":
            self._single(word, is_inner=is_inner)
        elif character == '"':
            self._double(word, is_inner=is_inner)
        elif character == "$":
            self._dollar(word, is_quoted=False)
        elif character == "`":
            self._backticks(word, is_quoted=False)
        elif self._is_process() and not is_inner:
            self.at += 2
            word.is_process = True
            self._substitution(word)
        else:
            word.text += character
            self.at += 1

    def _escape(self, word: Word, *, any_character: bool) -> None:
        if self.at + 1 >= self.end:
            raise Confusion("it ends in a backslash", self.at)
        following = self.text[self.at + 1]
        if following != "\n":
            is_escaped = any_character or following in '$`"\\'
            word.text += following if is_escaped else "\\" + following
        self.at += 2

    def _single(self, word: Word, *, is_inner: bool) -> None:
        start = self.at
        close = self.text.find("'", start + 1, self.end)
        if close < 0:
            raise Confusion("a single quote is not closed", start)
        self.at = start + 1
        while self.at < close:
            if self.at in self.holes:
                spot = self._spot(word, SINGLE, is_inner=is_inner)
                if (spot.start, spot.end) == (start + 1, close):
                    spot.quoted = (start, close + 1)
            else:
                word.text += self.text[self.at]
                self.at += 1
        self.at = close + 1

    def _double(self, word: Word, *, is_inner: bool) -> None:
        start = self.at
        self.at += 1
        while self.here() != '"':
            self._double_piece(word, is_inner=is_inner)
        self.at += 1
        if word.spots and (word.spots[-1].start, word.spots[-1].end) == (start + 1, self.at - 1):
            word.spots[-1].quoted = (start, self.at)

    def _double_piece(self, word: Word, *, is_inner: bool = False) -> None:
        """One character or one construct inside double quotes."""
        if self.at >= self.end:
            raise Confusion("a double quote is not closed", self.end)
        character = self.text[self.at]
        if self.at in self.holes:
            self._spot(word, DOUBLE, is_inner=is_inner)
        elif character == "\\":
            self._escape(word, any_character=False)
        elif character == "$":
            self._dollar(word, is_quoted=True)
        elif character == "`":
            self._backticks(word, is_quoted=True)
        else:
            word.text += character
            self.at += 1

    def _dollar(self, word: Word, *, is_quoted: bool) -> None:
        following = self.here(2)[1:]
        if following == "\\" and self.here(3)[2:] == "\n":
            raise Confusion("a line is continued in the middle of an expansion", self.at)
        if following == "(":
            self._parenthesis(word)
        elif following == "{":
            self._parameter(word, is_quoted=is_quoted)
        elif following == "'" and not is_quoted:
            self._ansi(word)
        elif following == '"' and not is_quoted:  # bash translates it first
            start = self.at = self.at + 1
            inner = Word(start, word.role)
            self._double(inner, is_inner=True)
            self.refuse(word, start, self.at, ANSI)
            word.text += HOLE_IN_TEXT
        elif following == "[":
            close = self.text.find("]", self.at, self.end)
            if self.has_hole(self.at, close if close >= 0 else self.end):  # arithmetic in bash, plain text in dash
                raise Confusion("what $[ ] means depends on the shell", self.at)
            word.text += "$"
            self.at += 1
        else:
            name = _SHORT.match(self.text, self.at + 1, self.end)
            word.text += HOLE_IN_TEXT if name else "$"
            self.at = name.end() if name else self.at + 1

    def _ansi(self, word: Word) -> None:
        """bash's $'...', which shells without it end at another quote when there is a backslash before one."""
        start = self.at
        match = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL).match(self.text, start, self.end)
        if match is None or "\\'" in match[0]:
            raise Confusion("where $'...' ends depends on the shell", start)
        self.refuse(word, start, match.end(), ANSI)
        word.text += HOLE_IN_TEXT
        self.at = match.end()

    def _parenthesis(self, word: Word) -> None:
        """`$( )` or `$(( ))`."""
        start = self.at
        close = self.arithmetic_end(start + 1)
        if close:
            self.refuse(word, start, close, ARITHMETIC)
            word.text += HOLE_IN_TEXT
            self.at = close
        else:
            self.at += 2
            self._substitution(word)

    def _substitution(self, word: Word) -> None:
        self.commands(frozenset(")"))
        word.text += HOLE_IN_TEXT

    def arithmetic_end(self, start: int) -> int:
        """Behind the `))` that closes the `((` at `start`; 0 when it is none, or two subshells."""
        if self.text[start : min(start + 2, self.end)] != "((":
            return 0
        depth, at = 0, start + 2
        while at < self.end:
            character = self.text[at]
            if character == "\\":
                at += 1
            elif character == "(":
                depth += 1
            elif character == ")":
                if depth == 0:
                    return at + 2 if self.text[at : min(at + 2, self.end)] == "))" else 0
                depth -= 1
            at += 1
        return 0

    def _backticks(self, word: Word, *, is_quoted: bool) -> None:
        start = self.at
        match = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL).match(self.text, start, self.end)
        if match is None:
            raise Confusion("a backtick is not closed", start)
        if is_quoted or "\\" in match[1]:  # they take away backslashes, in quotes by rules that shells do not share
            self.refuse(word, start, match.end(), BACKTICKS)
        elif self.has_hole(start, match.end()):
            outer_end, self.end = self.end, match.end() - 1
            self.at += 1
            self.commands(frozenset(("",)))
            self.end = outer_end
        word.text += HOLE_IN_TEXT
        self.at = match.end()

    def _parameter(self, word: Word, *, is_quoted: bool) -> None:
        """`${...}`: after `-`, `=`, `?` and `+` a word, after `#` and `%` a pattern."""
        start = self.at
        name = _PARAMETER.match(self.text, start + 2, self.end)
        if not name:
            raise Confusion("this ${ } is not one of a POSIX shell", start)
        # `${#x}` is a length, `${#}` and `${#-...}` the number of the parameters.
        self.at = name.end()
        is_pattern = _PATTERN.match(self.text, self.at, self.end)
        operator = _DEFAULT.match(self.text, self.at, self.end) or is_pattern
        inner = Word(self.at, word.role)
        if operator:
            self.at = operator.end()
        with self.deeper():
            while self.here() != "}":
                if self.at >= self.end:
                    raise Confusion("a ${ is not closed", start)
                self._operand(inner, is_quoted=is_quoted, is_pattern=bool(is_pattern))
        self.at += 1
        if operator and not (is_pattern and word.role == HERE):
            word.spots += inner.spots
        else:
            self.refuse(word, start, self.at, OPERATOR)
        word.text += HOLE_IN_TEXT

    def _operand(self, word: Word, *, is_quoted: bool, is_pattern: bool) -> None:
        """One piece of the operand. Between double quotes POSIX leaves open what quotes do in here (XCU 2.6.2)."""
        if not is_quoted:
            self._piece(word, is_inner=True)
        elif self.here() == '"':
            start = self.at
            inner = Word(start, word.role)
            self._double(inner, is_inner=True)
            if is_pattern:
                word.spots += inner.spots
            else:
                self.refuse(word, start, self.at, OPERATOR)
        elif self.here() == "'" and is_pattern:
            raise Confusion("what a single quote means here depends on the shell", self.at)
        elif self.at in self.holes:
            self._spot(word, BARE if is_pattern else DOUBLE, is_inner=True)
        elif self.here(2) == "\\}":
            self.at += 2
        else:
            self._double_piece(word, is_inner=True)
