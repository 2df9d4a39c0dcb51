"""Rules for names of jobs, derived names of unnamed jobs, and names of their directories in the store (C4)."""

import zlib

from dodo_hooks.core.text.terminal_text import is_unsafe, truncate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_DERIVED = 40
_LONGEST_DIRECTORY = 40
_LONGEST_LABEL = 30
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def name_error(name: str) -> "str | None":
    """Return why a job cannot have this name, as the rest of a sentence that begins with "a name"; None when it can.

    `@` is reserved for addresses (JOB@INVOCATION), doit rejects `=`, and `-` would look like an option.
    """
    if not name.strip():
        return "must not be empty"
    if name != name.strip():
        return "must not begin or end with a blank"
    if name.startswith("-"):
        return 'must not begin with "-"'
    for character in "@=":
        if character in name:
            return f'must not contain "{character}"'
    for character in name:
        if is_unsafe(character):
            return f"must not contain the control character U+{ord(character):04X}"
    return None


def job_names(written: "Sequence[str | None]", commands: "Sequence[str]") -> "list[str]":
    """Return the names of a hook's jobs: written names unchanged, derived ones for None.

    A derived name that is taken gets `-2`, `-3`, ... in the order of the file.
    """
    taken = {name for name in written if name is not None}
    counts: dict[str, int] = {}  # how far each derived name has come: a thousand jobs may have one command
    names: list[str] = []
    for name, command in zip(written, commands, strict=True):
        unique = _free(derived_name(command), taken, counts) if name is None else name
        taken.add(unique)
        names.append(unique)
    return names


def _free(name: str, taken: "set[str]", counts: "dict[str, int]") -> str:
    candidate, count = name, counts.get(name, 1)
    while candidate in taken:
        count += 1
        candidate = f"{name}-{count}"
    counts[name] = count
    return candidate


def derived_name(command: str) -> str:
    """Return a name that depends on the command alone: letters, digits, dots and underscores, the rest as single `-`.

    A long command ends in a checksum, so that two commands that begin alike keep their names when a third one is added.
    """
    words = "".join(character if character.isalnum() or character in "._" else " " for character in command)
    name = "-".join(words.split()).strip("-.") or "job"
    if len(name) <= _LONGEST_DERIVED:
        return name
    checksum = f"{zlib.crc32(command.encode('utf-8', 'surrogatepass')):08x}"
    return f"{name[: _LONGEST_DERIVED - len(checksum) - 1].rstrip('-.')}-{checksum}"


def label_of(command: str) -> str:
    """Return the text that people see for an unnamed job whose command has several lines; "" for any other command.

    The label is the first line that is neither a comment nor a `set`.
    """
    lines = [" ".join(line.split()) for line in command.splitlines() if line.strip()]
    if len(lines) < 2:
        return ""
    first = next((line for line in lines if not line.startswith(("#", "set -", "set +"))), lines[0])
    return truncate(first, _LONGEST_LABEL, "...")


def directory_name(number: int, name: str) -> str:
    """Return `N-NAME`, the name of a job's directory.

    It has up to 40 characters of the name that are safe in every file system.
    """
    words = "".join(character if character in _SAFE else " " for character in name)
    safe = "-".join(words.split()).strip("-.")[:_LONGEST_DIRECTORY].rstrip("-.")
    return f"{number}-{safe or 'job'}"
