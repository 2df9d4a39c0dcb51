"""Words of a command that are read once more, by the shell itself or by the program that it starts (C6).

A value that arrives there unharmed would do harm all the same. This is a table and a few rules, no model of programs:
what an argument means to one that is not named here is between that program and whoever writes the command. In doubt
a placeholder is refused, since a variable can always be read instead.
"""

import re

from dodo_hooks.loader.shell.commands import ASSIGNED, UNKNOWN
from dodo_hooks.loader.shell.direct_exec import NOT_PROGRAMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dodo_hooks.loader.shell.commands import Command, ShellText, Word

    Range = tuple[int, int, str]  # from where to where no placeholder may stand, and why


def _set(words: str) -> "frozenset[str]":
    return frozenset(words.split())


# The options behind which, or glued to which, a program stands. "" is a program whose name only the shell can tell.
_TABLE = {
    "sh ash bash dash rbash ksh mksh oksh yash zsh fish csh tcsh": r"[-+]\w*[cC]\w*|--command|--init-command",
    "python pypy": r"-\w*c",
    "perl ruby lua luajit julia rscript elixir groovy osascript swift": r"-\w*[eE]|--eval|--print",
    "node nodejs bun deno": r"-\w*[ep]|--eval|--print|eval",
    "php tclsh expect": r"-[rBREc]|--run",
    "pwsh powershell": r"(?i:-c|-command|-e|-ec|-encodedcommand|-commandwithargs|-cwa)",
    "awk gawk mawk nawk sed gsed": r"-\w*e|-f|--expression|--source|--file",
    "su runuser script flock npx npm pnpm yarn bunx nix nix-shell": r"-\w*c|--call|--run|--command|--session-command",
    "find gfind": r"-exec|-execdir|-ok|-okdir",
    "git": r"-c|-x|--exec|--extcmd|--upload-pack|--receive-pack|foreach|--[a-z]+-filter",
    "env rsync tar gtar": r"-\w*[eSI]|--split-string|--rsh|--rsync-path|--to-command|--checkpoint-action|--use-.*",
    "emacs emacsclient make entr nodemon": r"--?eval|-\w*[es]|-x|--exec",
    # Each argument, wherever the name stands, and where it is the command.
    "concurrently conc npm-run-all npm-run-all2 run-p run-s cross-env-shell": r"",
    "ssh rsh mosh parallel watch watchexec hyperfine tmux cmd at batch sqlite3 vim nvim": r"",
    "": r"-\w*[ce]|--eval|--command|eval",
}
_OPTIONS = {name: re.compile(pattern) for row, pattern in _TABLE.items() for name in row.split() or [""]}
_SHELLS, _PYTHON, _PERL, _NODE, _PHP, _PWSH, _FILTERS = list(map(_set, _TABLE))[:7]
_RUN_ANYWHERE, _RUN = list(map(_set, _TABLE))[-3:-1]
_RUNNERS = _SHELLS | _RUN_ANYWHERE | _RUN
# Their first operand is a program or a file with one; but for filters the standard input is one where there is none.
_INTERPRETERS = _SHELLS | _PYTHON | _PERL | _NODE | _PHP | _PWSH | _FILTERS
_FILL_IN = _set("xargs gxargs find gfind")  # put what they read, or find, into a command
_PREFIXES = _set(
    "command builtin exec env sudo doas nohup time nice ionice timeout gtimeout stdbuf setsid xargs gxargs busybox "
    "chronic unbuffer caffeinate chrt taskset xvfb-run cross-env"
)
_CONTAINERS = _set("docker podman kubectl npx bunx pnpm yarn uv uvx poetry mise nix bundle pixi conda")
_SAFE = _set(": cat cd chdir echo false getconf kill pwd realpath stat sync true type umask whence where which")
# Variables whose values are commands, for the shell or for git, or choose them; and the numbers that bash evaluates.
_COMMANDS = re.compile(
    r"(PS[0-4]|PROMPT_COMMAND|ENV|BASH_ENV|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE|BASH_FUNC_.*|PATH|(LD|DYLD)_.*"
    r"|(NODE|PERL5|RUBY)_?OPT(IONS)?|S?RANDOM|(EPOCH)?SECONDS|OPTIND|HISTCMD|LINENO|BASHPID"
    r"|GIT_(SSH|SSH_COMMAND|EDITOR|SEQUENCE_EDITOR|PAGER|PROXY_COMMAND|EXTERNAL_DIFF|ASKPASS))"
)
_VALUE_FOLLOWS = re.compile(r"[-+]\w*[oO]|-[vFWXrIC]|--(rcfile|init-file|require|import|loader|env-file)")
_LOOPS = ("for", "select")
_EVALUATES = r"\$(\(\(|\[)[^)\]]*\bNAME\b|\$\{!NAME\b|\{NAME@P\}"  # the value of a variable is, once more
_SUFFIX = re.compile(r"\.[a-z]+|inplace|")  # of `sed -i .bak`, `sed -i ''` and `gawk -i inplace`
_PIPE = re.compile(r"(?<!\|)\|(?!\|)|[<>]\(|coproc")
_NUMBERS = ("-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-o")
_OPTIONS_ONLY = re.compile(r"(?:[-+][A-Za-z]+(?: [a-z-]+)? ?)*")
_EVERYWHERE = (0, 1 << 60)


