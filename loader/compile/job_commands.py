"""`run`, `script` and `setup` -> the executed command, with its placeholders replaced (C6)."""

import os
import posixpath
import shlex
import sys
from dataclasses import dataclass, field
from functools import cached_property

from dodo_hooks.core.plan import FILES_VARIABLE, NO_FILES
from dodo_hooks.loader.compile.flatten import Member, root_of
from dodo_hooks.loader.read.nodes import MapNode, Node, Scalar, items_of
from dodo_hooks.loader.schema.file_models import HookFile
from dodo_hooks.loader.schema.value_parsers import ARCHITECTURES
from dodo_hooks.loader.schema.value_types import Run
from dodo_hooks.loader.shell.direct_exec import argv_of, argv_with_list
from dodo_hooks.loader.shell.placeholders import LISTS, TASK_ARGUMENTS, arguments_of, takes_event
from dodo_hooks.loader.shell.quoting import POSIX, QuotedCommand, Template, expand_placeholders, placeholders_in

_FLAG = {"node": "-e", "deno": "eval", "bun": "-e", "perl": "-e", "ruby": "-e", "php": "-r", "pwsh": "-Command"}


@dataclass(frozen=True, slots=True)
class Platform:
    """The system and the architecture, which select one of several commands."""

    system: str  # linux, macos or what the system calls itself
    architecture: str  # x86_64, aarch64 or likewise

    @classmethod
    def this(cls) -> "Platform":
        system = "macos" if sys.platform == "darwin" else sys.platform
        machine = os.uname().machine
        return cls(system, ARCHITECTURES.get(machine, machine))


@dataclass(frozen=True, slots=True)
class Command:
    """The executed command of a job."""

    shown: str  # for people, as it is written
    argv: tuple[str, ...]
    list_name: str  # the placeholder whose list it is given; "" for none
    files_at: int
    files_uses: int
    event: str  # the first placeholder for data of the event; "" for none
    names_files: bool  # it reads the file that holds its list
    refused: str = ""  # why it must not be executed
    absent: str = ""  # why there is none on this machine

    @property
    def takes_list(self) -> bool:
        """True if it is given a list of files."""
        return bool(self.list_name or self.names_files)


@dataclass(frozen=True)
class Setting:
    """The settings of a file for the commands of a hook."""

    file: HookFile
    hook: str
    is_task: bool
    is_own: bool  # it is a file of ours, not of another tool
    commands: "dict[tuple[object, ...], Command]" = field(default_factory=dict)  # many jobs have the same text

    @cached_property
    def template(self) -> Template:
        arguments = TASK_ARGUMENTS if self.is_task else arguments_of(self.hook)
        return Template(self.hook, arguments, self.file.templates, self.is_own)


def text_here(run: Run | None, machine: Platform) -> str | None:
    """Return the text of a `run` on this machine; None where it has none for it.

    Of several commands the first failure ends the others. One that is more than plain words is put in braces, so that
    it keeps its meaning: `a || b`, a comment, a here-document.
    """
    run = run.get(machine.system) if isinstance(run, dict) else run
    if isinstance(run, list):
        return " && ".join(line.strip() if argv_of(line)[0] != "sh" else f"{{\n{line}\n}}" for line in run)
    return run


def scalars_here(node: Node | None, machine: Platform) -> list[Scalar]:
    """Return the scalars that the text of a `run` on this machine was written in."""
    if isinstance(node, MapNode):
        entry = node.entry(machine.system)
        node = entry.value if entry else None
    return [item for item in items_of(node) if isinstance(item, Scalar)] if node else []


def script_text(member: Member, setting: Setting, is_local: bool) -> str:
    """Return the command that runs a script with the hook's arguments, from the job's root.

    `is_local` is set for a script in the folder of scripts that are not committed.
    """
    body = member.body
    assert body.script is not None
    path = posixpath.relpath(script_file(body.script, setting, is_local), root_of(member) or ".")
    path = path if "/" in path else f"./{path}"
    arguments = body.args
    if arguments is None:
        arguments = "{0}" if setting.template.arguments else ""
    return " ".join(word for word in (body.runner, shlex.quote(path), arguments) if word)


