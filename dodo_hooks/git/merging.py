"""Three-way merges of versions of one file, by `git merge-file` where both sides changed its bytes (G5)."""

import os
from collections.abc import Callable, Iterator, Mapping

from dodo_hooks.core.record import Record
from dodo_hooks.git.journal import Journal, sync_file
from dodo_hooks.git.partial import git_environ
from dodo_hooks.git.program import git_program
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.versions import FILE, Version, read_version, write_version
from dodo_hooks.host.capture import capture

_EXECUTABLE = 0o111
_ATTEMPTS = 3


class Side(Record):
    version: Version
    pieces: "Callable[[], Iterator[bytes]]"


class Merged(Record):
    version: Version
    is_in_file: bool  # under the name that was given; else its bytes are those of `theirs`


class Merger:
    """Puts what it merges into a journal's directory."""

    def __init__(self, repo: Repo, environ: Mapping[str, str], journal: Journal) -> None:
        self._repo = repo
        self._environ = git_environ(repo, environ)
        self._directory = journal.directory

    def merge(self, base: Side, ours: Side, theirs: Side, name: bytes) -> "Merged | None":
        """What both sides made of `base`. None: the two cannot be had at once.

        Raises:
            OSError: it cannot be written, or git cannot be started.
        """
        if ours.version.is_same_as(base.version):
            return Merged(theirs.version, is_in_file=False)
        if theirs.version.is_same_as(base.version):
            return self._keep(ours, ours.version.mode, name)
        if not base.version.kind == ours.version.kind == theirs.version.kind == FILE:
            return None
        mode = _mode(base.version, ours.version, theirs.version)
        if ours.version.has_bytes_of(base.version) or ours.version.has_bytes_of(theirs.version):
            return Merged(theirs.version._replace(mode=mode), is_in_file=False)
        if theirs.version.has_bytes_of(base.version):
            return self._keep(ours, mode, name)
        text = self._merged_text(base, ours, theirs)
        return None if text is None else self._keep(Side(ours.version, lambda: iter((text,))), mode, name)

    def _merged_text(self, base: Side, ours: Side, theirs: Side) -> "bytes | None":
        files = []
        for label, side in (("ours", ours), ("base", base), ("theirs", theirs)):
            path = self._directory + b"/merged/" + label.encode("ascii")
            _remove(path)
            write_version(path, side.version, side.pieces())
            if not read_version(path).has_bytes_of(side.version):  # it is being written just now
                return None
            files.append(os.fsdecode(path))
        argv = (git_program(self._environ, self._repo), "-C", self._repo.top, "merge-file", "-p", "-q", *files)
        for _ in range(_ATTEMPTS):
            done = capture(argv, self._environ, is_shielded=True)
            if done.exit_code >= 0:  # else somebody has killed it, which says nothing of the files
                break
        return None if done.exit_code else done.output  # the number of conflicts, or that these are no texts

    def _keep(self, side: Side, mode: int, name: bytes) -> Merged:
        path = self._directory + b"/" + name
        _remove(path)
        write_version(path, side.version._replace(mode=mode), side.pieces())
        sync_file(path)
        sync_file(self._directory + b"/merged")
        return Merged(read_version(path), is_in_file=True)


def _mode(base: Version, ours: Version, theirs: Version) -> int:
    """The permissions of the set-aside version, unless the other side made the file executable, or took that away."""
    if bool(ours.mode & 0o100) == bool(base.mode & 0o100):
        return theirs.mode
    return theirs.mode | (theirs.mode >> 2 & _EXECUTABLE) if ours.mode & 0o100 else theirs.mode & ~_EXECUTABLE


def _remove(path: bytes) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
