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
from dodo_hooks.loader.shell.commands import ShellText
from dodo_hooks.loader.shell.placeholders import ALL_ARGUMENTS, LISTS, is_known, nearest, takes_event, variable_of
from dodo_hooks.loader.shell.programs import Rules, changes_parameters, is_test
from dodo_hooks.loader.shell.words import ARGUMENT, BARE, ITEM, SINGLE, TARGET, Position, Unclear, Word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*|[0-9]+)\}")
_MACRO = re.compile(r"(?<!\$)\{([^{}\s$]+)\}")
_DEEPEST_MACRO = 5
_LONGEST = 100_000  # of a command with its macros
# Not ksh and zsh, in which `[ a -eq b ]`, `printf %d` and `exit` evaluate what they are given.
POSIX = frozenset(("sh", "bash", "dash", "ash"))
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
    """What decides what braces mean."""

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
    """What stays as it is and may be meant otherwise: where it stands, and a sentence."""
    for match in re.finditer(r"\{\{(\w+)\}\}", command):
        if match[1] in LISTS:
            yield match.start(), f"{match[0]} is left as it is: for the list of files write {match[0][1:-1]}"
    for offset, name in () if template.is_own else _find(command, template).items():
        if not is_known(name, template.arguments) and name not in template.macros:
            near = f"did you mean {{{nearest(name, template.macros)}}}?"
            yield offset, f"{{{name}}} is not a placeholder and is left as it is: {near}"


def _with_macros(command: str, macros: "Mapping[str, str]") -> "tuple[str, Sequence[int]]":
    """The text with macros pasted in, and for each character (and the end) its place in `command`."""
    text, origin = command, range(len(command) + 1)
    for depth in range(_DEEPEST_MACRO + 1):
        parts: list[str] = []
        places: list[int] = []
        end = 0
        for match in _macros_in(text, macros):
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


def _macros_in(text: str, macros: "Mapping[str, str]") -> "Iterator[re.Match[str]]":
    return (match for match in _MACRO.finditer(text) if match[1] in macros and not _means_itself(text, match))


def _means_itself(text: str, match: "re.Match[str]") -> bool:
    """Whether it is escaped, or `{{x}}`, which is some other program's template."""
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
        way_out = f"under this `shell:` read the variable {variable_of(name)}{_names_files(name)}"
        raise TemplateError(f"{{{name}}} needs a POSIX shell (sh, bash, dash): {way_out}", first)
    try:
        return _Placer(text, found, ShellText(text, _ends(found)), template).placed()
    except Unclear as unclear:
        _check_known(name, first, template)
        message = f"it is not clear where {{{name}}} stands, since {unclear}: simplify the command, or use"
        raise TemplateError(f"{message} {_way_out(name)}", first) from None


def _ends(found: "Mapping[int, str]") -> "dict[int, int]":
    return {offset: offset + len(name) + 2 for offset, name in found.items()}


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
    """The variable to read instead, with what is in it when that is not the value itself."""
    return f'"${variable_of(name)}"{_names_files(name)}'


def _names_files(name: str) -> str:
    return ", which names a file with the list, NUL-separated" if name in LISTS else ""


class _Placer:
    """One command on its way from positions to expansions."""

    def __init__(self, text: str, found: "dict[int, str]", shell_text: ShellText, template: Template) -> None:
        self._text, self._found, self._shell, self._template = text, found, shell_text, template
        self._lists: dict[str, int] = {}

    def placed(self) -> QuotedCommand:
        refused: dict[int, str] = {}  # where a placeholder begins -> why it cannot stand there
        for start, stop, why in Rules(self._shell, self._is_list).refused():
            refused |= {offset: why for offset in self._shell.starts_in(start, stop) if offset not in refused}
        tests = {id(word) for command in self._shell.commands if is_test(command) for word in command.words}
        is_changed = any(changes_parameters(one) for one in self._shell.commands if not one.is_in_function)
        parts: list[str] = []
        end, event = 0, ""
        for start, position in sorted(self._shell.positions.items()):
            name = self._found[start]
            _check_known(name, start, self._template)
            if position.place:
                self._fail(name, f"cannot stand {position.place}", start)
            if start in refused:
                raise TemplateError(f"{{{name}}} {refused[start]} {_way_out(name)}", start)
            expansion = self._expansion(name, position, id(position.word) in tests, is_changed)
            parts += [self._text[end : position.outer[0]], expansion]
            end = position.outer[1]
            event = event or (name if takes_event(name, self._template.hook) else "")
        list_name = next(iter(self._lists), "")
        return QuotedCommand("".join((*parts, self._text[end:])), list_name, self._lists.get(list_name, 0), event)

    def _is_list(self, word: Word) -> bool:
        starts = self._shell.starts_in(word.start, word.end)
        position = self._shell.positions.get(starts[0]) if len(starts) == 1 else None
        is_whole = position is not None and position.outer == (word.start, word.end)
        return is_whole and self._found[starts[0]] in LISTS

    def _expansion(self, name: str, position: Position, is_test: bool, is_changed: bool) -> str:
        is_alone = position.quotes == BARE or position.is_whole
        has_room = position.word.role in (ARGUMENT, ITEM) and not is_test
        if name in LISTS:
            return self._list(name, position, is_alone, has_room, is_changed)
        arguments = range(1, max(self._template.arguments, 1) + 1)
        if name != ALL_ARGUMENTS:
            value = f"${{{variable_of(name)}-}}"
        elif is_alone and has_room:
            return " ".join(f'${{DODO_ARG{number}+"$DODO_ARG{number}"}}' for number in arguments)
        else:
            value = "${DODO_ARG1-}" + "".join(f"${{DODO_ARG{number}+ $DODO_ARG{number}}}" for number in arguments[1:])
        if is_alone:
            return f'"{value}"'
        return f"'\"{value}\"'" if position.quotes == SINGLE else value

    def _list(self, name: str, position: Position, is_alone: bool, has_room: bool, is_changed: bool) -> str:
        start, word = position.start, position.word
        if is_changed:
            self._fail(name, "cannot stand beside set or shift, which change it: make that a job before", start)
        if self._lists and name not in self._lists:
            self._fail(name, f"is a second list beside {{{next(iter(self._lists))}}}: make two jobs of them", start)
        if not is_alone:
            self._fail(name, "cannot stand beside other text in quotes: make it a word of its own", start)
        self._lists[name] = self._lists.get(name, 0) + 1
        if has_room:
            return '"$@"'
        if word.role == TARGET and word.operator == "<" and position.outer == (word.start, word.end):
            return _ONE_FILE
        if word.role == TARGET or not position.is_whole:
            self._fail(name, "is a list where there is room for one word: put quotes around it, or loop over it", start)
        return '"$*"'

    def _fail(self, name: str, reason: str, offset: int) -> None:
        raise TemplateError(f"{{{name}}} {reason}, or use {_way_out(name)}", offset)
