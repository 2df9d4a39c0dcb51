"""Plans of earlier hook files, and the comparison of files by their bytes (section 9).

A branch switch, a stash or a bisection gives a hook file another stat, and often bytes that were compiled before. Then
the plan with these bytes is stamped with the stats of now. The last few plans of a working tree are kept for that.
"""

import marshal
import time

from dodo_hooks.core.digests import sha256
from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.files.atomic_files import replace_unlocked, try_unlink
from dodo_hooks.host.posix import S_ISDIR, S_ISREG, encode_path, lexists, names_in, os, read_file
from dodo_hooks.plans.compiled_plan import Compiled, numbers_of, read_compiled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.plans.compiled_plan import Source, Stat

_MOST = 8  # plans of a working tree, beside the one that is in use
_YOUNG_S = 2.0  # a file may be written twice within one tick of its time stamp
_UNLIKE_ANY: "Stat" = ()


def find_kept(path: str, top: str, latest: "Compiled | None") -> "Compiled | None":
    """Return the plan whose files have the bytes that they have now, with their present stats; None where none is kept.

    `path`: that of `latest`, the plan that was used last. No hook has fired yet with one that was used before that: its
    shims may have been removed meanwhile (G2).
    """
    now, seen = time.time(), dict[str, "Source | None"]()
    if latest is not None and (stamped := _stamped(latest, seen, now)) is not None:
        return stamped
    for one in _newest_first(_folder(path)):
        kept = read_compiled(one, top)
        if kept is not None and (stamped := _stamped(kept, seen, now)) is not None:
            return stamped._replace(has_fired=False)
    return None


def keep(path: str, compiled: Compiled) -> None:
    """Keep a plan, which another one replaces at `path`, as far as possible; remove those used longest ago."""
    folder = _folder(path)
    named = [(name, _digest(content)) for name, _, content in compiled.sources]
    try:
        replace_unlocked(f"{folder}/{sha256(repr(named).encode()).hexdigest()}", marshal.dumps(tuple(compiled)))
    except StoreError:
        return
    for one in _newest_first(folder)[_MOST:]:
        try_unlink(one)


def source_of(path: str, stat: "os.stat_result", content: "bytes | str | None", now: float) -> "Source":
    """Return what is recorded of a file or folder.

    Args:
        path: its path.
        stat: as it was before it was read.
        content: the bytes of a file, the digest of the names in a folder, or None if it has only to be there.
        now: the time.
    """
    numbers = numbers_of(stat)
    is_young = now - max(numbers[0], numbers[1]) / 1e9 < _YOUNG_S
    if is_young and isinstance(content, str):  # there may be another name in it with the same stat: read it again
        return path, _UNLIKE_ANY, content
    return path, numbers, content if is_young else _digest(content)


def digest_of_names(names: "list[str]") -> str:
    """Return the digest of the sorted names in a folder."""
    return sha256(b"\0".join(map(encode_path, names))).hexdigest()


def _stamped(compiled: Compiled, seen: "dict[str, Source | None]", now: float) -> "Compiled | None":
    """Return the plan with the stats of now; None where its files are others. `seen`: the files that were read."""
    stamped: list[Source] = []
    for path, stat, content in compiled.sources:
        found = _found(path, stat, content, seen, now)
        if found is None:
            return None
        stamped.append(found)
    return compiled._replace(sources=tuple(stamped))


def _found(
    path: str, stat: "Stat | None", content: "bytes | str | None", seen: "dict[str, Source | None]", now: float
) -> "Source | None":
    """Return what is recorded of a source that is as it was; else None."""
    if stat is None:
        return None if lexists(path) else (path, None, None)
    if content is None:  # nobody knows what it was: a folder that had to be there may be a file now
        return (path, stat, None) if _numbers(path) == stat else None
    if path not in seen:
        seen[path] = _read(path, now)
    found = seen[path]
    return found if found is not None and _digest(found[2]) == _digest(content) else None


def _read(path: str, now: float) -> "Source | None":
    """Return what is recorded of a file or folder now; None where it cannot be read."""
    try:
        stat = os.stat(path)
        if S_ISDIR(stat.st_mode):
            return source_of(path, stat, digest_of_names(sorted(os.listdir(path))), now)
        return source_of(path, stat, read_file(path), now) if S_ISREG(stat.st_mode) else None
    except OSError:
        return None


def _numbers(path: str) -> "Stat | None":
    try:
        return numbers_of(os.stat(path))
    except OSError:
        return None


def _digest(content: "bytes | str | None") -> "str | None":
    return sha256(content).hexdigest() if isinstance(content, bytes) else content


def _newest_first(folder: str) -> "list[str]":
    found = []
    for name in names_in(folder):
        try:
            found.append((os.lstat(f"{folder}/{name}").st_mtime_ns, f"{folder}/{name}"))
        except OSError:  # another process has removed it
            pass
    return [path for _, path in sorted(found, reverse=True)]


def _folder(path: str) -> str:
    return f"{path.removesuffix('.plan')}.kept"
