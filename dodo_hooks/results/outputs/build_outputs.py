"""Building the outputs of a job of what is stored, at a place where nobody else sees them (K9; HOT).

Each file takes as few system calls as can be. Where there are many, other processes make a share of them: most of the
time is the kernel's. Every byte is compared with the digests of the manifest before it is written.
"""

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.git.untrusted import read_regular
from dodo_hooks.host.files.clone import HARDLINK, clone_file, hex_of
from dodo_hooks.host.posix import encode_path, os, write_all
from dodo_hooks.host.process import share_work
from dodo_hooks.host.world import wall_ns
from dodo_hooks.results.outputs.cache_entry import packs_of
from dodo_hooks.results.outputs.manifest import FILE, LINK, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.digests import Hasher
    from dodo_hooks.results.outputs.output_cache import StoredOutputs

_MAKING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MUCH = 1_000  # files, or pieces of 64 KB: where there are fewer, a fork takes longer than it saves
_MOST_PROCESSES = 4
_DAMAGED = 254  # the exit code of a process; others are numbers of errors


class DamagedError(Exception):
    """A stored file that is not what the manifest says."""


def build_outputs(stored: "StoredOutputs", roots: "dict[bytes, bytes]", setgid: int) -> None:
    """Build each output at its root. `setgid`: the bit, where new folders have it.

    Times keep their differences, and the latest becomes the present, as if the job had just made it all.

    Raises:
        DamagedError: a stored file is not what the manifest says. OSError: the outputs cannot be built.
    """
    entries, paths = stored.manifest.entries, dict[bytes, bytes]()  # of folders
    folders, files = list[tuple[bytes, Entry]](), list[tuple[bytes, Entry]]()
    later_ns = wall_ns() - max(entry.modified_ns for entry in entries)
    for entry in entries:
        folder, _, name = entry.path.rpartition(b"/")
        path = roots.get(entry.path) or paths[folder] + b"/" + name
        if entry.kind == FILE:
            files.append((path, entry))
        elif entry.kind == LINK:
            os.symlink(entry.content, path)
            _set_time(path, entry, later_ns)
        else:
            os.mkdir(path, 0o700)
            paths[entry.path] = path
            folders.append((path, entry))
    _build_files(stored, files, later_ns)
    for path, entry in reversed(folders):  # a folder may be read-only, and each new file in it sets its time
        os.chmod(path, entry.mode | setgid)
        _set_time(path, entry, later_ns)


def _build_files(stored: "StoredOutputs", files: "list[tuple[bytes, Entry]]", later_ns: int) -> None:
    hasher, packs = sha256_for(sum(stored.sizes)), list(packs_of(stored.sizes, stored.link))
    is_much = len(files) + (sum(stored.sizes) >> 16) > _MUCH
    count = min(len(packs), os.cpu_count() or 1, _MOST_PROCESSES) if is_much else 1
    parent = os.getpid()

    def work(number: int) -> int:
        try:
            for first, end in packs[number::count]:
                if number and os.getppid() != parent:
                    return _DAMAGED  # nobody waits for it
                _build_pack(stored, first, files[first:end], later_ns, hasher)
            return 0
        except DamagedError:
            return _DAMAGED
        except OSError as error:
            return error.errno or _DAMAGED

    for code in filter(None, share_work(work, count)):
        if code == _DAMAGED:
            raise DamagedError
        raise OSError(code, os.strerror(abs(code)))


def _build_pack(
    stored: "StoredOutputs", first: int, files: "list[tuple[bytes, Entry]]", later_ns: int, hasher: "Hasher"
) -> None:
    if len(files) == 1:
        _build_large(stored, first, *files[0], later_ns, hasher)
        return
    try:
        content, start = read_pack(stored, first), 0
    except FileNotFoundError as error:
        raise DamagedError from error
    for (path, entry), size in zip(files, stored.sizes[first:], strict=False):
        piece = content[start : start + size]
        start += size
        if hex_of(hasher(piece)) != entry.content:
            raise DamagedError
        at_ns, descriptor = entry.modified_ns + later_ns, os.open(path, _MAKING, 0o600)
        try:
            write_all(descriptor, piece)
            os.fchmod(descriptor, entry.mode)
            os.utime(descriptor, ns=(at_ns, at_ns))
        finally:
            os.close(descriptor)


def _build_large(
    stored: "StoredOutputs", number: int, path: bytes, entry: Entry, later_ns: int, hasher: "Hasher"
) -> None:
    try:
        digest = clone_file(encode_path(f"{stored.path}/files/{number}"), path, entry.mode, stored.link, hasher)
    except (FileNotFoundError, ValueError) as error:
        raise DamagedError from error
    is_link = stored.link == HARDLINK  # and shares its mode and its times with the cache
    if digest != entry.content or (is_link and os.lstat(path).st_mode & 0o7777 != entry.mode):
        raise DamagedError
    if not is_link:
        _set_time(path, entry, later_ns)


def read_pack(stored: "StoredOutputs", first: int) -> bytes:
    """Return the bytes of the pack that begins with this file. Raises OSError: it cannot be read."""
    try:
        return read_regular(f"{stored.path}/files/{first}")
    except ValueError as error:
        raise FileNotFoundError from error


def _set_time(path: bytes, entry: Entry, later_ns: int) -> None:
    at_ns = entry.modified_ns + later_ns
    os.utime(path, ns=(at_ns, at_ns), follow_symlinks=False)
