"""Restoring the outputs of jobs from the cache, exactly: there is what was stored then, and nothing else (K9; HOT).

Every output is built beside the old one first, of bytes that were compared with the digests of the manifest. Nothing in
the working tree has changed until then: a damaged entry, a full disk or a kill leave the old outputs. Then they are
exchanged (results/outputs/exchange_area.py), and the old ones are removed.

The outputs of many jobs are restored at once, so that git is asked once.
"""

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.posix import encode_path, os
from dodo_hooks.results.outputs.build_outputs import DamagedError, build_outputs, read_pack
from dodo_hooks.results.outputs.cache_entry import packs_of, remove_stored
from dodo_hooks.results.outputs.exchange_area import ExchangeArea
from dodo_hooks.results.outputs.manifest import FILE, FOLDER, Manifest
from dodo_hooks.results.outputs.output_cache import StoredOutputs, open_stored
from dodo_hooks.results.outputs.replaceable import Replacement, why_irreplaceable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.git.repo import Repo

_SETGID = 0o2000
_DAMAGED = "the cached outputs were damaged, and have been removed from the cache"


class RestoreResult(Record):
    """The end of a restore. Without a manifest nothing was restored, and the old outputs are as they were."""

    manifest: "Manifest | None"
    reason: str = ""  # why nothing was restored, as a sentence; "" where nothing is stored under the key


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
        lines = read_pack(stored, first)[start : start + stored.sizes[number]].splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith(b"#")] == [b"*"]


def _replace(area: ExchangeArea, repo: "Repo", outputs: "Sequence[bytes]", stored: StoredOutputs) -> RestoreResult:
    try:
        prepared = area.prepare(outputs)
        build_outputs(stored, {one.output: one.path for one in prepared}, os.stat(repo.top).st_mode & _SETGID)
        area.exchange(prepared)
        return RestoreResult(stored.manifest)
    except DamagedError:
        return RestoreResult(None, _DAMAGED)
    except (OSError, HooksError) as error:
        return _failed(error)
    finally:
        area.clear(outputs)
