"""A hook file -> the plan, or every problem of the file at once (C2, R4)."""

import os
import posixpath
import stat
from collections.abc import Iterable

from dodo_hooks.core.errors import ConfigError, Problem
from dodo_hooks.core.plan import Plan, Retention
from dodo_hooks.loader.commands import Machine
from dodo_hooks.loader.compile import Place, compile_hooks
from dodo_hooks.loader.discover import Found
from dodo_hooks.loader.schema import read_models
from dodo_hooks.loader.source import parse
from dodo_hooks.loader.tree import Finding, Mark


def load_plan(found: Found) -> Plan:
    """The plan of the file. Raises ConfigError with all that is wrong, in the order of the file.

    A file that says nothing is a plan without hooks. `Job.record` is left empty.
    """
    shown = _shown(found.file, found.top)
    document = parse(content_of(found.file, shown), shown)
    notices = tuple(_notice(other, shown, found.top) for other in found.also)
    if document.root is None:
        refuse(document.findings)
        return Plan(file=found.file, slots=None, hooks=(), notices=notices)
    file, tree, flaws = read_models(document.root)
    place = Place(Machine.this(), lambda path: os.path.lexists(os.path.join(found.top, path)))
    hooks, faults = compile_hooks(file, tree, place)
    refuse([*document.findings, *flaws, *faults])
    return Plan(
        file=found.file,
        slots=file.jobs,
        hooks=hooks,
        notices=notices,
        grace_s=file.grace_period,
        max_log_bytes=file.log.max_log_size,
        retention=Retention(file.log.retention, file.log.keep_last, file.log.max_total_size),
        output=file.output,
        has_colors=file.colors,
        trust=file.trust or "",
    )


def content_of(path: str, shown: str) -> bytes:
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):  # a FIFO would keep git waiting
            found = "a directory" if stat.S_ISDIR(mode) else "something else"
            raise ConfigError([Problem(shown, 0, 0, f"expected a hook file, found {found}")])
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise ConfigError([Problem(shown, 0, 0, "there is no such hook file")]) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError([Problem(shown, 0, 0, f"the hook file cannot be read: {reason}")]) from None


def refuse(findings: Iterable[Finding]) -> None:
    """Raise what was found; what an alias brings to several jobs is said once."""
    problems: dict[tuple[Mark, str], Problem] = {}
    for finding in findings:
        mark = finding.mark
        message = f"{finding.who}: {finding.message}" if finding.who else finding.message
        problems.setdefault((mark, finding.message), Problem(mark.file, mark.line, mark.column, message))
    if problems:
        raise ConfigError(sorted(problems.values()))


def _notice(other: str, shown: str, top: str) -> str:
    return f"{_shown(other, top)} is not read, because {shown} comes first"


def _shown(path: str, top: str) -> str:
    """The path as people know it: from the top of the working tree, where it lies inside."""
    below = top.rstrip("/") + "/"
    return posixpath.relpath(path, top) if path.startswith(below) and "/../" not in path else path
