"""The merge of several trees into one, higher layers over lower ones (section 4). Pure: no file is read here.

Mappings are merged key by key; other values are replaced. Two lists are special: in a list called `jobs` a named job is
merged into the job of that name, at its position, and a list called `setup` is extended. A key without a value removes
the key of lower layers. Every value keeps the mark of the file that it was written in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, is_empty

# The kinds of jobs, each with the keys that have no effect without it: a job has one of them.
_KINDS = {"run": ("run",), "script": ("script", "runner", "args"), "group": ("group",), "pre_commit": ("pre_commit",)}


@dataclass(frozen=True, slots=True)
class Rules:
    """The differences between the config formats."""

    deepest: int = 1000  # mappings further down replace each other; the tree's own is at 0
    replaces_jobs: bool = False  # a named job replaces the other as a whole
    null_removes: bool = True  # a key without a value removes the lower one; else it has no effect
    setup_of_main_last: bool = False
    wraps: str = ""  # the placeholder for the lower layer's command in a `run`


@dataclass(frozen=True, slots=True)
class Layer:
    """The tree of one file. Where `is_instead` is set, its hooks replace those of lower layers."""

    root: MapNode
    is_instead: bool = False


def merge_layers(layers: Sequence[Layer], rules: Rules) -> MapNode:
    """Merge all layers into one tree; the first is the lowest, and there has to be one."""
    result = layers[0].root
    for layer in layers[1:]:
        result = merge(_without_hooks_of(result, layer.root) if layer.is_instead else result, layer.root, rules)
    return _with_setup_last(result, layers[0].root) if rules.setup_of_main_last else result


def merge(base: MapNode, overlay: MapNode, rules: Rules, depth: int = 0) -> MapNode:
    """Merge `overlay` over `base`, which lies at this depth in the tree."""
    entries = {entry.key: entry for entry in base.entries}
    for entry in overlay.entries:
        old = entries.get(entry.key)
        if is_empty(entry.value):
            if rules.null_removes:
                entries.pop(entry.key, None)
        elif old is None:
            entries[entry.key] = _replace(entry)
        else:
            entries[entry.key] = _entry(old, entry, rules, depth)
    return MapNode(base.mark, tuple(entries.values()))


def _entry(old: Entry, new: Entry, rules: Rules, depth: int) -> Entry:
    below, above = old.value, new.value
    if isinstance(below, MapNode) and isinstance(above, MapNode) and depth < rules.deepest:
        return Entry(old.mark, old.key, merge(below, above, rules, depth + 1))
    if isinstance(below, ListNode) and isinstance(above, ListNode):
        if old.key == "jobs":
            return Entry(old.mark, old.key, _jobs(below, above, rules, depth))
        if old.key == "setup":
            more = (_clean(item) for item in above.items)
            return Entry(old.mark, old.key, ListNode(below.mark, (*below.items, *more)))
    if rules.wraps and old.key == "run" and isinstance(below, Scalar) and isinstance(above, Scalar):
        return Entry(new.mark, new.key, _wrap(below, above, rules.wraps))
    return _replace(new)


def _jobs(base: ListNode, overlay: ListNode, rules: Rules, depth: int) -> ListNode:
    jobs = list(base.items)
    place_of: dict[str, int] = {}
    for place, job in enumerate(jobs):
        place_of.setdefault(_name(job), place)
    for job in overlay.items:
        # Removed from the table: a second job of this name in one file stays a duplicate, and is rejected as such.
        at = place_of.pop(_name(job), -1) if _name(job) else -1
        below = jobs[at] if at >= 0 else None
        if isinstance(below, MapNode) and isinstance(job, MapNode):
            jobs[at] = _clean(job) if rules.replaces_jobs else _job(below, job, rules, depth + 2)
        else:
            jobs.append(_clean(job))
    return ListNode(base.mark, tuple(jobs))


def _job(base: MapNode, overlay: MapNode, rules: Rules, depth: int) -> MapNode:
    brought = {entry.key for entry in overlay.entries if entry.key in _KINDS and not is_empty(entry.value)}
    gone = {key for kind, keys in _KINDS.items() if brought and kind not in brought for key in keys}
    kept = tuple(entry for entry in base.entries if entry.key not in gone)
    took = any(entry.key in _KINDS and is_empty(entry.value) for entry in overlay.entries)  # then it is what is wrong
    return merge(MapNode(overlay.mark if took else base.mark, kept), overlay, rules, depth)


def _name(job: Node) -> str:
    """Return the job's name; "" where it has none."""
    entry = job.entry("name") if isinstance(job, MapNode) else None
    value = entry.value.value if entry is not None and isinstance(entry.value, Scalar) else None
    return value if isinstance(value, str) else ""


def _wrap(below: Scalar, above: Scalar, placeholder: str) -> Scalar:
    if not isinstance(below.value, str) or not isinstance(above.value, str) or placeholder not in above.value:
        return above
    command = above.value.replace(placeholder, below.value)
    return Scalar(above.mark, command, command)


def _replace(entry: Entry) -> Entry:
    return Entry(entry.mark, entry.key, _clean(entry.value))


def _clean(node: Node) -> Node:
    """Return a value of a higher layer without its keys that have no value: no lower layer has those keys."""
    if isinstance(node, ListNode):
        return ListNode(node.mark, tuple(_clean(item) for item in node.items))
    if isinstance(node, MapNode):
        return MapNode(node.mark, tuple(_replace(entry) for entry in node.entries if not is_empty(entry.value)))
    return node


def _without_hooks_of(base: MapNode, overlay: MapNode) -> MapNode:
    """Return the base without the hooks that the overlay has, too."""
    below, above = base.entry("hooks"), overlay.entry("hooks")
    if below is None or above is None or not isinstance(below.value, MapNode) or not isinstance(above.value, MapNode):
        return base
    kept = tuple(entry for entry in below.value.entries if above.value.entry(entry.key) is None)
    hooks = Entry(below.mark, below.key, MapNode(below.value.mark, kept))
    return MapNode(base.mark, tuple(hooks if entry is below else entry for entry in base.entries))


def _with_setup_last(root: MapNode, main: MapNode) -> MapNode:
    """Move the `setup` items of the lowest layer's hooks behind those of the other layers."""
    return MapNode(root.mark, tuple(_hook_with_setup_last(entry, main.entry(entry.key)) for entry in root.entries))


def _hook_with_setup_last(hook: Entry, of_main: Entry | None) -> Entry:
    whole = hook.value.entry("setup") if isinstance(hook.value, MapNode) else None
    own = of_main.value.entry("setup") if of_main is not None and isinstance(of_main.value, MapNode) else None
    if whole is None or own is None or not isinstance(whole.value, ListNode) or not isinstance(own.value, ListNode):
        return hook
    count = len(own.value.items)
    if whole.value.items[:count] != own.value.items:  # another layer removed it
        return hook
    items = (*whole.value.items[count:], *own.value.items)
    setup = Entry(whole.mark, whole.key, ListNode(whole.value.mark, items))
    assert isinstance(hook.value, MapNode)
    entries = tuple(setup if entry is whole else entry for entry in hook.value.entries)
    return Entry(hook.mark, hook.key, MapNode(hook.value.mark, entries))
