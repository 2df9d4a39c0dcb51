"""Where each placeholder of a command stands: bare, in double or in single quotes, in which word of which command.

This reads just enough of XCU 2 (POSIX's shell language) to know that. Nothing is expanded, and whether an `if` has its
`fi` is left to the shell, which runs nothing that it cannot read. What shells read differently is `Unclear`: such a
command has to go without placeholders.
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
_BREAKS = " \t\n;&|<>()"
_BLANK = re.compile(r"(?:[ \t]|\\\n)+|#[^\n]*")
_OPERATOR = re.compile(r"\n|;;&|;;|;&|&&|\|\||\|&|[;|]|&(?!>)")
_RESERVED = re.compile(
    r"(if|then|elif|else|fi|while|until|do|done|for|select|case|function|time|coproc|[{}!]|\[\[)"
    r"(?=[ \t\n;&|<>()]|\Z)"
)
_ESAC = re.compile(r"esac(?=[ \t\n;&|<>()]|\Z)")
_NEVER = re.compile(r"(?!)")
_IN = re.compile(r"in(?=[ \t\n;&|<>()]|\Z)")
_REDIRECTION = re.compile(r"[0-9]*(<<-|<<<|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\())|(&>>?)")
_DELIMITER = re.compile(r"(?:[^ \t\n;&|<>()'\"\\$`]|'[^'\n]*'|\"[^\"\n$`\\]*\"|\\[^\n])+")
_PARAMETER = re.compile(r"\$\{[#!]?(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])")
_SHORT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ANSI = re.compile(r"\$'([^'\\]|\\[^'])*'", re.DOTALL)  # a shell without it ends at a \' already
_BACKTICKS = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
_PARENTHESES = re.compile(r"\([ \t]*\)")
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")

_FUNCTION = "in a function, which has arguments of its own: hand the value to it"
_ODD_TARGETS = dict.fromkeys((">&", "<&"), "behind >&, where bash expands twice: write >FILE 2>&1")
_ODD_TARGETS["<<<"] = "behind <<<: print it with printf '%s\\n' and a |"


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


class Command:
    """A simple command."""

    def __init__(self, is_in_function: bool) -> None:
        self.is_in_function = is_in_function
        self.words: list[Word] = []
        self.assignments: list[Word] = []


class ShellText:
    """The commands of a text and the positions of its placeholders, by where these begin; raises Unclear."""

    def __init__(self, text: str, placeholders: "dict[int, int]") -> None:
        """`placeholders`: where each begins -> where it ends."""
        self.commands: list[Command] = []
        self.positions: dict[int, Position] = {}
        self.has_pipe = False  # a command may read what another one prints
        self._text, self._placeholders, self._starts = text, placeholders, sorted(placeholders)
        self._at, self._end = 0, len(text)
        self._depth = self._functions = 0
        self._place = ""  # what we are in, if nothing may be put there
        self._documents: list[tuple[str, bool, bool]] = []  # delimiter, whether tabs are stripped, whether it is quoted
        self._commands("")

    def starts_in(self, start: int, end: int) -> "list[int]":
        """Where the placeholders between two places begin."""
        return self._starts[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    # Commands

    def _commands(self, closer: str) -> None:
        """Over the commands of a substitution up to its `)`, or with "" up to the end."""
        outer, self._documents = self._documents, []
        functions = self._functions
        self._blanks()
        opened: list[str] = []  # what is open: "(", "{", with an "f" those of a function; "case", "pattern" of a case
        with self._inside(""):
            while self._here() != closer or opened:
                if self._is_over():
                    raise Unclear(f"{opened[-1] if opened else closer} is not closed")
                self._command(opened)
                self._blanks()
        if self._documents:
            raise Unclear("a here-document is not closed")
        self._at += len(closer)
        self._documents, self._functions = outer, functions

    def _command(self, opened: "list[str]") -> None:
        """Over what may stand where a command begins, or over the pattern of a case."""
        top = opened[-1] if opened else ""
        operator = "" if top == "pattern" and self._here() != "\n" else self._take(_OPERATOR)
        if operator:
            self.has_pipe |= operator in ("|", "|&")
            if operator == "\n":
                self._newline()
            elif operator in (";;", ";&", ";;&") and top == "case":
                opened[-1] = "pattern"
        elif self._take(_ESAC if top in ("case", "pattern") else _NEVER):
            opened.pop()
        elif top == "pattern":
            self._pattern(opened)
        elif self._here() in ("(", ")"):
            self._parenthesis(opened)
        elif reserved := self._take(_RESERVED):
            self._reserved(reserved, opened)
        elif not self._redirection() and self._simple():
            self._function(opened)

    def _parenthesis(self, opened: "list[str]") -> None:
        if self._here(2) == "((":
            self._arithmetic(self._at)
            return
        if self._here() == "(":
            opened.append("(")
        elif opened and opened[-1] in ("(", "f("):
            self._leave(opened)
        else:
            raise Unclear("a ) closes nothing")
        self._at += 1

    def _reserved(self, word: str, opened: "list[str]") -> None:
        self._blanks()
        if word == "{":
            opened.append("{")
        elif word == "}":
            if not opened or opened[-1] not in ("{", "f{"):
                raise Unclear("a } closes nothing")
            self._leave(opened)
        elif word in ("for", "select"):
            self._for()
        elif word == "case":
            self._word(SUBJECT)
            self._lines()
            if not self._take(_IN):
                raise Unclear("a case has no in")
            opened.append("pattern")
        elif word == "function":
            self._take(_NAME)
            self._blanks()
            self._take(_PARENTHESES)
            self._function(opened)
        elif word == "coproc":
            self.has_pipe = True
        elif word == "[[":
            self._double_brackets()

    def _leave(self, opened: "list[str]") -> None:
        self._functions -= opened.pop().startswith("f")

    def _function(self, opened: "list[str]") -> None:
        """The beginning of a function's body."""
        self._lines()
        if self._here() not in ("{", "(") or self._here(2) == "((":
            raise Unclear("a function is neither in braces nor in parentheses")
        opened.append(f"f{self._here()}")
        self._at += 1
        self._functions += 1

    def _pattern(self, opened: "list[str]") -> None:
        if self._here() == ")":
            opened[-1] = "case"
        if self._here() in "()|":
            self._at += 1
        else:
            self._word(SUBJECT)

    def _for(self) -> None:
        if self._here(2) == "((":
            self._arithmetic(self._at)
        elif not self._take(_NAME):
            raise Unclear("a loop has no name")
        else:
            self._lines()
            if self._take(_IN):
                self._items()

    def _items(self) -> None:
        self._blanks()
        while not self._is_over() and self._here() not in "\n;)":
            self._word(ITEM)
            self._blanks()

    def _double_brackets(self) -> None:
        """bash's [[ ]]. A shell without it runs what is behind `||` in there, and bash calculates behind `-eq`."""
        start, is_plain, closed = self._at, True, False
        while not closed:
            before = self._at
            self._lines()
            is_plain &= "\n" not in self._text[before : self._at]
            if self._is_over() or self._here() == ";" or self._here(2) == "<<":
                raise Unclear("a [[ is not closed")
            if self._here() in "&|()<>":
                is_plain &= self._here() == "&"
                self._at += 1
            else:
                word = self._word(SUBJECT)
                closed = self._text[word.start : word.end] == "]]"
                is_plain &= not word.text.startswith("-") or word.text in ("-n", "-z")
        for placeholder in self.starts_in(start, self._at if not is_plain else start):
            self.positions[placeholder].place = "in such a [[ ]]: write [ ] for it"

    def _simple(self) -> bool:
        """Over a simple command; whether it was the name of a function."""
        command = Command(self._functions > 0)
        self.commands.append(command)
        while True:
            self._blanks()
            if self._is_over() or (self._here() in "\n;&|)" and self._here(2) != "&>"):
                return False
            if self._redirection():
                continue
            if len(command.words) == 1 and not command.assignments and self._take(_PARENTHESES):
                if self.starts_in(command.words[0].start, self._at):
                    raise Unclear("the name of a function is not plain")
                self.commands.remove(command)
                return True
            word = self._word(ARGUMENT)
            is_declared = not command.words or command.words[0].text in ("export", "readonly", "local")
            if is_declared and _ASSIGNED.match(self._text, word.start, word.end):
                word.role = ASSIGNMENT
                if self._here() == "(" and not command.words:
                    self._array()
            (command.assignments if word.role == ASSIGNMENT and not command.words else command.words).append(word)

    def _array(self) -> None:
        self._at += 1
        self._lines()
        while self._here() != ")":
            if self._here() in ("[", ""):  # bash calculates an index
                raise Unclear("an array is not closed, or names the index of an element")
            self._word(ITEM)
            self._lines()
        self._at += 1

    def _redirection(self) -> bool:
        """Over one redirection; whether there is one."""
        match = _REDIRECTION.match(self._text, self._at, self._end)
        if not match:
            return False
        self._at = match.end()
        operator = match[1] or match[2]
        self._blanks()
        if operator in ("<<", "<<-"):
            start, written = self._at, self._take(_DELIMITER)
            if not written or self._here() not in _BREAKS or self.starts_in(start, self._at):
                raise Unclear("the delimiter of a here-document is not plain")
            delimiter = re.sub(r"\\(.)|['\"]", r"\1", written)
            self._documents.append((delimiter, operator == "<<-", delimiter != written))
            return True
        with self._inside(_ODD_TARGETS.get(operator, "")):
            self._word(TARGET, operator)
        return True

    # The text

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

    # Here-documents

    def _newline(self) -> None:
        documents, self._documents = self._documents, []
        for delimiter, strips, is_quoted in documents:
            start = line = self._at
            while self._line(line).lstrip("\t" if strips else "") != delimiter:
                line += len(self._line(line)) + 1
                if line >= self._end:
                    raise Unclear(f"a here-document has no {delimiter}")
            if not is_quoted and self._text[:line].endswith("\\\n"):
                raise Unclear(f"the line before {delimiter} is continued")
            with self._inside("in a here-document: print it with printf '%s\\n'"):
                self._body(start, line, is_quoted)
            self._at = min(line + len(self._line(line)) + 1, self._end)

    def _line(self, start: int) -> str:
        return self._text[start : self._end].partition("\n")[0]

    def _body(self, start: int, end: int, is_quoted: bool) -> None:
        outer, self._end = self._end, end
        word = Word(start, TARGET)
        while self._at < end:
            if (is_quoted and self._at not in self._placeholders) or self._here() == '"':
                self._at += 1
            else:
                self._piece(word, is_quoted=True)
        self._end = outer

    # Words

    def _word(self, role: str, operator: str = "") -> Word:
        """The word that begins here."""
        word = Word(self._at, role, operator)
        while self._at < self._end and (self._here() not in _BREAKS or self._here(2) in ("<(", ">(")):
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
            self._substitution(word)
        else:
            word.text += character
            self._at += 1

    def _position(self, word: Word, quotes: str) -> Position:
        end = self._placeholders[self._at]
        if end > self._end:
            raise Unclear("a placeholder is cut off")
        place = self._place or (_FUNCTION if self._functions else "")
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
