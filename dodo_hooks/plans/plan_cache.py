"""The cache of compiled plans (section 9; HOT).

A hook file is read, checked and compiled once. After that, a firing reads a few kilobytes of marshal and compares the
stat of each source. A file that was looked up and not found counts as an absent source; a folder whose names mattered
is a source, too. The platform belongs to the key, since some commands are for one system only. Each hook's jobs are a
bytes value of their own, so a firing builds only the hook that it runs.

The cache is never trusted: a plan that differs from what is expected in any way is compiled again.
"""

import marshal
import sys
import time

from dodo_hooks import __version__
from dodo_hooks.core.errors import HooksError, StoreError
from dodo_hooks.core.plan import Hook, Plan
from dodo_hooks.host.files.private_files import read_private
from dodo_hooks.host.posix import joined, lexists, os, read_file
from dodo_hooks.plans.compiled_plan import Compiled
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dodo_hooks.host.world import World
    from dodo_hooks.loader.read.sources import Seen, Sources
    from dodo_hooks.plans.compiled_plan import Source, Stat


_FORMAT = 14
_KEY = (
    _FORMAT,
    __version__,
    sys.hexversion,
    sys.implementation.cache_tag,
    sys.platform,
    os.uname().machine,
)
_YOUNG_S = 2.0  # a file may be written twice within one tick of its time stamp
_UNLIKE_ANY: "Stat" = ()


def load_compiled(world: "World", top: str) -> "tuple[Compiled, bool]":
    """Return the plan of the working tree at `top`, and whether no hook has fired with it yet.

    Raises:
        ConfigError: its hook file cannot be used.
    """
    path = _path(world, top)
    compiled = _read(path, top)
    if compiled is not None:
        return compiled, not compiled.has_fired
    compiled, _ = compile_plan(world, top)
    _write(path, compiled)
    return compiled, True


def cached_plan(world: "World", top: str) -> "Compiled | None":
    """Return the plan of the working tree at `top` where it is cached; nothing is compiled."""
    return _read(_path(world, top), top)


def note_fired(world: "World", top: str, compiled: Compiled) -> None:
    """Note that a hook has fired with this plan. `run` caches a plan, too, and installs no shims."""
    _write(_path(world, top), compiled._replace(has_fired=True))


def load_plan(world: "World", top: str) -> "Plan | None":
    """Return the plan of the working tree at `top`; None where it has no hook file.

    Raises:
        ConfigError: the hook file cannot be used.
    """
    return load_compiled(world, top)[0].plan()


def find_file(world: "World", top: str) -> "str | None":
    """Return the hook file of the working tree at `top`, valid or not."""
    from dodo_hooks.host.world import reach_site

    reach_site(world)
    from dodo_hooks.loader.layers.discover import find_hook_file

    found = find_hook_file(top)
    return found.file if found else None


def load_file(world: "World", file: str, top: "str | None" = None) -> Plan:
    """Return the plan of a hook file that was named, such as by `doit -f`; it is not cached.

    `top` is the top of the working tree that the plan is for; None means the current directory.

    Raises:
        ConfigError: the file cannot be used.
    """
    from dodo_hooks.host.world import reach_site

    reach_site(world)
    from dodo_hooks.loader.layers.discover import named_hook_file
    from dodo_hooks.loader.load import load
    from dodo_hooks.loader.read.sources import Sources

    found = named_hook_file(joined(world.cwd, file), top=top or world.cwd, base=world.cwd)
    sources = Sources()
    main_top = main_top_of(found.home, sources)
    plan = load(found, sources, main_top, lambda paths: tracked_among(world, found.top, paths))
    return _completed(plan, sources, found.home or found.top, main_top)[0]


def compile_file(world: "World", file: str, top: str) -> Compiled:
    """Return the plan of a named hook file in its compiled form, for the working tree at `top`.

    Raises:
        ConfigError: the file cannot be used.
    """
    plan = load_file(world, file, top)
    return _compiled(top, plan)


