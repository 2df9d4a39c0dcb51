"""Exchanging outputs with others that were built beside them, so that a kill leaves the old ones or the new ones (HOT).

What is built stands in a folder of ours on the file system of the output, under the number of the output:

    GIT_DIR/dodo-hooks-outputs/N          of this worktree
    TOP/.dodo-hooks-outputs/N             where the working tree is on another file system
    FOLDER/.dodo-hooks-outputs/N          where the folder of the output is on yet another one

When all are built, the journal in the first folder is written, and then each output is exchanged in one step
(host/files/exchange.py). Without a journal a killed restore has changed nothing, and what it has built is removed. With
one, the next restore continues where it ended: what still stands in our folder and has the inode in the journal is not
yet in its place. It goes there if the path is empty, or has the very thing that it had; else somebody has made new
outputs since, and they stay. The journal is untrusted, as all that is read from a git directory (git/untrusted.py).

The lock is the git directory itself. Everything in our folders belongs to its holder.
"""

from fcntl import LOCK_EX

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.untrusted import expect_folders, is_tracked_path, read_regular
from dodo_hooks.host.files.atomic_files import put, unlink
from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.files.file_tree import inherit_owner_below, remove_tree
from dodo_hooks.host.files.ignored_folder import make_ignored_folder
from dodo_hooks.host.posix import S_ISDIR, decode_path, encode_path, os, signal
from dodo_hooks.results.outputs.manifest import list_outputs, parents_of
from dodo_hooks.results.outputs.replaceable import Replacement, why_irreplaceable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.git.repo import Repo

_OURS = b"dodo-hooks-outputs"


class Prepared(Record):
    """A free path at which an output can be built."""

    output: bytes
    place: int  # the number of our folder, in the order above
    path: bytes


class ExchangeArea:
    """The folders of ours in one worktree, locked."""

    def __init__(self, repo: "Repo", environ: "Mapping[str, str]") -> None:
        """Wait for the lock, and finish what a killed run has begun. Raises OSError."""
        self._repo = repo
        self._top = encode_path(repo.top)
        self._own = encode_path(repo.git_dir) + b"/" + _OURS
        self._journal = decode_path(self._own + b"/journal")
        self._lock = lock_directory(repo.git_dir, LOCK_EX)
        try:
            self._recover(environ)
        except BaseException:
            os.close(self._lock)
            raise

    def prepare(self, outputs: "Sequence[bytes]") -> "list[Prepared]":
        """Return a path for each output, on its file system. Raises OSError."""
        return [self._prepare(number, output) for number, output in enumerate(outputs)]

    def exchange(self, prepared: "Sequence[Prepared]") -> None:
        """Exchange the outputs with those that were built, all of them or none. Raises OSError: none."""
        from dodo_hooks.host.files.exchange import exchange_tree

        if os.geteuid() == 0 and os.stat(self._repo.git_dir).st_uid:
            for one in prepared:
                inherit_owner_below(one.path)
        _make_folder_if_missing(self._own, 0o700)
        put(self._journal, b"\0".join(field for one in prepared for field in self._note(one)), 0o600)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))  # a Ctrl-C comes before or after it all
        done: list[tuple[bytes, bytes, bool]] = []
        try:
            for one in prepared:
                for parent in parents_of((one.output,)):
                    _make_folder_if_missing(self._top + b"/" + parent)
                path = self._top + b"/" + one.output
                done.append((one.path, path, exchange_tree(one.path, path)))
        except OSError:
            for built, path, has_old in reversed(done):
                exchange_tree(built, path) if has_old else os.rename(path, built)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def clear(self, outputs: "Sequence[bytes]") -> None:
        """Remove our folders for these outputs, with all that is in them."""
        try:  # the journal goes first: what it says is only true of whole outputs
            expect_folders(self._own, ())
            unlink(self._journal)
        except (OSError, ValueError):  # a link goes itself, and not what is behind it
            pass
        for folder in {folder for output in (b"", *outputs) for folder in self._folders(output)}:
            remove_tree(folder)

    def close(self) -> None:
        """Release the lock."""
        os.close(self._lock)

    def _prepare(self, number: int, output: bytes) -> Prepared:
        folders = [folder for folder in self._folders(output) if _identity(_parent(folder))]
        device, failure = os.stat(_parent(folders[-1])).st_dev, None
        for place, folder in enumerate(folders):
            try:
                if os.stat(_parent(folder)).st_dev == device:
                    make_ignored_folder(folder) if place else _make_folder_if_missing(folder, 0o700)
                    return Prepared(output, place, folder + b"/%d" % number)
            except OSError as error:
                failure = error
        assert failure is not None  # the last folder is on the file system of the output
        raise failure

    def _folders(self, output: bytes) -> "list[bytes]":
        """Return our folders for an output, whether they are there or not, in the order of their numbers."""
        inside = (b"", *(b"/" + parent for parent in parents_of((output,))))
        return [self._own, *(self._top + parent + b"/." + _OURS for parent in inside)]

    def _note(self, one: Prepared) -> "tuple[bytes, ...]":
        """Return the fields of an output: its path, our folder, the inode of the new one, the identity of the old."""
        inode = b"%d" % os.lstat(one.path).st_ino
        return one.output, b"%d" % one.place, inode, _identity(self._top + b"/" + one.output)

    def _recover(self, environ: "Mapping[str, str]") -> None:
        outputs: list[bytes] = []
        try:
            expect_folders(self._own, ())
            fields = read_regular(self._journal).split(b"\0")
            if len(fields) % 4 or not all(map(is_tracked_path, fields[::4])):
                raise ValueError("not a journal of dodo-hooks")
            outputs = fields[::4]
            built = [self._folders(output)[int(place)] for output, place in zip(outputs, fields[1::4], strict=True)]
            built = [folder + b"/%d" % number for number, folder in enumerate(built)]
            files = [path for new, output in zip(built, outputs, strict=True) for path in _files_of(new, output)]
            if why_irreplaceable(self._repo, environ, [Replacement(outputs, (), files)]):
                raise ValueError("somebody's work")
            for new, output, inode, old in zip(built, outputs, fields[2::4], fields[3::4], strict=True):
                self._finish(new, output, inode, old)
        except (ValueError, IndexError, OSError):  # there is none, or it is not for us to continue
            pass
        self.clear(outputs)

    def _finish(self, built: bytes, output: bytes, inode: bytes, old: bytes) -> None:
        from dodo_hooks.host.files.exchange import exchange_tree

        path = self._top + b"/" + output
        if _identity(built).partition(b" ")[0] == inode and _identity(path) in (b"", old):
            exchange_tree(built, path)


def _files_of(built: bytes, output: bytes) -> "list[bytes]":
    """Return the paths of files and links that the output gets. Raises the same as `list_outputs`."""
    folder, _, number = built.rpartition(b"/")
    expect_folders(folder, ())
    if not _identity(built):
        return []
    found = list_outputs(decode_path(folder), (number,))
    return [output + path[len(number) :] for path, status in found if not S_ISDIR(status.st_mode)]


def _identity(path: bytes) -> bytes:
    """Return what tells this very thing from others, the inode first; nothing where nothing is."""
    try:
        status = os.lstat(path)
    except OSError:
        return b""
    return b"%d %d %d" % (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)


def _parent(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


def _make_folder_if_missing(path: bytes, mode: int = 0o777) -> None:
    try:
        make_folder(path, mode)
    except FileExistsError:
        pass
