"""The commands of a text, and in which word and in which quotes of it a placeholder stands (XCU 2 of POSIX).

This reads just enough to know that, and nothing is expanded. What shells read differently, or what would take more to
read, is `Unclear`: such a command has to go without placeholders. Whether an `if` has its `fi` is left to the shell,
which runs nothing that it cannot read.
"""

import re
from bisect import bisect_left

UNKNOWN = "\0"  # stands in a word's text for what is not known before the shell runs

_DEEPEST = 50
_BREAKS = " \t\n;&|<>()"
_ENDS = r"(?=[ \t\n;&|<>()]|\Z)"
_BLANK = re.compile(r"(?:[ \t]|\\\n|#[^\n]*)*")
_OPERATOR = re.compile(r"\n|;;?&?|&&|\|[|&]?|&(?!>)")
_RESERVED = re.compile(rf"(?:if|then|elif|else|fi|while|until|do|done|case|esac|time|coproc|[{{}}!]){_ENDS}")
_ESAC, _IN = re.compile(f"esac{_ENDS}"), re.compile(f"in{_ENDS}")
_REDIRECTION = re.compile(r"[0-9]*(?:<<[-<]?|<[&>]|<(?!\()|>[>&|]|>(?!\())|&>>?")
_DELIMITER = re.compile(rf"(?:[^ \t\n;&|<>()'\"\\$`]|'[^'\n]*'|\"[^\"\n$`\\]*\"|\\[^\n])+{_ENDS}")
ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_PARENTHESES = re.compile(r"\([ \t]*\)")
_TEST_OPERATORS = re.compile(r"(?:[&|()<>][ \t]*)+")
_SHORT = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])")
# What is passed over, up to an end that no shell sees elsewhere: how it ends, all of it, and where it is.
_REGIONS = {
    "$((": (
        "))",
        r"\$\(\((?:[^()'\"`\\#\n]|\([^()'\"`\\#\n]*\))*\)\)",
        "in arithmetic, which is evaluated: calculate with",
    ),
    "${": ("}", r"\$\{(?:[^'\"`\\{}()$\n]|\$[A-Za-z_])*\}", "in ${ }: keep it in a variable first"),
    "$'": ("'", r"\$'(?:[^'\\]|\\[^'])*'", "in $'...': close that quote before it"),
    "`": ("`", r"`[^`\\]*`", "in backticks: write $( ) instead"),
}
_EXPANSION = re.compile(r"\$\(\(|\$[({']|`|")
_ODD_TARGETS = {
    ">&": "behind >&, where bash expands twice: write >FILE 2>&1",
    "<&": "behind <&, where bash expands twice: write <FILE",
    "<<<": "behind <<<: print it with printf '%s\\n' and a |",
}


class Unclear(Exception):
    """The text cannot be read, or not in one way."""


class Misplaced(Exception):
    """The placeholder at `start` stands where none may, `place`."""

    def __init__(self, start: int, place: str) -> None:
        self.start, self.place = start, place


class Word:
    def __init__(self, start: int, has_room: bool) -> None:
        self.start = self.end = start
        self.has_room = has_room  # for several words
        self.text = ""  # without its quotes, and UNKNOWN for each expansion and each placeholder
        self.is_solid = False  # the shell cannot make no word at all of it
        self.is_given = False  # a placeholder is in it
        self.is_list = False  # that is a list, and all of it


class Position:
    """A placeholder where a shell expands it, or where quotes can be closed before it."""

    def __init__(self, start: int, end: int, quote: str, word: Word) -> None:
        self.quote, self.word = quote, word
        self.inner = self.outer = (start, end)  # `outer`: with the quotes, if there is nothing else between them

    @property
    def is_alone(self) -> bool:
        return not self.quote or self.outer != self.inner


class Command:
    """A simple command, with its assignments."""

    def __init__(self, is_in_function: bool) -> None:
        self.is_in_function = is_in_function
        self.is_odd = False  # it is bash's [[ ]] with what another shell would end a command at
        self.words: list[Word] = []


