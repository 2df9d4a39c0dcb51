"""git replaying commits, and the background phases that wait for its end (R12; HOT).

A rebase of five commits fires `post-commit` five times. Its background phase is begun once: by the last pick or, where
the last pick does not fire the hook, by `post-rewrite`, which git fires when the rebase is done.

What is owed is kept in the directory in which git keeps the state of the replay, so an abort takes it away.
(git's sequencer.c and builtin/am.c; seen with git 2.39: while a pick is committed, `git-rebase-todo` no longer has it,
`sequencer/todo` still has it as its first line, and `next` is its number.)
"""

from dodo_hooks.core.events import AFTER_REPLAY, CLIENT_HOOKS, DERIVED_HOOKS
from dodo_hooks.core.record import Record
from dodo_hooks.host.posix import os, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo

_OWED = "dodo-hooks-owed"
_FIRED = (*CLIENT_HOOKS, *DERIVED_HOOKS)
_MOST_ARGS, _LONGEST = 3, 4096  # githooks(5): post-checkout has three; the longest is a path


class Replay(Record):
    directory: str  # of git's state
    is_over: bool  # nothing more will be replayed after what fires now


def replay_of(repo: "Repo", hook: str) -> "Replay | None":
    """The replay during which `hook` fires; None outside of any."""
    merge, apply, sequencer = (f"{repo.git_dir}/{name}" for name in ("rebase-merge", "rebase-apply", "sequencer"))
    is_end = hook == AFTER_REPLAY
    if os.access(merge, os.F_OK):
        return Replay(merge, is_end or not _steps(f"{merge}/git-rebase-todo"))
    if os.access(apply, os.F_OK):
        return Replay(apply, is_end or _number(f"{apply}/next") >= _number(f"{apply}/last"))
    if os.access(sequencer, os.F_OK):
        return Replay(sequencer, is_end or _steps(f"{sequencer}/todo") <= 1)
    return None


def owe(replay: Replay, hook: str, args: "tuple[str, ...]") -> None:
    """Remember that this hook's background phase has to be begun when the replay is over."""
    owed = {**_owed(replay), hook: args}
    _write(replay, owed)


def settle(replay: Replay, hook: str) -> None:
    """It has been begun."""
    owed = _owed(replay)
    if owed.pop(hook, None) is not None:
        _write(replay, owed)


def owed_hooks(replay: Replay) -> "dict[str, tuple[str, ...]]":
    """The hooks whose background phases are owed, each with the arguments of its last firing."""
    return _owed(replay)


def _owed(replay: Replay) -> "dict[str, tuple[str, ...]]":
    """Only hooks that git fires are believed, with as many arguments as those have."""
    path = f"{replay.directory}/{_OWED}"
    if not os.access(path, os.F_OK):
        return {}
    from dodo_hooks.git.untrusted import read_regular

    try:
        text = read_regular(path).decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return {}
    lines = [line.split("\0") for line in text.split("\n")]
    return {hook: tuple(args) for hook, *args in lines if hook in _FIRED and _are_arguments(args)}


def _are_arguments(args: "list[str]") -> bool:
    return len(args) <= _MOST_ARGS and all(len(one) <= _LONGEST and min(one, default=" ") >= " " for one in args)


def _write(replay: Replay, owed: "dict[str, tuple[str, ...]]") -> None:
    """Best effort: a state directory that cannot be written costs a background phase, not the rebase."""
    from dodo_hooks.git.untrusted import create_file

    text = "".join("\0".join((hook, *args)) + "\n" for hook, args in owed.items())
    path = f"{replay.directory}/{_OWED}"
    try:
        descriptor = create_file(f"{path}.new")
        os.write(descriptor, text.encode("utf-8", "surrogateescape"))
        os.close(descriptor)
        os.rename(f"{path}.new", path)
    except OSError:
        pass


def _steps(path: str) -> int:
    """How many instructions a todo file has."""
    lines = (line.strip() for line in _read(path).split("\n"))
    return sum(bool(line) and not line.startswith("#") for line in lines)


def _number(path: str) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else 0


def _read(path: str) -> str:
    try:
        return read_file(path).decode("utf-8", "surrogateescape")
    except OSError:
        return ""
