"""Restoring the outputs of jobs from the cache, exactly: there is what was stored then, and nothing else (K9; HOT).

Every output is built beside the old one first, of bytes that were compared with the digests of the manifest. Nothing in
the working tree has changed until then: a damaged entry, a full disk or a kill leave the old outputs. Then they are
exchanged (results/outputs/exchange_area.py), and the old ones are removed.

The outputs of many jobs are restored at once, so that git is asked once. Each file takes as few system calls as can
be, and one process makes them all: a second one has to wait for the same locks of the file system.
"""

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.untrusted import read_regular
from dodo_hooks.host.files.clone import HARDLINK, clone_file, hex_of
from dodo_hooks.host.posix import encode_path, os, write_all
from dodo_hooks.host.world import wall_ns
from dodo_hooks.results.outputs.cache_entry import packs_of, remove_stored
from dodo_hooks.results.outputs.exchange_area import ExchangeArea
from dodo_hooks.results.outputs.manifest import FILE, FOLDER, LINK, Entry, Manifest
from dodo_hooks.results.outputs.output_cache import StoredOutputs, open_stored
from dodo_hooks.results.outputs.replaceable import Replacement, why_irreplaceable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.core.digests import Hasher
    from dodo_hooks.git.repo import Repo

_SETGID = 0o2000
_MAKING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DAMAGED = "the cached outputs were damaged, and have been removed from the cache"


class RestoreResult(Record):
    """The end of a restore. Without a manifest nothing was restored, and the old outputs are as they were."""

    manifest: "Manifest | None"
    reason: str = ""  # why nothing was restored, as a sentence; "" where nothing is stored under the key


class _DamagedError(Exception):
    """A stored file that is not what the manifest says."""


def restore_outputs(
    cache_dir: str, key: str, repo: "Repo", environ: "Mapping[str, str]", outputs: "Sequence[bytes]"
) -> RestoreResult:
    """Do the same as `restore_all`, for one job."""
    return restore_all(cache_dir, [(key, outputs)], repo, environ)[0]


def restore_all(
    cache_dir: str, wanted: "Sequence[tuple[str, Sequence[bytes]]]", repo: "Repo", environ: "Mapping[str, str]"
) -> "list[RestoreResult]":
    """Put what is stored under each key in the place of these outputs, or change nothing there.

    `cache_dir`, `wanted`: as for `store_outputs`. `environ`: that of git's hook, so that its index counts. The outputs
    are relative to the top, none inside another. A second restore in the same worktree waits for the first.
    """
    results, opened = [RestoreResult(None)] * len(wanted), dict[int, StoredOutputs]()
    try:
        for number, (key, outputs) in enumerate(wanted):
            try:
                if (stored := open_stored(cache_dir, key, outputs)) is not None:
                    opened[number] = stored
            except (OSError, HooksError) as error:
                results[number] = _failed(error)
        if opened:
            outputs_of = {number: wanted[number][1] for number in opened}
            for number, result in _restore(opened, outputs_of, repo, environ).items():
                results[number] = result
    finally:
        for stored in opened.values():
            os.close(stored.lock)
    for number, result in enumerate(results):
        if result.reason == _DAMAGED:
            remove_stored(f"{cache_dir}/{wanted[number][0]}")
    return results


def recover_outputs(repo: "Repo", environ: "Mapping[str, str]") -> None:
    """Finish a restore that was killed in this worktree, and remove what it has left. Raises OSError."""
    ExchangeArea(repo, environ).close()


def _failed(error: Exception) -> RestoreResult:
    reason = error.strerror if isinstance(error, OSError) else error
    return RestoreResult(None, f"cannot restore cached outputs: {reason}")


def _restore(
    opened: "Mapping[int, StoredOutputs]",
    outputs_of: "Mapping[int, Sequence[bytes]]",
    repo: "Repo",
    environ: "Mapping[str, str]",
) -> "dict[int, RestoreResult]":
    numbers = [*opened]
    try:
        wanted = [_replacement(opened[number], repo, outputs_of[number]) for number in numbers]
        reasons = {numbers[place]: why for place, why in why_irreplaceable(repo, environ, wanted).items()}
        results = {number: RestoreResult(None, why) for number, why in reasons.items()}
        if len(results) < len(numbers):
            area = ExchangeArea(repo, environ)
            try:
                for number in numbers:
                    if number not in results:
                        results[number] = _replace(area, repo, outputs_of[number], opened[number])
            finally:
                area.close()
        return results
    except (OSError, HooksError) as error:
        return dict.fromkeys(numbers, _failed(error))


