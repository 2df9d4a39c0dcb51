"""Words of a command that something parses once more: programs for another interpreter, and names for the shell itself.

An expansion in such a word would be safe with the job's shell and not with the next one, so a placeholder is refused
there (C6). The tables name what hook files use. A program that is not in them gets its arguments as they are, and
whoever wraps a command in a program that nobody has heard of keeps the responsibility for it.
"""

import re

from dodo_hooks.core.shell_words import DECLARATIONS, HERE, HOLE_IN_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dodo_hooks.core.shell_text import Command
    from dodo_hooks.core.shell_words import Word


def _set(words: str) -> "frozenset[str]":
    return frozenset(words.split())


_SHELLS = _set("sh ash bash dash ksh ksh93 mksh oksh posh rbash yash zsh fish csh tcsh")

# Options whose argument is a program, and those that have another argument. A program name loses its version first.
_LANGUAGES = {
    "python": (r"-[bBdEhiIOqsSuvx]*c", "-W -X"),
    "pypy": (r"-[bBdEhiIOqsSuvx]*c", "-W -X"),
    "perl": (r"-[acilnpsStTuUvwWX0-7]*[eE]", "-I"),
    "ruby": (r"-[aclnpsSvwWx0-7]*e", "-r -I -C -E"),
    "node": (r"-e|-p|-pe|--eval|--print", "-r --require --import --loader --env-file"),
    "nodejs": (r"-e|-p|-pe|--eval|--print", "-r --require"),
    "bun": (r"-e|-p|--eval|--print", ""),
    "deno": (r"eval", ""),
    "php": (r"-[rBRE]", "-d -c"),
    "lua": (r"-e", "-l"),
    "luajit": (r"-e", "-l"),
    "julia": (r"-e|-E|--eval|--print", ""),
    "rscript": (r"-e", ""),
    "elixir": (r"-e|--eval", ""),
    "groovy": (r"-e", "-cp"),
    "osascript": (r"-e", "-l"),
    "swift": (r"-e", ""),
    "tclsh": (r"-c", ""),
    "pwsh": (r"(?i:-c|-command|-commandwithargs|-cwa|-e|-ec|-encodedcommand)", ""),
    "powershell": (r"(?i:-c|-command|-e|-ec|-encodedcommand)", ""),
}
# Commands that run another one from a text: the option may come after operands.
_RUNNERS = {
    "su": r"-[lmp]*c|--command|--session-command",
    "script": r"-[aefq]*c|--command",
    "flock": r"-c|--command",
    "npx": r"-c|--call",
    "npm": r"-c|--call",
    "nix-shell": r"--run|--command",
    "env": r"-[iv]*S|--split-string",
    "vim": r"-c|--cmd",
    "nvim": r"-c|--cmd",
    "psql": r"-c|--command",
    "mysql": r"-e|--execute",
}
_FIRST_OPERAND = _set("awk gawk mawk nawk original-awk sed gsed")
_ALL = _set("eval alias trap bind complete compgen fc ssh rsh mosh parallel watch concurrently hyperfine sqlite3 cmd")
_NAMES = _set("read unset let mapfile readarray getopts")

# Commands that start the command that follows them, so that we look behind them.
_PREFIXES = dict.fromkeys(
    _set("command builtin nohup time setsid busybox chronic unbuffer caffeinate chrt taskset"), ""
)
_PREFIXES |= {  # and their options that have an argument
    "sudo": "-u -g -h -p -C -D -R -T -U",
    "doas": "-u -C",
    "env": "-u -C",
    "xargs": "-n -P -I -L -s -d -a -E",
    "timeout": "-s -k",
    "gtimeout": "-s -k",
    "ionice": "-c -n",
    "nice": "-n",
    "stdbuf": "-i -o -e",
    "exec": "-a",
}
_CONTAINERS = _set(
    """
    docker podman nerdctl kubectl oc lxc uv uvx poetry pdm hatch pipx pixi rye conda mamba bundle npx npm pnpm yarn mise
    asdf nix direnv devbox flatpak limactl vagrant heroku fly wsl
    """
)
_PREFIX_ARGUMENT = re.compile(r"[-+].*|[A-Za-z_][A-Za-z0-9_]*=.*|[0-9.]+[smhd]?", re.DOTALL)
_COMPARES_NUMBERS = _set("-eq -ne -lt -le -gt -ge")
_CHANGES = re.compile(r"\b(set|shift)\b")


def refused_words(command: "Command") -> "Iterator[tuple[Word, str]]":
    """Words that may hold no placeholder, each with what is wrong with one there and what to do instead."""
    if not command.words:
        return
    start = command_place(command.words)
    yield from _command_words(command.words, start)
    if start < len(command.words):
        yield from _builtin_words(command.words[start:])
    for place in range(len(command.words)):
        yield from _program_words(command.words, place, is_command=place == start)
    yield from _standard_input(command, start)


