"""Commands of a POSIX shell: which words belong together, and what surrounds them (XCU 2.3, 2.4, 2.7, 2.9, 2.10).

A shell can only be tokenized by one that knows its grammar: whether a `)` ends a substitution or a pattern of `case`
depends on a reserved word before it, and a here-document begins at the next newline that is a token. So this walks the
grammar, without building a tree: out come simple commands, and for each word whether positional parameters are its own.
It is more lenient than a shell (`a ;; b` is none of its business) but never takes quotes, words or bodies otherwise.
"""

import re

from dodo_hooks.core.shell_redirections import CUT_OPERATOR, Command, RedirectionScanner
from dodo_hooks.core.shell_words import (
    ARGUMENT,
    ARITHMETIC,
    ASSIGNMENT,
    DECLARATIONS,
    ITEM,
    NAME,
    TEST,
    Confusion,
    Word,
)

_RESERVED = re.compile(r"(?:[a-z]+|[{}!]|\[\[)(?=[ \t\n;&|<>()]|\Z)")
_OPENERS = frozenset(("if", "while", "until", "for", "select", "case", "function", "{", "[[", "!", "time", "coproc"))
_CLOSERS = frozenset(("then", "elif", "else", "fi", "do", "done", "esac", "}"))
_SEPARATOR = re.compile(r";;&|;;|;&|&&|\|\||\|&|[;&|]")
_TEST_OPERATOR = re.compile(r"&&|\|\||[()&|<>]")
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^]]*\])?\+?=")
_SHELL_VARIABLE = re.compile(r'"?\$(?:SHELL|BASH|\{(?:SHELL|BASH)[^}"]*\})"?')
_CASE_ENDS = frozenset((";;", ";&", ";;&"))


class _Pipeline:
    """What the commands of a list read: what is piped into the whole of it, and what comes before in their pipeline."""

    def __init__(self, outer: "tuple[tuple[int, int], ...]") -> None:
        self._outer = self._feeds = outer
        self._start = -1  # of the pipeline
        self._goes_on = False  # there was a `|`, and a newline does not end it

    def command_begins(self, at: int) -> None:
        self._start = at if self._start < 0 else self._start
        self._goes_on = False

    def feeds_behind(self, separator: str, at: int) -> "tuple[tuple[int, int], ...]":
        """What the next command reads; the separator is "" for a newline."""
        if separator in ("|", "|&"):
            self._feeds, self._goes_on = (*self._outer, (self._start, at)), True
        elif separator or not self._goes_on:
            self._feeds, self._start, self._goes_on = self._outer, -1, False
        return self._feeds