def script_file(script: str, setting: Setting, is_local: bool) -> str:
    """Return the path of a script, relative to the top."""
    folder = setting.file.source_dir_local if is_local else setting.file.source_dir
    return posixpath.join(folder, setting.hook, script)


def command_of(text: str, member: Member, setting: Setting) -> Command:
    """Return the command of a text with its placeholders replaced.

    Raises:
        TemplateError: a placeholder is unknown, or cannot be replaced safely.
    """
    body = member.body
    # A script gets the arguments whether it wants them or not: it may as well be run without an event.
    # And where git gives no arguments, all of them is nothing, with an event as without.
    is_given_all = (body.script is not None and body.args is None) or not setting.template.arguments
    key = (text, body.shell, is_given_all)
    if key not in setting.commands:
        setting.commands[key] = _command_of(text, body.shell, is_given_all, setting)
    return setting.commands[key]


def _command_of(text: str, program: str, is_given_all: bool, setting: Setting) -> Command:
    macros, words = setting.file.templates, tuple(program.split())
    shell = posixpath.basename(words[0])
    placed = expand_placeholders(text, shell, setting.template)
    event = "" if not placed.event or (placed.event.isdigit() and is_given_all) else f"{{{placed.event}}}"
    prefix = _rc_line(setting.file.rc) if setting.file.rc and shell in POSIX else ""
    # A macro may be a placeholder, or bring one: with macros, the text does not show what it is.
    direct = _direct(text, placed) if program == "sh" and not (prefix or macros) else None
    argv, files_at = direct or ((*words, _FLAG.get(shell, "-c"), prefix + placed.text), NO_FILES)
    if placed.list_name and not direct:
        argv = (*argv, shell)  # the shell's own name ($0): the list follows
        files_at = len(argv)
    return Command(text, argv, placed.list_name, files_at, max(placed.list_uses, 1), event, FILES_VARIABLE in text)


def absent_command(run: Run | None, machine: Platform) -> Command:
    """Return the command of a job whose `run` has none for this machine."""
    shown = f"({', '.join(run)} only)" if isinstance(run, dict) else ""
    return Command(shown, ("sh", "-c", ":"), "", NO_FILES, 1, "", False, absent=f"no command for {machine.system}")


def refusing_command(text: str, setting: Setting) -> Command:
    """Return a command that fails when it would run.

    Its list and its event are kept, so that it is skipped wherever the original command would be.
    """
    names = [name for _, name in placeholders_in(text, setting.template)]
    list_name = next((name for name in names if name in LISTS), "")
    event = next((f"{{{name}}}" for name in names if takes_event(name, setting.hook)), "")
    return Command(text, ("sh", "-c", ":"), list_name, NO_FILES, 1, event, FILES_VARIABLE in text)


def _direct(text: str, placed: QuotedCommand) -> "tuple[tuple[str, ...], int] | None":
    """Return the words of a command that needs no shell, and the index at which its list is inserted."""
    if placed.list_name:
        return argv_with_list(text, placed.list_name)
    argv = argv_of(text)
    return (argv, NO_FILES) if placed.text == text and argv[0] != "sh" else None


def _rc_line(rc: str) -> str:
    """Return a shell line that reads the user's own settings, if they exist.

    A text with a `$` or a quote is a shell word already. Otherwise `~` is the home directory, and a relative path
    starts at the top of the working tree.
    """
    if any(character in rc for character in "$'\""):
        word = rc
    elif rc.startswith("~/"):
        word = f'"$HOME"/{shlex.quote(rc[2:])}'
    else:
        word = shlex.quote(rc) if rc.startswith("/") else f'"$DODO_WORKTREE"/{shlex.quote(rc)}'
    return f"if [ -r {word} ]; then . {word}; fi\n"
