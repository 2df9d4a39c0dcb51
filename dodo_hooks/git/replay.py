"""Replays of commits by git, and the background phases that wait for their end (R12; HOT).

A rebase of five commits fires `post-commit` five times. Its background phase is begun once: by the last pick or, where
the last pick does not fire the hook, by `post-rewrite`, which git fires when the rebase is done.

The deferred hooks are recorded in the directory in which git keeps the state of the replay, so an abort removes the
record. (git's sequencer.c and builtin/am.c; seen with git 2.39: while a pick is committed, `git-rebase-todo` no longer
has it, `sequencer/todo` still has it as its first line, and `next` is its number.)
"""

from dodo_hooks.core.git_hooks import AFTER_REPLAY, CLIENT_HOOKS, DERIVED_HOOKS
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.head import head_of, last_reflog
from dodo_hooks.host.posix import decode_path, encode_path, os, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.git.repo import Repo

_DEFERRED = "dodo-hooks-owed"
_OF_USERS = ("post-commit", "post-checkout", "post-merge")  # `git am` fires none of them
_FIRED = (*CLIENT_HOOKS, *DERIVED_HOOKS)
_MOST_ARGS, _LONGEST = 3, 4096  # githooks(5): post-checkout has three; the longest is a path


class Replay(Record):
    """A rebase, am, cherry-pick or revert that git has in progress."""

    directory: str  # of git's state
    command: str  # "rebase", "am", "cherry-pick" or "revert"
    is_over: bool  # nothing more will be replayed after what fires now


def replay_of(repo: "Repo", environ: "Mapping[str, str]", hook: str) -> "Replay | None":
    """Return the replay during which `hook` fires; None outside of any."""
    return next((one for one in _standing(repo, hook) if _belongs(repo, environ, one, hook)), None)


def abandoned_replays(repo: "Repo", environ: "Mapping[str, str]", hook: str) -> "list[Replay]":
    """Return the replays whose state stands in the git directory although `hook` fires outside of them.

    Their owner has left them by `reset --hard` or a checkout; for git they are still in progress.
    """
    return [one for one in _standing(repo, hook) if not _belongs(repo, environ, one, hook)]


def _standing(repo: "Repo", hook: str) -> "list[Replay]":
    merge, apply, sequencer = (f"{repo.git_dir}/{name}" for name in ("rebase-merge", "rebase-apply", "sequencer"))
    is_end = hook == AFTER_REPLAY
    found = []
    if os.access(merge, os.F_OK):
        found.append(Replay(merge, "rebase", is_end or not _steps(f"{merge}/git-rebase-todo")))
    if os.access(apply, os.F_OK):
        command = "am" if os.access(f"{apply}/applying", os.F_OK) else "rebase"
        found.append(Replay(apply, command, is_end or _number(f"{apply}/next") >= _number(f"{apply}/last")))
    if os.access(sequencer, os.F_OK):
        todo = f"{sequencer}/todo"
        command = "revert" if _read(todo).startswith("revert") else "cherry-pick"
        found.append(Replay(sequencer, command, is_end or _steps(todo) <= 1))
    return found


def _belongs(repo: "Repo", environ: "Mapping[str, str]", replay: Replay, hook: str) -> bool:
    """Return whether what fires now is done by the replay, or for it, and not after it was abandoned.

    A rebase works on a detached HEAD, up to its `post-rewrite`; a mailbox is applied without commits of the user's. A
    pick is committed while MERGE_MSG is there (seen with git 2.39, where its removal follows `post-commit`). The reflog
    shows what was committed for it after a conflict.
    """
    if replay.command == "rebase":
        return hook == AFTER_REPLAY or head_of(repo, environ)[0] is None
    if replay.command == "am":
        return hook not in _OF_USERS
    if os.access(f"{repo.git_dir}/MERGE_MSG", os.F_OK):
        return True
    return last_reflog(repo, environ).startswith(("cherry-pick:", "revert:", "commit (cherry-pick):"))


def rebased_branch(repo: "Repo") -> "str | None":
    """Return the branch that a rebase under way is about, while HEAD is detached (V2); None outside of any."""
    for state in ("rebase-merge", "rebase-apply"):
        name = _read(f"{repo.git_dir}/{state}/head-name").strip()
        if name.startswith("refs/heads/"):
            return name.removeprefix("refs/heads/")
    return None


def defer(replay: Replay, hook: str, args: "tuple[str, ...]") -> None:
    """Record that this hook's background phase has to be begun when the replay is over."""
    _write(replay, {**deferred_hooks(replay), hook: args})


def clear_deferred(replay: Replay, *hooks: str) -> None:
    """Remove the record of hooks whose background phases begin now."""
    deferred = deferred_hooks(replay)
    rest = {name: args for name, args in deferred.items() if name not in hooks}
    if rest != deferred:
        _write(replay, rest)


def deferred_hooks(replay: Replay) -> "dict[str, tuple[str, ...]]":
    """Return the hooks whose background phases are deferred, each with the arguments of its last firing.

    Only what git fires, with as many arguments as git gives it, is taken from the record.
    """
    path = f"{replay.directory}/{_DEFERRED}"
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


def _write(replay: Replay, deferred: "dict[str, tuple[str, ...]]") -> None:
    """Write the record, if possible.

    A state directory that cannot be written costs a background phase, not the rebase.
    """
    from dodo_hooks.host.files.atomic_files import put

    text = "".join("\0".join((hook, *args)) + "\n" for hook, args in deferred.items())
    try:
        put(f"{replay.directory}/{_DEFERRED}", encode_path(text), 0o600)
    except OSError:
        pass


def _steps(path: str) -> int:
    """Return the number of instructions in a todo file."""
    lines = (line.strip() for line in _read(path).split("\n"))
    return sum(bool(line) and not line.startswith("#") for line in lines)


def _number(path: str) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else 0


def _read(path: str) -> str:
    return decode_path(try_read(path))
