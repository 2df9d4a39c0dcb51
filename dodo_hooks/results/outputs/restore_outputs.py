"""Restoring the outputs of a job from the cache, exactly: there is what was stored then, and nothing else (K9; HOT).

Every output is built beside the old one first, and compared with the digests of the manifest. Nothing in the working
tree has changed until then: a damaged entry, a full disk or a kill leave the old outputs. Then they are exchanged
(results/outputs/exchange_area.py), and the old ones are removed.
"""

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.files.clone import HARDLINK, clone_file
from dodo_hooks.host.posix import decode_path, os, read_file
from dodo_hooks.host.world import wall_ns
from dodo_hooks.results.outputs.cache_entry import remove_stored
from dodo_hooks.results.outputs.exchange_area import ExchangeArea
from dodo_hooks.results.outputs.manifest import FILE, FOLDER, LINK, Entry, Manifest
from dodo_hooks.results.outputs.output_cache import StoredOutputs, open_stored
from dodo_hooks.results.outputs.replaceable import (
    IrreplaceableError,
    expect_folders_or_nothing,
    expect_replaceable,
    is_there,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.core.digests import Hasher
    from dodo_hooks.git.repo import Repo

_SETGID = 0o2000
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
    """Put what is stored under the key in the place of these outputs, or change nothing.

    `cache_dir`, `key`: as for `store_outputs`. `environ`: that of git's hook, so that its index counts. `outputs`:
    relative to the top, none inside another. A second restore in the same worktree waits for the first.
    """
    try:
        stored = open_stored(cache_dir, key, outputs)
        if stored is None:
            return RestoreResult(None)
        try:
            entries = stored.manifest.entries
            files = [entry.path for entry in entries if entry.kind != FOLDER]
            expect_folders_or_nothing(
                repo, [entry.path for entry in entries if entry.kind == FOLDER and entry.path in outputs]
            )
            new = tuple(output + b"/" for output in outputs if _brings_its_ignore_file(stored, repo, output))
            expect_replaceable(
                repo, environ, outputs, [path for path in files if not path.startswith(new)] if new else files
            )
            _replace(repo, environ, outputs, stored)
            return RestoreResult(stored.manifest)
        finally:
            os.close(stored.lock)
    except _DamagedError:
        remove_stored(f"{cache_dir}/{key}")
        return RestoreResult(None, _DAMAGED)
    except IrreplaceableError as error:
        return RestoreResult(None, str(error))
    except (OSError, HooksError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return RestoreResult(None, f"cannot restore cached outputs: {reason}")


def _brings_its_ignore_file(stored: StoredOutputs, repo: "Repo", output: bytes) -> bool:
    """Return whether the output is not there, and brings a `.gitignore` for all of it, as an environment of uv does."""
    if is_there(repo.top, output):
        return False
    for number, entry in enumerate(stored.manifest.entries):
        if entry.path == output + b"/.gitignore" and entry.kind == FILE:
            lines = read_file(decode_path(stored.file(number))).splitlines()
            return [line.strip() for line in lines if line.strip() and not line.startswith(b"#")] == [b"*"]
    return False


def recover_outputs(repo: "Repo", environ: "Mapping[str, str]") -> None:
    """Finish a restore that was killed in this worktree, and remove what it has left. Raises OSError."""
    ExchangeArea(repo, environ).close(())


def _replace(repo: "Repo", environ: "Mapping[str, str]", outputs: "Sequence[bytes]", stored: StoredOutputs) -> None:
    area = ExchangeArea(repo, environ)
    try:
        prepared = area.prepare(outputs)
        _build(stored, {one.output: one.path for one in prepared}, os.stat(repo.top).st_mode & _SETGID)
        area.exchange(prepared)
    finally:
        area.close(outputs)


def _build(stored: StoredOutputs, roots: "dict[bytes, bytes]", setgid: int) -> None:
    """Build each output at its root.

    Times keep their differences, and the latest becomes the present, as if the job had just made it all.

    Raises:
        _DamagedError: a stored file is not what the manifest says. OSError: the outputs cannot be built.
    """
    entries, paths, folders = stored.manifest.entries, dict(roots), []
    later_ns = wall_ns() - max(entry.modified_ns for entry in entries)
    hasher = sha256_for(stored.size_bytes)
    for number, entry in enumerate(entries):
        if entry.path not in roots:
            folder, _, name = entry.path.rpartition(b"/")
            paths[entry.path] = paths[folder] + b"/" + name
        path = paths[entry.path]
        if entry.kind == FOLDER:
            os.mkdir(path, 0o700)
            folders.append((path, entry))
            continue
        if entry.kind == LINK:
            os.symlink(entry.content, path)
        else:
            _build_file(stored, number, entry, path, hasher)
        if entry.kind == LINK or stored.link != HARDLINK:  # a hard link shares its times with the cache
            _set_time(path, entry, later_ns)
    for path, entry in reversed(folders):  # a folder may be read-only, and each new file in it sets its time
        os.chmod(path, entry.mode | setgid)
        _set_time(path, entry, later_ns)


def _build_file(stored: StoredOutputs, number: int, entry: Entry, path: bytes, hasher: "Hasher") -> None:
    try:
        digest = clone_file(stored.file(number), path, entry.mode, stored.link, hasher)
    except (FileNotFoundError, ValueError) as error:
        raise _DamagedError from error
    if digest != entry.content:
        raise _DamagedError
    if stored.link == HARDLINK and os.lstat(path).st_mode & 0o7777 != entry.mode:
        raise _DamagedError


def _set_time(path: bytes, entry: Entry, later_ns: int) -> None:
    at_ns = entry.modified_ns + later_ns
    os.utime(path, ns=(at_ns, at_ns), follow_symlinks=False)
