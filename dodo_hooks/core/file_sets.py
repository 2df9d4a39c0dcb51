"""The file set of a hook, where its file does not name one (G4; HOT)."""

from dodo_hooks.core.plan import ALL, CHANGED, COMMAND, MESSAGE, NO_FILES_OF_EVENT, PUSHED, STAGED

STAGING = ("pre-commit", "pre-merge-commit")  # there is a commit to come, and its index
# Before these end there is no commit: its content is in the index.
BEFORE_A_COMMIT = ("pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg")
# These report their changes: by their arguments, their standard input, or the new HEAD.
AFTER_A_CHANGE = (
    *("post-checkout", "post-merge", "post-rewrite", "post-commit", "post-applypatch"),
    *("worktree-post-create", "post-clone"),
)

# The files of each file set, in messages.
WORDS = {
    STAGED: "staged files",
    PUSHED: "pushed files",
    ALL: "files",
    CHANGED: "changed files",
    COMMAND: "files from its `files` command",
    MESSAGE: "commit message",
    NO_FILES_OF_EVENT: "files",
}


def default_file_set(hook: str) -> str:
    """Return the file set of a hook, for a job that has patterns and names no file set."""
    if hook in BEFORE_A_COMMIT:
        return STAGED
    if hook == "pre-push":
        return PUSHED
    return CHANGED if hook in AFTER_A_CHANGE else ALL


def has_changes(hook: str) -> bool:
    """Return whether the hook changes files or is about changed files.

    CHANGED and a `changed:` condition are about these files.
    """
    return default_file_set(hook) != ALL


def listed_paths(printed: bytes) -> "tuple[bytes, ...]":
    """Return the paths that a `files` command has printed.

    They are separated by NULs if there is one, otherwise by line ends. git quotes an unusual name in a line
    (core.quotePath in git-config(1)); such a name is unquoted.
    """
    if b"\0" in printed:
        names = printed.split(b"\0")
    else:
        names = [_unquoted(line.removesuffix(b"\r")) for line in printed.split(b"\n")]
    return tuple(dict.fromkeys(plain for name in names if (plain := _without_dots(name))))


_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def _unquoted(line: bytes) -> bytes:
    if len(line) < 2 or not (line.startswith(b'"') and line.endswith(b'"')) or b"\\" not in line:
        return line
    first, *rest = line[1:-1].split(b"\\")
    name, after_backslash = first, False
    for part in rest:
        if after_backslash:  # the second of two: the rest is literal
            name, after_backslash = name + part, False
        elif not part:
            name, after_backslash = name + b"\\", True
        elif part[:3].isdigit() and len(part) >= 3:
            name += bytes((int(part[:3], 8) & 255,)) + part[3:]
        else:
            name += _ESCAPES.get(part[:1], part[:1]) + part[1:]
    return name


def _without_dots(name: bytes) -> bytes:
    while name.startswith(b"./"):
        name = name[2:].lstrip(b"/")
    return name
