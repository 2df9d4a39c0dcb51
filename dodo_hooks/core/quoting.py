"""Commands with placeholders -> commands with expansions (C6). The job's own shell never parses a value.

A scalar becomes an expansion of a variable, quoted as its place needs it; a list becomes the job's positional
parameters, `"$@"`; arguments become $DODO_ARG1 and so on. All of them are read by the shell after it has read the
command, so that no byte in them can end a word, open a quote or begin a command. Where a value would be read once more,
or where an expansion would not be one, the placeholder is an error that shows another way.

How a text is read is in core/shell_words.py and core/shell_text.py, who reads a word once more in
core/shell_dangers.py. None of it runs at the prompt.
"""

import re

from dodo_hooks.core.placeholders import (
    ALL_ARGUMENTS,
    LISTS,
    is_known,
    nearest,
    takes_event,
    variable_of,
)
from dodo_hooks.core.plan import FILES_VARIABLE
from dodo_hooks.core.record import Record
from dodo_hooks.core.shell_dangers import changes_parameters, joins_lists, prints, refused_words
from dodo_hooks.core.shell_text import ShellText
from dodo_hooks.core.shell_words import (
    ANSI,
    ARGUMENT,
    ARITHMETIC,
    ASSIGNMENT,
    BACKTICKS,
    BARE,
    HERE,
    ITEM,
    NAME,
    OPERATOR,
    QUOTED_HERE,
    SINGLE,
    TARGET,
    TEST,
    Confusion,
    Spot,
    Word,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*|[0-9]+)\}")
_MACRO = re.compile(r"(?<!\$)\{([^{}\s$]+)\}")
_DEEPEST_MACRO = 5
_LONGEST = 100_000  # of a command with its macros

_REASONS = {
    ARITHMETIC: "would be evaluated as arithmetic: compare it with [ ] instead, or check it first and calculate with ",
    QUOTED_HERE: "is not expanded in a here-document whose delimiter is quoted: take away the quotes, or read ",
    BACKTICKS: "cannot be put into these backticks safely: write $( ) instead, or use ",
    OPERATOR: "cannot be put into this part of ${ } safely: keep it in a variable first, or use ",
    ANSI: "cannot stand in $'...' or $\"...\": close that quote before it, or use ",
}


class TemplateError(Exception):
    """A placeholder that cannot be what it seems to be; `offset` is its place in the command as it was written."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message, self.offset = message, offset


class Placed(Record):
    """A command that can be given to its shell; with a list, as `sh -c TEXT sh FILE...`."""

    text: str
    list_name: str  # "staged_files", ...; "" without a list
    list_uses: int  # how often it stands there, which counts for the limit of an argument list
    event: str  # the first placeholder that is empty unless git has fired the hook, "" if there is none


def place(command: str, *, hook: str, arguments: int, is_posix: bool, macros: "Mapping[str, str]") -> Placed:
    """`command` with expansions instead of placeholders; raises TemplateError.

    `arguments`: how many the hook has (`placeholders.arguments_of`). `{name}` of `macros` is pasted as text first. With
    `is_posix=False` there is no shell whose expansions we know, so that any placeholder is an error.
    """
    text, origin = _with_macros(command, macros)
    try:
        return _placed(text, hook, arguments, is_posix, macros)
    except TemplateError as error:
        raise TemplateError(error.message, origin[min(error.offset, len(origin) - 1)]) from None


def _with_macros(command: str, macros: "Mapping[str, str]") -> "tuple[str, Sequence[int]]":
    """The text with macros pasted in, and for each character (and the end) its place in `command`."""
    text, origin = command, range(len(command) + 1)
    for depth in range(_DEEPEST_MACRO + 1):
        parts: list[str] = []
        places: list[int] = []
        end = 0
        for match in _MACRO.finditer(text):
            if match[1] not in macros or _is_escaped(text, match.start()) or _is_doubled(text, match):
                continue
            if depth == _DEEPEST_MACRO:
                message = f"{match[0]} is a template in a template, more than {depth} deep: does it hold itself?"
                raise TemplateError(message, origin[match.start()])
            pasted = macros[match[1]]
            parts += [text[end : match.start()], pasted]
            places += [*origin[end : match.start()], *[origin[match.start()]] * len(pasted)]
            end = match.end()
            if len(places) > _LONGEST:
                raise TemplateError(
                    f"{match[0]} makes this command longer than 100,000 characters: put it into a script",
                    origin[match.start()],
                )
        if not parts:
            break
        text, origin = "".join((*parts, text[end:])), [*places, *origin[end:]]  # type: ignore[assignment]
    return text, origin


def _is_doubled(text: str, match: "re.Match[str]") -> bool:
    """`{{x}}` is some other program's template."""
    return text.startswith("{{", match.start() - 1) and text.startswith("}", match.end()) and match.start() > 0


