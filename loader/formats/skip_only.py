"""The `skip` and `only` of other tools (C7).

In a list of lefthook's, and in a `skip` of daft's, the keys of one map are alternatives. Here all of them have to hold,
so such a map becomes several. An `only` of daft's needs all of its items to hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.loader.formats.patterns import GlobRules, pattern_node, ref_node
from dodo_hooks.loader.formats.translation import DiagnosticCollector, flag, text, with_items
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, describe, is_empty, items_of

LEFTHOOK_STATES = ("merge", "rebase", "merge-commit")
DAFT_STATES = ("merge", "rebase")

_SYSTEMS = {"linux": "Linux", "macos": "Darwin", "windows": "Windows_NT"}  # as daft calls them, and as uname does
_PATH_RULES = GlobRules()


class Unmet(Exception):
    """A condition that never holds in the tool that the file is for."""


def lefthook_conditions(fields: Mapping[str, Entry], diagnostics: DiagnosticCollector) -> list[Entry]:
    """Return `skip` and `only` of lefthook's in our format, without a `skip` that never holds in lefthook."""
    found = [_lefthook_condition(fields[key], diagnostics) for key in ("skip", "only") if key in fields]
    return [one for one in found if one]


def _lefthook_condition(entry: Entry, diagnostics: DiagnosticCollector) -> Entry | None:
    value = entry.value
    if isinstance(value, Scalar) and isinstance(value.value, bool):
        return entry
    if isinstance(value, MapNode):
        message = f"{quote(entry.key)} never holds: lefthook reads conditions from a list"
        first = value.entries[0].key if value.entries else ""
        diagnostics.note(entry.mark, message, f'write "- " before {quote(first)}')
        return _never(entry)
    return _any_of(entry, lambda item: _lefthook_item(item, diagnostics), diagnostics)


def _lefthook_item(item: Node, diagnostics: DiagnosticCollector) -> list[Node]:
    if isinstance(item, MapNode):
        texts = [one for one in item.entries if one.key not in ("ref", "run") or _is_text(one, diagnostics)]
        return _alternatives(replace(item, entries=tuple(texts)), ("ref", "run"), diagnostics)
    if not isinstance(item, Scalar) or not isinstance(item.value, str):
        diagnostics.note(item.mark, f"{describe(item)} in a list never holds: a word is {join_or(LEFTHOOK_STATES)}")
        raise Unmet
    return [_state(item, LEFTHOOK_STATES, diagnostics)]


def _is_text(entry: Entry, diagnostics: DiagnosticCollector) -> bool:
    """Return whether the value is one text; with any other value the condition never holds in lefthook."""
    if is_empty(entry.value) or (isinstance(entry.value, Scalar) and isinstance(entry.value.value, str)):
        return True
    message = f"{quote(entry.key)} with {describe(entry.value)} never holds: lefthook takes one text"
    diagnostics.note(entry.value.mark, message, "write an item for each")
    return False


def daft_conditions(fields: Mapping[str, Entry], diagnostics: DiagnosticCollector) -> list[Entry]:
    """Return `skip` and `only` of daft's in our format, without a `skip` that never holds in daft."""
    found = [_daft_condition(fields[key], diagnostics) for key in ("skip", "only") if key in fields]
    return [one for one in found if one]


def _daft_condition(entry: Entry, diagnostics: DiagnosticCollector) -> Entry | None:
    value = entry.value
    if isinstance(value, Scalar):
        return replace(entry, value=_variable(value))
    if isinstance(value, MapNode) and value.entries and all(one.key in _SYSTEMS for one in value.entries):
        return replace(entry, value=ListNode(value.mark, tuple(_by_system(entry.key, value, diagnostics))))
    if entry.key == "skip":
        return _any_of(entry, lambda item: _daft_skip(item, diagnostics), diagnostics)
    try:
        items = [_daft_only(item, diagnostics) for item in items_of(value)]
    except Unmet:
        return _never(entry)
    return replace(entry, value=ListNode(value.mark, (_all_of(value.mark, items),))) if items else None


