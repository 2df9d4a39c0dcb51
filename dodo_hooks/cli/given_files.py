"""The files that a person names for `dodo-hooks run`, in place of those of an event."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dodo_hooks.cli.repository import repo_at
from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.matching import matches_any
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.git.files import GitQuery
from dodo_hooks.host.world import World
from dodo_hooks.loader.globs.compile_globs import compile_glob

_NAMES = ("diff", "--name-only", "-z", "--diff-filter=d", "--no-renames", "--no-ext-diff")
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """The options of `run` that choose the files for its jobs."""

    named: tuple[str, ...] = ()
    listed_in: str | None = None  # a file with a name in each line, or with names that end in NUL; "-": standard input
    takes_all: bool = False
    from_ref: str | None = None
    to_ref: str | None = None
    is_last_commit: bool = False
    globs: tuple[str, ...] = ()  # one of them has to match
    excludes: tuple[str, ...] = ()  # none of them may

    @property
    def are_piped(self) -> bool:
        """True if the files came from standard input, which nobody can read again."""
        return self.listed_in == "-"

    def words(self) -> tuple[str, ...]:
        """Return the options as they are typed."""
        words = [word for name in self.named for word in ("--files", name)]
        words += ["--files-from", self.listed_in] if self.listed_in is not None else []
        words += ["--all-files"] if self.takes_all else []
        words += ["--from-ref", self.from_ref] if self.from_ref is not None else []
        words += ["--to-ref", self.to_ref] if self.to_ref is not None else []
        words += ["--last-commit"] if self.is_last_commit else []
        words += [word for pattern in self.globs for word in ("--glob", pattern)]
        return (*words, *(word for pattern in self.excludes for word in ("--exclude", pattern)))

    def select(self, world: World, report: Report) -> tuple[bytes, ...] | None:
        """Return the files, relative to the top of the worktree; None where no option chooses files.

        `report` gets a message for each file that is left out because it does not exist.

        Raises:
            UsageError: two options contradict each other, or a file, a pattern or a ref cannot be used.
        """
        self._check()
        found = self._found(world, GitQuery(repo_at(world, None), world.environ), report)
        if found is None:
            return None
        is_wanted = _matcher("--glob", self.globs) if self.globs else lambda path: True
        is_excluded = _matcher("--exclude", self.excludes)
        return tuple(path for path in dict.fromkeys(found) if is_wanted(path) and not is_excluded(path))

    def _check(self) -> None:
        given = [
            name
            for name, is_given in (
                ("--files", bool(self.named)),
                ("--files-from", self.listed_in is not None),
                ("--all-files", self.takes_all),
                ("--from-ref", self.from_ref is not None),
                ("--last-commit", self.is_last_commit),
            )
            if is_given
        ]
        if len(given) > 1:
            raise UsageError(f"{given[0]} and {given[1]} cannot be used together")
        if self.to_ref is not None and self.from_ref is None:
            raise UsageError("--to-ref needs --from-ref")

    def _found(self, world: World, query: GitQuery, report: Report) -> Iterable[bytes] | None:
        if self.named:
            return _below_top(world, query.repo.top, self.named, report)
        if self.listed_in is not None:
            return _below_top(world, query.repo.top, _read_names(world, self.listed_in), report)
        if self.from_ref is not None:
            return _changed(query, f"{self.from_ref}...{self.to_ref or 'HEAD'}")
        if self.is_last_commit:
            return _last_commit(query)
        if self.takes_all or self.globs or self.excludes:
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
            data = sys.stdin.buffer.read()
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
