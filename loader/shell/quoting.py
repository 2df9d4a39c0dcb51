"""Commands with placeholders -> commands with expansions. The job's own shell never parses a value (C6).

The argument, in three steps:

1. A value is never in the text. What is put in a placeholder's place is one of a few fixed expansions, as
   `"${DODO_BRANCH-}"` or `"$@"`, and a shell does not parse what an expansion brings: it becomes a part of a word,
   after the command has been read. So a mistake in reading a command could cut a word in two, and no more than that.
2. An expansion is one only where the shell expands, and its value stays one word only with the right quotes. So a
   placeholder has to stand bare, in double or in single quotes, of a word whose quotes are known
   (commands.py), which may be in `$( )`. A list, which is several words, stands bare, glued to a word or not, or
   is the whole of a quoted text. Every other place is an error that names the variable to read.
3. Some words are read once more, after they have been expanded: as the command, as a number, as the name of a variable,
   or by a program that takes an argument for a program. In these no placeholder may stand (loader/shell/programs.py).

None of it runs at the prompt.
"""

import re

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.loader.shell.commands import Misplaced, Position, ShellText, Unclear
from dodo_hooks.loader.shell.placeholders import ALL_ARGUMENTS, LISTS, is_known, nearest, takes_event, variable_of
from dodo_hooks.loader.shell.programs import changes_parameters, refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*|[0-9]+)\}")
_MACRO = re.compile(r"(?<!\$)\{([^{}\s$]+)\}")
_MOST_MACROS = 2000
_LONGEST = 100_000  # of a command with its macros
# Not ksh and zsh, in which `[ a -eq b ]`, `printf %d` and `exit` evaluate what they are given.
POSIX = frozenset(("sh", "bash", "dash", "ash"))
_READ_FROM = re.compile(r"(?<![<&])<[ \t]*\Z")
_ONE_FILE = '"${1-}${2+/: only one file can be read here, and there are more}"'