def refused(shell: "ShellText") -> "Iterator[Range]":
    """Where no placeholder may stand."""
    has_pipe = _PIPE.search(shell.text) is not None
    for command in shell.commands:
        place = _place_of(command)
        yield from _of_the_shell(command, place)
        for name, words in _assigned(command, place):
            if re.search(_EVALUATES.replace("NAME", re.escape(name)), shell.text):
                why = f"could be evaluated where {name} is, in $(( )), ${{! }} or @P: use another variable, or"
                yield from ((word.start, word.end, why) for word in words)
        names = [_program(word) for word in command.words]
        fills_in = not _FILL_IN.isdisjoint(names)
        for number, name in enumerate(names):
            is_run = number <= place or not (_PREFIXES | _CONTAINERS).isdisjoint(names[:number])
            if name in _OPTIONS and (is_run or (name and name not in _RUN)):
                found, reads_input = _code(name, command.words[number + 1 :], is_run)
                why = _program_for(name or "this command")
                yield from ((word.start, word.end, why) for word in found)
                is_filled = fills_in and name not in _FILL_IN and (found or (reads_input and name in _RUNNERS))
                if is_filled or (reads_input and is_run and has_pipe and not fills_in):
                    yield (*_EVERYWHERE, why)


def _of_the_shell(command: "Command", place: int) -> "Iterator[Range]":
    """Yield what would be a command, which stands at `place`, and what the shell itself would evaluate."""
    for word in command.words:
        if ASSIGNED.match(word.text) and _COMMANDS.fullmatch(re.split(r"\+?=", word.text)[0]):
            yield word.start, word.end, "would be run as a command: leave that variable alone, or use"
    for word in command.words[: place + 1]:
        if not ASSIGNED.match(word.text) and "/" not in word.text.split(UNKNOWN)[0]:
            yield word.start, word.end, "would choose the command: put quotes around a variable that is one, or use"
    yield from _evaluated(command, place)


def _evaluated(command: "Command", place: int) -> "Iterator[Range]":
    """Yield what the shell's own commands would take for a program, a number or the name of a variable."""
    name, operands = "".join(map(_program, command.words[place : place + 1])), command.words[place + 1 :]
    why = f"would be read by {name} as a name or a number: give it another one, or use"
    texts = [word.text for word in operands]
    declares = name in ("declare", "typeset", "local", "readonly", "export")
    if name in ("[", "test", "[["):
        operands = list(_operators(name, operands, command.is_odd))
        why = f"could be an operator of {name} or evaluated: compare it with = in [ ], or use"
    elif name == "printf":
        operands = operands if texts[:1] and texts[0].startswith("-") else operands[:1]
        why = "would be read as a format by printf: write another one before it, as in printf '%s\\n', or use"
    elif name in _LOOPS:
        is_special = texts[1:2] != ["in"] or _COMMANDS.fullmatch(texts[0])
        operands = operands if is_special else operands[:1]
    elif name in ("eval", "trap", "alias", ".", "source"):
        why = _program_for(name)
    elif declares and any(re.match(r"-\w*[in]", text) for text in texts):
        why = f"would be evaluated where {name} -i or -n has made a number or a name of a variable: use"
        yield (*_EVERYWHERE, why)
    elif name in ("export", "readonly"):
        operands = [word for word in operands if not ASSIGNED.match(word.text)]
    elif name not in NOT_PROGRAMS or name in _SAFE | _PREFIXES:
        return
    yield from ((word.start, word.end, why) for word in operands)