class ShellText(RedirectionScanner):
    """All words and commands of a text, in the order of their ends and their starts; raises Confusion."""

    def __init__(self, text: str, holes: "dict[int, int]") -> None:
        super().__init__(text, holes)
        self.words: list[Word] = []
        self.simple: list[Command] = []
        self.compounds: list[Command] = []  # without words; what is redirected to them
        self._functions = 0
        self._loops: list[int] = []
        self._feeds: tuple[tuple[int, int], ...] = ()
        self.commands(frozenset(("",)))
        if self._pending:
            raise Confusion("a here-document has no body", self.at)
        missed = self.holes.keys() - self.seen
        if missed:
            raise Confusion("it is not clear what a shell makes of this", min(missed))

    def word_begins(self, word: Word) -> None:
        word.is_in_function = self._functions > 0
        self.words.append(word)

    # Lists

    def commands(self, closers: "frozenset[str]") -> str:
        """Over the commands of a substitution up to its `)`, or with "" up to the end."""
        with self.deeper():
            return self._substituted(closers)

    def _substituted(self, closers: "frozenset[str]") -> str:
        outer = self._pending, self._is_held
        self._is_held = self._is_held or bool(self._pending)
        self._pending = []
        closer = self._commands(closers)
        if self._pending:
            raise Confusion("a here-document begins behind the end of its command", self.at)
        self._pending, self._is_held = outer
        return closer

    def _commands(self, closers: "frozenset[str]") -> str:
        """Over a list. Each command in it reads what is piped into the whole, the later ones of a pipeline what the
        earlier ones print, which may be what was piped into them."""
        outer = self._feeds
        closer = self._pipelines(closers)
        self._feeds = outer
        return closer

    def _pipelines(self, closers: "frozenset[str]") -> str:
        line = _Pipeline(self._feeds)
        while True:
            self._blanks()
            if self.at >= self.end:
                if "" in closers:
                    return ""
                raise Confusion(f"{' or '.join(sorted(closers))} is missing", self.end)
            reserved = self._reserved() or (")" if self.here() == ")" else "")
            separator = self._separator()
            if separator and separator in closers:
                return separator
            if separator or self.here() == "\n":
                self._feeds = line.feeds_behind(separator, self.at)
            if self.here() == "\n":
                self._newline()
            elif reserved and reserved in closers:
                self.at += len(reserved)
                return reserved
            elif reserved in _CLOSERS or reserved == ")":
                raise Confusion(f"a {reserved} closes nothing", self.at)
            elif not separator:
                line.command_begins(self.at)
                self._command(reserved)

    def _separator(self) -> str:
        """Over the operator that begins here and ends a command; "" if there is none."""
        separator = _SEPARATOR.match(self.text, self.at, self.end)
        if not separator or self.text.startswith("&>", self.at):
            return ""
        if CUT_OPERATOR.match(self.text, separator.end()) and separator[0] in ("&", "|", ";", ";;"):
            raise Confusion("a line is continued in the middle of an operator", self.at)
        self.at = separator.end()
        return separator[0]

    def _reserved(self) -> str:
        """The word that begins here, when it could be a reserved one."""
        if self.at in self.holes:
            return ""
        match = _RESERVED.match(self.text, self.at, self.end)
        return match[0] if match and match[0] in _OPENERS | _CLOSERS | {"in"} else ""

    # Commands

    def _command(self, reserved: str) -> None:
        start = self.at
        if reserved == "function":
            self.at += len(reserved)
            self._blanks()
            self.word(NAME)
            self._blanks()
            self._take(r"\([ \t]*\)")
            self._function()
        elif reserved in ("!", "time", "coproc"):
            self.at += len(reserved)
            self._take(r"[ \t]+-p(?=[ \t])")  # of `time`
        elif reserved == "[[":
            self._double_brackets()
        elif reserved or self.here() == "(":
            with self.deeper():
                self._compound(reserved)
            self._redirections(start)
        else:
            self._simple_command()

    def _compound(self, reserved: str) -> None:
        start = self.at
        self.at += len(reserved) or 1
        if reserved == "{":
            self._commands(frozenset("}"))
        elif reserved == "if":
            closer = "elif"
            while closer != "fi":
                if closer == "elif":
                    self._commands(frozenset(("then",)))
                closer = self._commands(frozenset(("elif", "else", "fi")))
        elif reserved in ("while", "until"):
            self._loops.append(start)
            self._commands(frozenset(("do",)))
            self._commands(frozenset(("done",)))
            self._loops.pop()
        elif reserved in ("for", "select"):
            self._loops.append(start)
            self._for()
            self._loops.pop()
        elif reserved == "case":
            self._case()
        elif not reserved:
            self._parentheses(start)
        else:
            raise Confusion(f"{reserved} stands in a strange place", start)

    def _parentheses(self, start: int) -> None:
        close = self.arithmetic_end(start)
        if close:
            self._arithmetic(start, close)
        else:
            self._commands(frozenset(")"))

    def _arithmetic(self, start: int, close: int) -> None:
        word = Word(start, TEST)
        self.word_begins(word)
        self.refuse(word, start, close, ARITHMETIC)
        self.at = word.end = close

    def _for(self) -> None:
        self._blanks()
        close = self.arithmetic_end(self.at)
        if close:
            self._arithmetic(self.at, close)
        else:
            self.word(NAME)
            self._lines()
            if self._reserved() == "in":
                self.at += 2
                self._items("\n;")
        self._lines()
        self._take(";")
        self._lines()
        self._body()

    def _items(self, ends: str) -> None:
        while True:
            self._lines() if ends == ")" else self._blanks()
            if self.at >= self.end or self.here() in ends:
                return
            word = self.word(ITEM)
            if ends == ")" and word.text.startswith("["):
                word.role = NAME  # bash calculates the index
            if word.start == word.end:
                raise Confusion("a list of words goes on in a strange way", self.at)

    def _body(self) -> None:
        reserved = self._reserved()
        if reserved not in ("do", "{"):
            raise Confusion("a loop has no do", self.at)
        self.at += len(reserved)
        self._commands(frozenset(("done",) if reserved == "do" else ("}",)))

    def _case(self) -> None:
        self._blanks()
        self.word(TEST)
        self._lines()
        if self._reserved() != "in":
            raise Confusion("a case has no in", self.at)
        self.at += 2
        while True:
            self._lines()
            if self._reserved() == "esac":
                self.at += 4
                return
            self._take(r"\(")
            self._patterns()
            if self._commands(_CASE_ENDS | {"esac"}) == "esac":
                return

    def _patterns(self) -> None:
        while True:
            self._blanks()
            word = self.word(TEST)
            self._blanks()
            if self.here() == ")" and word.start < word.end:
                self.at += 1
                return
            if self.here() != "|":
                raise Confusion("a pattern of case goes on in a strange way", self.at)
            self.at += 1

    def _double_brackets(self) -> None:
        """bash's [[ ]]: operators of a shell are operands here, and patterns hold parentheses.

        A shell without it fails to find a command `[[`, and goes on behind `||`, `|` or a newline with another one, so
        what stands there is noted as that, too. With a `(` it cannot read any of it.
        """
        command = part = self._new_command()
        self.at += 2
        command.words.append(self._literal("[["))
        is_readable = True
        while True:
            is_cut = self._skips_newline()
            if self.at >= self.end or self.here() == ";":
                raise Confusion("a [[ is not closed", command.start)
            operator = None if self._is_process() else _TEST_OPERATOR.match(self.text, self.at, self.end)
            if operator:
                is_cut = is_cut or operator[0] in ("||", "|", "&")
                is_readable = is_readable and operator[0] != "("
                self.at = operator.end()
            if is_cut and is_readable:
                part = self._new_command()
            if not operator:
                word = self.word(TEST)
                command.words.append(word)
                if part is not command:
                    part.words.append(word)
                if self.text[word.start : word.end] == "]]":
                    return self._redirections(command.start)

    def _skips_newline(self) -> bool:
        start = self.at
        self._lines()
        return "\n" in self.text[start : self.at].replace("\\\n", "")

    def _literal(self, text: str) -> Word:
        word = Word(self.at - len(text), ARGUMENT)
        word.text, word.end = text, self.at
        return word

    def _new_command(self) -> Command:
        loop_start = self._loops[0] if self._loops else self.at
        command = Command(self.at, loop_start, is_in_function=self._functions > 0)
        command.feeds = self._feeds
        self.simple.append(command)
        return command

    def _simple_command(self) -> None:
        command = self._new_command()
        while True:
            self._blanks()
            if self._redirection(command):
                continue
            if self.at >= self.end or self.here() in "\n;&|)":
                return
            if self.here() == "(" and len(command.words) == 1 and not command.others:
                self._named_function(command)
                return
            word = self.word(ARGUMENT)
            if word.start == word.end:
                raise Confusion("a ( stands in a strange place", self.at)
            word.shell_variable = _SHELL_VARIABLE.fullmatch(self.text, word.start, word.end) is not None
            is_assigned = self._is_assignment(word)
            if is_assigned and self.here() == "(" and word.text.endswith("="):
                self._array()
                word.end = self.at  # whoever reads the word once more reads its elements, too
            if is_assigned and any(one.known_text in DECLARATIONS for one in command.words[:2]):
                word.role = ASSIGNMENT
                command.words.append(word)
            elif is_assigned and not command.words:
                word.role = ASSIGNMENT
                command.others.append(word)
            else:
                command.words.append(word)

    def _is_assignment(self, word: Word) -> bool:
        """Whether its name is plain; where a placeholder is part of it, the shell would look for a command."""
        match = _ASSIGNED.match(self.text, word.start, word.end)
        return match is not None and not self.has_hole(word.start, match.end())

    def _array(self) -> None:
        self.at += 1
        self._items(")")
        if self.here() != ")":
            raise Confusion("an array is not closed", self.at)
        self.at += 1

    def _named_function(self, command: Command) -> None:
        if not self._take(r"\([ \t]*\)"):
            raise Confusion("a ( stands in a strange place", self.at)
        command.words[0].role = NAME
        self.simple.remove(command)
        self._function()

    def _function(self) -> None:
        loops, self._loops = self._loops, []
        self._functions += 1
        self._lines()
        with self.deeper():
            self._command(self._reserved())
        self._functions -= 1
        self._loops = loops

    def _redirections(self, start: int) -> None:
        command = Command(start, start, is_in_function=self._functions > 0)
        command.end = self.at
        self.compounds.append(command)
        self._blanks()
        while self._redirection(command):
            self._blanks()

    def _take(self, pattern: str) -> bool:
        match = re.compile(pattern).match(self.text, self.at, self.end)
        if match:
            self.at = match.end()
        return match is not None