class ShellText:
    """The commands of a text and the positions of its placeholders; raises Unclear and Misplaced."""

    def __init__(self, text: str, placeholders: "dict[int, int]") -> None:
        """`placeholders`: where each begins -> where it ends."""
        self.text = text
        self.commands: list[Command] = []
        self.positions: dict[int, Position] = {}
        self._placeholders, self._starts = placeholders, sorted(placeholders)
        self._at = 0
        self._opened: list[str] = []  # what has to come yet: ")", "}", "esac", "f}" of a function, "" for the end
        self._documents: list[tuple[str, bool, bool]] = []  # delimiter, whether tabs are stripped, whether it is quoted
        self._commands("")
        self._starts = sorted(self.positions)  # without those in comments, which are left alone

    def first_in(self, start: int, end: int) -> "int | None":
        """Where the first placeholder between two places begins."""
        first = bisect_left(self._starts, start)
        return self._starts[first] if first < len(self._starts) and self._starts[first] < end else None

    def _refuse(self, start: int, end: int, place: str) -> None:
        found = self.first_in(start, end)
        if found is not None:
            raise Misplaced(found, place)

    def _here(self, length: int = 1) -> str:
        return self.text[self._at : self._at + length]

    def _take(self, pattern: "re.Pattern[str]") -> str:
        """Return what the pattern matches here, and over it."""
        match = pattern.match(self.text, self._at)
        self._at = match.end() if match else self._at
        return match[0] if match else ""

    def _lines(self) -> None:
        self._take(_BLANK)
        while self._here() == "\n":
            self._newline()
            self._take(_BLANK)

    # Commands

    def _commands(self, closer: str) -> None:
        """Over commands up to a `)`, or with "" up to the end."""
        depth = len(self._opened)
        if depth > _DEEPEST or self._documents:
            raise Unclear("it is nested too deeply, or a here-document begins in the middle of a word")
        self._opened.append(closer)
        while len(self._opened) > depth:
            self._take(_BLANK)
            self._command()
        if self._documents:
            raise Unclear("a here-document is not closed")

    def _command(self) -> None:
        """Over what may stand where a command begins, or over the pattern of a case."""
        here = self._here()
        if not here:
            self._close("")
        elif here == "\n":
            self._newline()
        elif self._opened[-1] == "pattern":
            self._pattern()
        elif operator := self._take(_OPERATOR):
            if operator in (";;", ";&", ";;&") and self._opened[-1] == "esac":
                self._opened[-1] = "pattern"
        elif self._here(2) == "((":
            raise Unclear("(( may be arithmetic: write a blank between two parentheses")
        elif here in "()":
            self._at += 1
            self._close(")") if here == ")" else self._opened.append(")")
        elif reserved := self._take(_RESERVED):
            self._reserved(reserved)
        elif not self._redirection():
            self._simple()

    def _close(self, what: str) -> None:
        wanted = self._opened.pop()
        if wanted.lstrip("f") != what:
            raise Unclear(f"a {what} closes nothing" if what else f"what ends in {wanted} is not closed")

    def _reserved(self, word: str) -> None:
        self._take(_BLANK)
        if word == "{":
            self._opened.append("}")
        elif word in ("}", "esac"):
            self._close(word)
        elif word == "case":
            self._word(has_room=False)
            self._lines()
            if not self._take(_IN):
                raise Unclear("a case has no in")
            self._opened.append("pattern")

    def _pattern(self) -> None:
        if self._take(_ESAC):
            self._opened.pop()
            return
        self._at += self._here() == "("
        while self._opened[-1] == "pattern":
            self._take(_BLANK)
            self._word(has_room=False)
            self._take(_BLANK)
            if self._here() not in ("|", ")"):
                raise Unclear("a case has a pattern without a )")
            self._opened[-1] = "esac" if self._here() == ")" else "pattern"
            self._at += 1

    def _simple(self) -> None:
        """Over a simple command, or the name of a function and the { of its body."""
        command = Command("f}" in self._opened)
        words, first, last = command.words, "", ""
        while True:
            self._take(_BLANK)
            if first == "[[" and last != "]]" and (operators := self._take(_TEST_OPERATORS)):
                command.is_odd |= operators.rstrip() != "&&"
            elif self._here() in "\n;&|)" and self._here(2) != "&>":
                break
            elif len(words) == 1 and first and self._take(_PARENTHESES):
                self._lines()
                if self._here() != "{" or self.first_in(words[0].start, self._at) is not None:
                    raise Unclear("the name of a function is not plain, or its body is not in braces")
                self._opened.append("f}")
                self._at += 1
                return
            elif not self._redirection():
                words.append(word := self._word(has_room=first not in ("[", "[[", "test")))
                last = word.text
                if first in ("", "export", "readonly") and ASSIGNED.match(self.text, word.start):
                    word.has_room = False
                else:
                    first = first or last
        if first == "function" or (first == "[[" and last != "]]"):
            raise Unclear("a [[ does not end in its line, or a function begins with that word: write NAME() {")
        self.commands.append(command)

    def _redirection(self) -> bool:
        """Over one redirection; whether there is one."""
        operator = self._take(_REDIRECTION).lstrip("0123456789")
        self._take(_BLANK)
        if operator in ("<<", "<<-"):
            start, written = self._at, self._take(_DELIMITER)
            if not written or self.first_in(start, self._at) is not None:
                raise Unclear("the delimiter of a here-document is not plain")
            delimiter = re.sub(r"\\(.)|['\"]", r"\1", written)
            self._documents.append((delimiter, operator == "<<-", delimiter != written))
        elif operator:
            target = self._word(has_room=False)
            if place := _ODD_TARGETS.get(operator):
                self._refuse(target.start, target.end, place)
            self._take(_BLANK)
            if operator[0] == "&" and self._here() not in "\n;&|)":
                raise Unclear("what follows &> is a command of its own in sh: write >FILE 2>&1")
        return bool(operator)

    def _newline(self) -> None:
        """Over the end of a line, and the here-documents that begin behind it."""
        self._at += 1
        documents, self._documents = self._documents, []
        for delimiter, strips, is_quoted in documents:
            start, tabs = self._at, r"\t*" if strips else ""
            end = re.compile(rf"^{tabs}{re.escape(delimiter)}(?:\n|\Z)", re.MULTILINE).search(self.text, start)
            if not end:
                raise Unclear(f"a here-document has no {delimiter}")
            if not is_quoted and self.text[start : end.start()].endswith("\\\n"):
                raise Unclear(f"the line before {delimiter} is continued")
            self._at = end.end()
            self._refuse(start, self._at, "in a here-document: print it with printf '%s\\n'")

    # Words

    def _word(self, has_room: bool) -> Word:
        """Over the word that begins here."""
        word = Word(self._at, has_room)
        while self._here() not in _BREAKS:
            self._piece(word, "")
        word.end = self._at
        raw = self.text[word.start : word.end]
        if not raw or (self._documents and "\n" in raw):
            raise Unclear(f"a {self._here().strip() or 'word'} is missing or stands in a strange place")
        word.is_given = self.first_in(word.start, word.end) is not None
        word.is_solid = bool(word.text.strip(UNKNOWN)) or (raw[0] in "\"'" and "@" not in raw)
        return word

    def _piece(self, word: Word, quote: str) -> None:
        """Over one character or one construct between these quotes."""
        here = self._here()
        if not here:
            raise Unclear(f"a {quote} is not closed")
        if self._at in self._placeholders:
            if "f}" in self._opened:
                raise Misplaced(self._at, "in a function, which has arguments of its own: hand the value to it")
            end = self._placeholders[self._at]
            self.positions[self._at] = Position(self._at, end, quote, word)
            word.text, self._at = word.text + UNKNOWN, end
        elif here == "\\" and quote != "'":
            following = self._here(2)[1:]
            is_escape = not quote or following in ("$", "`", '"', "\\")
            word.text += "" if following == "\n" else following if is_escape else self._here(2)
            self._at += 1 + len(following)
        elif here in "$`" and quote != "'":
            self._expansion(word, quote)
        elif here in "'\"" and not quote:
            self._quoted(word, here)
        else:
            word.text, self._at = word.text + here, self._at + 1

    def _quoted(self, word: Word, quote: str) -> None:
        start = self._at
        self._at += 1
        while self._here() != quote:
            self._piece(word, quote)
        self._at += 1
        position = self.positions.get(start + 1)
        if position and position.inner[1] == self._at - 1:
            position.outer = (start, self._at)

    def _expansion(self, word: Word, quote: str) -> None:
        begin, start = self._at, _EXPANSION.match(self.text, self._at)[0]  # type: ignore[index]
        if start == "$(":
            self._at += 2
            self._commands(")")
        elif start in _REGIONS and (start, quote) != ("$'", '"'):
            closer, pattern, place = _REGIONS[start]
            is_plain = self._take(re.compile(pattern))
            self._refuse(begin, self._at if is_plain else self.text.find(closer, begin + len(start)), place)
            if not is_plain:
                raise Unclear(f"where {start} ends depends on the shell")
        elif self._here(2) in ("$[", "$\\") or (self._here(2) == '$"' and not quote):
            raise Unclear(f"what {self._here(2)} means depends on the shell")
        elif not self._take(_SHORT):
            word.text, self._at = f"{word.text}$", self._at + 1
            return
        word.text += UNKNOWN
