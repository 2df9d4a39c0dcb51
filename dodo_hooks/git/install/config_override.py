"""A setting of git's that we override in somebody's configuration, and restore as it was, byte for byte (section 8).

A file of ours holds what was there: the whole configuration file before and after, and the values. As long as nobody
else has changed the file it is restored as a whole; else the values alone are, and what others wrote stays.
"""

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git import untrusted
from dodo_hooks.git.command import run_git
from dodo_hooks.git.variables import user_folder
from dodo_hooks.host.files.atomic_files import put, unlink

RESTORED = "restored"
CHANGED = "changed"  # somebody else has changed the setting since; it is left as it is


class Override(Record):
    """One setting in one configuration file, and the file of ours with its former value."""

    key: str
    file: str  # of git's configuration
    memory: str  # a file of ours
    may_be_link: bool = False  # the user's own may; one below a git directory was perhaps put there by somebody else


def override_setting(one: Override, value: str, environ: Mapping[str, str]) -> None:
    """Make the setting `value` in that file. Raises GitError; nothing is changed then."""
    values = _values(one, environ)
    if values == [value] and os.path.exists(one.memory):
        return
    memory = {"value": value, "before": values, "original": _content(one.file), "written": None}
    _remember(one.memory, memory)  # first: so an install that is killed after the next step can be undone
    try:
        run_git(("config", "--file", one.file, "--replace-all", one.key, value), "/", environ)
    except GitError:
        os.unlink(one.memory)
        raise
    _remember(one.memory, {**memory, "written": _content(one.file)})


def restore_setting(one: Override, environ: Mapping[str, str]) -> "str | None":
    """Undo `override_setting`, and remove its record; return RESTORED or CHANGED, None where there is nothing to undo.

    Raises GitError.
    """
    memory = _remembered(one.memory)
    if memory is None:
        return None
    done = RESTORED
    is_file = one.may_be_link or not os.path.islink(one.file)
    if is_file and memory["written"] is not None and _content(one.file) == memory["written"]:
        _write(one.file, None if memory["original"] is None else base64.b64decode(memory["original"]))
    elif _values(one, environ) == [memory["value"]]:
        run_git(("config", "--file", one.file, "--unset-all", one.key), "/", environ)
        for value in memory["before"]:
            run_git(("config", "--file", one.file, "--add", one.key, value), "/", environ)
    else:
        done = CHANGED
    os.unlink(one.memory)
    return done


def read_override(memory: str) -> "str | None":
    """Return the value that we have set, according to the record; None without a record."""
    remembered = _remembered(memory)
    return None if remembered is None else str(remembered["value"])


def global_file(environ: Mapping[str, str]) -> str:
    """Return the file that `git config --global` writes (git-config(1), FILES)."""
    if environ.get("GIT_CONFIG_GLOBAL"):
        return environ["GIT_CONFIG_GLOBAL"]
    home = environ.get("HOME", "")
    if not home:
        raise GitError("no global git configuration; set HOME")
    own, other = f"{home}/.gitconfig", f"{user_folder(environ)}/config"
    return other if not os.path.exists(own) and os.path.exists(other) else own


def _values(one: Override, environ: Mapping[str, str]) -> list[str]:
    if not os.path.exists(one.file):
        return []
    query = ("config", "--file", one.file, "--null", "--get-all", one.key)
    return [os.fsdecode(value) for value in run_git(query, "/", environ, accepted=(0, 1)).split(b"\0")[:-1]]


def _content(path: str) -> "str | None":
    """Return the bytes of a file, in base64; None where it is not there."""
    try:
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode()
    except FileNotFoundError:
        return None


def _write(path: str, content: "bytes | None") -> None:
    """Replace a configuration file as git does, under its lock; it may be a link. None: there was none."""
    path = os.path.realpath(path)
    lock = path + ".lock"
    try:
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise GitError(f"{path} is locked; if no git command is running, remove {lock}") from None
    try:
        if content is None:
            os.unlink(path)
        else:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(content)
            os.fchmod(descriptor, os.stat(path).st_mode & 0o7777)
            os.replace(lock, path)
    finally:
        os.close(descriptor)
        unlink(lock)


def _remember(path: str, memory: Mapping[str, Any]) -> None:
    """Write the record, readable by us alone: a configuration may hold passwords."""
    put(path, json.dumps(memory).encode("ascii"), 0o600)


def _remembered(path: str) -> "dict[str, Any] | None":
    try:
        memory = untrusted.fields(json.loads(untrusted.read_regular(path)))
        bytes_of = {name: memory[name] and untrusted.text(memory[name]) for name in ("original", "written")}
        before = [untrusted.text(one) for one in untrusted.items(memory["before"])]
        return {"value": untrusted.text(memory["value"]), "before": before, **bytes_of}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, RecursionError):
        raise GitError(f"{path}, the record of the former git configuration, is damaged; remove it") from None
