"""Commands with placeholders -> commands with expansions. The job's own shell never parses a value (C6).

The argument, in three steps:

1. A value is never in the text. In a placeholder's place stands an expansion, as `"${DODO_BRANCH-}"` or `"$@"`, and a
   shell does not parse what that brings: it becomes a part of a word after the command has been read. So a mistake in
   reading a command could cut a word in two, and no more than that.
2. A value stays one word only with the right quotes. So a placeholder stands bare, in double or in single quotes
   (commands.py); a list, which is several words, bare, glued to a word or not, or as the whole of a quoted text.
3. Some words are read once more: as the command, as a number, as the name of a variable, or by a program that takes an
   argument for a program. In these no placeholder may stand (programs.py).
"""

import re

from dodo_hooks.core.diagnostics import DiagnosticError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.loader.shell.commands import Position, Refused, ShellText
from dodo_hooks.loader.shell.placeholders import (
    ALL_ARGUMENTS,
    CHANGED_FILES,
    LISTS,
    LITERAL_BRACE,
    is_known,
    nearest,
    takes_event,
    variable_of,
)
from dodo_hooks.loader.shell.programs import changes_list, check_programs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

_BRACES = re.compile(r"(?<![$@])\{([A-Za-z_][A-Za-z0-9_-]*|[0-9]+)\}")
_MACRO = re.compile(r"(?<!\$)\{([^{}\s$]+)\}")
_MOST_MACROS = 2000
_LONGEST = 100_000  # of a command with its macros
# Not ksh and zsh, in which `[ a -eq b ]`, `printf %d` and `exit` evaluate what they are given.
POSIX = frozenset(("sh", "bash", "dash", "ash"))
_ONE_FILE = '"${1-}${2+/: only one file can be read here, and there are more}"'


class TemplateError(DiagnosticError):
    """A placeholder that cannot be what it seems to be; `offset` is its place in the command as it was written."""

    def __init__(self, message: str, fix: str = "", offset: "int | None" = None) -> None:
        super().__init__(message, fix)
        self.offset = offset


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


_ANY_NUMBER = 999  # of arguments
_NO_MACROS = Template("", 0, {})


def expand_placeholders(command: str, shell: str, template: Template) -> QuotedCommand:
    """`command` with expansions instead of placeholders, for a shell of this name; raises TemplateError."""
    text, origin, literal = _expand_macros(command, template)
    found = _find(text, template, literal)
    if shell not in POSIX or not template.is_own:
        found = {offset: name for offset, name in found.items() if is_known(name, template.arguments)}
    try:
        return _expand(text, shell, found, template) if found else QuotedCommand(text)
    except Refused as refused:
        start = next(iter(found)) if refused.start is None else refused.start
        raise TemplateError(*_parts(found[start], refused, template), origin[min(start, len(origin) - 1)]) from None


def escape_braces(text: str, macros: "Mapping[str, str]", *, is_query: bool = False) -> str:
    """Return a command of another tool's file as one of ours: braces that mean themselves there do so here.

    `is_query`: it is one in which no placeholder is replaced.
    """
    template = Template("", _ANY_NUMBER, macros)
    found = [
        start
        for start, name in _find(text, template).items()
        if is_known(name, _ANY_NUMBER) is is_query and name not in macros
    ]
    names = {LITERAL_BRACE, *macros} if is_query else {LITERAL_BRACE}.difference(macros)
    pasted = [match.start() for match in _macros_in(text, names)]
    for start in sorted({*found, *pasted}, reverse=True):
        text = f"{text[:start]}{{{LITERAL_BRACE}}}{text[start + 1 :]}"
    return text


def with_literal_braces(text: str) -> str:
    """Return a text in which nothing but `{lbrace}` is replaced."""
    return _expand_macros(text, _NO_MACROS)[0] if LITERAL_BRACE in text else text


def find_doubtful_braces(command: str, template: Template) -> "Iterator[tuple[int, str, str]]":
    """Return what stays as it is and may be meant otherwise: where it stands, a message, and the fix."""
    for match in re.finditer(r"\{\{(\w+)\}\}", command):
        if match[1] in LISTS:
            yield match.start(), f"{match[0]} is left as it is", f"for the list of files write {match[0][1:-1]}"
    for offset, name in () if template.is_own else _find(command, template).items():
        if not is_known(name, template.arguments) and name not in template.macros:
            near = f"(did you mean {{{nearest(name, template.macros)}}}?)"
            yield offset, f"{{{name}}} is not a placeholder and is left as it is {near}", ""


def placeholders_in(text: str, template: Template) -> "list[tuple[int, str]]":
    """Return the offsets and the names of placeholders and macros, for a text where none is replaced."""
    known = [(offset, name) for offset, name in _find(text, template).items() if is_known(name, template.arguments)]
    return sorted(known + [(match.start(), match[1]) for match in _macros_in(text, template.macros)])