def _replacement(stored: StoredOutputs, repo: "Repo", outputs: "Sequence[bytes]") -> Replacement:
    entries = stored.manifest.entries
    files = [entry.path for entry in entries if entry.kind != FOLDER]
    if new := tuple([output + b"/" for output in outputs if _brings_its_ignore_file(stored, repo, output)]):
        files = [path for path in files if not path.startswith(new)]
    return Replacement(outputs, {entry.path for entry in entries if entry.kind == FOLDER}, files)


def _brings_its_ignore_file(stored: StoredOutputs, repo: "Repo", output: bytes) -> bool:
    """Return whether the output is not there, and brings a `.gitignore` for all of it, as an environment of uv does.

    Raises OSError: one of the two cannot be known.
    """
    files = [entry.path for entry in stored.manifest.entries if entry.kind == FILE]
    try:
        number = files.index(output + b"/.gitignore")
        os.lstat(encode_path(repo.top) + b"/" + output)
        return False
    except ValueError:
        return False
    except (FileNotFoundError, NotADirectoryError):
        first = next(first for first, end in packs_of(stored.sizes, stored.link) if first <= number < end)
        start = sum(stored.sizes[first:number])
        lines = _read_pack(stored, first)[start : start + stored.sizes[number]].splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith(b"#")] == [b"*"]


def _read_pack(stored: StoredOutputs, first: int) -> bytes:
    """Return the bytes of the pack that begins with this file. Raises OSError: it cannot be read."""
    try:
        return read_regular(f"{stored.path}/files/{first}")
    except ValueError as error:
        raise FileNotFoundError from error


def _replace(area: ExchangeArea, repo: "Repo", outputs: "Sequence[bytes]", stored: StoredOutputs) -> RestoreResult:
    try:
        prepared = area.prepare(outputs)
        _build(stored, {one.output: one.path for one in prepared}, os.stat(repo.top).st_mode & _SETGID)
        area.exchange(prepared)
        return RestoreResult(stored.manifest)
    except _DamagedError:
        return RestoreResult(None, _DAMAGED)
    except (OSError, HooksError) as error:
        return _failed(error)
    finally:
        area.clear(outputs)


def _build(stored: StoredOutputs, roots: "dict[bytes, bytes]", setgid: int) -> None:
    """Build each output at its root.

    Times keep their differences, and the latest becomes the present, as if the job had just made it all.

    Raises:
        _DamagedError: a stored file is not what the manifest says. OSError: the outputs cannot be built.
    """
    entries, paths = stored.manifest.entries, dict(roots)  # of folders
    folders: list[tuple[bytes, Entry]] = []
    files: list[tuple[bytes, Entry]] = []
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


def _build_files(stored: StoredOutputs, files: "list[tuple[bytes, Entry]]", later_ns: int) -> None:
    hasher = sha256_for(sum(stored.sizes))
    for first, end in packs_of(stored.sizes, stored.link):
        if end - first == 1:
            _build_large(stored, first, *files[first], later_ns, hasher)
            continue
        try:
            content, start = _read_pack(stored, first), 0
        except FileNotFoundError as error:
            raise _DamagedError from error
        for (path, entry), size in zip(files[first:end], stored.sizes[first:end], strict=True):
            piece = content[start : start + size]
            start += size
            if hex_of(hasher(piece)) != entry.content:
                raise _DamagedError
            at_ns, descriptor = entry.modified_ns + later_ns, os.open(path, _MAKING, 0o600)
            try:
                write_all(descriptor, piece)
                os.fchmod(descriptor, entry.mode)
                os.utime(descriptor, ns=(at_ns, at_ns))
            finally:
                os.close(descriptor)


def _build_large(
    stored: StoredOutputs, number: int, path: bytes, entry: Entry, later_ns: int, hasher: "Hasher"
) -> None:
    try:
        source = encode_path(f"{stored.path}/files/{number}")
        digest = clone_file(source, path, entry.mode, stored.link, hasher)
    except (FileNotFoundError, ValueError) as error:
        raise _DamagedError from error
    if digest != entry.content:
        raise _DamagedError
    if stored.link != HARDLINK:  # a hard link shares its mode and its times with the cache
        _set_time(path, entry, later_ns)
    elif os.lstat(path).st_mode & 0o7777 != entry.mode:
        raise _DamagedError


def _set_time(path: bytes, entry: Entry, later_ns: int) -> None:
    at_ns = entry.modified_ns + later_ns
    os.utime(path, ns=(at_ns, at_ns), follow_symlinks=False)
