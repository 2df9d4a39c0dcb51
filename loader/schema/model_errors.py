"""The errors of the models, as sentences (C2), and the tree without the parts that have errors.

The path of an error has the shape of the models: `("hooks", HOOK, "jobs", N, "group", "jobs", M, KEY, ...)`. It is
translated to the shape of the file first. Pydantic adds "[key]" for an error of a mapping's key rather than its value,
and one of our tags where a value may have several shapes. And the file has a short form where the models have a list of
one item or a mapping with one key.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from dodo_hooks.core.diagnostics import Diagnostic, parts_of
from dodo_hooks.core.git_hooks import known_hooks
from dodo_hooks.core.text.nearest import did_you_mean, nearest
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.loader.read.nodes import (
    Entry,
    ListNode,
    MapNode,
    Node,
    Path,
    Scalar,
    describe,
    key_mark_at,
    mark_at,
    node_at,
)
from dodo_hooks.loader.schema.file_models import BODIES, USER_BODIES
from dodo_hooks.loader.schema.shapes import COMMANDS, Shape
from dodo_hooks.loader.schema.value_types import FLAG, LIST, MAP, TEXT

_TAGS = frozenset((TEXT, LIST, MAP, FLAG))
_KEY = "[key]"

_RUN = COMMANDS[0]

# How a key of a body leads to another body: by itself, as each item of a list, as one or each of a list, under names.
_ONE, _EACH, _ANY, _NAMED = "one", "each", "any", "named"
_LEVELS = {body: level for bodies in (BODIES, USER_BODIES) for level, body in bodies.items()}
_MAIN = ("file", "hook", "job")  # the most likely owners of a key that several bodies have
_OF_LEFTHOOK = ("commands", "scripts")  # maps of jobs; lefthook's own files are converted before
_TRACKS = "tracks"  # a key of daft's jobs: they run again when a worktree was moved, of which git says nothing

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
_MISSING = {"setup": "a setup needs a command", "share": "a link needs paths"}
_MOST_ERRORS = 1000  # of a file: each takes a search for what was meant
_YES = ("yes", "y", "on", "true", "1")
_NO = ("no", "n", "off", "false", "0")


@dataclass(frozen=True, slots=True)
class ModelError:
    """One error of pydantic's: its type (`extra_forbidden`), its path, and its context."""

    kind: str
    path: tuple[str | int, ...]
    context: Mapping[str, Any]


def diagnostics_of(errors: Sequence[ModelError], root: Node, keys: Mapping[str, Sequence[str]]) -> list[Diagnostic]:
    """Return the diagnostics for the errors; `keys` are the known keys of a `file`, its `log`, a `hook` and so on.

    An error that an alias repeats in several jobs is reported for the first one: a file may hold thousands of aliases.
    A job whose command has a misspelt key gets one error, about that key.
    """
    diagnostics: list[Diagnostic] = []
    said: set[tuple[object, ...]] = set()
    places = [_place_of(error, root) for error in errors]
    misspelt = {
        (*path[:-1], _RUN)
        for error, (path, _) in zip(errors, places, strict=True)
        if error.kind == "extra_forbidden" and nearest(str(path[-1]), keys[_level_at(path[:-1])]) in COMMANDS
    }
    for error, (path, is_key) in zip(errors, places, strict=True):
        if error.kind == "missing" and path in misspelt:
            continue
        about = (error.kind, _raised(error), _level_at(path), path[-1:], mark_at(root, path), key_mark_at(root, path))
        if about not in said and len(said) < _MOST_ERRORS:
            said.add(about)
            diagnostics.append(_diagnostic_of(error, path, is_key, root, keys))
    return diagnostics


def _diagnostic_of(
    error: ModelError, path: Path, is_key: bool, root: Node, keys: Mapping[str, Sequence[str]]
) -> Diagnostic:
    subject = subject_at(root, path)
    if error.kind == "extra_forbidden":
        message, fix = _unknown_key(path, keys)
        return Diagnostic(key_mark_at(root, path), message, subject, fix=fix)
    if error.kind == "missing":
        why = error.context.get("error") or _MISSING[_level_at(path[:-1])]
        return Diagnostic(mark_at(root, path[:-1]), f"{quote(str(path[-1]))} is missing: {why}", subject)
    message, fix = _raised(error)
    if is_key or error.kind == "refused":
        is_named_here = is_key and len(path) == 2 and path[0] in ("hooks", "tasks")  # the sentence has its name already
        return Diagnostic(key_mark_at(root, path), message, "" if is_named_here else subject, fix=fix)
    if error.kind != "value_error":
        node, expected = node_at(root, path), _EXPECTED.get(error.kind, "something else").format(**error.context)
        message, fix = f"expected {expected}, found {describe(node)}", _fix(error, path, node)
    return Diagnostic(mark_at(root, path), f"{_key_of(path)}{message}", subject, fix=fix)


