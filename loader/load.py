"""A hook file and its layers -> the plan, or all diagnostics at once (C2, R4)."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from dodo_hooks.core.errors import ConfigError, Problem
from dodo_hooks.core.plan import Plan, Retention
from dodo_hooks.loader.compile.hooks import CompileContext, Origin, compile_hooks
from dodo_hooks.loader.compile.job_commands import Platform
from dodo_hooks.loader.layers.discover import Found
from dodo_hooks.loader.layers.extends import read_layers
from dodo_hooks.loader.read.nodes import Finding, Location, MapNode
from dodo_hooks.loader.read.sources import SourceError, Sources
from dodo_hooks.loader.schema.models import read_models


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plan, and the tree that it was made of: all layers merged, in the shape of our own hook files."""

    plan: Plan
    root: MapNode


def load(found: Found, sources: Sources, main_top: str | None = None) -> Plan:
    """Return the plan of the file and its layers.

    An empty file is a plan without hooks. `Job.record` is left empty. `sources` records the files that the plan depends
    on. `main_top` is the top of the main working tree, whose local overlay counts in the linked ones, too.

    Raises:
        ConfigError: it holds all diagnostics, sorted by file.
    """
    return load_with_tree(found, sources, main_top).plan


def load_plan(found: Found) -> Plan:
    """Return the plan of the file and its layers, where its sources do not matter.

    Raises:
        ConfigError: it holds all diagnostics, sorted by file.
    """
    return load(found, Sources())


def load_with_tree(found: Found, sources: Sources, main_top: str | None = None) -> Loaded:
    """Return the plan of the file and its layers, with the merged tree.

    Raises:
        ConfigError: it holds all diagnostics, sorted by file.
    """
    try:
        return _loaded(found, sources, main_top)
    except ConfigError as error:
        error.base = found.top  # what the names of files in it are relative to
        raise


def _loaded(found: Found, sources: Sources, main_top: str | None) -> Loaded:
    layers = read_layers(found, sources, main_top)
    if not layers.is_whole:
        raise_diagnostics(layers.findings)
    root, findings, notices, origin = layers.root, [*layers.findings], [*layers.notices], Origin()
    unchecked: tuple[str, ...] = ()
    if found.family.translate is not None:
        translation = found.family.translate(root)
        root = translation.root
        findings += translation.findings
        sentences = [
            (f"{_shown_location(notice.mark)}: {notice.message}", notice.is_unchecked) for notice in translation.notices
        ]
        notices += [sentence for sentence, _ in sentences]
        unchecked = tuple(sentence for sentence, is_unchecked in sentences if is_unchecked)
        origin = Origin(is_own=False, refused=translation.refused)
    root = without_anchors(root)
    file, tree, model_findings = read_models(root)
    context = CompileContext(Platform.this(), lambda path: sources.is_there(posixpath.join(found.top, path)))
    compiled = compile_hooks(file, tree, context, origin)
    raise_diagnostics([*findings, *model_findings, *compiled.findings])
    notices += [f"{_shown_location(one.mark)}: {_with_owner(one)}" for one in compiled.notices]
    plan = Plan(
        file=found.file,
        slots=file.jobs,
        hooks=compiled.hooks,
        notices=tuple(dict.fromkeys(notices)),
        grace_s=file.grace_period,
        max_log_bytes=file.log.max_log_size,
        retention=Retention(file.log.retention, file.log.keep_last, file.log.max_total_size),
        output=file.output,
        has_colors=file.colors,
        trust=file.trust or "",
        unchecked=unchecked,
        family=found.family.name,
    )
    return Loaded(plan, root)


def without_anchors(root: MapNode) -> MapNode:
    """Return the file without `x-...:` at its top, which only hold anchors for aliases."""
    return MapNode(root.mark, tuple(entry for entry in root.entries if not entry.key.startswith("x-")))


def content_of(path: str, shown: str) -> bytes:
    """Return the content of a file.

    Raises:
        ConfigError: it cannot be read; `shown` names the file in the message.
    """
    try:
        return Sources().read(path)
    except SourceError as error:
        raise ConfigError([Problem(shown, 0, 0, str(error))]) from None


def raise_diagnostics(findings: Iterable[Finding]) -> None:
    """Raise the diagnostics, if there are any; one that an alias repeats in several jobs is raised once.

    Raises:
        ConfigError: it holds them all, sorted.
    """
    problems: dict[tuple[Location, str], Problem] = {}
    for finding in findings:
        mark = finding.mark
        problems.setdefault((mark, finding.message), Problem(mark.file, mark.line, mark.column, _with_owner(finding)))
    if problems:
        raise ConfigError(sorted(problems.values()))


def _with_owner(finding: Finding) -> str:
    """Return the message of a diagnostic with the hook or job that it is about."""
    return f"{finding.who}: {finding.message}" if finding.who else finding.message


def _shown_location(mark: Location) -> str:
    return f"{mark.file}:{mark.line}:{mark.column}"