def _expand_macros(text: str, template: Template) -> "tuple[str, Sequence[int], Container[int]]":
    """Return the text with macros and literal braces pasted in.

    Beside it: for each character, and the end, its place in the text as it was; and the offsets of the literal braces.
    """
    macros, literal = template.macros, set[int]()
    names = {LITERAL_BRACE, *macros} if template.is_own else macros
    origin, at, uses = list(range(len(text) + 1)), 0, 0
    while match := next(_macros_in(text, names, at, literal), None):
        at, is_macro = match.start(), match[1] in macros
        pasted, uses = macros[match[1]] if is_macro else "{", uses + is_macro
        text = text[:at] + pasted + text[match.end() :]
        origin[at : match.end()] = [origin[at]] * len(pasted)
        if not is_macro:
            literal.add(at)
            at += 1
        if len(text) > _LONGEST or uses > _MOST_MACROS:
            message = f"{match[0]} makes this command longer than 100,000 characters: does it contain itself?"
            raise TemplateError(message, offset=origin[at])
    return text, origin, literal


def _macros_in(
    text: str, names: "Container[str]", start: int = 0, literal: "Container[int]" = ()
) -> "Iterator[re.Match[str]]":
    found = (match for match in _MACRO.finditer(text, start) if match[1] in names)
    return (match for match in found if not _means_itself(text, match, literal))


def _means_itself(text: str, match: "re.Match[str]", literal: "Container[int]") -> bool:
    """Return whether it is escaped, or `{{x}}`, which is some other program's template."""
    start = match.start()
    before = text[:start]
    is_doubled = before.endswith("{") and start - 1 not in literal and text.startswith("}", match.end())
    return is_doubled or (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _find(text: str, template: Template, literal: "Container[int]" = ()) -> "dict[int, str]":
    """Return the text in the braces of each placeholder, or of what nearly is one, by its offset."""
    return {
        match.start(): match[1]
        for match in _BRACES.finditer(text)
        if (is_known(match[1], template.arguments) or (not match[1].isdigit() and nearest(match[1], template.macros)))
        and match.start() not in literal
        and not _means_itself(text, match, literal)
    }


def _parts(name: str, refused: Refused, template: Template) -> "tuple[str, str]":
    """Return the message, and the fix: the variable to read instead, or how to write braces."""
    if not is_known(name, template.arguments):
        message = f"{{{name}}} is not a placeholder (did you mean {{{nearest(name, template.macros)}}}?)"
        return message, f"for literal braces write {{{LITERAL_BRACE}}}{name}}}"
    is_file = ", which names a file with the list, NUL-separated" if name in LISTS else ""
    variable = refused.way.replace("NAME", variable_of(name))
    return f"{{{name}}} {refused.why}", f"{refused.fix} {variable}{is_file}"


def _expand(text: str, shell: str, found: "dict[int, str]", template: Template) -> QuotedCommand:
    """Return the command with its expansions; raises Refused."""
    if shell not in POSIX:
        why = "needs a POSIX shell (sh, bash, dash)"
        raise Refused(None, why, "under this `shell:` read the variable", "NAME")
    read = ShellText(text, found)
    lists, parts, end, event = list[str](), list[str](), 0, ""
    if read.positions:
        check_programs(read)
    for start, position in read.positions.items():
        name = found[start]
        if not is_known(name, template.arguments):
            raise Refused(start, "")
        if name in LISTS:
            lists.append(name)
            _check_list(name, lists[0], start, read)
        parts += [text[end : position.start], _expansion(name, position, template.arguments)]
        end = position.end
        if event in ("", CHANGED_FILES) and takes_event(name, template.hook):  # a snapshot has that list of its commit
            event = name
    return QuotedCommand("".join((*parts, text[end:])), lists[0] if lists else "", len(lists), event)


def _check_list(name: str, first: str, start: int, read: ShellText) -> None:
    position, word = read.positions[start], read.positions[start].word
    if changes_list(read):
        raise Refused(start, "cannot be used with set or shift, which change it", "do that in an earlier job, or use")
    if name != first:
        raise Refused(start, f"is a second list beside {{{first}}}", "make two jobs of them, or use")
    if position.quote:
        raise Refused(start, "cannot be used with other text in quotes", "make it a word of its own, or use")
    if not (word.has_room or position.start < start or (word.is_read and word.is_list)):
        why = "is a list where one word is expected"
        raise Refused(start, why, "put quotes around it, or loop over it, or use")


def _expansion(name: str, position: Position, arguments: int) -> str:
    word, numbers = position.word, range(1, max(arguments, 1) + 1)
    if name in LISTS:
        return '"$@"' if word.has_room else _ONE_FILE if word.is_read and word.is_list else '"$*"'
    if name != ALL_ARGUMENTS:
        value = f"${{{variable_of(name)}-}}"
    elif word.has_room and not position.quote:
        return " ".join(f'${{DODO_ARG{number}+"$DODO_ARG{number}"}}' for number in numbers)
    else:
        value = "${DODO_ARG1-}" + "".join(f"${{DODO_ARG{number}+ $DODO_ARG{number}}}" for number in numbers[1:])
    return {"": f'"{value}"', "'": f"'\"{value}\"'", '"': value}[position.quote]