class TemplateError(Exception):
    """A placeholder that cannot be what it seems to be; `offset` is its place in the command as it was written."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message, self.offset = message, offset


class QuotedCommand(Record):
    """A command that can be given to its shell; with a list, as `sh -c TEXT sh FILE...`."""

    text: str
    list_name: str = ""  # "staged_files", ...; "" without a list
    list_uses: int = 0  # how often it stands there, which counts for the limit of an argument list
    event: str = ""  # the first placeholder that is empty unless git has fired the hook, "" if there is none


class Template(Record):
    """The settings that decide what braces mean."""

    hook: str
    arguments: int  # how many the hook has (`placeholders.arguments_of`)
    macros: "Mapping[str, str]"  # pasted as text, before anything else
    is_own: bool = True  # a word that nearly is a placeholder is an error; else it stays as it is


def expand_placeholders(command: str, shell: str, template: Template) -> QuotedCommand:
    """`command` with expansions instead of placeholders, for a shell of this name; raises TemplateError."""
    text, origin = _with_macros(command, template.macros)
    try:
        return _placed(text, shell, template)
    except TemplateError as error:
        raise TemplateError(error.message, origin[min(error.offset, len(origin) - 1)]) from None


def remarks(command: str, template: Template) -> "Iterator[tuple[int, str]]":
    """Return what stays as it is and may be meant otherwise: where it stands, and a sentence."""
    for match in re.finditer(r"\{\{(\w+)\}\}", command):
        if match[1] in LISTS:
            yield match.start(), f"{match[0]} is left as it is: for the list of files write {match[0][1:-1]}"
    for offset, name in () if template.is_own else _find(command, template).items():
        if not is_known(name, template.arguments) and name not in template.macros:
            near = f"did you mean {{{nearest(name, template.macros)}}}?"
            yield offset, f"{{{name}}} is not a placeholder and is left as it is: {near}"


def _with_macros(text: str, macros: "Mapping[str, str]") -> "tuple[str, Sequence[int]]":
    """Return the text with macros pasted in, and for each character (and the end) its place in the text as it was."""
    origin, at, uses = list(range(len(text) + 1)), 0, 0
    while match := next(_macros_in(text, macros, at), None):
        at, pasted, uses = match.start(), macros[match[1]], uses + 1
        text = text[:at] + pasted + text[match.end() :]
        origin[at : match.end()] = [origin[at]] * len(pasted)
        if len(text) > _LONGEST or uses > _MOST_MACROS:
            message = f"{match[0]} makes this command longer than 100,000 characters: does it hold itself?"
            raise TemplateError(message, origin[at])
    return text, origin


def _macros_in(text: str, macros: "Mapping[str, str]", start: int = 0) -> "Iterator[re.Match[str]]":
    return (match for match in _MACRO.finditer(text, start) if match[1] in macros and not _means_itself(text, match))


def _means_itself(text: str, match: "re.Match[str]") -> bool:
    """Return whether it is escaped, or `{{x}}`, which is some other program's template."""
    before = text[: match.start()]
    is_doubled = before.endswith("{") and text.startswith("}", match.end())
    return is_doubled or (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _placed(text: str, shell: str, template: Template) -> QuotedCommand:
    found = _find(text, template)
    if shell not in POSIX or not template.is_own:
        found = {offset: name for offset, name in found.items() if is_known(name, template.arguments)}
    if not found:
        return QuotedCommand(text)
    first, name = next(iter(found.items()))
    if shell not in POSIX:
        message = f"{{{name}}} needs a POSIX shell (sh, bash, dash): under this `shell:` read the variable"
        raise TemplateError(f"{message} {variable_of(name)}", first)
    try:
        return _Placer(text, found, template).placed()
    except Misplaced as misplaced:
        name = found[misplaced.start]
        _check_known(name, misplaced.start, template)
        message = f"{{{name}}} cannot stand {misplaced.place}, or use {_way_out(name)}"
        raise TemplateError(message, misplaced.start) from None
    except Unclear as unclear:
        _check_known(name, first, template)
        message = f"it is not clear where {{{name}}} stands, since {unclear}: simplify the command, or use"
        raise TemplateError(f"{message} {_way_out(name)}", first) from None


def _find(text: str, template: Template) -> "dict[int, str]":
    """Where a placeholder, or what nearly is one, begins -> what stands in its braces."""
    return {
        match.start(): match[1]
        for match in _BRACES.finditer(text)
        if text[max(0, match.start() - 1) : match.start()] not in ("$", "@")
        and not _means_itself(text, match)
        and (is_known(match[1], template.arguments) or (not match[1].isdigit() and nearest(match[1], template.macros)))
    }


def placeholders_in(text: str, template: Template) -> "list[tuple[int, str]]":
    """Where the placeholders and macros of a text begin, and their names: for a place where none is replaced."""
    known = [(offset, name) for offset, name in _find(text, template).items() if is_known(name, template.arguments)]
    return sorted(known + [(match.start(), match[1]) for match in _macros_in(text, template.macros)])


def _check_known(name: str, offset: int, template: Template) -> None:
    if not is_known(name, template.arguments):
        message = f"{{{name}}} is not a placeholder: did you mean {{{nearest(name, template.macros)}}}?"
        raise TemplateError(
            f"{message} (for braces that mean themselves write \\{{{name}}}, in quotes '{{''{name}}}')", offset
        )


def _way_out(name: str) -> str:
    """Return the variable to read instead, with what is in it when that is not the value itself."""
    is_file = ", which names a file with the list, NUL-separated" if name in LISTS else ""
    return f'"${variable_of(name)}"{is_file}'


class _Placer:
    """One command on its way from positions to expansions."""

    def __init__(self, text: str, found: "dict[int, str]", template: Template) -> None:
        self._text, self._found, self._template = text, found, template
        self._shell = ShellText(text, {offset: offset + len(name) + 2 for offset, name in found.items()})
        self._list_name, self._list_uses = "", 0
        for start, position in self._shell.positions.items():
            is_whole = position.outer == (position.word.start, position.word.end)
            position.word.is_list = is_whole and found[start] in LISTS
        self._is_changed = any(changes_parameters(one) for one in self._shell.commands if not one.is_in_function)

    def placed(self) -> QuotedCommand:
        wrong: dict[int | None, str] = {}  # where a placeholder begins -> why it cannot stand there
        for start, stop, why in refused(self._shell):
            wrong.setdefault(self._shell.first_in(start, stop), why)
        parts: list[str] = []
        end, event = 0, ""
        for start, position in sorted(self._shell.positions.items()):
            name = self._found[start]
            _check_known(name, start, self._template)
            if start in wrong:
                raise TemplateError(f"{{{name}}} {wrong[start]} {_way_out(name)}", start)
            parts += [self._text[end : position.outer[0]], self._expansion(name, position)]
            end = position.outer[1]
            event = event or (name if takes_event(name, self._template.hook) else "")
        return QuotedCommand("".join((*parts, self._text[end:])), self._list_name, self._list_uses, event)

    def _expansion(self, name: str, position: Position) -> str:
        if name in LISTS:
            return self._list(name, position)
        numbers = range(1, max(self._template.arguments, 1) + 1)
        if name != ALL_ARGUMENTS:
            value = f"${{{variable_of(name)}-}}"
        elif position.is_alone and position.word.has_room:
            return " ".join(f'${{DODO_ARG{number}+"$DODO_ARG{number}"}}' for number in numbers)
        else:
            value = "${DODO_ARG1-}" + "".join(f"${{DODO_ARG{number}+ $DODO_ARG{number}}}" for number in numbers[1:])
        if position.is_alone:
            return f'"{value}"'
        return f"'\"{value}\"'" if position.quote == "'" else value

    def _list(self, name: str, position: Position) -> str:
        word = position.word
        is_read = position.inner == (word.start, word.end) and _READ_FROM.search(self._text[: word.start])
        reason = ""
        if self._is_changed:
            reason = "cannot stand beside set or shift, which change it: make that a job before"
        elif self._list_name not in ("", name):
            reason = f"is a second list beside {{{self._list_name}}}: make two jobs of them"
        elif not position.is_alone:
            reason = "cannot stand beside other text in quotes: make it a word of its own"
        elif not (word.has_room or position.quote or is_read):
            reason = "is a list where there is room for one word: put quotes around it, or loop over it"
        if reason:
            raise TemplateError(f"{{{name}}} {reason}, or use {_way_out(name)}", position.inner[0])
        self._list_name, self._list_uses = name, self._list_uses + 1
        return '"$@"' if word.has_room else _ONE_FILE if is_read else '"$*"'