def tracked_among(world: "World", top: str, paths: "list[str]") -> "set[str]":
    """Return which of these paths git tracks, or hold something that it tracks; none outside of a repository."""
    from dodo_hooks.core.errors import GitError
    from dodo_hooks.git.command import run_git

    try:
        listed = run_git(("--literal-pathspecs", "ls-files", "-z", "--", *paths), top, world.environ)
    except GitError:
        return set()
    tracked = [name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0")]
    return {path for path in paths if any(name == path or name.startswith(f"{path}/") for name in tracked)}


def main_top_of(top: "str | None", sources: "Sources") -> "str | None":
    """Return the top of the main working tree if `top` is a linked one; its local overlay counts in both."""
    from dodo_hooks.core.errors import GitError
    from dodo_hooks.git.repo import locate_repo, main_worktree

    if top is None:
        return None
    try:
        repo = locate_repo({}, top)  # a linked working tree is found without any variable
    except GitError:
        return None
    if not repo.is_linked or repo.top != top:
        return None
    sources.note(f"{top}/.git")  # where the other one is
    return main_worktree(repo)


def with_records(hook: Hook) -> Hook:
    """Return the hook with the constant part of every job's record rendered (store/records.py)."""
    from dodo_hooks.store.records import constant_part

    return hook._replace(jobs=tuple(job._replace(record=constant_part(hook, job)) for job in hook.jobs))


def _path(world: "World", top: str) -> str:
    stat = os.stat(top)
    return layout.plan_file(world.state, stat.st_dev, stat.st_ino)


def _read(path: str, top: str) -> "Compiled | None":
    """Return the cached plan, if it is still valid."""
    try:
        fields = marshal.loads(read_private(path))
    except (OSError, ValueError, EOFError, TypeError):  # not there, or not marshal
        return None
    if not isinstance(fields, tuple) or len(fields) != len(Compiled._fields) or fields[0] != _KEY or fields[1] != top:
        return None
    compiled = Compiled(*fields)
    return compiled if all(_is_unchanged(source) for source in compiled.sources) else None


def _is_unchanged(source: "Source") -> bool:
    path, stat, content = source
    if stat is None:
        return not lexists(path)  # a dangling link counts: the loader rejects it, and a gate must not pass unread (R22)
    if _stat(path) != stat:
        return False
    return content is None or content == read_file(path)


def compile_plan(world: "World", top: str, sources: "Sources | None" = None) -> "tuple[Compiled, dict[str, bytes]]":
    """Compile the files on disk, or those of `sources`; return the plan and the files by name, with the parsed bytes.

    Raises:
        ConfigError: the hook file cannot be used.
        GitError: `sources` are those of a commit, which cannot be read.
    """
    from dodo_hooks.host.world import reach_site

    reach_site(world)
    from dodo_hooks.loader.layers.discover import find_hook_file
    from dodo_hooks.loader.read.sources import Sources

    sources = sources or Sources()
    found = find_hook_file(top, sources)
    if found is None:
        return Compiled(_KEY, top, _kept(sources), None, ()), {}
    from dodo_hooks.loader.load import load

    main_top = main_top_of(top, sources)
    loaded = load(found, sources, main_top, lambda paths: tracked_among(world, top, paths))
    plan, files = _completed(loaded, sources, top, main_top)
    trusted = trusted_prefixes(world, sources)
    return _compiled(top, plan)._replace(sources=_kept(sources), trusted=trusted), files


def _completed(plan: Plan, sources: "Sources", top: str, main_top: "str | None") -> "tuple[Plan, dict[str, bytes]]":
    """Return the plan with its records and its digest, and the files that the digest is of."""
    from dodo_hooks.loader.read.sources import digest_of

    files = sources.files(top, main_top or top)
    return plan._replace(hooks=tuple(map(with_records, plan.hooks)), digest=digest_of(files)), files


def _compiled(top: str, plan: Plan) -> Compiled:
    hooks = tuple((hook.name, marshal.dumps(_bare(hook))) for hook in plan.hooks)
    return Compiled(_KEY, top, (), _bare(plan._replace(hooks=())), hooks)


def trusted_prefixes(world: "World", sources: "Sources | None" = None) -> "tuple[str, ...]":
    """Return the `trusted:` of the user's own configuration.

    A configuration that cannot be used trusts no path; `validate` shows why.
    """
    from dodo_hooks.loader.read.sources import SourceError
    from dodo_hooks.plans.own_config import CONFIG_FILE, load_own_config

    path = f"{world.config}/{CONFIG_FILE}"
    try:
        if sources and sources.is_there(path):
            sources.read(path)  # so that a change is noticed
        config = load_own_config(world)
    except (HooksError, SourceError):
        return ()
    return config.trusted if config else ()


def _kept(sources: "Sources") -> "tuple[Source, ...]":
    now = time.time()
    return tuple(_source(path, seen, now) for path, seen in sources.seen.items())


def _source(path: str, seen: "Seen", now: float) -> "Source":
    if seen.stat is None:
        return path, None, None
    stat = _numbers(seen.stat)
    is_young = now - max(stat[0], stat[1]) / 1e9 < _YOUNG_S
    if is_young and seen.is_listing:  # there may be another name in it with the same stat: look again the next time
        return path, _UNLIKE_ANY, None
    return path, stat, seen.content if is_young else None


def _write(path: str, compiled: Compiled) -> None:
    """Store the plan if possible; where it cannot be stored, the next firing compiles again."""
    from dodo_hooks.host.files.atomic_files import replace_unlocked

    try:
        replace_unlocked(path, marshal.dumps(tuple(compiled)))
    except StoreError:
        pass


def _bare(record: "tuple[Any, ...]") -> "tuple[Any, ...]":
    """Turn records into plain tuples, at every depth: marshal takes nothing else."""
    return tuple([_bare(item) if isinstance(item, tuple) else item for item in record])


def _stat(path: str) -> "Stat | None":
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return _numbers(stat)


def _numbers(stat: "os.stat_result") -> "Stat":
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino, stat.st_dev
