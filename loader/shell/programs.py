"""Words of a command that are read once more, by the shell itself or by the program that it starts (C6).

A value that arrives there unharmed would do harm all the same. This is one table and a few rules, not a model of all
programs: what an argument means to a program that is not named here is between that program and whoever writes the
command. In doubt a placeholder is refused, since a variable can always be read instead.
"""

import re

from dodo_hooks.loader.shell.direct_exec import NOT_PROGRAMS
from dodo_hooks.loader.shell.words import UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from dodo_hooks.loader.shell.commands import Command, ShellText
    from dodo_hooks.loader.shell.words import Word

    Range = tuple[int, int, str]  # from where to where no placeholder may stand, and why


def _set(words: str) -> "frozenset[str]":
    return frozenset(words.split())


def _each(table: "dict[str, str]") -> "dict[str, re.Pattern[str]]":
    return {name: re.compile(pattern) for names, pattern in table.items() for name in names.split() or [""]}


# The options behind which a program stands: of interpreters, which have options up to their first operand ...
_INTERPRETERS = _each(
    {
        "sh ash bash dash ksh ksh93 mksh oksh rbash yash zsh fish csh tcsh": r"[-+]\w*[cC]\w*|--command|--init-command",
        "python pypy": r"-\w*c",
        "perl ruby lua luajit julia rscript elixir groovy osascript swift": r"-\w*[eE]|--eval|--print",
        "node nodejs bun deno": r"-\w*[ep]|--eval|--print|eval",
        "php tclsh expect": r"-[rBREc]|--run",
        "pwsh powershell": r"(?i:-c|-command|-e|-ec|-encodedcommand|-commandwithargs|-cwa)",
        "awk gawk mawk nawk sed gsed": r"-\w*e|-f|--expression|--source|--file",
    }
)
_FILTERS = frozenset(("awk", "gawk", "mawk", "nawk", "sed", "gsed"))  # their first operand is a program, else
# ... and of other programs; "" is one whose name only the shell can tell.
_OPTIONS = _each(
    {
        "su script flock npx npm pnpm yarn bunx nix nix-shell": r"-\w*c|--call|--run|--command|--session-command",
        "find gfind": r"-exec|-execdir|-ok|-okdir",
        "git": r"-c|-x|--exec|--extcmd|--upload-pack|--receive-pack|foreach|--[a-z]+-filter",
        "env rsync tar gtar": r"-\w*[eSI]|--split-string|--rsh|--rsync-path|--to-command|--checkpoint-action|--use-.*",
        "emacs emacsclient make entr nodemon": r"--?eval|-\w*[es]|-x|--exec",
        "": r"-\w*[ce]|--eval|--command|eval",
    }
)
# All their arguments are commands: wherever the name stands; where it is the command.
_RUN_ANYWHERE = _set("concurrently conc npm-run-all npm-run-all2 run-p run-s cross-env-shell")
_RUN = _set("ssh rsh mosh parallel watch watchexec hyperfine tmux cmd at batch sqlite3 vim nvim")
_PREFIXES = _set(
    "command builtin exec env sudo doas nohup time nice ionice timeout gtimeout stdbuf setsid xargs gxargs busybox "
    "chronic unbuffer caffeinate chrt taskset xvfb-run cross-env"
)
_CONTAINERS = _set("docker podman kubectl npx bunx pnpm yarn uv uvx poetry mise nix bundle pixi conda")
_FILL_IN = frozenset(("xargs", "gxargs", "find", "gfind"))  # put what they read, or find, into a command
_SAFE_BUILTINS = _set(
    ": cat cd chdir echo false getconf kill pwd realpath stat sync true type umask whence where which"
)
# Variables whose values are commands, for the shell or for git.
_COMMANDS = re.compile(
    r"(PS[0-4]|PROMPT_COMMAND|ENV|BASH_ENV|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE|BASH_FUNC_.*"
    r"|GIT_(SSH|SSH_COMMAND|EDITOR|SEQUENCE_EDITOR|PAGER|PROXY_COMMAND|EXTERNAL_DIFF|ASKPASS))\+?="
)
_NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_VALUE_FOLLOWS = re.compile(r"[-+]\w*[oO]|-[vFWXrIC]|--(rcfile|init-file|require|import|loader|env-file)")
_KNOWN = _INTERPRETERS.keys() | _OPTIONS.keys() | _RUN_ANYWHERE | _RUN
_THEN_DATA = (_INTERPRETERS["sh"], _INTERPRETERS["python"])
_SUFFIX = re.compile(r"\.[a-z]+|inplace|")  # of `sed -i .bak`, `sed -i ''` and `gawk -i inplace`
_DECLARES = ("declare", "typeset", "local", "readonly", "export")
_OPTIONS_ONLY = re.compile(r"(?:[-+][A-Za-z]+(?: [a-z-]+)? ?)*")
_NUMBERS = ("-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-o")
_EVERYWHERE = 1 << 60


