"""Parsers for the single values of a hook file: a node of the tree in, a plain value out (C2, C3).

Every function either returns the value or raises ValueError with the rest of a sentence that begins with the key.
"""

import posixpath
import re
from collections.abc import Callable

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.files.file_types import FILE_TYPES, KINDS
from dodo_hooks.core.git_hooks import SERVER_HOOKS, known_hooks
from dodo_hooks.core.plan import (
    AT_MERGE_COMMIT,
    CI,
    ELSEWHERE,
    IN_MERGE,
    IN_REBASE,
)
from dodo_hooks.core.text.names import name_error
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.core.text.units import bytes_of, seconds_of
from dodo_hooks.host.files.clone import HARDLINK, REFLINK
from dodo_hooks.loader.globs.compile_globs import compile_glob, compile_regex
from dodo_hooks.loader.globs.from_top import WILDCARDS, leads_out, pattern_from_top
from dodo_hooks.loader.read.nodes import Node, Scalar, describe, is_empty
from dodo_hooks.loader.shell.placeholders import is_known

LEAST_LOG_BYTES = 64 * 1024
STATES = (IN_MERGE, IN_REBASE, AT_MERGE_COMMIT)  # what a condition that is one word may be, beside a variable
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
NOT_FOR_TASKS = ("fg", "bg")  # doit's groups: loader/tasks.py

PLACES = (CI, ELSEWHERE)

# Patterns that the JSON Schema has too, so in what Python and ECMAScript have in common.
MACRO = "[A-Za-z_][A-Za-z0-9_-]*"
VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"
_YES = ("yes", "y", "on", "true", "1")
_NO = ("no", "n", "off", "false", "0")


# Plain values


def text(node: Node) -> str:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    fix = 'write "" for an empty text' if is_empty(node) else ""
    fix = fix or (f'write "{node.text}", in quotes' if isinstance(node, Scalar) else "")
    raise InvalidValue(f"expected a text, found {describe(node)}", fix)


def command_text(node: Node) -> str:
    if is_empty(node):
        raise InvalidValue("expected a text, found nothing", "write the command after it")
    return text(node)


def flag(node: Node) -> bool:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    word, fix = node.text.lower() if isinstance(node, Scalar) else "", ""
    if isinstance(node, Scalar) and word in _YES + _NO:
        fix = f"write {'true' if word in _YES else 'false'}{'' if node.plain else ', without quotes'}"
    raise InvalidValue(f"expected true or false, found {describe(node)}", fix)


def number(node: Node) -> int:
    if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    fix = ""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.text.isascii() and node.text.isdigit():
        fix = f"write {node.text}, without quotes" if len(node.text) < 10 else ""
    raise InvalidValue(f"expected a whole number, found {describe(node)}", fix)


def within(least: int, most: int | None = None) -> Callable[[int], int]:
    """Return a check that a number has these bounds."""

    def check(number: int) -> int:
        if number < least:
            raise ValueError(f"expected a whole number of at least {least}, found the number {number}")
        if most is not None and number > most:
            raise ValueError(f"expected a whole number of at most {most}, found the number {number}")
        return number

    return check


def as_written(node: Node) -> str:
    """Return numbers and booleans as they stand in the file, since the environment only has texts."""
    return node.text if isinstance(node, Scalar) and node.value is not None else text(node)


# Values that are not what they look like


def seconds(node: Node) -> float:
    if isinstance(node, Scalar) and node.value is not None:
        return seconds_of(node.text)
    raise ValueError(f"expected a duration such as 90s, found {describe(node)}")


def size(node: Node) -> int:
    if isinstance(node, Scalar) and node.value is not None:
        return bytes_of(node.text)
    raise ValueError(f"expected a size such as 10MB, found {describe(node)}")


def version(node: Node) -> str:
    if isinstance(node, Scalar) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}", node.text):
        return node.text
    raise ValueError(f'expected a version such as "0.1.0", found {describe(node)}')


def condition_text(node: Node) -> str:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"expected a condition, such as merge, CI or {{ref: main}}, found {describe(node)}")


def cache(node: Node) -> str:
    """Return how outputs are stored: `true` shares blocks or copies, `false` stores none."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return REFLINK if node.value else ""
    if isinstance(node, Scalar) and node.value == HARDLINK:
        return HARDLINK
    raise ValueError(f"expected true, false or {HARDLINK}, found {describe(node)}")


# Checks of texts


def not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("expected a text, found an empty one")
    return text


def log_bytes(number: int) -> int:
    if number < LEAST_LOG_BYTES:
        raise ValueError("a log needs at least 64KB: its head and its tail are kept in whole blocks")
    return number


def variable(name: str) -> str:
    if not name or "=" in name:
        raise ValueError(f'{quote(name)} cannot be the name of a variable: a name is not empty and has no "="')
    return name


def folder(root: str) -> str:
    """Return the folder relative to the top of the working tree, normalized; "" is the top."""
    path = _inside(root, "folder")
    return "" if path == "." else path


def input_path(text: str) -> str:
    """Check one entry of `inputs`, a pattern or a path, but for where it leads: a group may set the root."""
    if WILDCARDS.search(text):
        glob(pattern_from_top(text, "")[1])
    return text


def output_path(text: str) -> str:
    """Check one entry of `outputs`, likewise."""
    if WILDCARDS.search(text):
        raise InvalidValue(f"expected a path, {quote(text)} is a pattern", "name the folder that holds such files")
    return text


def shared_path(text: str) -> str:
    """Return one entry of `share` relative to the top, normalized."""
    return made_path(output_path(text), _inside(text, "path"))


def _inside(text: str, what: str) -> str:
    if text.startswith("/"):
        raise ValueError(f"expected a {what} relative to the top of the repository, found the absolute {quote(text)}")
    return _not_outside(text, posixpath.normpath(text), what)


def _not_outside(text: str, path: str, what: str) -> str:
    if leads_out(path):
        raise ValueError(f"expected a {what} inside of the repository, {quote(text)} leads out of it")
    return path


def read_path(text: str, path: str) -> str:
    """Return a normalized path from the top that is in the working tree; `text` is the entry as written."""
    _not_outside(text, path, "path")
    if ".git" in path.lower().split("/"):
        raise ValueError(f"expected a path in the working tree, {quote(text)} is git's own")
    return path


def made_path(text: str, path: str) -> str:
    """Return such a path that is not the working tree itself."""
    if read_path(text, path) == ".":
        raise ValueError("expected a file or folder in the repository, found the repository itself")
    return path


def absolute(path: str) -> str:
    """Check that a path is absolute or begins with `~/`."""
    if path != "~" and not path.startswith(("/", "~/")):
        raise ValueError(f'expected a path that begins with "/" or "~/", found {quote(path)}')
    return path


def script(name: str) -> str:
    """Return the path of a script relative to the folder of the hook's scripts."""
    path = posixpath.normpath(name)
    if name.startswith("/") or path.split("/")[0] in ("..", "."):
        raise ValueError(f"expected the name of a file in the folder of the hook's scripts, found {quote(name)}")
    return path


