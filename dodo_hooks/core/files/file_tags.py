"""The tags of a file, as the library `identify` gives them, by tables that are in the plan (P4; HOT).

A file has `file`, `executable` or `non-executable`, `text` or `binary`, and the tags of its name: of the whole name or
a part between dots, and of its ending. Where the name has none, an executable file has those of the program in its `#!`
line. Of the content the first 1,024 bytes decide between text and binary. What is no regular file has one tag alone.

The source of these rules is identify 2.6 (identify/identify.py). Its tables change often, its rules hardly ever; a
property test holds both equal to the library that is installed.
"""

from dodo_hooks.core.named_tuple import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan_parts import TagRule

    Tags = frozenset[str]

DIRECTORY, SYMLINK, SOCKET = frozenset(("directory",)), frozenset(("symlink",)), frozenset(("socket",))
EXECUTABLE, NON_EXECUTABLE = frozenset(("file", "executable")), frozenset(("file", "non-executable"))
TEXT, BINARY = frozenset(("text",)), frozenset(("binary",))
_ENCODINGS = TEXT | BINARY
NO_TAGS: "Tags" = frozenset()

_TEXT_BYTES = bytes((*range(7, 14), 27, *range(0x20, 0x7F), *range(0x80, 0x100)))
_JUDGED_BYTES = 1024
_UNPRINTABLE = {chr(code) for code in (*range(9), *range(14, 32), 127)}  # beside all that is not ASCII
_QUOTES = frozenset("\"'\\")


class TagTables(Record):
    """The tables of `identify`. Each maps a text to the tags that it stands for."""

    extensions: "dict[str, Tags]"  # in lower case
    names: "dict[str, Tags]"
    interpreters: "dict[str, Tags]"


def tags_of_name(path: bytes, tables: TagTables) -> "Tags":
    """Return the tags that the name of a regular file stands for; none where it says nothing."""
    name = path.rpartition(b"/")[2].decode("utf-8", "surrogateescape")
    found = NO_TAGS
    parts = name.split(".")
    for part in (name, *parts):
        if part in tables.names:
            found = tables.names[part]
            break
    if len(parts) > 1 and name.lstrip(".") != parts[-1]:  # the dots at the beginning of a name begin no ending
        found |= tables.extensions.get(parts[-1].lower(), NO_TAGS)
    return found


def needs_content(by_name: "Tags", is_executable: bool) -> bool:
    """Return whether the content of a file decides on its tags, beside those of its name."""
    return not by_name & _ENCODINGS or (is_executable and not by_name)


def tags_of_file(by_name: "Tags", is_executable: bool, beginning: bytes, tables: TagTables) -> "Tags":
    """Return all tags of a regular file that begins like this. Where `needs_content` says no, it may be empty."""
    found = by_name | (EXECUTABLE if is_executable else NON_EXECUTABLE)
    if is_executable and not by_name:
        found |= _tags_of_interpreter(beginning, tables)
    if not found & _ENCODINGS:
        found |= BINARY if beginning[:_JUDGED_BYTES].translate(None, _TEXT_BYTES) else TEXT
    return found


def selects(rule: "TagRule", tags: "Tags") -> bool:
    """Return whether a file with these tags is one that the rule means."""
    if not tags.issuperset(rule.types) or not tags.isdisjoint(rule.exclude_types):
        return False
    return not rule.types_or or not tags.isdisjoint(rule.types_or)


def may_select(rule: "TagRule", by_name: "Tags") -> bool:
    """Return whether the rule could mean a file that is gone: of its tags only those of its name are known."""
    unknown = EXECUTABLE | NON_EXECUTABLE | (NO_TAGS if by_name & _ENCODINGS else _ENCODINGS)
    if not by_name:  # a `#!` line may have said more
        return True
    wanted = rule._replace(exclude_types=tuple(one for one in rule.exclude_types if one not in unknown))
    return selects(wanted, by_name | unknown)


# The `#!` line


def _tags_of_interpreter(content: bytes, tables: TagTables) -> "Tags":
    program = _program_of(content).rpartition("/")[2]
    while program:  # python3.5.2, python3.5, python3
        if program in tables.interpreters:
            return tables.interpreters[program]
        program = program.rpartition(".")[0]
    return NO_TAGS


def _program_of(content: bytes) -> str:
    """Return the program of a `#!` line as it is written; "" where there is none."""
    line, rest = _next_shebang(content)
    words = _words_of(line)
    if words[:2] == ["/usr/bin/env", "-S"]:
        words = words[2:]
    elif words[:1] == ["/usr/bin/env"]:
        words = words[1:]
    if words != ["nix-shell"]:
        return words[0] if words else ""
    program = "nix-shell"  # the lines below name another one, after `-i`
    while rest.startswith(b"#!"):
        line, rest = _next_shebang(rest)
        if line is None:
            break
        words = _words_of(line)
        for place, word in enumerate(words[:-1]):
            if word == "-i":
                program = words[place + 1]
    return program


def _next_shebang(content: bytes) -> "tuple[str | None, bytes]":
    """Return the text behind `#!`, and the lines below; None for a line that is not printable ASCII."""
    if not content.startswith(b"#!"):
        return None, b""
    line, _, rest = content[2:].partition(b"\n")
    text = line.decode("ascii", "surrogateescape")
    return (None if not text.isascii() or not _UNPRINTABLE.isdisjoint(text) else text.strip()), rest


def _words_of(line: "str | None") -> "list[str]":
    """Return the words of a line, as a shell would split it where its quotes are complete."""
    if line is None:
        return []
    if _QUOTES.isdisjoint(line):
        return [word for word in line.replace("\t", " ").replace("\r", " ").split(" ") if word]
    import shlex

    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