class Rules:
    """The rules for the commands of one text. `is_list`: whether a word is a list and nothing else, none of whose names
    begins with `-`."""

    def __init__(self, shell: "ShellText", is_list: "Callable[[Word], bool]") -> None:
        self._shell, self._is_list = shell, is_list

    def refused(self) -> "Iterator[Range]":
        """Where no placeholder may stand."""
        for command in self._shell.commands:
            yield from self._of_command(command)

    def _of_command(self, command: "Command") -> "Iterator[Range]":
        words = command.words
        for word in (*command.assignments, *words):
            if _COMMANDS.match(word.text):
                yield word.start, word.end, "would be run as a command: leave that variable alone, or use"
        end, is_prefixed = _command_place(words)
        for word in words[: end + 1]:
            if not _NAMED.match(word.text) and "/" not in word.text.split(UNKNOWN)[0]:
                yield word.start, word.end, "would choose the command: put quotes around a variable that is one, or use"
        names = [_program(word) for word in words]
        if end < len(words):
            yield from self._builtin(names[end], words[end + 1 :], is_odd=command.is_odd)
        fills_in = not _FILL_IN.isdisjoint(names)
        is_open = is_prefixed or (end < len(words) and names[end] in _CONTAINERS)
        for place, name in ((place, name) for place, name in enumerate(names) if name in _KNOWN):
            for start, stop, why in self._code(name, words[place + 1 :], place <= end or is_open, fills_in):
                yield start, stop, why
                if fills_in and name not in _FILL_IN:
                    yield 0, _EVERYWHERE, why
            is_open = is_open and name not in _INTERPRETERS

    def _code(self, name: str, operands: "list[Word]", is_run: bool, fills_in: bool) -> "Iterator[Range]":
        """What a program reads as one. `is_run`: it is no mere argument; `fills_in`: xargs has the input."""
        why = _program_for(name or "this command")
        may_read = is_run and self._shell.has_pipe and not fills_in
        if name in _RUN_ANYWHERE or (name in _RUN and is_run):
            yield from ((word.start, word.end, why) for word in operands)
            if may_read:
                yield 0, _EVERYWHERE, why
        elif name in _INTERPRETERS:
            if (yield from self._interpreted(name, operands, why, is_run)) and may_read:
                yield 0, _EVERYWHERE, why
        elif name in _OPTIONS and (name or is_run):
            pattern, is_next = _OPTIONS[name].pattern, False
            for word in operands:
                if is_next or re.match(rf"(?!--)(?:{pattern})|(?:{pattern})=", word.text):
                    yield word.start, word.end, why
                is_next = is_next and (word.text.startswith("-") or not word.is_solid)
                is_next = is_next or re.fullmatch(pattern, word.text) is not None

    def _interpreted(self, name: str, operands: "list[Word]", why: str, is_run: bool) -> "Generator[Range, None, bool]":
        """Up to the first operand. What follows that, or the program of a shell, is data. Returns whether the program
        comes from the standard input."""
        pattern, is_filter = _INTERPRETERS[name], name in _FILTERS
        is_code, has_code, previous = False, False, ""
        for word in operands:
            is_dash = word.text in ("-", "+") and not (is_code or pattern is _INTERPRETERS["sh"])
            is_option = (re.match("[-+]", word.text) and not is_dash) or (is_filter and _SUFFIX.fullmatch(word.text))
            if is_code:
                yield word.start, word.end, why
                if word.is_solid and not is_option:
                    if pattern in _THEN_DATA or previous.lower() in ("-commandwithargs", "-cwa"):
                        return False
                    is_code, has_code = name in ("pwsh", "powershell"), True
            elif pattern.fullmatch(word.text):
                is_code = True
                yield word.start, word.end, why  # also where the program is still to come, from xargs
            elif word.text == "--":
                return False
            elif is_run and self._has_placeholder(word) and not self._is_data(word, name, has_code, previous):
                yield word.start, word.end, why
            elif self._is_operand(word, previous) and not is_option and not (is_filter and has_code):
                return word.text in ("-", "/dev/stdin", "/dev/fd/0")
            previous = word.text
        return not is_filter and not has_code

    def _is_operand(self, word: "Word", previous: str) -> bool:
        return (word.is_solid or self._is_list(word)) and not _VALUE_FOLLOWS.fullmatch(previous)

    def _is_data(self, word: "Word", name: str, has_code: bool, previous: str) -> bool:
        """Whether a word before the first operand cannot be an option."""
        if name in _FILTERS:
            return has_code or (previous == "-v" and _NAMED.match(word.text) is not None)
        if _INTERPRETERS[name] is _INTERPRETERS["sh"]:  # to a shell a file `+c` is an option, too
            return self._is_list(word) and re.match(r"-\w*n", previous) is not None
        return self._is_list(word)

    def _has_placeholder(self, word: "Word") -> bool:
        return bool(self._shell.starts_in(word.start, word.end))

    def _builtin(self, name: str, operands: "list[Word]", is_odd: bool) -> "Iterator[Range]":
        """What the shell's own commands would take for a program, a number or the name of a variable."""
        why = f"would be read by {name} as a name or a number: give it another one, or use"
        texts = [word.text for word in operands]
        if name in ("[", "test", "[["):
            yield from self._test(name, operands, is_odd)
        elif name in ("export", "readonly", "local"):
            yield from ((word.start, word.end, why) for word in operands if not _NAMED.match(word.text))
        elif name == "printf":
            ends = [place for place, text in enumerate(texts) if not text.startswith("-")][:1]
            last = len(operands) if "-v" in texts[:1] else ends[0] + 1 if ends else len(operands)
            why = "would be read as a format by printf: write another one before it, as in printf '%s\\n', or use"
            yield from ((word.start, word.end, why) for word in operands[:last])
        elif name in ("eval", "trap", "alias", ".", "source"):
            yield from ((word.start, word.end, _program_for(name)) for word in operands)
        elif name in NOT_PROGRAMS and name not in _SAFE_BUILTINS | _PREFIXES:
            yield from ((word.start, word.end, why) for word in operands)
        if name in ("integer", "float") or (name in _DECLARES and any(re.match(r"-\w*[in]", text) for text in texts)):
            yield (
                0,
                _EVERYWHERE,
                f"would be evaluated where {name} -i or -n has made a number or a name of a variable: use",
            )

    def _test(self, name: str, operands: "list[Word]", is_odd: bool) -> "Iterator[Range]":
        """bash evaluates the index of an array behind `-v`, and numbers in [[ ]]. Of [ a value could be an operator."""
        texts = [word.text for word in operands]
        is_bad = is_odd or any(text in ("-v", "-R") or (name == "[[" and text in _NUMBERS) for text in texts)
        for word, following in zip(operands, [*texts[1:], ""], strict=False):
            is_operator = word.text.startswith(f"-{UNKNOWN}") or (word.text[:1] == UNKNOWN and UNKNOWN in following)
            if is_bad or (is_operator and name != "[["):
                yield (
                    word.start,
                    word.end,
                    f"could be an operator of {name} or evaluated: compare it with = in [ ], or use",
                )


