"""`run`, `script` and `setup` -> the executed command, with its placeholders replaced (C6)."""

import os
import posixpath
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from dodo_hooks.core.plan import FILES_VARIABLE, NO_FILES
from dodo_hooks.loader.compile.flatten import Member, root_of
from dodo_hooks.loader.read.nodes import ListNode, MapNode, Node, Scalar
from dodo_hooks.loader.schema.file_models import HookFile
from dodo_hooks.loader.schema.job_models import JobBody
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


@dataclass(frozen=True, slots=True)
class Setting:
    """The settings of a file for the commands of a hook."""

    file: HookFile
    hook: str
    is_task: bool
    is_own: bool  # it is a file of ours, not of another tool

    @property
    def template(self) -> Template:
        arguments = TASK_ARGUMENTS if self.is_task else arguments_of(self.hook)
        return Template(self.hook, arguments, self.file.templates, self.is_own)


def text_here(body: JobBody, machine: Platform) -> str | None:
    """Return the text of a `run` on this machine; None where it has none for it."""
    assert body.run is not None
    run: Run = body.run
    if isinstance(run, dict):
        if machine.system not in run:
            return None
        run = run[machine.system]
    return run if isinstance(run, str) else _joined(run)


def scalars_here(node: Node | None, machine: Platform) -> list[Scalar]:
    """Return the scalars that the text of a `run` on this machine was written in."""
    if isinstance(node, MapNode):
        entry = node.entry(machine.system)
        return scalars_here(entry.value, machine) if entry else []
    items = node.items if isinstance(node, ListNode) else (node,)
    return [item for item in items if isinstance(item, Scalar)]


def _joined(lines: list[str]) -> str:
    """Join several commands, so that the first failure ends them.

    A command that is more than plain words is put in braces, so that it keeps its meaning: `a || b`, a comment, a
    here-document.
    """
    return " && ".join(line.strip() if argv_of(line)[0] != "sh" else f"{{\n{line}\n}}" for line in lines)


def script_text(member: Member, setting: Setting, is_local: bool) -> str:
    """Return the command that runs a script with the hook's arguments, from the job's root.

    `is_local` is set for a script in the folder of scripts that are not committed.
    """
    body, file = member.body, setting.file
    assert body.script is not None
    folder = file.source_dir_local if is_local else file.source_dir
    path = posixpath.relpath(script_path(folder, setting.hook, body.script), root_of(member) or ".")
    path = path if "/" in path else f"./{path}"
    arguments = body.args
    if arguments is None:
        arguments = "{0}" if setting.template.arguments else ""
    return " ".join(word for word in (body.runner, shlex.quote(path), arguments) if word)


def script_path(folder: str, hook: str, script: str) -> str:
    return posixpath.join(folder, hook, script)


def command_of(text: str, member: Member, setting: Setting) -> Command:
    """Return the command of a text with its placeholders replaced.

    Raises:
        TemplateError: a placeholder is unknown, or cannot be replaced safely.
    """
    body = member.body
    words = tuple(body.shell.split())
    shell = posixpath.basename(words[0])
    placed = expand_placeholders(text, shell, setting.template)
    names_files = FILES_VARIABLE in text
    # A script gets the arguments whether it wants them or not: it may as well be run without an event.
    # And where git gives no arguments, all of them is nothing, with an event as without.
    is_given_all = (body.script is not None and body.args is None) or not setting.template.arguments
    is_known = placed.event.isdigit() and is_given_all
    event = "" if is_known or not placed.event else f"{{{placed.event}}}"
    uses = max(placed.list_uses, 1)
    prefix = _rc_line(setting.file.rc) if setting.file.rc and shell in POSIX else ""
    if body.shell == "sh" and not prefix and (direct := _direct(text, placed, setting.file.templates)):
        argv, files_at = direct
        return Command(text, argv, placed.list_name, files_at, uses, event, names_files)
    argv = (*words, _FLAG.get(shell, "-c"), prefix + placed.text)
    if not placed.list_name:
        return Command(text, argv, "", NO_FILES, 1, event, names_files)
    argv = (*argv, shell)  # the shell's own name ($0): the list follows
    return Command(text, argv, placed.list_name, len(argv), uses, event, names_files)


def refused_command(text: str, setting: Setting, why: str) -> Command:
    """Return a command that fails when it would run.

    Its list and its event are kept, so that it is skipped wherever the original command would be.
    """
    names = [name for _, name in placeholders_in(text, setting.template)]
    list_name = next((name for name in names if name in LISTS), "")
    event = next((f"{{{name}}}" for name in names if takes_event(name, setting.hook)), "")
    return Command(text, ("sh", "-c", ":"), list_name, NO_FILES, 1, event, FILES_VARIABLE in text, why)


def _direct(text: str, placed: QuotedCommand, macros: Mapping[str, str]) -> "tuple[tuple[str, ...], int] | None":
    """Return the words of a command that needs no shell, and the index at which its list is inserted."""
    if macros:  # a macro may be a placeholder, or bring one
        return None
    if placed.list_name:
        return argv_with_list(text, placed.list_name)
    if placed.text == text:
        argv = argv_of(text)
        return (argv, NO_FILES) if argv[0] != "sh" else None
    return None


def _rc_line(rc: str) -> str:
    """Return a shell line that reads the user's own settings, if they exist.

    A text with a `$` or a quote is a shell word already. Otherwise `~` is the home directory, and a relative path
    starts at the top of the working tree.
    """
    if any(character in rc for character in "$'\""):
        word = rc
    elif rc.startswith("~/"):
        word = f'"$HOME"/{shlex.quote(rc[2:])}'
    elif rc.startswith("/"):
        word = shlex.quote(rc)
    else:
        word = f'"$DODO_WORKTREE"/{shlex.quote(rc)}'
    return f"if [ -r {word} ]; then . {word}; fi\n"
