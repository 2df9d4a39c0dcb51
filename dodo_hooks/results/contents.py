"""Content ids of files as they lie in the working tree, with a cache by stat (K3; HOT).

The id of a file is the id that git would give to these very bytes as a blob, so that it equals the index's where git
converts nothing: a file that was touched, or changed and changed back, has its old id.
"""

import marshal

from dodo_hooks.core.digests import blob_digest
from dodo_hooks.core.errors import HooksError, StoreError
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.files.private_files import read_private
from dodo_hooks.host.posix import S_ISDIR, S_ISLNK, S_ISREG, decode_path, encode_path, os
from dodo_hooks.results.found import Undecidable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dodo_hooks.git.repo import Repo

    Stat = tuple[int, ...]
    Stats = dict[bytes, tuple[Stat | tuple[str], bytes]]  # by path: a stat, or that of outputs, and a digest

_FORMAT = 2
_YOUNG_NS = 2_000_000_000  # a file that was changed since may change again without a change of its stat
_MOST_ENTRIES = 200_000
_READ_BYTES = 1 << 20
_EXECUTABLE = 0o100
_CLOCK = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK  # an error, and no wait, where a FIFO is
_TREE = b"\0"  # before the paths of outputs that are known as a whole


class Contents:
    """The content ids of the files of one working tree. `save` keeps what was learned for the next run."""

    def __init__(self, repo: "Repo", cache_file: str, digits: int = 40) -> None:
        self.digits = digits  # of an id: those of the repository's object format
        self._repo = repo
        self._top = encode_path(f"{repo.top}/")
        self._clock_ns: int | None = None  # when it was first read: what is younger is not old later
        self._cache_file = cache_file
        self._stats: Stats | None = None
        self._is_changed = False

    def about(self, path: bytes) -> "bytes | None":
        """Return mode and id of a file or link, as `100644 ID`; None where there is none, or a directory.

        Raises:
            Undecidable: it is there and cannot be read, or is something else.
        """
        try:
            stat = os.lstat(self._top + path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(path, error) from error
        if S_ISDIR(stat.st_mode):
            return None
        is_link = S_ISLNK(stat.st_mode)
        if not is_link and not S_ISREG(stat.st_mode):
            raise Undecidable(f"{decode_path(path)} is neither a file nor a link")
        mode = b"120000" if is_link else b"100755" if stat.st_mode & _EXECUTABLE else b"100644"
        return mode + b" " + self._id(path, stat, is_link=is_link)

    def known_tree(self, outputs: "Sequence[bytes]", stamp: str) -> str:
        """Return the digest of the manifest of outputs whose stats have this stamp (K9); "" where it is unknown."""
        known, digest = self._known().get(_TREE + b"\0".join(outputs), ((), b""))
        return digest.decode("ascii") if known == (stamp,) else ""

    def learn_tree(self, outputs: "Sequence[bytes]", stamp: str, newest_ns: int, digest: str) -> None:
        """Note the digest of outputs that were listed after `now_ns`, and read. `newest_ns`: their newest time."""
        self._learn(_TREE + b"\0".join(outputs), (stamp,), digest.encode("ascii"), newest_ns)

    def now_ns(self) -> int:
        """Return the time by the clock of the file system, as of the first call; 0 where there is none."""
        if self._clock_ns is None:
            try:
                self._clock_ns = clock_ns(self._repo)
            except OSError:
                self._clock_ns = 0
        return self._clock_ns

    def save(self) -> None:
        """Write the cache, if it has changed. One that cannot be written costs only time."""
        if self._is_changed and self._stats is not None:
            from dodo_hooks.host.files.atomic_files import replace_unlocked

            kept = dict(list(self._stats.items())[-_MOST_ENTRIES:])
            try:
                replace_unlocked(self._cache_file, marshal.dumps((_FORMAT, kept)))
            except StoreError:
                return
            self._is_changed = False

    def _id(self, path: bytes, stat: "os.stat_result", is_link: bool) -> bytes:
        numbers = stamp_of(stat)
        entry = self._known().get(path)
        if entry is not None and entry[0] == numbers and len(entry[1]) == self.digits:
            return entry[1]
        try:
            found = self._hash_link(path) if is_link else self._hash_file(path, numbers)
        except OSError as error:
            raise _unreadable(path, error) from error
        self._learn(path, numbers, found, max(numbers[1], numbers[2]))
        return found

    def _known(self) -> "Stats":
        if self._stats is None:
            self._stats = _load(self._cache_file)
        return self._stats

    def _learn(self, name: bytes, numbers: "Stat | tuple[str]", found: bytes, newest_ns: int) -> None:
        if self.now_ns() - newest_ns < _YOUNG_NS:
            return
        stats = self._known()
        stats.pop(name, None)  # so that the newest are last
        stats[name] = numbers, found
        self._is_changed = True

    def _hash_link(self, path: bytes) -> bytes:
        target = os.readlink(self._top + path)
        return self._digest([target], len(target))

    def _hash_file(self, path: bytes, numbers: "Stat") -> bytes:
        descriptor = os.open(self._top + path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            pieces = iter(lambda: os.read(descriptor, _READ_BYTES), b"")
            found = self._digest(pieces, numbers[0])
            if stamp_of(os.fstat(descriptor)) != numbers:
                raise Undecidable(f"{decode_path(path)} changes while it is read")
            return found
        finally:
            os.close(descriptor)

    def _digest(self, pieces: "Iterable[bytes]", size: int) -> bytes:
        digest = blob_digest(size, self.digits)
        for piece in pieces:
            digest.update(piece)
        return digest.hexdigest().encode()


def clock_ns(repo: "Repo") -> int:
    """Return the time by the clock of the file system. Ours may be another, and may be set back. Raises OSError."""
    folder = f"{repo.git_dir}/dodo-hooks"
    try:
        descriptor = os.open(f"{folder}/clock", _CLOCK, 0o600)
    except FileNotFoundError:
        make_folder(folder)
        descriptor = os.open(f"{folder}/clock", _CLOCK, 0o600)
    try:
        os.pwrite(descriptor, b"\n", 0)
        os.utime(descriptor)
        return os.fstat(descriptor).st_ctime_ns
    finally:
        os.close(descriptor)


def stamp_of(stat: "os.stat_result") -> "Stat":
    """Return the part of a stat that changes with the content."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_mode, stat.st_dev


def _load(path: str) -> "Stats":
    try:
        made_by, stats = marshal.loads(read_private(path))
    except (OSError, ValueError, EOFError, TypeError, HooksError):  # not there, damaged, or not ours
        return {}
    return stats if made_by == _FORMAT and isinstance(stats, dict) else {}


def _unreadable(path: bytes, error: OSError) -> Undecidable:
    return Undecidable(f"cannot read {decode_path(path)}: {error.strerror}")
