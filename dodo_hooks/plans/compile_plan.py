"""The compilation of hook files into plans, for the cache and for files that are named (section 9)."""

import marshal
import time

from dodo_hooks.core.errors import GitError, HooksError
from dodo_hooks.core.plan import Changes, Plan, Report, ResultRule, Selection
from dodo_hooks.git.command import run_git
from dodo_hooks.git.repo import locate_repo, main_worktree
from dodo_hooks.host.posix import joined
from dodo_hooks.host.world import reach_site
from dodo_hooks.plans.compiled_plan import KEY, Compiled
from dodo_hooks.plans.kept_plans import digest_of_names, source_of
from dodo_hooks.store.records import with_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dodo_hooks.host.world import World
    from dodo_hooks.loader.formats.pre_commit.config_hook import Resolver
    from dodo_hooks.loader.read.sources import Seen, Sources
    from dodo_hooks.plans.compiled_plan import Source

_COMMON = (Selection, Changes, ResultRule, Report)  # what many jobs have alike


def compile_plan(
    world: "World", top: str, sources: "Sources | None" = None, resolver: "Resolver | None" = None
) -> "tuple[Compiled, dict[str, bytes]]":
    """Compile the files on disk, or those of `sources`; return the plan and the files by name, with the parsed bytes.

    Without a `resolver`, the hooks of pre-commit's file that need its library stay unresolved.

    Raises:
        ConfigError: the hook file cannot be used.
        HooksError: the resolver cannot resolve a hook.
        GitError: `sources` are those of a commit, which cannot be read.
    """
    reach_site(world)
    from dodo_hooks.loader.read.sources import Sources

    sources = sources or Sources()
    loaded = read_plan(world, top, sources, resolver)
    if loaded is None:
        return Compiled(KEY, top, _kept(sources), None, ()), {}
    main_top = main_top_of(top, sources)
    plan, files = _completed(loaded, sources, top, main_top)
    trusted = trusted_prefixes(world, sources)
    return _compiled(top, plan)._replace(sources=_kept(sources), trusted=trusted), files


def read_plan(
    world: "World", top: str, sources: "Sources | None" = None, resolver: "Resolver | None" = None
) -> "Plan | None":
    """Return the plan of the working tree at `top`, without records and digest; None where it has no hook file.

    Raises:
        ConfigError: the hook file cannot be used.
    """
    reach_site(world)
    from dodo_hooks.loader.layers.discover import find_hook_file
    from dodo_hooks.loader.read.sources import Sources

    sources = sources or Sources()
    found = find_hook_file(top, sources)
    if found is None:
        return None
    from dodo_hooks.loader.load import load  # takes most of the time

    return load(found, sources, main_top_of(top, sources), lambda paths: tracked_among(world, top, paths), resolver)


def compile_file(world: "World", file: str, top: str) -> Compiled:
    """Return the plan of a named hook file in its compiled form, for the working tree at `top`.

    Raises:
        ConfigError: the file cannot be used.
    """
    plan = load_file(world, file, top)
    return _compiled(top, plan)


def load_file(world: "World", file: str, top: "str | None" = None) -> Plan:
    """Return the plan of a hook file that was named, such as by `doit -f`; it is not cached.

    `top` is the top of the working tree that the plan is for; None means the current directory.

    Raises:
        ConfigError: the file cannot be used.
    """
    reach_site(world)
    from dodo_hooks.loader.layers.discover import named_hook_file
    from dodo_hooks.loader.load import load
    from dodo_hooks.loader.read.sources import Sources

    found = named_hook_file(joined(world.cwd, file), top=top or world.cwd, base=world.cwd)
    sources = Sources()
    main_top = main_top_of(found.home, sources)
    plan = load(found, sources, main_top, lambda paths: tracked_among(world, found.top, paths))
    return _completed(plan, sources, found.home or found.top, main_top)[0]


def find_file(world: "World", top: str) -> "str | None":
    """Return the hook file of the working tree at `top`, valid or not."""
    reach_site(world)
    from dodo_hooks.loader.layers.discover import find_hook_file

    found = find_hook_file(top)
    return found.file if found else None


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


def main_top_of(top: "str | None", sources: "Sources") -> "str | None":
    """Return the top of the main working tree if `top` is a linked one; its local overlay counts in both.

    A bare repository has none: there the overlay lies in the git directory, where git sees no content.
    """
    if top is None:
        return None
    try:
        repo = locate_repo({}, top)  # a linked working tree is found without any variable
    except GitError:
        return None
    if not repo.is_linked or repo.top != top:
        return None
    sources.note(f"{top}/.git")  # where the other one is
    return main_worktree(repo) or repo.common_dir


def tracked_among(world: "World", top: str, paths: "list[str]") -> "set[str]":
    """Return which of these paths git tracks, or hold something that it tracks; none outside of a repository."""
    try:
        listed = run_git(("--literal-pathspecs", "ls-files", "-z", "--", *paths), top, world.environ)
    except GitError:
        return set()
    tracked = [name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0")]
    return {path for path in paths if any(name == path or name.startswith(f"{path}/") for name in tracked)}


def _completed(plan: Plan, sources: "Sources", top: str, main_top: "str | None") -> "tuple[Plan, dict[str, bytes]]":
    """Return the plan with its records and its digest, and the files that the digest is of."""
    from dodo_hooks.loader.read.sources import digest_of

    files = sources.files(top, main_top or top)
    return plan._replace(hooks=tuple(map(with_records, plan.hooks)), digest=digest_of(files)), files


def _compiled(top: str, plan: Plan) -> Compiled:
    hooks = tuple((hook.name, marshal.dumps(_bare(hook, {}))) for hook in plan.hooks)
    return Compiled(KEY, top, (), _bare(plan._replace(hooks=()), {}), hooks)


def _bare(record: "tuple[Any, ...]", made: "dict[Any, tuple[Any, ...]]") -> "tuple[Any, ...]":
    """Turn records into plain tuples, at every depth: marshal takes nothing else.

    What jobs have in common becomes one tuple in `made`, which marshal writes once.
    """
    key = (type(record), record) if isinstance(record, _COMMON) else None
    if key in made:
        return made[key]
    bare = tuple([_bare(item, made) if isinstance(item, tuple) else item for item in record])
    if key is not None:
        made[key] = bare
    return bare


def _kept(sources: "Sources") -> "tuple[Source, ...]":
    now = time.time()
    return tuple(_source(path, seen, now) for path, seen in sources.seen.items())


def _source(path: str, seen: "Seen", now: float) -> "Source":
    if seen.stat is None:
        return path, None, None
    return source_of(path, seen.stat, seen.content if seen.names is None else digest_of_names(seen.names), now)
