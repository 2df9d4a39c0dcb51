"""Words of a command that a shell, or a program that it starts, reads once more, as something else than data.

An expansion in such a word would be safe with the job's shell and not with the next one; or the job's shell itself
takes it for a command, a name or an expression. So a placeholder is refused there (C6).
"""

import re
from bisect import bisect_left
from itertools import pairwise

from dodo_hooks.core.interpreters import code_words, command_places, found_by_find
from dodo_hooks.core.pipelines import fed_words, here_words, stdin_interpreter
from dodo_hooks.core.shell_words import ASSIGNMENT, DECLARATIONS, HOLE_IN_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dodo_hooks.core.shell_redirections import Command
    from dodo_hooks.core.shell_words import Word

_NAMES = frozenset(("read", "unset", "let", "mapfile", "readarray", "getopts"))
_COMPARES_NUMBERS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_CHANGES = re.compile(r"\b(set|shift)\b")
# Variables whose values are commands, for the shell or for git.
_COMMANDS = re.compile(
    r"(PS[0-4]|PROMPT_COMMAND|ENV|BASH_ENV|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE|BASH_FUNC_.*"
    r"|GIT_(SSH|SSH_COMMAND|EDITOR|SEQUENCE_EDITOR|PAGER|PROXY_COMMAND|EXTERNAL_DIFF|ASKPASS))\+?="
)


def refused_words(commands: "list[Command]", compounds: "list[Command]") -> "Iterator[tuple[Word, str]]":
    """Words that may hold no placeholder, each with what is wrong with one there and what to do instead."""
    for command in commands:
        places = command_places(command.words)
        yield from _command_words(command.words, places)
        for place in places:
            yield from _builtin_words(command.words[place:])
        yield from ((word, _program_for(reader)) for word, reader in code_words(command.words, places))
        yield from ((word, _program_for(reader)) for word, reader in found_by_find(command.words, places))
    yield from ((word, _program_for(reader)) for word, reader in fed_words(commands, compounds))
    yield from _other_words(commands, compounds)
    starts = [command.start for command in commands]
    for compound in compounds:  # a here-document for all that is in there
        inner = commands[bisect_left(starts, compound.start) : bisect_left(starts, compound.end)]
        for reader in {stdin_interpreter(command.words, command_places(command.words)) for command in inner} - {""}:
            yield from ((word, _program_for(reader)) for word in here_words(compound))


def _program_for(program: str) -> str:
    return f"would be read as a program by {program}: hand it over as an argument of its own, or have it read"


def _name_for(builtin: str) -> str:
    return f"would be read as the name of a variable by {builtin}: give the variable a fixed name, or use"


def joins_lists(command: "Command") -> bool:
    """Whether a quoted list is meant as one text: `[ -n "{staged_files}" ]`."""
    places = command_places(command.words)
    return any(command.words[place].known_text in ("[", "test", "[[") for place in places)


def prints(command: "Command") -> bool:
    """Whether its arguments are for people, so that a list within a text is joined: `echo "Linting {staged_files}"`."""
    places = command_places(command.words)
    return any(command.words[place].known_text in ("echo", "printf") for place in places)


def changes_parameters(command: "Command") -> bool:
    """Whether `$1`, `$2`, ... may be others after it."""
    return any(
        _changes_parameters([word.text for word in command.words[place:]]) for place in command_places(command.words)
    )


def _changes_parameters(words: "list[str]") -> bool:
    name = words[0].replace(HOLE_IN_TEXT, "")
    if name == "eval":
        return any(_CHANGES.search(word) for word in words[1:])
    return name == "shift" or (name == "set" and not _sets_options_only(words[1:]))


def _sets_options_only(words: "list[str]") -> bool:
    if not words:
        return True
    while words and re.fullmatch(r"[-+][A-Za-z]+", words[0]):
        takes_name = words[0].endswith("o")
        del words[0]
        if takes_name and words and re.fullmatch(r"[a-z-]+", words[0]):
            del words[0]
    return not words


def _command_words(words: "list[Word]", places: "list[int]") -> "Iterator[tuple[Word, str]]":
    """Whoever chooses the command could choose `eval`. With a literal slash it is a program at least."""
    looks_up = any(word.text in ("-v", "-V") for word in words[: places[0]]) if places else False
    for word in [*words[:1], *(words[place] for place in places if not looks_up)]:
        if "/" not in word.text.split(HOLE_IN_TEXT)[0]:
            advice = "put a fixed command before it, or quotes around a variable that is one, or use"
            yield word, f"would choose the command, or be a part of a variable's name: {advice}"


def _other_words(commands: "list[Command]", compounds: "list[Command]") -> "Iterator[tuple[Word, str]]":
    """bash evaluates what integers and references get, and expands twice behind `>&`; some variables are commands."""
    all_words = [word for command in (*commands, *compounds) for word in (*command.others, *command.words)]
    has_evaluated = any(_declares_evaluated(command) for command in commands)
    for word in all_words:
        if word.operator in (">&", "<&"):
            yield word, "would be expanded twice by bash behind >&: write >FILE 2>&1, also for"
        elif word.role == ASSIGNMENT and has_evaluated:
            yield word, "would be evaluated where variables are integers or references: leave out `-i` and `-n`, or use"
        elif _COMMANDS.match(word.text):
            yield word, f"would be run as a command: keep it out of ${word.text.partition('=')[0].rstrip('+')}, or use"


def _declares_evaluated(command: "Command") -> bool:
    words = [word.known_text for word in command.words]
    has_option = any(re.match(r"-[A-Za-z]*[in]", word) for word in words)
    return "integer" in words[:2] or (has_option and any(word in DECLARATIONS for word in words[:2]))


def _builtin_words(words: "list[Word]") -> "Iterator[tuple[Word, str]]":
    """What the shell's own commands would take for something else than data; bash calculates the index of a name."""
    name, operands = words[0].known_text, words[1:]
    if name in (".", "source"):
        yield from ((word, _program_for(name)) for word in operands[:1])
    elif name in _NAMES:
        yield from ((word, _name_for(name)) for word in operands)
    elif name in DECLARATIONS:
        yield from ((word, _name_for(name)) for word in operands if word.role != ASSIGNMENT)
    elif name == "printf":
        yield from _printf_words(operands)
    elif name in ("[", "test", "[["):
        yield from _test_words(name, operands)


def _printf_words(operands: "list[Word]") -> "Iterator[tuple[Word, str]]":
    while operands and operands[0].text.startswith("-v"):
        takes = 2 if operands[0].text == "-v" else 1
        yield from ((word, _name_for("printf")) for word in operands[:takes])
        operands = operands[takes:]
    for word in operands[1:2] if operands and operands[0].text == "--" else operands[:1]:
        yield word, "would be read as a format by printf: give it another one before, as in printf '%s\\n', or use"


def _test_words(name: str, operands: "list[Word]") -> "Iterator[tuple[Word, str]]":
    texts = {word.text for word in operands}
    if texts & {"-v", "-R"}:
        yield from ((word, _name_for(name)) for word in operands)
    elif name == "[[" and texts & _COMPARES_NUMBERS:
        yield from ((word, "would be evaluated as arithmetic by [[ ]]: write [ ] instead, or use") for word in operands)
    elif name != "[[":
        for word, following in pairwise(operands):
            if word.text.startswith("-" + HOLE_IN_TEXT) or (
                word.text.startswith(HOLE_IN_TEXT) and HOLE_IN_TEXT in following.text
            ):
                yield word, f"would be read as an operator by {name}: write the operator itself, or use"
