"""Which files a hook is about, where its file does not say (G4; HOT)."""

from dodo_hooks.core.plan import ALL, CHANGED, COMMAND, PUSHED, STAGED

# Before these end there is no commit: what it will hold is in the index.
BEFORE_A_COMMIT = ("pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg")
# These tell what they have changed: by their arguments, their standard input, or what HEAD is now.
AFTER_A_CHANGE = (
    *("post-checkout", "post-merge", "post-rewrite", "post-commit", "post-applypatch"),
    *("worktree-post-create", "post-clone"),
)

# How the files of a source are called.
WORDS = {
    STAGED: "staged files",
    PUSHED: "pushed files",
    ALL: "files",
    CHANGED: "changed files",
    COMMAND: "files from its `files` command",
}


def default_file_set(hook: str) -> str:
    """The source of a hook's files, for a job with patterns and no word on where the files come from."""
    if hook in BEFORE_A_COMMIT:
        return STAGED
    if hook == "pre-push":
        return PUSHED
    return CHANGED if hook in AFTER_A_CHANGE else ALL


def has_changes(hook: str) -> bool:
    """Whether the hook has files that it changes or is about to: what CHANGED and a `changed:` condition ask for."""
    return default_file_set(hook) != ALL


def listed_paths(printed: bytes) -> "tuple[bytes, ...]":
    """The paths that a `files` command has printed: between NULs if there is one, else one in each line.

    git itself quotes an odd name in a line (core.quotePath in git-config(1)); such a quoted one is read.
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
        if after_backslash:  # the second of two: what follows stands for itself
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
