"""What the models refuse, said in sentences (C2), and the rest of the file without it.

A flaw's path has the shape of the file: `("hooks", HOOK, "jobs", N, KEY, ...)`. Pydantic adds "[key]" where it is the
key of a mapping that is wrong and not its value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dodo_hooks.core.events import known_hooks
from dodo_hooks.loader.tree import (
    Entry,
    Finding,
    ListNode,
    MapNode,
    Node,
    Path,
    Scalar,
    described,
    key_mark_at,
    mark_at,
    node_at,
)
from dodo_hooks.loader.wording import did_you_mean, listed, quoted

_RUN = "run"
_KEY = "[key]"

_EXPECTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of keys to values",
    "greater_than_equal": "a whole number of at least {ge}",
    "less_than_equal": "a whole number of at most {le}",
}
_YES = ("yes", "y", "on", "true", "1")
_NO = ("no", "n", "off", "false", "0")


@dataclass(frozen=True, slots=True)
class Flaw:
    """One error of pydantic's: its type (`extra_forbidden`), where, and what else it knows."""

    kind: str
    path: tuple[str | int, ...]
    context: Mapping[str, Any]


def finding_of(flaw: Flaw, root: Node, keys: Mapping[str, Sequence[str]]) -> Finding:
    """The sentence for a flaw; `keys` are the known ones of a `file`, its `log`, a `hook` and a `job`."""
    path = _without_key_step(flaw, root)
    who = who_at(root, path)
    if flaw.kind == "extra_forbidden":
        return Finding(key_mark_at(root, path), _unknown_key(path, keys), who)
    if flaw.kind == "missing":
        return Finding(mark_at(root, path[:-1]), f"{quoted(str(path[-1]))} is missing: a job has a command to run", who)
    if path != flaw.path:
        is_hook = len(path) == 2 and path[0] == "hooks"  # the sentence has its name already
        return Finding(key_mark_at(root, path), _raised(flaw), "" if is_hook else who)
    subject = _subject(path)
    message = _raised(flaw) if flaw.kind == "value_error" else _mismatch(flaw, node_at(root, path))
    return Finding(mark_at(root, path), f"{subject}{message}", who)


def _without_key_step(flaw: Flaw, root: Node) -> tuple[str | int, ...]:
    is_key = flaw.path[-1:] == (_KEY,) and node_at(root, flaw.path) is None
    return flaw.path[:-1] if is_key else flaw.path


def who_at(root: Node, path: Path) -> str:
    """`job "lint"`, `job 3 of "pre-commit"`, `hook "pre-commit"`, or "" for what belongs to the file."""
    is_of_job = len(path) > 3 and path[2] == "jobs"
    if _level(path) == "job" or is_of_job:
        name = node_at(root, [*path[:4], "name"])
        if isinstance(name, Scalar) and isinstance(name.value, str):
            return f"job {quoted(name.value)}"
        return f"job {int(path[3]) + 1} of {quoted(str(path[1]))}"
    return f"hook {quoted(str(path[1]))}" if _level(path) in ("hook", "concurrency") else ""


def _level(path: Path) -> str:
    """Whose key, or whose value, the path leads to."""
    if len(path) > 1 and path[0] in ("log", "notify"):
        return str(path[0])
    if len(path) > 3 and path[-2] == "concurrency":
        return "concurrency"
    if path[:1] != ("hooks",) or len(path) < 2:
        return "file"
    return "job" if len(path) > 3 and path[2] == "jobs" else "hook"


def _unknown_key(path: Path, keys: Mapping[str, Sequence[str]]) -> str:
    key, level = str(path[-1]), _level(path)
    near = did_you_mean(key, keys[level])
    if near:
        return f"unknown key {quoted(key)}{near}"
    if key in known_hooks():
        return f'unknown key {quoted(key)}: a hook belongs below "hooks:"'
    owners = [other for other, known in keys.items() if key in known]
    if owners:
        return f"unknown key {quoted(key)}: it is one of a {listed(owners)}, not of a {level}"
    return f"unknown key {quoted(key)}, expected {listed(keys[level])}"


def _subject(path: Path) -> str:
    """What the sentence is about; nothing where it is about the hook or the job as a whole."""
    names = [step for step in path if isinstance(step, str)]
    if not path or _is_job(path) or (len(path) == 2 and path[0] == "hooks"):
        return ""
    variable = len(path) > 1 and path[-2] == "env"
    return f"{'variable ' if variable else ''}{quoted(names[-1])}: "


def _raised(flaw: Flaw) -> str:
    return str(flaw.context.get("error", "this cannot be used"))


def _mismatch(flaw: Flaw, node: Node | None) -> str:
    expected = _EXPECTED.get(flaw.kind, "something else").format(**flaw.context)
    return f"expected {expected}, found {described(node)}{_hint(flaw, node)}"


def _hint(flaw: Flaw, node: Node | None) -> str:
    """What to write instead, where it can be told."""
    if flaw.kind == "list_type" and isinstance(node, Scalar):
        return f": write [{node.text}]" if len(node.text) < 40 and flaw.path[-1] != "jobs" else ""
    if flaw.kind == "list_type" and flaw.path[-1] == "jobs":
        return ': write "- " before each job'
    if flaw.kind == "model_type" and len(flaw.path) == 2 and isinstance(node, ListNode):
        return ': write "jobs:" above the list'
    if not isinstance(node, Scalar):
        return ""
    if flaw.kind == "string_type":
        return ': write "" for an empty text' if node.value is None else f': write "{node.text}", in quotes'
    if flaw.kind == "bool_type" and node.text.lower() in _YES + _NO:
        return f": write {'true' if node.text.lower() in _YES else 'false'}{'' if node.plain else ', without quotes'}"
    if flaw.kind == "int_type" and isinstance(node.value, str) and node.text.isascii() and node.text.isdigit():
        return f": write {node.text}, without quotes" if len(node.text) < 10 else ""
    return ""


def without(root: Node, flaws: Sequence[Flaw]) -> Node:
    """The tree without what the flaws are about. A job without a command gets `:`, so that its name is known."""
    whole = {_without_key_step(flaw, root) for flaw in flaws if flaw.kind != "missing"}
    commandless = {flaw.path[:-1] for flaw in flaws if flaw.path[-1:] == (_RUN,) and _is_job(flaw.path[:-1])}
    return _cut(root, (), whole.__contains__, commandless.__contains__) or MapNode(root.mark, ())


def _cut(
    node: Node, path: tuple[str | int, ...], is_flawed: Callable[[Path], bool], needs_command: Callable[[Path], bool]
) -> Node | None:
    if is_flawed(path):
        return None
    if isinstance(node, ListNode):
        items = [_cut(item, (*path, place), is_flawed, needs_command) for place, item in enumerate(node.items)]
        return ListNode(node.mark, tuple(item for item in items if item is not None))
    if not isinstance(node, MapNode):
        return _stub(node) if needs_command(path) else node
    entries = [
        Entry(entry.mark, entry.key, value)
        for entry in node.entries
        if (value := _cut(entry.value, (*path, entry.key), is_flawed, needs_command)) is not None
    ]
    return MapNode(node.mark, (*entries, *(_stub(node).entries if needs_command(path) else ())))


def _is_job(path: Path) -> bool:
    return len(path) == 4 and path[0] == "hooks" and path[2] == "jobs"


def _stub(node: Node) -> MapNode:
    return MapNode(node.mark, (Entry(node.mark, _RUN, Scalar(node.mark, ":", ":")),))
