"""A hook file and its layers -> the plan, or all diagnostics at once (C2, R4)."""

import gc
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dodo_hooks.core.diagnostics import ERROR, Diagnostic, Location
from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import Plan, Retention
from dodo_hooks.loader.compile.hooks import CompileContext, compile_hooks
from dodo_hooks.loader.compile.job_commands import Platform
from dodo_hooks.loader.compile.job_files import IsTracked
from dodo_hooks.loader.formats.pre_commit.config_hook import Resolver
from dodo_hooks.loader.formats.pre_commit.overlay import leave_moved
from dodo_hooks.loader.layers.discover import Found
from dodo_hooks.loader.layers.extends import read_layers
from dodo_hooks.loader.read.comments import LINE_END
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Scalar, node_at
from dodo_hooks.loader.read.sources import Sources
from dodo_hooks.loader.schema.read_models import read_models

_MOST_JOBS = 12_000  # and hooks and tasks


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plan, and the tree that it was made of: all layers merged, in the shape of our own hook files."""

    plan: Plan
    root: MapNode


def load(
    found: Found,
    sources: Sources | None = None,
    main_top: str | None = None,
    is_tracked: IsTracked = lambda _: set(),
    resolver: Resolver | None = None,
) -> Plan:
    """Return the plan of the file and its layers.

    An empty file is a plan without hooks. `Job.record` is left empty. `sources` records the files that the plan depends
    on. `main_top` is the top of the main working tree, whose local overlay counts in the linked ones, too. `is_tracked`
    asks git which outputs it tracks; where nobody asks, none is. `resolver` resolves the hooks of pre-commit's file;
    without one those of other repositories stay unresolved.

    Raises:
        ConfigError: it holds all diagnostics, sorted by file.
        HooksError: the resolver cannot resolve a hook.
    """
    return load_with_tree(found, sources or Sources(), main_top, is_tracked, resolver).plan


@contextmanager
def _without_collections() -> Iterator[None]:
    """Switch the garbage collector off meanwhile: a tree is kept, and looking through it takes a fifth longer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_without_collections()
def load_with_tree(
    found: Found,
    sources: Sources,
    main_top: str | None = None,
    is_tracked: IsTracked = lambda _: set(),
    resolver: Resolver | None = None,
) -> Loaded:
    """Return the plan of the file and its layers, with the merged tree.

    Raises:
        ConfigError: it holds all diagnostics, sorted by file.
    """
    layers = read_layers(found, sources, main_top, resolver)
    root, diagnostics, refused, below = layers.root, [*layers.diagnostics], None, layers.below
    if not layers.is_complete:
        raise_errors(diagnostics, layers.texts)
    if found.config_format.translate is not None:
        below = found.config_format.translate(root, resolver)
        root, refused = below.root, below.refused
        diagnostics += below.diagnostics
    elif below is not None:
        root = leave_moved(root, below.config_hooks)
    # `x-...:` at the top only holds anchors for aliases.
    root = MapNode(root.mark, tuple(entry for entry in root.entries if not entry.key.startswith("x-")))
    raise_errors(check_size(root), layers.texts)
    file, tree, errors = read_models(root)
    context = CompileContext(
        Platform.this(), lambda path: sources.is_there(posixpath.join(found.top, path)), is_tracked, refused
    )
    if below is not None:
        context = replace(context, config_hooks=below.config_hooks, installed=below.installed)
    hooks, found_later = compile_hooks(file, tree, context)
    diagnostics += [*errors, *found_later]
    raise_errors(diagnostics, layers.texts)
    plan = Plan(
        file=found.file,
        slots=file.jobs,
        hooks=tuple(hooks),
        diagnostics=tuple(dict.fromkeys(diagnostics)),
        grace_s=file.grace_period,
        max_log_bytes=file.log.max_log_size,
        cache_bytes=file.cache_size,
        retention=Retention(file.log.retention, file.log.keep_last, file.log.max_total_size),
        output=file.output,
        has_colors=file.colors,
        trust=file.trust or "",
        config_format=found.config_format.name,
        unresolved_hooks=tuple(hook.name for hook in hooks if any(job.execution.is_unresolved for job in hook.jobs)),
        has_unknown_hooks=below is not None and any(hook.is_unknown for hook in below.config_hooks.values()),
        required_hooks=tuple(hook.name for hook in hooks if any(job.results.is_required for job in hook.jobs)),
    )
    return Loaded(plan, _over(root, below.file) if below is not None and below.file else root)


def _over(root: MapNode, file: str) -> MapNode:
    """Return the tree over pre-commit's file: the hooks of that cannot be written into it."""
    extends = Entry(root.mark, "extends", Scalar(root.mark, file, file))
    return MapNode(root.mark, (extends, *root.entries))


def check_size(root: MapNode) -> list[Diagnostic]:
    """Return an error if the file has more jobs than can be read within two seconds (C2)."""
    sections = [node_at(root, [section]) for section in ("hooks", "tasks")]
    waiting = [entry.value for section in sections if isinstance(section, MapNode) for entry in section.entries]
    count = len(waiting)
    while waiting:
        jobs = node_at(waiting.pop(), ["jobs"])
        items = jobs.items if isinstance(jobs, ListNode) else ()
        count += len(items)
        if count > _MOST_JOBS:
            fix = "let one job do the work of many, as make can"
            return [Diagnostic(root.mark, f"the hook file has more than {_MOST_JOBS} jobs", fix=fix)]
        waiting += [group for job in items if (group := node_at(job, ["group"])) is not None]
    return []


def raise_errors(diagnostics: Iterable[Diagnostic], texts: Mapping[str, bytes]) -> None:
    """Raise the errors among the diagnostics, if there are any; one that an alias repeats in several jobs only once.

    `texts` are the bytes of the files, by the names in the locations.

    Raises:
        ConfigError: it holds them all, sorted, each with its line of the file.
    """
    errors: dict[tuple[Location, str], Diagnostic] = {}
    for one in diagnostics:
        if one.severity == ERROR:
            errors.setdefault((one.location, one.message), one)
    if errors:
        lines = {file: lines_of(texts[file]) for file in {one.location.file for one in errors.values()} & texts.keys()}
        whole = [one._replace(source=_line_at(one.location, lines)) for one in errors.values()]
        raise ConfigError(sorted(whole, key=lambda one: (one.location, one.text)))


def lines_of(data: bytes) -> list[str]:
    return LINE_END.split(data.decode("utf-8-sig", "surrogateescape"))


def _line_at(location: Location, lines: Mapping[str, Sequence[str]]) -> str:
    return "".join(lines.get(location.file, ())[max(0, location.line - 1) : location.line])
