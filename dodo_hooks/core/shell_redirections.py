"""What stands between and behind words: blanks, comments, redirections and here-documents (XCU 2.3, 2.7).

A here-document begins at the next newline that is a token and ends at a line that is its delimiter.
Where shells disagree about the order, when a substitution spans that newline for example, it is a `Confusion`.
"""

import re

from dodo_hooks.core.shell_words import HERE, QUOTED_HERE, TARGET, Confusion, Word, WordScanner

_BLANKS = re.compile(r"(?:[ \t]|\\\n)+")
_REDIRECTION = re.compile(r"([0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})?(<<<|<<-?|<>|<&|>&|>>|>\||<|>)|(&>>?)")
CUT_OPERATOR = re.compile(r"(?:\\\n)+[<>&|;(]")
_DELIMITER = re.compile(r"""(?:'[^'\n]*'|"[^"\\$`\n]*"|\\[^\n]|[^\s;&|<>()'"\\`$])+""")


class Command:
    """A simple command: its words without assignments and redirections."""

    def __init__(self, start: int, loop_start: int, *, is_in_function: bool) -> None:
        self.start = self.end = start  # the end of a compound command only
        self.loop_start = loop_start  # of the outermost loop around it; its own start without one
        self.is_in_function = is_in_function
        self.words: list[Word] = []
        self.others: list[Word] = []  # assignments, targets of redirections, here-documents
        self.feeds: tuple[tuple[int, int], ...] = ()  # from where to where there is what is piped into it


class RedirectionScanner(WordScanner):
    """The part of the scanner that knows lines; `ShellText` adds commands."""

    def __init__(self, text: str, holes: "dict[int, int]") -> None:
        super().__init__(text, holes)
        self._pending: list[tuple[str, bool, bool, Command]] = []  # here-documents: delimiter, quoted, tabs, command
        self._is_held = False  # a here-document is waiting outside of this substitution

    def _blanks(self) -> None:
        """Over blanks and a comment; its holes are no placeholders."""
        blanks = _BLANKS.match(self.text, self.at, self.end)
        if blanks:
            self.at = blanks.end()
        if self.here() == "#":
            newline = self.text.find("\n", self.at, self.end)
            comment_end = newline if newline >= 0 else self.end
            self.seen.update(self.holes_in(self.at, comment_end))
            self.at = comment_end

    def _lines(self) -> None:
        """Over blanks, comments and newlines."""
        self._blanks()
        while self.here() == "\n":
            self._newline()
            self._blanks()

    def _newline(self) -> None:
        if self._is_held:
            raise Confusion("where the here-document begins depends on the shell", self.at)
        self.at += 1
        pending, self._pending = self._pending, []
        for delimiter, is_quoted, has_tabs, command in pending:
            self._here_document(delimiter, is_quoted, has_tabs, command)

    def _here_document(self, delimiter: str, is_quoted: bool, has_tabs: bool, command: Command) -> None:
        start = line_start = self.at
        while True:
            newline = self.text.find("\n", line_start, self.end)
            line_end = newline if newline >= 0 else self.end
            line = self.text[line_start:line_end]
            if (line.lstrip("\t") if has_tabs else line) == delimiter:
                break
            if newline < 0:
                raise Confusion(f"the here-document has no {delimiter} at its end", start)
            line_start = newline + 1
        word = Word(start, HERE)
        self.word_begins(word)
        command.others.append(word)
        if is_quoted:
            self.refuse(word, start, line_start, QUOTED_HERE)
        else:
            self._expanded_body(word, line_start)
        word.end = line_start
        self.at = min(line_end + 1, self.end)

    def _expanded_body(self, word: Word, body_end: int) -> None:
        body = self.text[word.start : body_end]
        if re.search(r"(?<!\\)(?:\\\\)*\\\n\Z", body):
            raise Confusion("the last line of the here-document is continued", body_end)
        outer_end, self.end = self.end, body_end
        while self.at < self.end:
            if self.here() == '"':
                self.at += 1
            else:
                self._double_piece(word)
        self.end = outer_end

    def _redirection(self, command: Command) -> bool:
        match = _REDIRECTION.match(self.text, self.at, self.end)
        if not match or self.at in self.holes or (match[0] in ("<", ">") and self._is_process()):
            return False
        self.at = match.end()
        if CUT_OPERATOR.match(self.text, self.at) or (match[2] == "<<" and self.here(2) == "\\\n"):
            raise Confusion("a line is continued in the middle of an operator", match.start())
        operator = match[2] or match[3]
        self._blanks()
        if operator in ("<<", "<<-"):
            self._delimiter(operator, command)
        else:
            word = self.word(TARGET)
            word.operator = operator
            command.others.append(word)
            if word.start == word.end:
                raise Confusion("a redirection leads nowhere", self.at)
        return True

    def _delimiter(self, operator: str, command: Command) -> None:
        match = _DELIMITER.match(self.text, self.at, self.end)
        if not match or self.has_hole(match.start(), match.end()):
            raise Confusion("a here-document needs a plain delimiter", self.at)
        self.at = match.end()
        if self.at < self.end and self.here() not in " \t\n;&|<>()":
            raise Confusion("a here-document needs a plain delimiter", self.at)
        unquoted = re.sub(r"""['"]|\\(.)""", r"\1", match[0])
        self._pending.append((unquoted, unquoted != match[0], operator == "<<-", command))