def _by_system(key: str, value: MapNode, diagnostics: DiagnosticCollector) -> list[Node]:
    """Return conditions for some systems only: `skip: {macos: [...]}`. Other systems have no condition."""
    found: list[Node] = []
    for one in value.entries:
        here = _run(one.mark, f'test "$(uname -s)" = {_SYSTEMS[one.key]}')
        try:
            if key == "skip":
                read = [node for item in items_of(one.value) for node in _daft_skip(item, diagnostics)]
                found += [_all_of(one.mark, [here, node]) for node in read]
            else:
                found.append(
                    _all_of(one.mark, [here, *(_daft_only(item, diagnostics) for item in items_of(one.value))])
                )
        except Unmet:
            continue
    if key == "only":
        named = "|".join(_SYSTEMS[one.key] for one in value.entries)
        found.append(_run(value.mark, f'case "$(uname -s)" in {named}) false ;; esac'))
    return found


def _run(mark: Location, command: str) -> Node:
    return MapNode(mark, (Entry(mark, "run", text(mark, command)),))


def _all_of(mark: Location, items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else MapNode(mark, (Entry(mark, "all", ListNode(mark, tuple(items))),))


def _daft_skip(item: Node, diagnostics: DiagnosticCollector) -> list[Node]:
    if isinstance(item, MapNode):
        return _alternatives(item, ("ref", "env", "run", "changed"), diagnostics)
    return [_state(item, DAFT_STATES, diagnostics)]


def _daft_only(item: Node, diagnostics: DiagnosticCollector) -> Node:
    if not isinstance(item, MapNode):
        return _state(item, DAFT_STATES, diagnostics)
    known = [
        _translate(one, diagnostics)
        for one in item.entries
        if _is_known(one, ("ref", "env", "run", "changed", "desc"), diagnostics)
    ]
    return replace(item, entries=tuple(known))


def _variable(value: Scalar) -> Node:
    """Return daft's single text as a condition; it is always a variable, even one called `merge`."""
    if value.value in LEFTHOOK_STATES:
        return MapNode(value.mark, (Entry(value.mark, "env", value),))
    return value


def _any_of(entry: Entry, read: Callable[[Node], list[Node]], diagnostics: DiagnosticCollector) -> Entry | None:
    """Return a list of conditions of which one has to hold."""
    found: list[Node] = []
    for item in items_of(entry.value):
        try:
            found += read(item)
        except Unmet:
            continue
    if not found:
        if entry.key == "only":
            diagnostics.note(entry.mark, '"only" never holds, so the hook or job never runs')
        return _never(entry)
    return with_items(entry, found)


def _never(entry: Entry) -> Entry | None:
    return None if entry.key == "skip" else replace(entry, value=flag(entry.value.mark, False))


def _state(item: Node, states: tuple[str, ...], diagnostics: DiagnosticCollector) -> Node:
    if isinstance(item, Scalar) and isinstance(item.value, str) and item.value not in states:
        diagnostics.note(item.mark, f"{quote(item.value)} never holds: a word is {join_or(states)}")
        raise Unmet
    return item


def _alternatives(item: MapNode, keys: tuple[str, ...], diagnostics: DiagnosticCollector) -> list[Node]:
    """Return one map for each condition of a map in which any of them is enough."""
    reason = [one for one in item.entries if one.key == "desc" and "env" in keys]
    conditions = [one for one in item.entries if one not in reason and _is_known(one, keys, diagnostics)]
    if not conditions:
        raise Unmet
    translate = [_translate(one, diagnostics) for one in conditions]
    return [MapNode(one.mark if place else item.mark, (one, *reason)) for place, one in enumerate(translate)]


def _is_known(entry: Entry, keys: tuple[str, ...], diagnostics: DiagnosticCollector) -> bool:
    if entry.key not in keys:
        diagnostics.note_unknown(entry, keys, "a condition")
        return False
    return not is_empty(entry.value)


def _translate(entry: Entry, diagnostics: DiagnosticCollector) -> Entry:
    if entry.key not in ("ref", "changed"):
        return entry
    return with_items(entry, [_pattern(node, entry.key, diagnostics) for node in items_of(entry.value)])


def _pattern(node: Node, key: str, diagnostics: DiagnosticCollector) -> Node:
    try:
        return ref_node(node) if key == "ref" else pattern_node(node, _PATH_RULES)
    except ValueError as error:
        diagnostics.reject(node.mark, key, error)
        return text(node.mark, "**")  # a valid stand-in
