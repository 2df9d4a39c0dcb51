"""Words of a command that are read once more, by the shell itself or by the program that it starts (C6).

A value that arrives there unharmed would do harm all the same. This is a table and a few rules, no model of programs:
what an argument means to one that is not named here is between that program and whoever writes the command. In doubt
a placeholder is refused, since a variable can always be read instead.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from dodo_hooks.loader.shell.commands import ASSIGNED, UNKNOWN, Refused, ShellText, Word
from dodo_hooks.loader.shell.direct_exec import NOT_PROGRAMS

# What takes a program: behind one of these options alone (_CODE), or else in a file, its first operand (_FILE; _ARGS:
# what follows a program are no options), or else as its first operand (_FILTER), or in each argument (_ALL).
_CODE, _FILE, _ARGS, _FILTER, _ALL = range(5)
_TABLE = (  # kind, names ("": only the shell can tell), options, and how the program reads a variable
    (_ARGS, "sh ash bash dash rbash ksh mksh oksh yash zsh fish csh tcsh", r"[-+]\w*[cC]\w*|--(init-)?command", ""),
    (_ARGS, "python pypy", r"-\w*c", 'os.environ["NAME"]'),
    (_ARGS, "npx npm pnpm", r"-\w*c|--call|--shell-mode", ""),
    (_ARGS, "pwsh powershell", r"(?i:-commandwithargs|-cwa)", "$env:NAME"),
    (_FILE, "perl", r"-\w*[eE]", "$ENV{NAME}"),
    (_FILE, "ruby", r"-\w*e", 'ENV["NAME"]'),
    (_FILE, "node nodejs bun deno", r"-\w*[ep]|--eval|--print|eval", "process.env.NAME"),
    (_FILE, "php", r"-[rBRE]|--run", 'getenv("NAME")'),
    (_FILE, "lua luajit julia rscript elixir groovy osascript swift tclsh expect", r"-\w*[ceE]|--eval|--print", ""),
    (_FILTER, "awk gawk mawk nawk", r"-\w*e|-f|--source|--file", 'ENVIRON["NAME"]'),
    (_FILTER, "sed gsed", r"-\w*e|-f|--expression|--file", 'awk and its ENVIRON["NAME"]'),
    (_CODE, "su runuser script flock nix-shell", r"-\w*c|--(session-)?command|--run", ""),
    (_CODE, "find gfind", r"-exec|-execdir|-ok|-okdir", ""),
    (_CODE, "git", r"-c|-x|--exec|--extcmd|--upload-pack|--receive-pack|foreach|--[a-z]+-filter", ""),
    (_CODE, "env rsync tar gtar", r"-\w*[eSI]|--split-string|--rsh|--rsync-path|--to-command|--(check|use-).*", ""),
    (_CODE, "emacs emacsclient make entr nodemon", r"--?eval|-\w*[es]|-x|--exec", ""),
    (_CODE, "", r"-\w*[ce]|--eval|--command|eval", ""),
    (_ALL, "concurrently conc npm-run-all npm-run-all2 run-p run-s cross-env-shell eval", "", ""),
    (_ALL, "ssh rsh mosh parallel watch watchexec hyperfine tmux cmd at batch sqlite3 vim nvim", "", ""),
)
_PROGRAMS = {name: (kind, re.compile(code), way) for kind, row, code, way in _TABLE for name in row.split() or [""]}
_SHELLS = _TABLE[0][1].split()
_FILL_IN = frozenset(("xargs", "gxargs", "find", "gfind"))  # put what they read, or find, into a command
_PREFIXES = set(
    """command builtin exec env sudo doas nohup time nice ionice timeout gtimeout stdbuf setsid xargs gxargs busybox
    chronic unbuffer caffeinate chrt taskset xvfb-run cross-env""".split()  # noqa: SIM905
)
_RUNNERS = _PREFIXES | set("docker podman kubectl npx bunx pnpm yarn uv uvx poetry mise nix bundle pixi conda".split())  # noqa: SIM905
_HARMLESS = set(": case cat cd echo false getconf kill pwd realpath stat sync true type umask where which".split())  # noqa: SIM905
# Variables whose values are commands, for the shell or for git, or choose them; and the numbers that bash evaluates.
_COMMANDS = re.compile(
    r"(PS[0-4]|PROMPT_COMMAND|ENV|BASH_ENV|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE|BASH_FUNC_.*|PATH|(LD|DYLD)_.*"
    r"|(NODE|PERL5|RUBY)_?OPT(IONS)?|S?RANDOM|(EPOCH)?SECONDS|OPTIND|HISTCMD|LINENO|BASHPID"
    r"|GIT_(SSH|SSH_COMMAND|EDITOR|SEQUENCE_EDITOR|PAGER|PROXY_COMMAND|EXTERNAL_DIFF|ASKPASS))\+?="
)
# What evaluates the value of a variable, ~, and those of the variables that it names.
_CALCULATION = (
    r"\$\(\((?:[^)]|\)(?!\)))*~|\$\{!~|\$\{[^}]*(?:\[|:(?![-=?+]))[^}]*~|~@P\}|\w\[[^\]\n]{0,99}~[^\]\n]{0,99}\]\+?="
    r"|(?m:^|[;&|({'\"])[ \t]*(?:(?:then|do|else|if|while|!|command|builtin)[ \t]+)*(?:let|eval)\b(?s:.*)~"
    r"|\[\[(?=(?:(?!\]\])[^\n])* -(?:eq|ne|[lg][te])\b)(?:(?!\]\])[^\n])*~"
    r"|\b(?:declare|typeset|local|export|readonly) +-\w*[in]"
)
_MANY = 100  # variables
_REMOTE = ("ssh", "rsh", "mosh")  # there the variables of the job are not set
_SENT = "send it on standard input, from"
_CHANGES = re.compile(r"shift\b|set (?!(?:[-+][A-Za-z]+(?: [a-z-]+)? ?)*\Z)|eval .*\b(?:set|shift)\b")
_VALUE_FOLLOWS = re.compile(r"[-+]\w*[oO]|-[vFWXrIC]|--(rcfile|init-file|require|import|loader|env-file)")
# Of PowerShell: options that hold a program, and what has it read one from its input all the same.
_PWSH_COMMAND = re.compile(r"(?i)--?(co?|com\w{0,4}|e|ec|en\w*)")
_PWSH_READS = re.compile(rf"(?i)-\Z|--?no[e]|.*{UNKNOWN}", re.DOTALL)
_IS_INPUT = re.compile(r"-|/dev/stdin|/dev/fd/0")
_SUFFIX = re.compile(r"\.[a-z]+|inplace|")  # of `sed -i .bak`, `sed -i ''` and `gawk -i inplace`
_SUBCOMMANDS = ("exec", "x", "dlx")  # of npm and pnpm, before an option of theirs
_PIPE = re.compile(r"(?<!\|)\|(?!\|)")
_NUMBERS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-o"))


def check_programs(shell: ShellText) -> None:
    """Raise Refused where a placeholder stands in what is evaluated once more."""
    _check_calculation(shell)
    for words in shell.commands:
        place = _place_of(words)
        _check_shell(words, place)
        names = [_program(word.text) for word in words]
        if place == len(words) and not _FILL_IN.isdisjoint(names) and not (_PREFIXES - _FILL_IN).isdisjoint(names):
            raise Refused(None, "would be a command that xargs starts", "name a command, or use")
        runner = next((number for number, name in enumerate(names) if name in _RUNNERS), len(names))
        for number, name in enumerate(names):
            is_run = number <= place or runner < number
            if name in _PROGRAMS and (is_run or (name and _PROGRAMS[name][0] != _ALL)):
                found, reads_input = _code_in(name, words[number + 1 :], is_run)
                by = name or "this command"
                fix = _SENT if name in _REMOTE else "write the program in single quotes, and in it use"
                refused = (f"would be read as a program by {by}", fix)
                _refuse(found, *refused, _PROGRAMS[name][2])
                if name not in _FILL_IN and not _FILL_IN.isdisjoint(names):
                    is_open = bool(found) or name in _SHELLS
                else:
                    is_shell = (
                        not name and number <= place and "".join(names[number + 1 :])[:1] in ("", "-")
                    )  # $SHELL -s
                    is_open = (is_shell or (reads_input and is_run)) and _PIPE.search(shell.text) is not None
                if is_open:
                    raise Refused(None, *refused, _PROGRAMS[name][2])


def changes_list(shell: ShellText) -> bool:
    """Return whether a list may be another one after some command."""
    return any(_CHANGES.match(" ".join(word.text for word in words[_place_of(words) :])) for words in shell.commands)


def _refuse(words: "Iterable[Word]", why: str, fix: str, way: str = "") -> None:
    for word in words:
        if word.given is not None:
            raise Refused(word.given, why, fix, way)


def _check_shell(words: "list[Word]", place: int) -> None:
    """Refuse what would choose the command, which stands at `place`, and what the shell's own would evaluate."""
    variables = (one for one in words if _COMMANDS.match(one.text))
    _refuse(variables, "would be run as a command", "leave that variable, or use")
    chosen = [word for word in words[: place + 1] if not ASSIGNED.match(word.text) and "/" not in word.text]
    _refuse(chosen, "would choose the command", "put quotes around a variable that holds the command, or use")
    name, operands = "".join(_program(word.text) for word in words[place : place + 1]), words[place + 1 :]
    why, fix = f"would be read by {name} as a program, a name or a number", "give it another argument, or use"
    texts = [word.text for word in operands]
    if name in ("[", "test", "[["):
        operands = _operators(name, operands)
        why, fix = f"could be an operator of {name} or evaluated", "compare it with = in [ ], or use"
    elif name == "printf":
        operands = operands if texts[:1] and texts[0].startswith("-") else operands[:1]
        why, fix = "would be read as a format by printf", "write a format before it, as in printf '%s\\n', or use"
    elif name in ("for", "select"):
        operands = operands if texts[1:2] != ["in"] or _COMMANDS.match(f"{texts[0]}=") else operands[:1]
    elif name in ("export", "readonly"):
        operands = [word for word in operands if not ASSIGNED.match(word.text) or texts[0].startswith("-")]
    elif name not in NOT_PROGRAMS or name in _HARMLESS | _PREFIXES or name in _PROGRAMS:
        return
    _refuse(operands, why, fix)