def _assigned(command: "Command", place: int) -> "list[tuple[str, Sequence[Word]]]":
    """Return the variables that get a value, each with the words that the value is made of."""
    words = command.words[place:]
    if len(words) > 1 and words[0].text in _LOOPS:
        return [(words[1].text, words[2:])]
    return [(re.split(r"\+?=", word.text)[0], [word]) for word in command.words if ASSIGNED.match(word.text)]


def _code(name: str, operands: "list[Word]", is_run: bool) -> "tuple[list[Word], bool]":
    """Return the words that hold a program or could, and whether one may come from the standard input or from xargs."""
    pattern, found, reads, has_code, wants, previous = _OPTIONS[name], list["Word"](), False, False, False, ""
    is_filter, is_shell, is_dry = name in _FILTERS, name in _SHELLS, False
    if not pattern.pattern:
        return operands, True
    for word in operands:
        text, option = word.text, pattern.match(word.text)
        is_option = text[:1] in ("-", "+") or (is_filter and _SUFFIX.fullmatch(text) is not None)
        if wants or (option and (text[:2] != "--" or text[option.end() :][:1] in ("", "="))):
            found.append(word)
            is_whole = pattern.fullmatch(text) is not None
            has_code = has_code or wants or is_whole
            if wants and word.is_solid and not is_option:
                if name in _SHELLS | _PYTHON or previous.lower() in ("-commandwithargs", "-cwa"):
                    return found, reads
                wants = name in _PWSH
            wants = wants or is_whole
        elif name in _INTERPRETERS:
            reads |= text in ("-", "/dev/stdin", "/dev/fd/0") or (is_shell and re.match(r"-\w*s", text) is not None)
            is_dry |= is_shell and re.match(r"-\w*n", text) is not None  # it reads its program and does not run it
            is_data = word.is_list and (is_dry or not (is_shell or is_filter))
            is_data |= is_filter and (has_code or (previous == "-v" and ASSIGNED.match(text) is not None))
            is_operand = (word.is_solid or word.is_list) and not (is_option or _VALUE_FOLLOWS.fullmatch(previous))
            if is_run and word.is_given and not is_data:
                found.append(word)
            elif is_operand and not (is_filter and has_code):
                return found, reads
        previous = text
    return found, reads or (name in _INTERPRETERS and not (has_code or is_filter or is_dry))


def _operators(name: str, operands: "Sequence[Word]", is_odd: bool) -> "Iterator[Word]":
    """bash evaluates the index of an array behind `-v`, and numbers in [[ ]]. Of [ a value could be an operator."""
    texts = [word.text for word in operands]
    is_bad = is_odd or any(text in ("-v", "-R") or (name == "[[" and text in _NUMBERS) for text in texts)
    for word, following in zip(operands, [*texts[1:], ""], strict=False):
        is_operator = word.text.startswith(f"-{UNKNOWN}") or (word.text[:1] == UNKNOWN and UNKNOWN in following)
        if is_bad or (is_operator and name != "[["):
            yield word


def _program_for(name: str) -> str:
    return f"would be read as a program by {name}: write the program in single quotes, and in it"


def changes_parameters(command: "Command") -> bool:
    """Return whether a list may be another one after it."""
    texts = [word.text for word in command.words[_place_of(command) :]]
    if not texts or texts[0] == "eval":
        return any(re.search(r"\b(set|shift)\b", text) for text in texts[1:])
    return texts[0] == "shift" or (texts[0] == "set" and not _OPTIONS_ONLY.fullmatch(" ".join(texts[1:])))


def _place_of(command: "Command") -> int:
    """Where the command stands, behind assignments, prefixes like `env` and `sudo` and what may be nothing."""
    is_prefixed = False
    for place, word in enumerate(command.words):
        is_prefix = _program(word) in _PREFIXES or (place == 0 and word.text.startswith("-"))  # `time -p x`
        is_value = is_prefixed and re.match(r"[-+].|[0-9.]+[smhd]?\Z", word.text)
        if word.is_solid and not (is_prefix or is_value or ASSIGNED.match(word.text)):
            return place
        is_prefixed |= is_prefix
    return len(command.words)


def _program(word: "Word") -> str:
    """`/usr/bin/python3.11` and `"$BIN/python"` -> `python`; "" when only the shell can tell."""
    name = word.text.rsplit("/", 1)[-1].replace(UNKNOWN, "").removesuffix(".exe")
    stem = re.sub(r"-?[0-9][0-9.]*\Z", "", name).lower()
    return stem if stem and stem in _OPTIONS else name
