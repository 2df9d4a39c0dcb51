"""The hooks of a .pre-commit-config.yaml, resolved and installed by pre-commit's library in a child process (P3).

The child (loader/formats/pre_commit/resolve.py) runs foreign code, so this is only for what is to run: a firing, `run`
and `install` (P10). The plan that comes of it is kept as any other, and good as long as the environments are there.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.capture import capture
from dodo_hooks.host.console import say
from dodo_hooks.host.world import reach_site
from dodo_hooks.plans.plan_cache import replace_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dodo_hooks.host.world import World
    from dodo_hooks.loader.formats.pre_commit.config_hook import Position, Resolution, Resolver
    from dodo_hooks.loader.read.sources import Sources
    from dodo_hooks.plans.compiled_plan import Compiled

_STOPPED = 130


class ResolveError(HooksError):
    """A hook that cannot be fetched or installed."""

    exit_code = 3  # nothing runs (R22)


class Wanted(Record):
    """The hooks to install where they are not: those of a stage, and those with one of these ids or aliases."""

    stages: tuple[str, ...]
    ids: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()  # ids and aliases that are not installed
    only: tuple[str, ...] | None = None  # no others of the stages than these


def resolve_for(
    world: World,
    top: str,
    compiled: Compiled,
    hooks: Sequence[str],
    skip: Sequence[str] = (),
    only: tuple[str, ...] | None = None,
) -> Compiled:
    """Return the plan with all that these hooks run resolved and installed, but for what is skipped.

    `skip` and `only` are ids and aliases of pre-commit's hooks: those not to install, and those without the others.
    What a push may run, since it requires it, belongs to `pre-push`.

    Raises:
        ResolveError: something cannot be.
        ConfigError: the hook file cannot be used any more.
    """
    rules = compiled.rules
    events = (*hooks, *(rules.required_hooks if "pre-push" in hooks else ()))
    ids = tuple(
        name for event in events if event in rules.unresolved_hooks for name in _ids(compiled, event, skip, only)
    )
    if not ids and not rules.has_unknown_hooks:
        return compiled
    return resolve_plan(world, top, Wanted(events, ids, tuple(skip), only))


def resolve_plan(world: World, top: str, wanted: Wanted) -> Compiled:
    """Compile the plan anew, with these hooks resolved and installed, and keep it.

    Without pre-commit's library the hooks that need it stay as they are, and each says what is missing.

    Raises:
        ResolveError, ConfigError: as for `resolve_for`.
    """
    reach_site(world)
    from dodo_hooks.loader.read.sources import Sources
    from dodo_hooks.plans.compile_plan import compile_plan

    sources = Sources()
    resolver = _resolver(world, sources, wanted) if find_spec("pre_commit") is not None else None
    compiled, _ = compile_plan(world, top, sources, resolver)
    return replace_plan(world, top, compiled)


def _ids(compiled: Compiled, event: str, skip: Sequence[str], only: Sequence[str] | None) -> list[str]:
    """Return the ids of the hooks in an event that are to be installed and are not."""
    hook = compiled.hook(event)
    jobs = [job for job in hook.jobs if job.execution.is_unresolved] if hook is not None else []
    wanted = [job for job in jobs if {job.name, *job.within}.isdisjoint(skip)]
    names = [name for job in wanted for name in (job.name, *job.within)]
    return names if only is None else [name for name in names if name in only]


def _resolver(world: World, sources: Sources, wanted: Wanted) -> Resolver:
    from dodo_hooks.loader.formats.pre_commit.config_hook import ResolvedHook

    def resolver(config: Mapping[str, Any], file: str) -> Resolution:
        found: dict[Position, ResolvedHook] = {}
        request = {"config": config, "file": file, "site": list(world.site), **wanted._asdict()}
        for one in _ask(world, request):
            for proof in one["proofs"]:
                sources.note(proof)
            repo, place = one["position"]
            patch = tuple((name, parts and tuple(map(_part, parts))) for name, parts in one["patch"])
            found[repo, place] = ResolvedHook(
                one["values"], one["directory"], tuple(one["argv"]), patch, one["is_installed"], tuple(one["proofs"])
            )
        sources.note(sys.executable)
        return found

    return resolver


def _part(part: str | list[str]) -> str | tuple[str, str]:
    return part if isinstance(part, str) else (part[0], part[1])


def _ask(world: World, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the child answers; its progress is printed. Raises ResolveError."""
    from dodo_hooks.loader.formats.pre_commit.config_hook import RESOLVER

    answers: dict[str, Any] = {}
    argv = (_library_python(), "-I", "-X", "utf8", RESOLVER, "resolve")
    try:
        done = capture(argv, without_local(world.environ), json.dumps(request).encode(), take=_lines(answers))
    except OSError as error:
        raise ResolveError(f"cannot start the library of pre-commit: {error.strerror}") from error
    if done.exit_code == _STOPPED:
        raise KeyboardInterrupt
    if "E" in answers:
        raise ResolveError(f"pre-commit: {answers['E']}")
    if "R" not in answers:
        raise ResolveError(f"the library of pre-commit ended with {done.exit_code}: {done.last_words}")
    found: list[dict[str, Any]] = answers["R"]
    return found


def _library_python() -> str:
    """Return the Python that has the library: it makes environments with `-m virtualenv`.

    A shim starts the Python that a virtual environment was made of, with the folders of the packages in its launcher.
    """
    library = find_spec("pre_commit")
    folder = os.path.dirname(os.path.dirname(library.origin or "")) if library is not None else ""
    prefix = os.path.dirname(os.path.dirname(os.path.dirname(folder)))  # of lib/python3.N/site-packages
    python = f"{prefix}/bin/python"
    return python if os.path.exists(f"{prefix}/pyvenv.cfg") and os.access(python, os.X_OK) else sys.executable


def _lines(answers: dict[str, Any]) -> Callable[[bytes], object]:
    """Return what takes the output of the child piece by piece, prints its progress, and keeps its answer."""
    left = b""

    def take(piece: bytes) -> None:
        nonlocal left
        *lines, left = (left + piece).split(b"\n")
        for line in lines:
            kind, _, said = line.decode().partition(" ")
            if kind in ("P", "W"):
                say(f"pre-commit: {json.loads(said)}")
            else:
                answers[kind] = json.loads(said)

    return take
