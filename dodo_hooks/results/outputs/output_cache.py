"""The outputs of jobs, stored under the keys of the jobs (K9; HOT).

    CACHE/dodo-hooks/outputs/REPO/repository       the git common directory, so that pruning sees when it is gone
                                 /KEY/manifest     results/outputs/manifest.py; its mtime is the time of the last use
                                     /about        the bytes that the entry takes, and how its files were linked
                                     /files/N      the bytes of the entry number N of the manifest
                                 /.new-ID, .gone-ID    being stored, being removed

An entry is built under a dot-name and renamed, so nobody sees half of one. The directory of an entry is its lock:
whoever restores it holds that shared, whoever removes it alone. Where files cannot be locked, a restore may lose its
entry while it copies, sees that, and has changed nothing.

The manifest has the digest of each file, made of the bytes that were stored; a restore compares what it has copied.
"""

from fcntl import LOCK_EX, LOCK_SH

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.files.atomic_files import make_private_directory, replace_file
from dodo_hooks.host.files.clone import HARDLINK, REFLINK, clone_file
from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import decode_path, encode_path, os, read_file
from dodo_hooks.results.outputs.cache_entry import NEW, read_about, remove_stored
from dodo_hooks.results.outputs.manifest import (
    Manifest,
    decode_manifest,
    entry_of,
    list_outputs,
    manifest_of,
)
from dodo_hooks.store.cache_dirs import expect_private_cache, note_repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dodo_hooks.git.repo import Repo

DEFAULT_LIMIT_BYTES = 5 << 30
_BLOCK = 4096


class StoredOutputs(Record):
    """An entry that can be restored, with a shared lock on it."""

    path: str
    lock: int
    manifest: Manifest
    size_bytes: int
    link: str  # how its files were linked to the outputs

    def file(self, number: int) -> bytes:
        return encode_path(self.path) + b"/files/%d" % number


def outputs_root(cache: str) -> str:
    """Return the directory of all stored outputs. `cache`: the user's directory (host/world.py)."""
    return f"{cache}/dodo-hooks/outputs"


def repository_cache(cache: str, repository: str) -> str:
    """Return the directory of a repository's stored outputs. `repository`: its id (store/identity.py)."""
    return f"{cache}/dodo-hooks/outputs/{repository}"


def store_outputs(
    cache_dir: str,
    key: str,
    repo: "Repo",
    outputs: "Sequence[bytes]",
    link: str = REFLINK,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
    learn: "Callable[[bytes, os.stat_result, bytes], None]" = lambda path, status, digest: None,
) -> "Manifest | None":
    """Store the outputs under the key, in the place of what is there, and return their manifest.

    Outputs larger than the limit of the whole cache are not stored, but have a manifest. Afterwards the outputs used
    longest ago go, until the cache is within its limit. `cache_dir`: of `repository_cache`. `key`: a name without
    slashes. `link`: of host/files/clone.py. `learn` is given the digest of each file, and may raise ValueError.

    Raises:
        StoreError: the cache cannot be written. UnsafeFileError: others can write there. ValueError: they cannot be
            restored exactly, and why.
    """
    try:
        found = list_outputs(repo.top, outputs)
    except OSError as error:
        raise ValueError(f"cannot read {decode_path(encode_path(error.filename))}: {error.strerror}") from error
    if _size_of(found) > limit_bytes:
        return manifest_of(repo.top, outputs)
    new = f"{cache_dir}/{NEW}{os.urandom(8).hex()}"
    try:
        make_private_directory(cache_dir)
        expect_private_cache(cache_dir)
        note_repository(cache_dir, repo.common_dir)
        lock = _make_locked(cache_dir, new)
        try:
            manifest = _fill(new, repo.top, found, link, learn)
            _put(new, f"{cache_dir}/{key}")
        finally:
            remove_tree(encode_path(new))
            os.close(lock)
    except OSError as error:
        raise StoreError(f"cannot store outputs in {cache_dir}: {error.strerror}") from error
    from dodo_hooks.results.outputs.prune_outputs import prune_outputs

    prune_outputs(cache_dir.rpartition("/")[0], limit_bytes)
    return manifest


def open_stored(cache_dir: str, key: str, outputs: "Sequence[bytes]") -> "StoredOutputs | None":
    """Return what is stored under the key, to be closed by `os.close(it.lock)`; None where nothing is.

    A damaged entry is removed.

    Raises:
        OSError: it cannot be read. UnsafeFileError: others can write there.
    """
    path = f"{cache_dir}/{key}"
    try:
        lock = lock_directory(path, LOCK_SH)
    except FileNotFoundError:
        return None
    try:
        expect_private_cache(cache_dir)
        manifest = decode_manifest(read_file(f"{path}/manifest"), outputs)
        os.utime(f"{path}/manifest")
        return StoredOutputs(path, lock, manifest, *read_about(path))
    except BaseException as error:
        os.close(lock)
        if not isinstance(error, (ValueError, FileNotFoundError)):
            raise
    remove_stored(path)
    return None


def _make_locked(cache_dir: str, new: str) -> int:
    """Make a directory and lock it. The lock on the cache keeps those away who sweep what has no lock."""
    guard = lock_directory(cache_dir, LOCK_SH)
    try:
        os.mkdir(new, 0o700)
        return lock_directory(new, LOCK_EX)
    finally:
        os.close(guard)


def _fill(
    new: str,
    top: str,
    found: "list[tuple[bytes, os.stat_result]]",
    link: str,
    learn: "Callable[[bytes, os.stat_result, bytes], None]",
) -> Manifest:
    """Copy the outputs into the new entry, and return the manifest of what was copied."""
    os.mkdir(f"{new}/files", 0o700)
    hasher = sha256_for(sum(status.st_size for _, status in found))
    base, entries = encode_path(new), []
    for number, (path, status) in enumerate(found):
        target = base + b"/files/%d" % number

        def store(source: bytes, status: "os.stat_result", target: bytes = target) -> bytes:
            digest = clone_file(source, target, 0o600, link, hasher)
            if link != HARDLINK:  # which changes the ctime
                learn(source, status, digest)
            return digest

        entries.append(entry_of(top, path, status, store))
    manifest = Manifest(tuple(entries))
    replace_file(f"{new}/manifest", manifest.encode())
    replace_file(f"{new}/about", b"%d %s" % (_size_of(found), link.encode("ascii")))
    return manifest


def _size_of(found: "list[tuple[bytes, os.stat_result]]") -> int:
    """Return the bytes that the outputs take when no block is shared: whole blocks, at least one each."""
    return sum(max(1, -(-status.st_size // _BLOCK)) * _BLOCK for _, status in found)


def _put(new: str, path: str) -> None:
    """Rename the entry into its place; what is restored just now stays, and has the same key."""
    for _ in range(3):  # another process may store under this key at the same time
        try:
            os.rename(new, path)
            return
        except OSError:
            if not remove_stored(path):
                return