def _operators(name: str, operands: "list[Word]") -> "list[Word]":
    """Return what bash evaluates, behind -v or as a number in [[ ]], and what could be an operator of [."""
    texts = [word.text for word in operands]
    if "-v" in texts or "-R" in texts or (name == "[[" and not _NUMBERS.isdisjoint(texts)):
        return operands
    if name == "[[":
        return []
    pairs = zip(operands, [*texts[1:], ""], strict=True)
    return [
        one for one, next_ in pairs if one.text[:2] == f"-{UNKNOWN}" or (one.text[:1] == UNKNOWN and UNKNOWN in next_)
    ]


def _check_calculation(shell: ShellText) -> None:
    """Refuse a value that is assigned, or handed to a function, where a variable that may hold it is evaluated."""
    assigned = [pair for words in shell.commands for pair in _assigned(words, shell)]
    given = [word for _, word in assigned if word.given is not None]
    names, held = "", {name for name, word in assigned if word.given is not None}
    while 0 < len(held) < _MANY and names != (names := rf"(?<![\w#])(?:{'|'.join(sorted(held))})(?!\w)"):
        texts = ((name, shell.text[word.start : word.end]) for name, word in assigned)
        held |= {name for name, text in texts if re.search(names, text.partition("=")[2] or text)}
    names = names if len(held) < _MANY else r"\w"  # of so many, any may be meant
    if held and re.search(_CALCULATION.replace("~", names), shell.text):
        why = "could be evaluated where this calculates, as in $(( )) or ${v[i]}"
        _refuse(given, why, "do not put it into a variable, or use")