def group_name(name: str) -> str:
    if not name or len(name) > 100 or not name.isprintable():
        raise ValueError("expected the name of a group: up to 100 printable characters")
    return name


def one_of(*known: str) -> Callable[[str], str]:
    """Return a check that a text is one of these words."""

    def check(word: str) -> str:
        if word not in known:
            near = did_you_mean(word, known)
            raise ValueError(f"expected {join_or(known)}, found {quote(word)}{near}")
        return word

    return check


def command(text: str) -> str:
    """Check an item of a list of commands: `run: [ -f x ]` is such a list, and looks like a test."""
    if text.startswith("-"):
        raise InvalidValue(f"{quote(text)} cannot be a command", "put the whole command in quotes if [ ] is the test")
    return text


def architecture(word: str) -> str:
    """Return the kernel's name of an architecture: `amd64` is `x86_64`, `arm64` is `aarch64`."""
    return ARCHITECTURES[one_of(*ARCHITECTURES)(word)]


def file_type(word: str) -> str:
    """Return a type that a file can have. Another one would leave its job out each time."""
    if word not in FILE_TYPES:
        near = did_you_mean(word, FILE_TYPES)
        raise ValueError(f"expected {join_or(KINDS)}, or a MIME type of docs/files.md, found {quote(word)}{near}")
    return word


def regex(text: str) -> str:
    compile_regex(text)  # raises ValueError with a sentence
    return text


def glob(text: str) -> str:
    if text.startswith("!"):
        fix = f'write {quote(text[1:])} after "exclude" or "skip", or "\\!" for the character'
        raise InvalidValue(f"{quote(text)} does not exclude anything", fix)
    if re.search(r"\{[^{},]*[^{},.\\]\.\.[^{},.]+\}", text):
        raise InvalidValue(f"{quote(text)} has a range, which is not expanded", "write {1,2,3}, or [1-3]")
    compile_glob(text)  # raises ValueError with a sentence
    return text


def condition_word(word: str) -> str:
    if word not in STATES and not re.fullmatch(VARIABLE, word):
        near = did_you_mean(word, STATES)
        raise ValueError(f"expected {', '.join(STATES)} or the name of a variable, found {quote(word)}{near}")
    return word


# Names


def hook_name(name: str) -> str:
    if name in SERVER_HOOKS:
        raise ValueError(f"the hook {quote(name)} is not supported: {_why_not(name)}")
    if name not in known_hooks():
        near = did_you_mean(name, known_hooks())
        raise ValueError(f"unknown hook {quote(name)}{near or ': git has no client-side hook of this name'}")
    return name


def _why_not(name: str) -> str:
    if name == "fsmonitor-watchman" or name.startswith("p4-"):
        return "git behaves differently if there is one"
    return "it runs on the server that a push arrives at, not where you work"


def task_name(name: str) -> str:
    """Check the name of a task, which must differ from the names of hooks and of doit's groups."""
    reason = name_error(name)
    if reason:
        raise ValueError(f"the name of a task {reason}")
    if ":" in name:
        raise InvalidValue(f"{quote(name)} cannot be the name of a task: HOOK:JOB means a job", 'leave the ":" out')
    if name in known_hooks() or name in SERVER_HOOKS:
        raise InvalidValue(f"{quote(name)} is the name of a hook", 'move it below "hooks:", or rename the task')
    if name in NOT_FOR_TASKS:
        raise InvalidValue(f"{quote(name)} means all jobs of a phase", "rename the task")
    return name


def requirement(text: str) -> str:
    """Check one entry of `requires`."""
    hook, _, job = text.partition(":")
    if not hook or not job:
        raise ValueError(f"expected HOOK:JOB, such as post-commit:test, found {quote(text)}")
    return text


def macro_name(name: str) -> str:
    if not re.fullmatch(MACRO, name):
        raise ValueError(
            f"{quote(name)} cannot be the name of a template: letters, digits, "
            '"_" and "-", and no digit or "-" at the beginning'
        )
    if is_known(name, arguments=0):
        raise InvalidValue(f"{quote('{' + name + '}')} already has a meaning", "rename the template")
    return name
