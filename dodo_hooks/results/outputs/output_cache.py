"""The outputs of jobs, stored under the keys of the jobs (K9; HOT).

    CACHE/dodo-hooks/outputs/REPO/repository       the git common directory, so that pruning sees when it is gone
                                 /KEY/manifest     results/outputs/manifest.py; its mtime is the time of the last use
                                     /about        what entry and files take in bytes, how these were linked
                                     /files/N      the bytes of the file number N, and of those that are packed with it
                                 /.new-ID, .gone-ID    being stored, being removed

Small files are packed, one after the other: to read a thousand of them takes as long as one. A large file is stored by
itself, so that it can share its blocks with the output. Everything but the times follows from the outputs.

An entry never changes. It is built under a dot-name and renamed, so nobody sees half of one. What a killed process
leaves has a dot-name, and the next prune removes it. The directory of an entry is its lock: whoever restores it holds
that shared, whoever removes it alone. Where files cannot be locked, a restore may lose its entry while it copies, sees
that, and has changed nothing.

The manifest has the digest of each file, made of the bytes that were stored; a restore compares what it has copied.
"""

from fcntl import LOCK_EX, LOCK_SH

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.files.atomic_files import make_private_directory, write_file
from dodo_hooks.host.files.clone import REFLINK, clone_file, hex_of, read_unchanged
from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import S_ISREG, decode_path, encode_path, os, read_file
from dodo_hooks.results.outputs.cache_entry import NEW, packs_of, read_about, remove_stored
from dodo_hooks.results.outputs.manifest import FILE, Manifest, decode_manifest, entry_of, list_outputs, manifest_of
from dodo_hooks.store.cache_dirs import expect_private_cache, note_repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.git.repo import Repo
    from dodo_hooks.results.outputs.manifest import Found

DEFAULT_LIMIT_BYTES = 5 << 30
_BLOCK = 4096


class StoredOutputs(Record):
    """An entry that can be restored, with a shared lock on it."""

    path: str
    lock: int
    manifest: Manifest
    link: str  # how its files were linked to the outputs
    sizes: "list[int]"  # of its files, in the order of the manifest


def outputs_root(cache: str) -> str:
    """Return the directory of all stored outputs. `cache`: the user's directory (host/world.py)."""
    return f"{cache}/dodo-hooks/outputs"


def repository_cache(cache: str, repository: str) -> str:
    """Return the directory of a repository's stored outputs. `repository`: its id (store/identity.py)."""
    return f"{outputs_root(cache)}/{repository}"


def store_outputs(
    cache_dir: str,
    key: str,
    repo: "Repo",
    outputs: "Sequence[bytes]",
    link: str = REFLINK,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
) -> "Manifest | None":
    """Store the outputs under the key, in the place of what is there, and return their manifest.

    Outputs larger than the limit of the whole cache are not stored, but have a manifest. Afterwards the outputs used
    longest ago go, until the cache is within its limit. `cache_dir`: of `repository_cache`. `key`: a name without
    slashes. `link`: of host/files/clone.py.

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
            manifest = _fill(new, repo.top, found, link)
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
        _, link, sizes = read_about(path)
        if len(sizes) != sum(entry.kind == FILE for entry in manifest.entries):
            raise ValueError("other files")
        os.utime(f"{path}/manifest")
        return StoredOutputs(path, lock, manifest, link, sizes)
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


def _fill(new: str, top: str, found: "Found", link: str) -> Manifest:
    """Copy the outputs into the new entry, and return the manifest of what was copied."""
    os.mkdir(f"{new}/files", 0o700)
    base = encode_path(top) + b"/"
    files = [(base + path, status.st_size) for path, status in found if S_ISREG(status.st_mode)]
    sizes = [size for _, size in files]
    hasher, digests = sha256_for(sum(sizes)), dict[bytes, bytes]()
    for first, end in packs_of(sizes, link):
        pack = files[first:end]
        target = f"{new}/files/{first}"
        if len(pack) == 1:
            digests[pack[0][0]] = clone_file(pack[0][0], encode_path(target), 0o600, link, hasher)
            continue
        contents = [read_unchanged(path, size) for path, size in pack]
        digests.update((path, hex_of(hasher(content))) for (path, _), content in zip(pack, contents, strict=True))
        write_file(target, b"".join(contents))
    manifest = Manifest(
        tuple([entry_of(base + path, path, status, digests.get(base + path, b"")) for path, status in found])
    )
    about = f"{_size_of(found)} {link}\n{' '.join(map(str, sizes))}"
    write_file(f"{new}/about", about.encode("ascii"))
    write_file(f"{new}/manifest", manifest.encode())
    return manifest


def _size_of(found: "Found") -> int:
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
