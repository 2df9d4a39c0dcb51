"""A hooks.dodo over a .pre-commit-config.yaml: the hooks that it moves to other events (P1)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dodo_hooks.loader.formats.pre_commit.config_hook import ConfigHook
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, node_at

KEY = "pre_commit"  # of a job: the hook that it runs


def leave_moved(root: MapNode, hooks: Mapping[str, ConfigHook]) -> MapNode:
    """Return the merged tree without the jobs of hooks that the overlay has moved.

    A hook is moved where a job of the overlay names it. It leaves the events where the config file puts it, except
    those where the overlay names it as well.
    """
    marks = {name: hook.mark for name, hook in hooks.items()}
    bodies = [event.value for section in ("hooks", "tasks") for event in _entries(node_at(root, [section]))]
    named = [value for body in bodies for value in _named(body)]
    moved = {value.text for value in named if value.mark != marks.get(value.text, value.mark)}
    if not moved:
        return root

    def is_left(job: Node) -> bool:
        value = node_at(job, [KEY])
        return isinstance(value, Scalar) and value.text in moved and value.mark == marks[value.text]

    def without(event: Entry) -> Entry:
        jobs = node_at(event.value, ["jobs"])
        if not isinstance(event.value, MapNode) or not isinstance(jobs, ListNode):
            return event
        kept = replace(jobs, items=tuple(job for job in jobs.items if not is_left(job)))
        entries = (replace(one, value=kept) if one.key == "jobs" else one for one in event.value.entries)
        return replace(event, value=MapNode(event.value.mark, tuple(entries)))

    sections = []
    for section in root.entries:
        if section.key in ("hooks", "tasks") and isinstance(section.value, MapNode):
            events = tuple(without(event) for event in section.value.entries)
            section = replace(section, value=MapNode(section.value.mark, events))
        sections.append(section)
    return MapNode(root.mark, tuple(sections))


def _entries(node: Node | None) -> tuple[Entry, ...]:
    return node.entries if isinstance(node, MapNode) else ()


def _named(body: Node) -> Iterator[Scalar]:
    """Yield the names of the hooks that the jobs of an event, or of a group, run."""
    jobs = node_at(body, ["jobs"])
    for job in jobs.items if isinstance(jobs, ListNode) else ():
        value, group = node_at(job, [KEY]), node_at(job, ["group"])
        if isinstance(value, Scalar):
            yield value
        if group is not None:
            yield from _named(group)
