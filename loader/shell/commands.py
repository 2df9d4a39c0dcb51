"""The commands of a text, as far as it has to be known in which word of which command a placeholder stands.

This reads just enough of XCU 2 (POSIX's shell language) to know that. Whether an `if` has its `fi` is left to the
shell, which runs nothing that it cannot read.
"""

import re

from dodo_hooks.loader.shell.words import ARGUMENT, ASSIGNMENT, BREAKS, ITEM, SUBJECT, TARGET, Unclear, Word, Words

_OPERATOR = re.compile(r"\n|;;&|;;|;&|&&|\|\||\|&|[;|]|&(?!>)")
_RESERVED = re.compile(
    r"(if|then|elif|else|fi|while|until|do|done|for|select|case|function|time|coproc|[{}!])"
    r"(?=[ \t\n;&|<>()]|\Z)"
)
_ESAC = re.compile(r"esac(?=[ \t\n;&|<>()]|\Z)")
_NEVER = re.compile(r"(?!)")
_IN = re.compile(r"in(?=[ \t\n;&|<>()]|\Z)")
_REDIRECTION = re.compile(r"[0-9]*(<<-|<<<|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\())|(&>>?)")
_DELIMITER = re.compile(r"(?:[^ \t\n;&|<>()'\"\\$`]|'[^'\n]*'|\"[^\"\n$`\\]*\"|\\[^\n])+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARENTHESES = re.compile(r"\([ \t]*\)")
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")

_ODD_TARGETS = dict.fromkeys((">&", "<&"), "behind >&, where bash expands twice: write >FILE 2>&1")
_ODD_TARGETS["<<<"] = "behind <<<: print it with printf '%s\\n' and a |"


class Command:
    """A simple command."""

    def __init__(self, is_in_function: bool) -> None:
        self.is_in_function = is_in_function
        self.is_odd = False  # it is bash's [[ ]] with what other shells would not take for a part of it
        self.words: list[Word] = []
        self.assignments: list[Word] = []


class ShellText(Words):
    """The commands of a text and the positions of its placeholders, by where these begin; raises Unclear."""

    def __init__(self, text: str, placeholders: "dict[int, int]") -> None:
        super().__init__(text, placeholders)
        self.commands: list[Command] = []
        self._commands("")

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

    def _simple(self) -> bool:
        """Over a simple command; whether it was the name of a function."""
        command = Command(self._functions > 0)
        self.commands.append(command)
        while True:
            self._blanks()
            if command.words and command.words[0].text == "[[" and command.words[-1].text != "]]":
                command.is_odd |= self._skip_operators()
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

    def _skip_operators(self) -> bool:
        """Over operators of [[ ]], as in `[[ a =~ (b|c) ]]`; whether a shell without it might run what follows them."""
        start = self._at
        while not self._is_over() and self._here() in "&|()<> \t\n":
            self._at += 1
        return bool(self._text[start : self._at].strip("& \t"))

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
            if not written or self._here() not in BREAKS or self.starts_in(start, self._at):
                raise Unclear("the delimiter of a here-document is not plain")
            delimiter = re.sub(r"\\(.)|['\"]", r"\1", written)
            self._documents.append((delimiter, operator == "<<-", delimiter != written))
            return True
        with self._inside(_ODD_TARGETS.get(operator, "")):
            self._word(TARGET, operator)
        return True

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
            self._at = start
            self._region(Word(start, TARGET), line, "in a here-document: print it with printf '%s\\n'")
            self._at = min(line + len(self._line(line)) + 1, self._end)

    def _line(self, start: int) -> str:
        end = self._text.find("\n", start, self._end)
        return self._text[start : self._end if end < 0 else end]
