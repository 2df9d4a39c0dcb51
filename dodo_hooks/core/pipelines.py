"""Programs that read standard input as a program, or are given words of it, and what is fed to them.

What counts as fed is what `echo` and `printf` print and what is in here-documents, anywhere before in the pipeline: who
knows what a filter lets through. A file that `cat` prints is a file, whatever it is called.
"""

import re
from bisect import bisect_left

from dodo_hooks.core.interpreters import (
    ALL_OPERANDS,
    CONTAINERS,
    LANGUAGES,
    SHELLS,
    code_words,
    command_places,
    language_code,
    program_of,
    shell_operand,
)
from dodo_hooks.core.shell_words import HERE, HOLE_IN_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dodo_hooks.core.shell_redirections import Command
    from dodo_hooks.core.shell_words import Word

_STANDARD_INPUT = ("-", "/dev/stdin", "/dev/fd/0")
_DISTRIBUTORS = ("xargs", "gxargs")  # give what they read to another program, as arguments


def fed_words(commands: "list[Command]", compounds: "list[Command]") -> "Iterator[tuple[Word, str]]":
    """Words that an interpreter reads from its input, each with who it is; `commands` in the order of the text."""
    farthest: dict[int, tuple[int, str]] = {}  # where the feeding part of a pipeline begins -> where it ends
    for command in commands:
        places = command_places(command.words)
        reader = stdin_interpreter(command.words, places) or _distributed_to(command.words, places)
        if reader:
            yield from ((word, reader) for word in here_words(command))
            for start, end in command.feeds:
                farthest[start] = max(farthest.get(start, (0, "")), (end, reader))
    simple, compound = [one.start for one in commands], sorted(compounds, key=lambda one: one.start)
    starts = [one.start for one in compound]
    for start, (end, reader) in farthest.items():
        inside = commands[bisect_left(simple, start) : bisect_left(simple, end)]
        around = compound[bisect_left(starts, start) : bisect_left(starts, end)]
        yield from ((word, reader) for one in (*inside, *around) for word in here_words(one))
        yield from ((word, reader) for one in inside for word in _printed(one))


def here_words(command: "Command") -> "list[Word]":
    """The here-documents and here-strings of a command."""
    return [word for word in command.others if word.role == HERE or word.operator == "<<<"]


def _printed(command: "Command") -> "list[Word]":
    places = command_places(command.words)
    place = next((place for place in places if program_of(command.words[place]) in ("echo", "printf")), -1)
    return command.words[place + 1 :] if place >= 0 else []


def stdin_interpreter(words: "list[Word]", places: "list[int]") -> str:
    """Which interpreter takes its program from the command's standard input, "" for none."""
    if any(program_of(word) in _DISTRIBUTORS for word in words[: places[0] if places else 0]):
        return ""  # what comes is arguments, and the program's own input is empty
    for place, word in enumerate(words):
        if place in places or program_of(words[0]) in CONTAINERS:
            reader = _reads_program(word, words[place + 1 :])
            if reader:
                return reader
    return ""


def _reads_program(word: "Word", operands: "list[Word]") -> str:
    program = program_of(word)
    if program in ("ssh", "rsh", "at", "batch", "parallel"):
        return program
    if program in (".", "source"):
        return program if operands and operands[0].text in _STANDARD_INPUT else ""
    if program in SHELLS or word.shell_variable:
        options, operand = shell_operand(operands)
        reads = operand is None or operand.text in _STANDARD_INPUT or any("s" in option for option in options)
        return (program or "that shell") if reads and not any("c" in option for option in options) else ""
    if program in LANGUAGES and not language_code(program, operands):
        operand = next(iter(_language_operands(program, operands)), None)
        return program if operand is None or operand.text in _STANDARD_INPUT else ""
    return ""


def _language_operands(program: str, operands: "list[Word]") -> "list[Word]":
    with_value = LANGUAGES[program][1].split()
    return [
        word
        for number, word in enumerate(operands)
        if (not word.text.startswith("-") or word.text in ("-", "-m"))
        and (not number or operands[number - 1].text not in with_value)
    ]


def _distributed_to(words: "list[Word]", places: "list[int]") -> str:
    """Which interpreter xargs hands its input to, as a program or as a part of one; "" for none."""
    distributor = next((place for place, word in enumerate(words) if program_of(word) in _DISTRIBUTORS), -1)
    if distributor < 0 or not places or distributor > places[-1]:
        return ""
    mark = _replaced_by_input(words[distributor + 1 : places[-1]])
    for word, reader in code_words(words, places):
        if mark and mark in word.text:
            return reader
    if mark:
        return ""
    # What is read comes behind the words that are there: the program itself, if it is still to come.
    program, operands = program_of(words[places[-1]]), words[places[-1] + 1 :]
    if program in ALL_OPERANDS:
        return program
    options, operand = shell_operand(operands)
    if program in SHELLS and operand is None and any("c" in option for option in options):
        return program
    last = operands[-1].text if operands else ""
    is_open = program in LANGUAGES and re.fullmatch(LANGUAGES[program][0], last) is not None
    return program if is_open else ""


def _replaced_by_input(options: "list[Word]") -> str:
    """The text that xargs replaces by what it has read, "" where it appends that."""
    for number, option in enumerate(options):
        text = option.text.replace(HOLE_IN_TEXT, "")
        if text == "-I":
            return options[number + 1].text if number + 1 < len(options) else ""
        match = re.fullmatch(r"-I(.+)|-i(.*)|--replace(?:=(.*))?", text)
        if match:
            return match[1] or match[2] or match[3] or "{}"
    return ""