def _place_of(error: ModelError, root: Node) -> tuple[tuple[str | int, ...], bool]:
    """Return the error's path in the tree, and whether it is about the key there instead of its value."""
    steps = [step for step in error.path if step not in _TAGS]
    kept: list[str | int] = []
    node: Node | None = root
    for place, step in enumerate(steps):
        child = node_at(node, [step]) if node is not None else None
        if child is None and step == _KEY and place == len(steps) - 1:
            return tuple(kept), True
        is_missing = place == len(steps) - 1 and error.kind == "missing"
        if child is None and not is_missing and _is_short(node, step):
            continue
        kept.append(step)
        node = child
    return tuple(kept), False


def _is_short(node: Node | None, step: str | int) -> bool:
    """Return whether the file has one value where the models have a list, or a mapping with one key."""
    return not isinstance(node, ListNode) if isinstance(step, int) else not isinstance(node, MapNode | None)


@cache
def ways_from(level: str) -> dict[str, tuple[str, str]]:
    """Return the keys of a body that lead to other bodies, each with the level of that body and how it leads there."""
    bodies = [body for body, its_level in _LEVELS.items() if its_level == level]
    hints = [hint for body in bodies for hint in get_type_hints(body, include_extras=True).items()]
    return {key: way for key, hint in hints if (way := _way(hint))}


def _way(hint: Any, or_one: bool = False) -> tuple[str, str] | None:
    if hint in _LEVELS:
        return _LEVELS[hint], _ONE
    arguments, origin = get_args(hint), get_origin(hint)
    if origin is Annotated:
        return _way(arguments[0], any(isinstance(one, Shape) and one.or_one for one in arguments))
    way = next((way for one in arguments if (way := _way(one))), None)
    how = {list: _ANY if or_one else _EACH, dict: _NAMED}.get(origin)
    return (way[0], how) if way and how else way


