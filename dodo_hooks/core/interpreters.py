"""Programs that read one of their arguments, or their standard input, as a program of its own.

The tables name what hook files use. A program that is not in them gets its arguments as they are, and whoever hides an
interpreter in one that nobody has heard of keeps the responsibility for it.
"""

import re
from itertools import pairwise, takewhile

from dodo_hooks.core.shell_words import HOLE_IN_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dodo_hooks.core.shell_words import Word


def _set(words: str) -> "frozenset[str]":
    return frozenset(words.split())


SHELLS = _set("sh ash bash dash ksh ksh93 mksh oksh posh rbash yash zsh fish csh tcsh")

# Options whose argument is a program, and those that have another argument. A program name loses its version first.
LANGUAGES = {
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
    "rsync": r"-[A-Za-z]*e|--rsh|--rsync-path",
    "tar": r"-I|--checkpoint-action|--to-command|--use-compress-program|--rsh-command",
    "gtar": r"-I|--checkpoint-action|--to-command|--use-compress-program|--rsh-command",
    "emacs": r"-?-eval|--execute",
    "emacsclient": r"-[a-z]*e|--eval",
    "entr": r"-[a-z]*s",
    "nodemon": r"-x|--exec",
    "chokidar": r"-c|--command",
    "expect": r"-c",
    "gdb": r"-ex|--eval-command",
    "make": r"--eval",
}
_FIRST_OPERAND = _set("awk gawk mawk nawk original-awk sed gsed")
ALL_OPERANDS = _set(
    "eval alias trap bind complete compgen fc ssh rsh mosh parallel watch watchexec hyperfine sqlite3 cmd tmux"
)
# The same, and nobody means anything else by these words: also behind `npx`, `yarn` and the like.
_ALL_ANYWHERE = _set("concurrently conc npm-run-all npm-run-all2 run-p run-s cross-env-shell")
# Commands that start the command that follows them, so that we look behind them.
_PREFIXES = dict.fromkeys(
    _set("command builtin nohup time setsid busybox chronic unbuffer caffeinate chrt taskset"), ""
)
_PREFIXES |= {  # and their options that have an argument
    "xvfb-run": "-n -s",
    "cross-env": "",
    "dotenv": "-e",
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
CONTAINERS = _set(
    """
    docker podman nerdctl kubectl oc lxc uv uvx poetry pdm hatch pipx pixi rye conda mamba bundle npx npm pnpm yarn mise
    bunx asdf nix direnv devbox flatpak limactl vagrant heroku fly wsl ssh rsh
    """
)
# Of git: options of its commands, and settings.
_GIT_RUNNERS = {
    "rebase": r"-x|--exec",
    "difftool": r"-x|--extcmd",
    "clone": r"-u|--upload-pack",
    "fetch": r"--upload-pack",
    "pull": r"--upload-pack",
    "ls-remote": r"--upload-pack|--exec",
    "push": r"--receive-pack|--exec",
    "filter-branch": r"--(?:env|tree|index|parent|msg|commit|tag-name)-filter",
}
_GIT_SETTINGS = re.compile(
    r"(?i)(alias\.|core\.(editor|pager|sshcommand|fsmonitor|hookspath|askpass|gitproxy)=|sequence\.editor=|pager\."
    r"|credential\..*helper=|.*\.(textconv|command|cmd|process|clean|smudge|driver|program)=|" + HOLE_IN_TEXT + ")"
)
_PREFIX_ARGUMENT = re.compile(r"[-+].*|[A-Za-z_][A-Za-z0-9_]*=.*|[0-9.]+[smhd]?", re.DOTALL)


def code_words(words: "list[Word]", places: "list[int]") -> "Iterator[tuple[Word, str]]":
    """Words that are programs, each with who reads it; `places` are those of the command itself."""
    for place in range(len(words)):
        yield from _program_words(words, place, is_command=place in places)


def found_by_find(words: "list[Word]", places: "list[int]") -> "Iterator[tuple[Word, str]]":
    """Where `find` begins, if it puts the paths that it finds into a program: `find {files} -exec sh -c 'x {}' ';'`."""
    finds = [place for place in places if program_of(words[place]) in ("find", "gfind")]
    readers = [reader for word, reader in code_words(words, places) if "{}" in word.text] if finds else []
    if readers:
        begins = takewhile(lambda word: not re.match(r"-[a-z]|[(!]", word.text), words[finds[0] + 1 :])
        yield from ((word, readers[0]) for word in begins)


def command_places(words: "list[Word]") -> "list[int]":
    """Where the command may stand: behind prefixes like `env` and `sudo`, and behind what may expand to nothing."""
    places: list[int] = []
    place = 0
    while place < len(words):
        with_value = _PREFIXES.get(program_of(words[place]))
        if with_value is None:
            places.append(place)
            if not words[place].may_vanish:
                break
            place += 1
            continue
        place += 1
        while place < len(words) and _PREFIX_ARGUMENT.fullmatch(words[place].text):
            place += 2 if words[place].text in with_value.split() else 1
    return places


def program_of(word: "Word") -> str:
    """`/usr/bin/python3.11` and `"$BIN/python"` -> `python`; "" when only the shell can tell."""
    name = word.known_text.rsplit("/", 1)[-1].removesuffix(".exe")
    stem = re.sub(r"-?[0-9][0-9.]*\Z", "", name).lower()
    return stem if stem in LANGUAGES else name


def _program_words(words: "list[Word]", place: int, *, is_command: bool) -> "Iterator[tuple[Word, str]]":
    program, operands = program_of(words[place]), words[place + 1 :]
    if words[place].shell_variable or program in SHELLS:
        code = _shell_code(operands)
    elif program in LANGUAGES:
        code = language_code(program, operands)
    elif program in _RUNNERS:
        code = _runner_code(_RUNNERS[program], operands)
    elif program == "git":
        code = _git_code(operands)
    elif program in _FIRST_OPERAND:
        code = [word for word in _first_operands(program, operands) if is_command or word.text != HOLE_IN_TEXT]
        if any(re.search(r"\bsystem *\(", word.text) for word in code):
            code += [word for word in operands if re.match(r"(-v)?[A-Za-z_][A-Za-z0-9_]*=", word.text)]  # of awk's -v
    elif program in _ALL_ANYWHERE or (program in ALL_OPERANDS and is_command):
        code = operands
    elif is_command and HOLE_IN_TEXT in words[place].text:  # who knows which shell or interpreter
        code = [*_shell_code(operands), *language_code("python", operands), *language_code("perl", operands)]
    else:
        code = []
    yield from ((word, program or "that shell") for word in code)


def _shell_code(operands: "list[Word]") -> "list[Word]":
    """The program is the first operand, if there is a `c` among the options; the rest are its parameters.

    Without a `c` the operand is a file, which a process substitution would make of a value.
    """
    options, operand = shell_operand(operands)
    if operand is None:
        return []
    if any("c" in option for option in options if option[1:2] != "-") or "--command" in options:
        later = operands[operands.index(operand) :]
        known = [number for number, word in enumerate(later) if HOLE_IN_TEXT not in word.text]
        return later[: known[0] + 1] if known else later  # what is not known yet may turn out as an option
    return [operand] if operand.is_process else []


def shell_operand(operands: "list[Word]") -> "tuple[list[str], Word | None]":
    """The options before the first operand, and this."""
    options: list[str] = []
    skips = False
    for word in operands:
        if skips:
            skips = False
        elif word.text[:1] in ("-", "+") and word.text != "-" and HOLE_IN_TEXT not in word.text:
            options.append(word.text)
            skips = re.fullmatch(r"[-+][A-Za-z]*[oO]|--rcfile|--init-file", word.text) is not None
        else:
            return options, word
    return options, None


def language_code(program: str, operands: "list[Word]") -> "list[Word]":
    pattern, with_value = LANGUAGES[program]
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


def _git_code(operands: "list[Word]") -> "list[Word]":
    """Settings that are commands, or an alias, which may become one; and what some commands of git run."""
    code = [word for option, word in pairwise(operands) if option.text == "-c" and _GIT_SETTINGS.match(word.text)]
    place = 0
    while place < len(operands) and operands[place].text.startswith("-"):
        place += 2 if operands[place].text in ("-c", "-C") else 1
    command, operands = (operands[place].text if place < len(operands) else ""), operands[place + 1 :]
    if command in _GIT_RUNNERS:
        code += _runner_code(_GIT_RUNNERS[command], operands)
    elif command == "submodule" and "foreach" in [word.text for word in operands]:
        behind = operands[[word.text for word in operands].index("foreach") + 1 :]
        code += [word for word in behind if not word.text.startswith("-")][:1]
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