def _is_escaped(text: str, offset: int) -> bool:
    backslashes = 0
    while backslashes < offset and text[offset - backslashes - 1] == "\\":
        backslashes += 1
    return backslashes % 2 == 1


def _placed(text: str, hook: str, arguments: int, is_posix: bool, macros: "Mapping[str, str]") -> Placed:
    found = _find(text, arguments, macros)
    known = [(offset, name) for offset, name in found.items() if is_known(name, arguments)]
    if not (known if not is_posix else found):
        return Placed(text, "", 0, "")
    if not is_posix:
        offset, name = known[0]
        message = f"{{{name}}} needs a POSIX shell: under this `shell:` read the variable {variable_of(name)} instead"
        raise TemplateError(f"{message}{_names_files(name)}", offset)
    try:
        shell = ShellText(text, {offset: offset + len(name) + 2 for offset, name in found.items()})
    except Confusion as confusion:
        offset, name = next(iter(found.items()))
        _check_known(name, arguments, offset, macros)
        message = f"it is not clear where {{{name}}} would stand, since {confusion}"
        raise TemplateError(f"{message}: mend or simplify the command, or use {_way_out(name)}", offset) from None
    return _Placer(text, found, shell, arguments, macros).placed(hook)


def _find(text: str, arguments: int, macros: "Mapping[str, str]") -> "dict[int, str]":
    """Where a placeholder, or what nearly is one, begins -> what stands in its braces."""
    found: dict[int, str] = {}
    for match in _BRACES.finditer(text):
        before = text[max(0, match.start() - 1) : match.start()]
        if before in ("$", "@") or _is_escaped(text, match.start()) or _is_doubled(text, match):
            continue
        if is_known(match[1], arguments) or (not match[1].isdigit() and nearest(match[1], macros)):
            found[match.start()] = match[1]
    return found


def placeholders_in(text: str, arguments: int, macros: "Mapping[str, str]") -> "list[tuple[int, str]]":
    """Where the placeholders and macros of a text begin, and their names: for a place where none is replaced."""
    found = _find(text, arguments, macros).items()
    known = [(offset, name) for offset, name in found if is_known(name, arguments)]
    pasted = [
        (match.start(), match[1])
        for match in _MACRO.finditer(text)
        if match[1] in macros and not _is_escaped(text, match.start()) and not _is_doubled(text, match)
    ]
    return sorted(known + pasted)


def _check_known(name: str, arguments: int, offset: int, macros: "Mapping[str, str]") -> None:
    if not is_known(name, arguments):
        message = f"{{{name}}} is not a placeholder: did you mean {{{nearest(name, macros)}}}?"
        raise TemplateError(
            f"{message} (for braces that mean themselves write \\{{{name}}}, in quotes '{{''{name}}}')", offset
        )


def _names_files(name: str) -> str:
    return ", which names a file with the list, NUL-separated" if name in LISTS else ""


def _way_out(name: str) -> str:
    """A variable to use instead, with what is in it when that is not the value itself."""
    return f"${variable_of(name)}{_names_files(name)}"


