"""The cache of compiled plans (section 9; HOT).

A hook file is read, checked and compiled once. After that, a firing reads a few kilobytes of marshal and compares the
stat of each source. Where a stat differs, the bytes are compared (kept_plans.py). A file that was looked up and not
found counts as an absent source; a folder whose names mattered is a source, too. The platform belongs to the key, since
some commands are for one system only. Each hook's jobs are a bytes value of their own, so a firing builds only the hook
that it runs.

The cache is never trusted: a plan that differs from what is expected in any way is compiled again.
"""

import marshal

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.posix import lexists, os, read_file
from dodo_hooks.plans.compiled_plan import Compiled, numbers_of, read_compiled
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Plan
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Source


def load_compiled(world: "World", top: str) -> "tuple[Compiled, bool]":
    """Return the plan of the working tree at `top`, and whether no hook has fired with it yet.

    Raises:
        ConfigError: its hook file cannot be used.
    """
    path = _path(world, top)
    latest = read_compiled(path, top)
    if latest is not None and _is_current(latest):
        return latest, not latest.has_fired
    from dodo_hooks.plans.kept_plans import find_kept, keep

    compiled = find_kept(path, top, latest)
    if compiled is None:
        from dodo_hooks.plans.compile_plan import compile_plan

        compiled, _ = compile_plan(world, top)
    if latest is not None and (latest.settings, latest.hooks) != (compiled.settings, compiled.hooks):
        keep(path, latest)
    _write(path, compiled)
    return compiled, not compiled.has_fired


def replace_plan(world: "World", top: str, compiled: Compiled) -> Compiled:
    """Store a plan that was compiled anew in the place of that with the same hook file, and return it."""
    path = _path(world, top)
    latest = read_compiled(path, top)
    compiled = compiled._replace(has_fired=latest is not None and latest.has_fired)
    _write(path, compiled)
    return compiled


def cached_plan(world: "World", top: str) -> "Compiled | None":
    """Return the plan of the working tree at `top` where it is cached; nothing is compiled or written."""
    path = _path(world, top)
    latest = read_compiled(path, top)
    if latest is not None and _is_current(latest):
        return latest
    from dodo_hooks.plans.kept_plans import find_kept

    return find_kept(path, top, latest)


def note_fired(world: "World", top: str, compiled: Compiled) -> None:
    """Note that a hook has fired with this plan. `run` caches a plan, too, and installs no shims."""
    _write(_path(world, top), compiled._replace(has_fired=True))


def load_plan(world: "World", top: str) -> "Plan | None":
    """Return the plan of the working tree at `top`; None where it has no hook file.

    Raises:
        ConfigError: the hook file cannot be used.
    """
    return load_compiled(world, top)[0].plan()


def _path(world: "World", top: str) -> str:
    stat = os.stat(top)
    return layout.plan_file(world.state, stat.st_dev, stat.st_ino)


def _is_current(compiled: Compiled) -> bool:
    return all(_is_unchanged(source) for source in compiled.sources)


def _is_unchanged(source: "Source") -> bool:
    path, stat, content = source
    if stat is None:
        return not lexists(path)  # a dangling link counts: the loader rejects it, and a gate must not pass unread (R22)
    try:
        is_same = numbers_of(os.stat(path)) == stat
    except OSError:
        return False
    return is_same and (not isinstance(content, bytes) or content == read_file(path))


def _write(path: str, compiled: Compiled) -> None:
    """Store the plan if possible; where it cannot be stored, the next firing compiles again."""
    from dodo_hooks.host.files.atomic_files import replace_unlocked

    try:
        replace_unlocked(path, marshal.dumps(tuple(compiled)))
    except StoreError:
        pass