def _program_for(program: str) -> str:
    return f"would be read as a program by {program}: hand it over as an argument of its own, or have it read"


def _name_for(builtin: str) -> str:
    return f"would be read as the name of a variable by {builtin}: give the variable a fixed name, or use"


def joins_lists(command: "Command") -> bool:
    """Whether a quoted list is meant as one text: `[ -n "{staged_files}" ]`."""
    return bool(command.words) and command.words[0].text in ("[", "test", "[[")


def changes_parameters(command: "Command") -> bool:
    """Whether `$1`, `$2`, ... may be others after it."""
    words = [word.text for word in command.words]
    while words and words[0] in ("command", "builtin"):
        del words[0]
    if not words or words[0] not in ("set", "shift", "eval"):
        return False
    if words[0] == "eval":
        return any(_CHANGES.search(word) for word in words[1:])
    return words[0] == "shift" or not _sets_options_only(words[1:])


def _sets_options_only(words: "list[str]") -> bool:
    if not words:
        return True
    while words and re.fullmatch(r"[-+][A-Za-z]+", words[0]):
        takes_name = words[0].endswith("o")
        del words[0]
        if takes_name and words and re.fullmatch(r"[a-z-]+", words[0]):
            del words[0]
    return not words


def command_place(words: "list[Word]") -> int:
    """Where the command stands that prefixes like `env` and `sudo` start; the end when there is none."""
    place = 0
    while place < len(words) and _program(words[place]) in _PREFIXES:
        with_value = _PREFIXES[_program(words[place])].split()
        place += 1
        while place < len(words) and _PREFIX_ARGUMENT.fullmatch(words[place].text):
            place += 2 if words[place].text in with_value else 1
    return place


def _program(word: "Word") -> str:
    """`/usr/bin/python3.11` -> `python`; "" when only the shell can tell."""
    if HOLE_IN_TEXT in word.text:
        return ""
    name = word.text.rsplit("/", 1)[-1]
    name = name.removesuffix(".exe")
    stem = re.sub(r"-?[0-9][0-9.]*\Z", "", name).lower()
    return stem if stem in _LANGUAGES else name


def _command_words(words: "list[Word]", start: int) -> "Iterator[tuple[Word, str]]":
    """Whoever chooses the command could choose `eval`. With a literal slash it is a program at least."""
    looks_up = any(word.text in ("-v", "-V") for word in words[:start])
    for word in {words[0]} | ({words[start]} if start < len(words) and not looks_up else set()):
        if word.spots and "/" not in word.text.split(HOLE_IN_TEXT)[0]:
            yield (
                word,
                "would choose the command, or be a part of a variable's name: put a fixed command before it, or use",
            )


def _builtin_words(words: "list[Word]") -> "Iterator[tuple[Word, str]]":
    name, operands = words[0].text, words[1:]
    if name in _NAMES:
        yield from ((word, _name_for(name)) for word in operands)
    elif name in DECLARATIONS:
        for word in operands:
            before = word.text.partition("=")
            if HOLE_IN_TEXT in before[0] or not before[1]:
                yield word, _name_for(name)
    elif name == "printf":
        for word in operands[:1]:
            if word.text.startswith(HOLE_IN_TEXT) or word.text == "-v":
                yield (
                    word,
                    "would be read as a format by printf: give it another one before, as in printf '%s\\n', or use",
                )
        if operands and operands[0].text.startswith("-v"):
            yield from ((word, _name_for(name)) for word in operands[:2])
    elif name in ("[", "test", "[["):
        yield from _test_words(name, operands)


def _test_words(name: str, operands: "list[Word]") -> "Iterator[tuple[Word, str]]":
    texts = {word.text for word in operands}
    if texts & {"-v", "-R"}:
        yield from ((word, _name_for(name)) for word in operands)
    elif name == "[[" and texts & _COMPARES_NUMBERS:
        yield from ((word, "would be evaluated as arithmetic by [[ ]]: write [ ] instead, or use") for word in operands)


def _program_words(words: "list[Word]", place: int, *, is_command: bool) -> "Iterator[tuple[Word, str]]":
    program, operands = _program(words[place]), words[place + 1 :]
    if words[place].shell_variable or program in _SHELLS:
        code = _shell_code(operands)
    elif program in _LANGUAGES:
        code = _language_code(program, operands)
    elif program in _RUNNERS:
        code = _runner_code(_RUNNERS[program], operands)
    elif program in _FIRST_OPERAND:
        code = [word for word in _first_operands(program, operands) if is_command or word.text != HOLE_IN_TEXT]
    elif program in _ALL and is_command:
        code = operands
    elif place == 0 and HOLE_IN_TEXT in words[place].text:
        code = [word for word in _language_code("python", operands) if word.text != HOLE_IN_TEXT]
    else:
        code = []
    yield from ((word, _program_for(program or "that shell")) for word in code)