class _Placer:
    """One command on its way from spots to expansions."""

    def __init__(
        self, text: str, found: "dict[int, str]", shell: ShellText, arguments: int, macros: "Mapping[str, str]"
    ) -> None:
        self._text, self._found, self._arguments, self._macros = text, found, arguments, macros
        self._words = shell.words
        self._refused: dict[int, str] = {}  # a spot's place -> why it cannot stand there
        for word, reason in refused_words(shell.simple, shell.compounds):
            # With all that is in the word: what a substitution prints is read once more, too.
            self._refused |= {
                hole: reason for hole in shell.holes_in(word.start, word.end) if hole not in self._refused
            }
        self._joining: set[int] = set()
        self._printed: set[int] = set()
        self._changed_from = len(text)  # from here on, positional parameters may not be ours
        for command in shell.simple:
            if joins_lists(command):
                self._joining |= {id(word) for word in command.words}
            if prints(command):
                self._printed |= {id(word) for word in command.words}
            if changes_parameters(command) and not command.is_in_function:
                self._changed_from = min(self._changed_from, command.start, command.loop_start)
        self._lists: dict[str, int] = {}

    def placed(self, hook: str) -> Placed:
        spots = sorted(((spot, word) for word in self._words for spot in word.spots), key=lambda pair: pair[0].start)
        parts: list[str] = []
        end, event = 0, ""
        for spot, word in spots:
            name = self._found[spot.start]
            replacement = self._replacement(name, spot, word)
            parts += [self._text[end : spot.quoted[0]], replacement]
            end = spot.quoted[1]
            event = event or (name if takes_event(name, hook) else "")
        list_name = next(iter(self._lists), "")
        return Placed("".join((*parts, self._text[end:])), list_name, self._lists.get(list_name, 0), event)

    def _replacement(self, name: str, spot: Spot, word: Word) -> str:
        _check_known(name, self._arguments, spot.start, self._macros)
        if spot.refusal:
            raise TemplateError(f"{{{name}}} {_REASONS[spot.refusal]}{_way_out(name)}", spot.start)
        if word.role == NAME:
            message = f"{{{name}}} cannot be a part of the name of a variable or a function: give it a fixed name"
            raise TemplateError(f"{message}, and use {_way_out(name)}", spot.start)
        if spot.start in self._refused:
            raise TemplateError(f"{{{name}}} {self._refused[spot.start]} {_way_out(name)}", spot.start)
        if name in LISTS:
            return self._list(name, spot, word)
        is_alone = not spot.is_inner and (spot.quoting == BARE or spot.is_whole)
        if name == ALL_ARGUMENTS and is_alone and word.role in (ARGUMENT, ITEM) and id(word) not in self._joining:
            return self._arguments_as_words()
        return _quoted(self._expansion(name), spot)

    def _expansion(self, name: str) -> str:
        if name != ALL_ARGUMENTS:
            return f"${{{variable_of(name)}-}}"
        rest = [f"${{DODO_ARG{number}+ $DODO_ARG{number}}}" for number in range(2, self._arguments + 1)]
        return "".join(("${DODO_ARG1-}", *rest))

    def _arguments_as_words(self) -> str:
        numbers = range(1, max(self._arguments, 1) + 1)
        return " ".join(f'${{DODO_ARG{number}+"$DODO_ARG{number}"}}' for number in numbers)

    def _list(self, name: str, spot: Spot, word: Word) -> str:
        if word.is_in_function:
            self._fail(
                name, "cannot stand in a function, which has arguments of its own: hand it to the function", spot
            )
        if spot.start >= self._changed_from:
            self._fail(name, "cannot stand where set, shift or eval may have changed it: make that a job before", spot)
        if self._lists and name not in self._lists:
            self._fail(name, f"is a second list beside {{{next(iter(self._lists))}}}: make two jobs of them", spot)
        self._lists[name] = self._lists.get(name, 0) + 1
        if word.role == HERE:
            self._fail(name, "cannot stand in a here-document: print it with printf '%s\\n'", spot)
        if spot.is_inner or (spot.quoting != BARE and not spot.is_whole):
            if spot.is_inner or id(word) not in self._printed:
                self._fail(name, "cannot stand beside other text in quotes or in ${ }: make it a word of its own", spot)
            return _quoted("${*-}", spot)
        return self._list_alone(name, spot, word)

    def _list_alone(self, name: str, spot: Spot, word: Word) -> str:
        """With nothing beside it in its quotes."""
        if id(word) in self._joining or word.role in (TEST, ASSIGNMENT):
            if not spot.is_whole:
                self._fail(name, "is a list where there is room for one word: quote it, so that it is joined", spot)
            return '"$*"'
        if word.role == TARGET and word.operator == "<" and len(word.text) == 1:
            return '"${1-}${2+/: only one file can be read here, and there are more}"'
        if word.role not in (ARGUMENT, ITEM):
            self._fail(name, "is a list where there is room for one word: loop over it with for", spot)
        return '"$@"'

    def _fail(self, name: str, reason: str, spot: Spot) -> None:
        raise TemplateError(f"{{{name}}} {reason}, or use {_way_out(name)}", spot.start)


def _quoted(expansion: str, spot: Spot) -> str:
    if spot.quoting == BARE or spot.is_whole:
        return f'"{expansion}"'
    return f"'\"{expansion}\"'" if spot.quoting == SINGLE else expansion


__all__ = ["FILES_VARIABLE", "Placed", "TemplateError", "place", "placeholders_in"]