def _bodies(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each body on the path, as the length of its path and its level; the file itself comes first."""
    level, place = "file", 0
    yield 0, level
    while place < len(path):
        level, how = ways_from(level).get(str(path[place]), ("", _ONE))
        place += 1
        if not level:
            return
        if how in (_EACH, _NAMED):
            if place == len(path):
                return
            place += 1
        elif how == _ANY and place < len(path) and isinstance(path[place], int):
            place += 1
        yield place, level


def _level_at(path: Path) -> str:
    """Return the level of the body that the path leads to, or into."""
    return list(_bodies(path))[-1][1]


def subject_at(root: Node, path: Path) -> str:
    """Return `job "lint"`, `job 3 of "pre-commit"`, `hook "pre-commit"`, or "" for the file itself."""
    owners = [(length, level) for length, level in _bodies(path) if level in ("hook", "setup", "job")]
    return _called(root, path, owners) if owners else ""


def _called(root: Node, path: Path, owners: list[tuple[int, str]]) -> str:
    *outer, (length, level) = owners
    if level == "hook":
        return f"{'task' if path[0] == 'tasks' else 'hook'} {quote(str(path[1]))}"
    name = node_at(root, [*path[:length], "name"])
    if isinstance(name, Scalar) and isinstance(name.value, str):
        return f"{level} {quote(name.value)}"
    number = path[length - 1]
    whose = quote(str(path[1])) if outer[-1][1] == "hook" else _group_called(root, path, outer)
    return f"{level} {number + 1} of {whose}" if isinstance(number, int) else f"{level} of {whose}"


def _group_called(root: Node, path: Path, owners: list[tuple[int, str]]) -> str:
    kind, _, called = _called(root, path, owners).partition(" ")
    return f"group {called}" if called.startswith('"') else f"the group in {kind} {called}"


def _unknown_key(path: Path, keys: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Return the message and the fix."""
    key, level = str(path[-1]), _level_at(path[:-1])
    owners = [other for other, known in keys.items() if key in known]
    owners = [other for other in owners if other in _MAIN] or owners
    if key == _TRACKS and "job" in keys:
        return f"{quote(key)} is not supported, since git fires no hook when a working tree is moved", "remove it"
    if owners:
        return f"unknown key {quote(key)} in a {level}: it is a key of a {join_or(owners)}", ""
    near = did_you_mean(key, keys[level])
    if near:
        return f"unknown key {quote(key)}{near}", ""
    if key in known_hooks():
        return f"unknown key {quote(key)}", 'write the hook below "hooks:"'
    if key in _OF_LEFTHOOK and level == "hook":
        return f"unknown key {quote(key)}", 'list them below "jobs:", each with its name'
    return f"unknown key {quote(key)}, expected {join_or(keys[level])}", ""


def _key_of(path: Path) -> str:
    """Return the beginning of a message that names the key; "" for a hook or a job as a whole."""
    names = [step for step in path if isinstance(step, str)]
    length, level = list(_bodies(path))[-1]
    if not path or (length == len(path) and level in ("hook", "setup", "job")):
        return ""
    kind = {"env": "variable ", "templates": "template "}.get(str(path[-2]), "") if len(path) > 1 else ""
    return f"{kind}{quote(names[-1])}: "


def _raised(error: ModelError) -> tuple[str, str]:
    raised = error.context.get("error")
    return parts_of(raised) if isinstance(raised, Exception) else ("this cannot be used", "")


def _fix(error: ModelError, path: Path, node: Node | None) -> str:
    """Return the correct spelling of a value, where it is known; else ""."""
    if error.kind == "list_type" and path[-1] == "jobs":
        return 'write "- " before each job' if not isinstance(node, Scalar) else ""
    if error.kind == "list_type" and isinstance(node, Scalar):
        return f"write [{node.text}]" if len(node.text) < 40 else ""
    if error.kind == "model_type" and isinstance(node, ListNode):
        return 'write "jobs:" above the list' if _level_at(path) in ("hook", "group") else ""
    if not isinstance(node, Scalar):
        return ""
    if error.kind == "string_type":
        if node.value is None:
            return 'write "" for an empty text' if path[-1] not in COMMANDS else "write the command after it"
        return f'write "{node.text}", in quotes'
    if error.kind == "bool_type" and node.text.lower() in _YES + _NO:
        return f"write {'true' if node.text.lower() in _YES else 'false'}{'' if node.plain else ', without quotes'}"
    if error.kind == "int_type" and isinstance(node.value, str) and node.text.isascii() and node.text.isdigit():
        return f"write {node.text}, without quotes" if len(node.text) < 10 else ""
    return ""


def remove_values(root: Node, errors: Sequence[ModelError]) -> Node:
    """Return the tree without the values that have errors.

    A job without a command gets `:`, so that its name is known.
    """
    whole: set[Path] = set()
    commandless: set[Path] = set()
    for error in errors:
        part, job = _cut_at(error, _place_of(error, root)[0])
        whole.update((part, *_rest_on(part)))
        if job is not None:
            commandless.add(job)
    return _cut(root, (), whole.__contains__, commandless.__contains__) or MapNode(root.mark, ())


def _rest_on(path: Path) -> Iterator[Path]:
    """Yield the keys of a job that only have a meaning beside the one with the error."""
    length, level = list(_bodies(tuple(path)))[-1]
    if level == "job" and path[length : length + 1] and path[length] in ("inputs", "outputs", "uptodate"):
        yield from ((*path[:length], key) for key in ("cache", "env_inputs", "uptodate"))


def _cut_at(error: ModelError, path: tuple[str | int, ...]) -> tuple[Path, Path | None]:
    """Return the path to remove so that no further error follows, and the job that then has no command."""
    bodies = list(_bodies(path))
    for length, level in bodies:
        if level == "condition":  # the rest of one has another meaning: remove the whole `skip` or `only`
            return path[:length] if isinstance(path[length - 1], str) else path[: length - 1], None
        if level == "setup":
            return path[:length], None
    length, level = bodies[-1]
    if level == "group" and length == len(path):
        return path, path[:-1]
    if level == "job" and path[length : length + 1] and path[length] in COMMANDS:  # half a command is not usable
        return path[: length + 1], path[:length] if error.kind != "refused" else None
    return path[:-1] if error.kind == "missing" else path, None


def _cut(
    node: Node, path: tuple[str | int, ...], has_error: Callable[[Path], bool], needs_command: Callable[[Path], bool]
) -> Node | None:
    if has_error(path):
        return None
    if isinstance(node, ListNode):
        items = [_cut(item, (*path, place), has_error, needs_command) for place, item in enumerate(node.items)]
        return ListNode(node.mark, tuple(item for item in items if item is not None))
    if not isinstance(node, MapNode):
        return _stub(node) if needs_command(path) else node
    entries = [
        Entry(entry.mark, entry.key, value)
        for entry in node.entries
        if (value := _cut(entry.value, (*path, entry.key), has_error, needs_command)) is not None
    ]
    return MapNode(node.mark, (*entries, *(_stub(node).entries if needs_command(path) else ())))


def _stub(node: Node) -> MapNode:
    return MapNode(node.mark, (Entry(node.mark, _RUN, Scalar(node.mark, ":", ":")),))