def _shell_code(operands: "list[Word]") -> "list[Word]":
    """The program is the first operand, if there is a `c` among the options; the rest are its parameters."""
    is_text, skips = False, False
    for word in operands:
        if skips:
            skips = False
        elif re.fullmatch(r"[-+][A-Za-z]+", word.text):
            is_text = is_text or "c" in word.text
            skips = word.text.endswith(("o", "O"))
        elif word.text in ("--rcfile", "--init-file"):
            skips = True
        elif word.text == "--command":  # fish
            is_text = True
        elif word.text == "--" or not word.text.startswith("-"):
            if word.text == "--":
                continue
            return [word] if is_text else []
    return []


def _language_code(program: str, operands: "list[Word]") -> "list[Word]":
    pattern, with_value = _LANGUAGES[program]
    code: list[Word] = []
    is_next, skips = False, False
    for number, word in enumerate(operands):
        match, starts = re.fullmatch(pattern, word.text), re.match(pattern, word.text)
        if is_next:
            code.append(word)
            is_next = False
            if program in ("python", "pypy"):
                break
        elif skips:
            skips = False
        elif match:
            if program in ("pwsh", "powershell") and match[0].lower() in ("-c", "-command"):
                return operands[number + 1 :]
            is_next = True
        elif starts and (word.text.startswith("--") or program not in ("pwsh", "powershell", "deno")):
            code.append(word)
        elif word.text in with_value.split():
            skips = True
        elif not word.text.startswith("-") or word.text == "-m":
            break
    return code


def _runner_code(pattern: str, operands: "list[Word]") -> "list[Word]":
    code: list[Word] = []
    for number, word in enumerate(operands):
        match = re.match(pattern, word.text)
        if re.fullmatch(pattern, word.text):
            code += operands[number + 1 : number + 2]
        elif match and (word.text[match.end()] == "=" or not word.text.startswith("--")):
            code.append(word)
    return code


def _first_operands(program: str, operands: "list[Word]") -> "list[Word]":
    """awk's and sed's: the first operand, unless an option has brought the program."""
    code: list[Word] = []
    has_program, skips = False, ""
    with_value = ("-l", "--line-length") if "sed" in program else ("-F", "-v", "-i", "--assign", "--field-separator")
    for word in operands:
        if skips:
            if skips == "code":
                code.append(word)
            skips = ""
        elif re.fullmatch(r"-[EnrszulI]*e|--source|--expression", word.text):
            has_program, skips = True, "code"
        elif re.match(r"-[EnrszulI]*e.|--source=|--expression=", word.text):
            has_program = True
            code.append(word)
        elif re.match(r"-f|--file", word.text):
            has_program, skips = True, "" if re.match(r"-f.|--file=", word.text) else "file"
        elif word.text in with_value:
            skips = "value"
        elif word.text.startswith("-") or not word.text or re.fullmatch(r"\.[a-z]+", word.text):
            continue  # also the suffix that sed's -i has on macOS
        elif not has_program:
            return [*code, word]
    return code


def _standard_input(command: "Command", start: int) -> "Iterator[tuple[Word, str]]":
    """Here-documents and `echo` for an interpreter that reads its program from them."""
    reader = _stdin_interpreter(command.words, start)
    if not reader:
        return
    feeder = command.feeder
    fed = [word for word in command.others if word.role == HERE or word.operator == "<<<"]
    if feeder is not None:
        fed += [word for word in feeder.others if word.role == HERE or word.operator == "<<<"]
        if feeder.words and feeder.words[0].text in ("echo", "printf"):
            fed += feeder.words[1:]
    yield from ((word, _program_for(reader)) for word in fed)


def _stdin_interpreter(words: "list[Word]", start: int) -> str:
    for place, word in enumerate(words):
        program = _program(word)
        if place != start and words[0].text not in _CONTAINERS and _program(words[0]) not in ("ssh", "rsh"):
            continue
        if program in ("ssh", "rsh"):
            return program
        if program in _SHELLS or program in _LANGUAGES or word.shell_variable:
            rest = [operand.text for operand in words[place + 1 :]]
            if all(text.startswith("-") and not re.match(r"-[a-z]*[ce]\Z|--eval|-m", text) for text in rest) or (
                program in _SHELLS and "-s" in rest
            ):
                return program or "the shell"
    return ""