def _program_for(name: str) -> str:
    return f"would be read as a program by {name}: write the program in single quotes, and in it"


def changes_parameters(command: "Command") -> bool:
    """Whether a list may be another one after it."""
    end, _ = _command_place(command.words)
    texts = [word.text for word in command.words[end:]]
    if not texts or texts[0] == "eval":
        return any(re.search(r"\b(set|shift)\b", text) for text in texts[1:])
    return texts[0] == "shift" or (texts[0] == "set" and not _OPTIONS_ONLY.fullmatch(" ".join(texts[1:])))


def is_test(command: "Command") -> bool:
    """Whether there is room for one word where a list would be several."""
    end, _ = _command_place(command.words)
    return _program(command.words[end]) in ("[", "test", "[[") if end < len(command.words) else False


def _command_place(words: "Sequence[Word]") -> "tuple[int, bool]":
    """Where the command stands, behind prefixes like `env` and `sudo` and what may be nothing, and whether there are
    prefixes."""
    is_prefixed = False
    for place, word in enumerate(words):
        is_prefix = _program(word) in _PREFIXES or (place == 0 and word.text.startswith("-"))  # `time -p x`
        is_value = is_prefixed and re.match(r"[-+].|[0-9.]+[smhd]?\Z", word.text)
        if word.is_solid and not (is_prefix or is_value or _NAMED.match(word.text)):
            return place, is_prefixed
        is_prefixed |= is_prefix
    return len(words), is_prefixed


def _program(word: "Word") -> str:
    """`/usr/bin/python3.11` and `"$BIN/python"` -> `python`; "" when only the shell can tell."""
    name = word.text.rsplit("/", 1)[-1].replace(UNKNOWN, "").removesuffix(".exe")
    stem = re.sub(r"-?[0-9][0-9.]*\Z", "", name).lower()
    return stem if stem in _INTERPRETERS else name
