"""Moving a version into the working tree, and what it replaces out of it, without losing either (G5).

A version is written whole into a slot first, a file of ours beside nobody else's, and then exchanged with what stands
at the path in one step (host/exchange.py). Only then, when it is in our hands, is looked at what was replaced: if it is
what we took it for, it goes; if somebody wrote there in between, the two are exchanged back.

So whoever is killed here leaves a slot with whole bytes: those that were on their way in, or those that were taken out.
`sweep` throws away what is known and hands out the rest. A slot is in our directory of the git directory, or, where the
working tree is on another file system, in the folder of the file.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence

from dodo_hooks.git.journal import Entry, Journal
from dodo_hooks.git.versions import (
    ABSENT,
    NOTHING,
    OTHER,
    Version,
    obstacle_of,
    parents_of,
    read_version,
    write_version,
)
from dodo_hooks.host.exchange import AWAY, move_if_free, put_in_place
from dodo_hooks.host.file_owner import make_folder

_PART = b".part"
_FEW = 16


class Tree:
    """The working tree, with a journal's slots."""

    def __init__(self, top: str, journal: Journal) -> None:
        self._top = os.fsencode(top)
        self._journal = journal

    def path(self, entry: Entry) -> bytes:
        return self._top + b"/" + entry.path

    def version(self, entry: Entry) -> Version:
        """What stands there now. Raises OSError."""
        if obstacle_of(self._top, entry.path) is not None:
            return Version(OTHER)
        return read_version(self.path(entry))

    def put(
        self,
        entry: Entry,
        version: Version,
        pieces: "Callable[[], Iterator[bytes]]",
        expected: "Sequence[Version]",
        *,
        source: "bytes | None" = None,
        keep_in: "bytes | None" = None,
    ) -> bool:
        """Put `version` there in the place of one of the `expected`. False: something else stood there, and still does.

        `source`: a file of ours that may be moved there, if it still is that version. `keep_in`: where to move what was
        replaced, if it can be moved there.

        Raises:
            OSError: nothing was done.
        """
        if obstacle_of(self._top, entry.path) is not None:
            return False
        for slot in self._slots(entry):
            try:
                if version.kind == NOTHING:
                    return self._remove(entry, slot, expected, keep_in)
                self._make_folders(entry)
                if source is None or not _move_original(source, slot, version):
                    self._fill(slot, version, pieces())
                return self._exchange(entry, slot, version, expected, keep_in)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _unlink(slot)
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), os.fsdecode(entry.path))

    def keep_beside(self, entry: Entry, version: Version, pieces: "Callable[[], Iterator[bytes]]") -> bytes:
        """Put `version` beside the path, under a name that nothing had; the name. A second call finds the first one's.

        Raises:
            OSError: it cannot be written.
        """
        for slot in self._slots(entry):
            try:
                self._fill(slot, version, pieces())
                return self._move_beside(entry, slot, version)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _unlink(slot)
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), os.fsdecode(entry.path))

    def sweep(self, entry: Entry) -> "list[bytes]":
        """Throw away what an earlier life left on its way, and move what was nobody's but somebody else's beside the
        path, or to it where nothing stands there; the names that it has now."""
        found = []
        for slot in self._slots(entry):
            _unlink(slot + _PART)
            for left in (slot, slot + AWAY):
                version = read_version(left)
                if version == ABSENT:
                    continue
                if any(version.is_same_as(one) for one in entry.known()):
                    os.unlink(left)
                    continue
                found.append(self._give_back(entry, left, version))
        return found

    def sync(self, paths: "Sequence[bytes]") -> None:
        """What was put at these paths is on the disk when this returns. Raises OSError."""
        if len(paths) > _FEW:
            os.sync()  # one wait, if a long one, instead of hundreds
            return
        for path in paths:
            try:
                descriptor = os.open(
                    self._top + b"/" + path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                )
            except OSError:  # a link, or what has been taken away meanwhile
                continue
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def remove_folders(self, entry: Entry) -> None:
        """Those that we made, as far as nothing is in them."""
        for folder in reversed(entry.folders):
            try:
                os.rmdir(self._top + b"/" + folder)
            except FileNotFoundError:  # a killed run had not come that far
                continue
            except OSError:
                return

    def _slots(self, entry: Entry) -> "Iterator[bytes]":
        yield self._journal.directory + b"/swap/%d" % entry.number
        yield self._folder(entry) + b"/.dodo-hooks-aside-%d" % entry.number

    def _folder(self, entry: Entry) -> bytes:
        """The innermost folder of the path that is there."""
        obstacle = obstacle_of(self._top, entry.path)
        found = self._top
        for parent in parents_of(entry.path):
            if parent == obstacle or not os.path.isdir(self._top + b"/" + parent):
                break
            found = self._top + b"/" + parent
        return found

    def _fill(self, slot: bytes, version: Version, pieces: "Iterator[bytes]") -> None:
        """A slot is only ever whole."""
        _unlink(slot + _PART)
        try:
            write_version(slot + _PART, version, pieces)
        except OSError:
            _unlink(slot + _PART)
            raise
        os.rename(slot + _PART, slot)

    def _exchange(
        self, entry: Entry, slot: bytes, version: Version, expected: "Sequence[Version]", keep_in: "bytes | None"
    ) -> bool:
        path = self.path(entry)
        if os.path.isdir(path) and not os.path.islink(path):
            os.unlink(slot)
            return False
        try:
            if not put_in_place(slot, path):
                return True  # nothing stood there, so nothing is lost
        except FileExistsError:
            self.sweep(entry)
            return False
        if _is_one_of(read_version(slot), expected):
            _let_go(slot, keep_in)
            return True
        try:
            put_in_place(slot, path)  # somebody wrote there, after all: give it back
        except FileExistsError:
            pass
        if read_version(slot).is_same_as(version):
            os.unlink(slot)
        else:
            self.sweep(entry)
        return False

    def _remove(self, entry: Entry, slot: bytes, expected: "Sequence[Version]", keep_in: "bytes | None") -> bool:
        path = self.path(entry)
        try:
            if read_version(path).kind == OTHER:
                return False
            os.rename(path, slot)
        except (FileNotFoundError, NotADirectoryError):
            return True
        if _is_one_of(read_version(slot), expected):
            _let_go(slot, keep_in)
            return True
        self.sweep(entry)  # which gives it back
        return False

    def _give_back(self, entry: Entry, left: bytes, version: Version) -> bytes:
        try:
            if obstacle_of(self._top, entry.path) is not None:
                return self._move_beside(entry, left, version)
            move_if_free(left, self.path(entry))
            return entry.path
        except OSError:
            return self._move_beside(entry, left, version)

    def _move_beside(self, entry: Entry, source: bytes, version: Version) -> bytes:
        folder = self._folder(entry)
        name = entry.path.rpartition(b"/")[2][:200]  # a name has at most 255 bytes
        number = 1
        while True:
            target = folder + b"/" + name + (b".unstaged" if number == 1 else b".unstaged-%d" % number)
            try:
                move_if_free(source, target)
            except FileExistsError:
                number += 1
                if not read_version(target).is_same_as(version):
                    continue
                os.unlink(source)
            return target[len(self._top) + 1 :]

    def _make_folders(self, entry: Entry) -> None:
        for parent in parents_of(entry.path):
            try:
                make_folder(self._top + b"/" + parent)
            except FileExistsError:
                pass


def _is_one_of(version: Version, expected: "Sequence[Version]") -> bool:
    return any(version.is_same_as(one) for one in expected)


def _move_original(source: bytes, slot: bytes, version: Version) -> bool:
    """Without a copy, and so without room on the disk; with all that a copy would not have."""
    try:
        if read_version(source) != version:
            return False
        os.utime(source, follow_symlinks=False)  # as if it had been written now: see git/aside.py
        os.rename(source, slot)
        return True
    except OSError:
        return False


def _let_go(slot: bytes, keep_in: "bytes | None") -> None:
    if keep_in is not None:
        try:
            os.rename(slot, keep_in)
            return
        except OSError:  # on another file system: there is a copy
            pass
    os.unlink(slot)


def _unlink(path: bytes) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
