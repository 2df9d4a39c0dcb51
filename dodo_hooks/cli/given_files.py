"""The files that a person names for `dodo-hooks run`, in place of those of an event."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dodo_hooks.cli.repository import repo_at
from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.matching import matches_any
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.git.files import GitQuery
from dodo_hooks.host.posix import read_rest
from dodo_hooks.host.world import World
from dodo_hooks.loader.globs.compile_globs import compile_glob

_NAMES = ("diff", "--name-only", "-z", "--diff-filter=d", "--no-renames", "--no-ext-diff")
# Of the options that choose files, those of which only one can be given.
_ONE_OF = {
    "files": "--files",
    "files_from": "--files-from",
    "all_files": "--all-files",
    "from_ref": "--from-ref",
    "last_commit": "--last-commit",
}
Report = Callable[[str], None]


def select_files(world: World, values: Mapping[str, Any], report: Report) -> tuple[bytes, ...] | None:
    """Return the files, relative to the top of the worktree; None where no option chooses files.

    `values`: those of the options of `run`. `report` gets a message for each file that is left out because it does not
    exist.

    Raises:
        UsageError: two options contradict each other, or a file, a pattern or a ref cannot be used.
    """
    given = [name for key, name in _ONE_OF.items() if values[key] not in (None, False, ())]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} cannot be used together")
    if values["to_ref"] is not None and values["from_ref"] is None:
        raise UsageError("--to-ref needs --from-ref")
    found = _found(world, values, GitQuery(repo_at(world, None), world.environ), report)
    if found is None:
        return None
    is_wanted = _matcher("--glob", values["globs"]) if values["globs"] else lambda path: True
    is_excluded = _matcher("--exclude", values["excludes"])
    return tuple(path for path in dict.fromkeys(found) if is_wanted(path) and not is_excluded(path))


def _found(world: World, values: Mapping[str, Any], query: GitQuery, report: Report) -> Iterable[bytes] | None:
    if values["files"]:
        return _below_top(world, query.repo.top, values["files"], report)
    if values["files_from"] is not None:
        return _below_top(world, query.repo.top, _read_names(world, values["files_from"]), report)
    if values["from_ref"] is not None:
        return _changed(query, f"{values['from_ref']}...{values['to_ref'] or 'HEAD'}")
    if values["last_commit"]:
        return _last_commit(query)
    if values["all_files"] or values["globs"] or values["excludes"]:
        return _split(query.git("ls-files", "-z"))
    return None


def _below_top(world: World, top: str, names: Iterable[str], report: Report) -> list[bytes]:
    found: list[bytes] = []
    for name in names:
        path = os.path.join(os.path.realpath(os.path.join(world.cwd, os.path.dirname(name))), os.path.basename(name))
        if not path.startswith(top.rstrip("/") + "/"):
            raise UsageError(f"{quote(name)} is not in the working tree {top}")
        if os.path.lexists(path):
            found.append(os.fsencode(os.path.relpath(path, top)))
        else:
            report(f"left out {quote(name)}: no such file")
    return found


def _read_names(world: World, file: str) -> list[str]:
    try:
        if file == "-":
            data = read_rest(0)  # there is no sys.stdin where it was closed
        else:
            with open(os.path.join(world.cwd, file), "rb") as opened:
                data = opened.read()
    except OSError as error:
        raise UsageError(f"cannot read {quote(file)}: {error.strerror}") from error
    names = data.split(b"\0") if b"\0" in data else data.splitlines()
    return [os.fsdecode(name) for name in names if name]


def _changed(query: GitQuery, span: str) -> list[bytes]:
    if span.startswith("-"):
        raise UsageError(f"{quote(span)} is not a range of commits")
    try:
        return _split(query.git(*_NAMES, span, "--"))
    except GitError as error:
        raise UsageError(str(error)) from error


def _last_commit(query: GitQuery) -> list[bytes]:
    """Return the files that differ between HEAD and its first parent; all files of a first commit."""
    if query.attempt("rev-parse", "-q", "--verify", "HEAD^").exit_code:
        return _split(query.git("ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD"))
    return _split(query.git(*_NAMES, "HEAD^", "HEAD", "--"))


def _matcher(option: str, patterns: Sequence[str]) -> Callable[[bytes], bool]:
    try:
        return matches_any(tuple(compile_glob(pattern) for pattern in patterns))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def _split(output: bytes) -> list[bytes]:
    return output.split(b"\0")[:-1]
