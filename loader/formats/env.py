"""The `env:` of other tools, whose values may need replacement: `PATH: $PATH:/opt/bin`.

Values in our own `env:` are literal. So a variable whose value needs replacement is set by an `export` in front of the
command, where the shell, or our own placeholders, replace it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.loader.formats.translation import text, with_value
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar


@dataclass(frozen=True, slots=True)
class Moving:
    """A variable that is set in the command."""

    mark: Location
    name: str
    value: str


def split_env(env: Entry | None, is_moving: Callable[[str], bool]) -> tuple[list[Entry], list[Moving]]:
    """Return the `env:` with its literal values (none, or one entry), and the variables that are set in the command.

    A key without a value is an empty text.
    """
    if env is None or not isinstance(env.value, MapNode):
        return ([env] if env else []), []
    kept: list[Entry] = []
    moving: list[Moving] = []
    for one in env.value.entries:
        if not isinstance(one.value, Scalar):
            kept.append(one)
        elif one.value.value is None:
            kept.append(with_value(one, text(one.value.mark, "")))
        elif is_moving(one.value.text) and re.fullmatch(r"[A-Za-z_]\w*", one.key, re.ASCII):
            moving.append(Moving(one.mark, one.key, one.value.text))
        else:
            kept.append(one)
    return ([with_value(env, MapNode(env.value.mark, tuple(kept)))] if kept else []), moving


def export_variables(job: MapNode, moving: Sequence[Moving], *, expands: bool) -> MapNode:
    """Return the job whose command first sets the variables.

    With `expands` the shell replaces `$NAME` in their values.
    """
    lines = [f"export {one.name}={_in_double_quotes(one.value, expands=expands)}" for one in moving]
    return with_line(job, "\n".join(lines)) if lines else job


def with_line(job: MapNode, line: str) -> MapNode:
    """Return the job with a line of shell before its command."""
    made = [with_value(one, _before_command(one.value, line)) if one.key == "run" else one for one in job.entries]
    return replace(job, entries=tuple(made))


def _before_command(run: Node, line: str) -> Node:
    if isinstance(run, MapNode):
        return MapNode(run.mark, tuple(with_value(one, _before_command(one.value, line)) for one in run.entries))
    if isinstance(run, ListNode):
        return ListNode(run.mark, (text(run.mark, line), *run.items))
    return text(run.mark, f"{line}\n{run.text}") if isinstance(run.value, str) else run


def _in_double_quotes(value: str, *, expands: bool) -> str:
    escaped = "".join("\\" + c if c in '"\\`' or (c == "$" and not expands) else c for c in value)
    return f'"{escaped.replace("$(", chr(92) + "$(") if expands else escaped}"'