def _assigned(words: "list[Word]", shell: ShellText) -> "Iterable[tuple[str, Word]]":
    """Return the variables, as patterns, that get a value, each with a word of that value."""
    place = _place_of(words)
    name = words[place].text if place < len(words) else ""
    if name in ("for", "select"):
        return [(re.escape(words[place + 1].text), word) for word in words[place + 2 :]]
    if name in shell.functions:
        return [(r"(?:(?<=\$)|(?<=\$\{))[0-9@*]", word) for word in words[place + 1 :]]
    return [(re.escape(re.split(r"\+?=", word.text)[0]), word) for word in words if ASSIGNED.match(word.text)]


def _code_in(name: str, operands: "list[Word]", is_run: bool) -> "tuple[list[Word], bool]":
    """Return the words that hold a program or could, and whether one may come from the standard input."""
    kind, code, _ = _PROGRAMS[name]
    is_all = name in ("pwsh", "powershell") and any(_PWSH_COMMAND.fullmatch(one.text) for one in operands)
    if kind == _ALL or is_all:
        return operands, kind == _ALL or any(_PWSH_READS.match(one.text) for one in operands)
    found, has_code, is_next, reads, previous = list[Word](), False, False, False, ""
    for word in operands:
        text, option = word.text, code.match(word.text)
        is_option = text[:1] in ("-", "+") or (kind == _FILTER and _SUFFIX.fullmatch(text) is not None)
        is_named = (word.is_solid or word.is_list) and text not in _SUBCOMMANDS
        is_operand = is_named and not (is_option or _VALUE_FOLLOWS.fullmatch(previous))
        if is_next or (option and (text[:2] != "--" or text[option.end() :][:1] in ("", "="))):
            found.append(word)
            if kind == _ARGS and is_next and word.is_solid and not is_option:
                return found, reads
            is_whole = code.fullmatch(text) is not None
            has_code |= is_next or is_whole
            is_next = is_whole or (is_next and (is_option or not word.is_solid))
        elif kind != _CODE:
            is_data = word.is_list if kind != _FILTER else has_code or (previous == "-v" and ASSIGNED.match(text))
            reads |= bool(_IS_INPUT.fullmatch(text) or (name in _SHELLS and re.match(r"-\w*s", text)))
            if is_run and word.given is not None and not is_data:
                found.append(word)
            if is_operand and not (kind == _FILTER and has_code):
                return found, reads
        previous = text
    return found, reads or (kind not in (_FILTER, _CODE) and not has_code)


def _place_of(words: "list[Word]") -> int:
    """Return the index of the command, behind assignments, prefixes like `env` and `sudo` and what may be nothing."""
    is_prefixed = False
    for place, word in enumerate(words):
        is_prefix = _program(word.text) in _PREFIXES or (place == 0 and word.text.startswith("-"))  # `time -p x`
        is_value = is_prefixed and re.match(r"[-+].|[0-9.]+[smhd]?\Z", word.text)
        if word.is_solid and not (is_prefix or is_value or ASSIGNED.match(word.text)):
            return place
        is_prefixed |= is_prefix
    return len(words)


@lru_cache(maxsize=1024)  # it is asked three times about each word, and most words stand in many commands
def _program(text: str) -> str:
    """`/usr/bin/python3.11` and `"$BIN/python"` -> `python`; "" when only the shell can tell."""
    name = text.rsplit("/", 1)[-1].replace(UNKNOWN, "").removesuffix(".exe")
    stem = re.sub(r"-?[0-9][0-9.]*\Z", "", name).lower()
    return stem if stem and stem in _PROGRAMS else name
