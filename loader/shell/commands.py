"""The words of a text's commands, and in which of them and in which quotes a placeholder stands (XCU 2 of POSIX).

One table of patterns and a stack of what is open read just enough to know that; nothing is expanded. What shells read
differently, or what would take more to read, is refused. Whether an `if` has its `fi` is left to the shell, which runs
nothing that it cannot read.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.loader.shell.placeholders import LISTS

UNKNOWN = "\0"  # stands in a word's text for what is not known before the shell runs
ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")

_DEEPEST = 50
_RESERVED = frozenset(
    ("if", "then", "elif", "else", "fi", "while", "until", "do", "done", "time", "!", "{", "}", "esac")
)
_ONE_WORD = ("[", "[[", "test", "case")  # in these there is no room for a list
# `passed`, `document` and the like end at the same place in every shell, and are passed over. `refused` is not read.
_EXPANSIONS = r"""
    (?P<passed> \$\(\((?:[^()'"`\\#\n]|\([^()'"`\\#\n]*\))*\)\) | \$\{(?:[^'"`\\{}()$\n]|\$[A-Za-z_])*\} | `[^`\\]*`
    | \$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*\#?$!-]) ) | (?P<substitution> \$\((?!\() ) | (?P<refused> \$[({[\\] | ` )
"""
_BARE = rf"""
    (?P<blank> [ \t]+ ) | (?P<comment> \#[^\n]* ) | (?P<escape> \\[\s\S]? ) | (?P<quote> ['"] ) | {_EXPANSIONS}
    | (?P<passed2> \$'(?:[^'\\]|\\[^'])*' ) | (?P<refused2> \$['"] | \(\( | <<< | [<>]\( )
    | (?P<document> <<(?P<dash>-)?[ \t]*(?P<mark>['"]?)(?P<delimiter>\w+)(?P=mark)[ \t]*
        (?:[0-9]*>>?[ \t]*(?:&[0-9]|[\w./-]+)[ \t]*)?\n (?:[^\n]*(?<!\\)\n)*? (?(dash)\t*)(?P=delimiter)(?=\n|\Z) )
    | (?P<document2> &>>?[ \t]*[\w./-]+[ \t]*(?=[\n;&|)]|\Z) )
    | (?P<test> \[\[[ ](?:[^'"`\\\n{{$]|\\[^\n]|\$\w+|\$\{{[\#\w]+\}}|\$(?=[ )|])|'[^'\n]*'|
        "(?:[^"`\\\n{{$]|\$\w+)*"){{0,200}}?[ ]\]\](?![^\s;&|)]) )
    | (?P<function> \([ \t]*\)[ \t\n]*\{{(?=[ \t\n]) ) | (?P<open> \( ) | (?P<close> \) )
    | (?P<redirection> [0-9]*(?:<[&>]?(?!<)|>[>&|]?) ) | (?P<operator> \n|;;?&?|&&|\|[|&]?|&(?!>) )
    | (?P<text> [^ \t\n'"\\$`;&|<>()\{{\#]+|[{{$] ) | (?P<refused3> <<|[\s\S] )
"""
_PATTERNS = {
    quote: re.compile(pattern, re.VERBOSE)
    for quote, pattern in {
        "": _BARE,
        '"': rf'(?P<end> " ) | (?P<escape> \\[$`"\\\n] ) | {_EXPANSIONS} | (?P<text> [^"\\$`{{]+|[\s\S] )',
        "'": r"(?P<end> ' ) | (?P<text> [^'{]+|\{ )",
    }.items()
}
_PLACES = {
    "$((": ("arithmetic, which is evaluated", "calculate with a variable"),
    "${": ("a ${ } with more than a name and plain text", "keep it in a variable first"),
    "`": ("backticks", "write $( ) instead"),
    "$'": ("$'...'", "use other quotes"),
    "<<<": ("a <<<", "write printf '%s\\n' and a | before the command"),
    "<<": ("a here-document", "let it end its line, or print with printf '%s\\n'"),
}


class Refused(Exception):
    """The placeholder at `start` stands where none may, or the first of them if that is None.

    `fix` ends before the variable, which `way` writes for the program that reads it.
    """

    def __init__(self, start: "int | None", why: str, fix: str = "use", way: str = "") -> None:
        self.start, self.why, self.fix, self.way = start, why, fix, way or '"$NAME"'


@dataclass(slots=True)
class Word:
    start: int
    end: int = 0
    text: str = ""  # without its quotes, and UNKNOWN for each expansion and each placeholder
    given: "int | None" = None  # where the first placeholder in it begins
    is_list: bool = False  # that is a list, and all of it
    is_solid: bool = False  # the shell cannot make no word at all of it
    has_room: bool = False  # for several words
    is_read: bool = False  # it is the target of a `<`


class Position(Record):
    """A placeholder where a shell expands it, or where quotes can be closed before it."""

    start: int  # with its quotes, if there is nothing else between them
    end: int
    quote: str  # in which it stands beside other text
    word: Word


@dataclass(slots=True)
class _Open:
    """An open construct. It ends by a quote, `)`, `}`, `f}` of a function, a `pattern`, `esac`, or "" for the end."""

    closer: str
    start: int
    word: "Word | None" = None  # that is being read
    words: list[Word] = field(default_factory=list[Word])  # of a simple command, with its assignments
    redirection: str = ""  # whose target is the next word

    @property
    def quote(self) -> str:
        return self.closer if self.closer in ("'", '"') else ""


class ShellText:
    """The words of each command of a text, and the positions of its placeholders; raises Refused."""

    def __init__(self, text: str, placeholders: "dict[int, str]") -> None:
        """`placeholders`: where each begins, in order -> its name."""
        self.text, self.commands = text, list[list[Word]]()
        self.positions: dict[int, Position] = {}
        self.functions: set[str] = set()
        self._placeholders, self._starts, self._at = placeholders, [*placeholders], 0
        self._opened = [_Open("", 0)]
        while self._at < len(text):
            self._at = self._read_placeholder() if self._at in placeholders else self._read_match()
        if not self._top.quote:
            self._end_command()
        if self._top.closer:
            self._refuse(f"something that has no {self._top.closer.lstrip('f')} at its end")

    @property
    def _top(self) -> _Open:
        return self._opened[-1]

    def _refuse(self, place: str, fix: str = "", start: "int | None" = None) -> None:
        why = f"cannot be used {'with' if start is None else 'in'} {place}"
        raise Refused(start, why, f"{fix}, or use" if fix else "use")

    def _read_placeholder(self) -> int:
        """Read a placeholder; return where it ends."""
        start, top, quote, word = self._at, self._top, self._top.quote, self._word()
        end = start + len(self._placeholders[start]) + 2
        if any(one.closer == "f}" for one in self._opened):
            self._refuse("a function, which has arguments of its own", "hand it to that", start)
        is_alone = quote and top.start == start - 1 and self.text.startswith(quote, end)
        self.positions[start] = (
            Position(start - 1, end + 1, "", word) if is_alone else Position(start, end, quote, word)
        )
        for one in self._opened:
            if one.word and one.word.given is None:
                one.word.given = start
        word.text += UNKNOWN
        return end

    def _read_match(self) -> int:
        """Read what one pattern of the table matches; return where it ends."""
        top = self._top
        match = _PATTERNS[top.quote].match(self.text, self._at)
        assert match and match.lastgroup
        kind, found = match.lastgroup.rstrip("23"), match[0]
        if (kind == "comment" and top.word) or (kind == "test" and (top.word or top.words)):
            kind, found = "text", found[:1]
        if kind in ("refused", "passed", "document", "test"):
            first = bisect_left(self._starts, self._at)
            is_in = first < len(self._starts) and self._starts[first] < self._at + len(found)
            if is_in or kind == "refused":
                parts = (one for begin, one in _PLACES.items() if found.startswith(begin))
                self._refuse(*next(parts, (f"a {found} here", "")), self._starts[first] if is_in else None)
        if kind in ("text", "escape", "passed", "quote", "end", "substitution"):
            self._read_part(kind, found)
        else:
            self._end_word()
            self._read_operator(kind, found)
        return self._at + len(found)

    # Words

    def _word(self) -> Word:
        """Return the word that is being read, or begin one."""
        self._top.word = self._top.word or Word(self._at)
        return self._top.word

    def _read_part(self, kind: str, found: str) -> None:
        if kind == "end":
            self._opened.pop()
        elif found != "\\\n":
            word = self._word()
            if kind == "quote":
                self._opened.append(_Open(found, self._at, word))
            elif kind == "substitution":
                self._open(")")
            else:
                word.text += {"text": found, "escape": found[1:], "passed": UNKNOWN}[kind]

    def _end_word(self) -> None:
        word, self._top.word = self._top.word, None
        if word:
            word.end = self._at
            raw = self.text[word.start : word.end]
            if word.given in self.positions:
                start, end = self.positions[word.given][:2]
                is_whole = (start, end) == (word.start, word.end)
                word.is_list = is_whole and self._placeholders[word.given] in LISTS
            word.is_solid = bool(word.text.strip(UNKNOWN)) or (raw[:1] in ("'", '"') and "@" not in raw)
            self._add_word(word, raw)

    def _add_word(self, word: Word, raw: str) -> None:
        words, redirection = self._top.words, self._top.redirection
        first = next((one.text for one in words if not ASSIGNED.match(one.text)), "")
        is_assigned = first in ("", "export", "readonly") and ASSIGNED.match(raw)
        word.has_room = not (is_assigned or redirection or first in _ONE_WORD or self._top.closer == "pattern")
        if redirection:
            word.is_read = redirection.lstrip("0123456789") == "<"
            if word.given is not None and redirection[-1] == "&":
                self._refuse("the target of >& or <&, which bash expands twice", "write >FILE 2>&1", word.given)
            self._top.redirection = ""
        elif words or raw not in _RESERVED:
            words.append(word)
            if raw == "in" and first == "case" and len(words) == 3:
                self._end_command(is_case=True)
                self._open("pattern")
        elif raw == "{":
            self._open("}")
        elif raw in ("}", "esac"):
            self._close("pattern" if raw == "esac" and self._top.closer == "pattern" else raw)

    # Commands

    def _open(self, closer: str) -> None:
        if len(self._opened) > _DEEPEST:
            self._refuse("commands that are nested so deeply")
        self._opened.append(_Open(closer, self._at))

    def _close(self, closer: str) -> None:
        if self._opened.pop().closer.lstrip("f") != closer:
            self._refuse(f"a {closer} that closes nothing")
        if self._top.word:
            self._top.word.text += UNKNOWN

    def _end_command(self, is_case: bool = False) -> None:
        self._end_word()
        words, self._top.words = self._top.words, []
        first = words[0].text if words else "redirection"
        is_open = first in ("function", "coproc") or (first == "case" and not is_case)
        if is_open or self._top.redirection or (first == "[[" and words[-1].text != "]]"):
            self._refuse(f"a {first} that does not end in its line, or is not in every shell")
        if self._top.closer != "pattern":
            self.commands.append(words)

    def _read_operator(self, kind: str, found: str) -> None:
        top = self._top
        if kind in ("operator", "close"):
            self._end_command()
            if top.closer == "pattern":
                top.closer = "esac" if kind == "close" else "pattern"
            elif kind == "close":
                self._close(")")
            elif top.closer == "esac" and found != ";" and ";" in found:
                top.closer = "pattern"
        elif kind == "function" and len(top.words) == 1 and UNKNOWN not in top.words[0].text:
            self.functions.add(top.words.pop().text)
            self._open("f}")
        elif kind == "redirection" and not top.redirection:
            top.redirection = found
        elif kind == "open" and not (top.words or top.redirection):
            self._open(")") if top.closer != "pattern" else None
        elif kind in ("redirection", "function", "open"):
            self._refuse(f"a {found} in such a place, as in an array or a function that is not written NAME() {{")
