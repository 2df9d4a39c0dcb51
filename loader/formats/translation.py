"""What every dialect is made of: the outcome of a translation, what is said on the way, and trees made by hand.

A dialect turns the merged tree of another tool's file into the tree of a hooks.dodo. It is pure, and every node keeps
the place where it was written; a node that nobody wrote takes the place of what it stands for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dodo_hooks.core.terminal_text import did_you_mean, quoted
from dodo_hooks.loader.read.nodes import Entry, Finding, ListNode, Location, MapNode, Node, Scalar

# What Go's strconv.ParseBool takes.
_FLAGS = {**dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True)}
_FLAGS |= dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that means less here than where the file comes from, at its place."""

    mark: Location
    message: str
    is_unchecked: bool = False  # jobs that run there do not run here, and nobody checks what they would


@dataclass(frozen=True, slots=True)
class Translation:
    """A canonical tree. With findings it is only good for looking for more of them."""

    root: MapNode
    findings: list[Finding]
    notices: list[Notice]
    refused: Mapping[Location, str] = field(default_factory=dict[Location, str])  # jobs that cannot run here, and why


@dataclass(slots=True)
class DiagnosticCollector:
    """Collects what there is to say. What is said about a node that aliases share is said once."""

    findings: list[Finding] = field(default_factory=list[Finding])
    notices: list[Notice] = field(default_factory=list[Notice])
    refused: dict[Location, str] = field(default_factory=dict[Location, str])

    def find(self, mark: Location, message: str, who: str = "") -> None:
        finding = Finding(mark, message, who)
        if finding not in self.findings:
            self.findings.append(finding)

    def notice(self, mark: Location, message: str) -> None:
        notice = Notice(mark, message)
        if notice not in self.notices:
            self.notices.append(notice)

    def refuse(self, job: Location, mark: Location, message: str) -> None:
        """The job whose node is at `job` fails when it would run; the others of the file do not."""
        self.refused.setdefault(job, message)
        self.notice(mark, f"the job fails when it would run: {message}")

    def translation(self, root: MapNode) -> Translation:
        """The outcome, with all that was said in the order of the files."""
        return Translation(root, sorted(self.findings, key=_place), sorted(self.notices, key=_place), self.refused)

    def ignored(self, entry: Entry, why: str) -> None:
        self.notice(entry.mark, f"{quoted(entry.key)} is ignored: {why}")

    def unchecked(self, entry: Entry, why: str) -> None:
        self.notices.append(Notice(entry.mark, f"{quoted(entry.key)} is not checked here: {why}", is_unchecked=True))

    def unknown(self, entry: Entry, known: Iterable[str], owner: str) -> None:
        """A key that its own tool does not know either."""
        near = did_you_mean(entry.key, known)
        self.notice(entry.mark, f"{quoted(entry.key)} is ignored: it is no key of {owner}{near}")


def _place(remark: Finding | Notice) -> tuple[str, int, int]:
    return (remark.mark.file, remark.mark.line, remark.mark.column)


def fields_of(node: MapNode) -> dict[str, Entry]:
    """The keys that have a value: an empty one is no more than a key that is not there."""
    return {entry.key: entry for entry in node.entries if not is_empty(entry.value)}


def is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def text_of(entry: Entry | None) -> str:
    """The text, or a number as it was written; "" for what is not one value."""
    value = entry.value if entry else None
    return value.text if isinstance(value, Scalar) and value.value is not None else ""


def is_true(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.value, Scalar) and entry.value.value is True


def items_of(node: Node) -> tuple[Node, ...]:
    """The items of a list; anything else is the only item of one."""
    return node.items if isinstance(node, ListNode) else (node,)


def text(mark: Location, value: str) -> Scalar:
    return Scalar(mark, value, value)


def flag(mark: Location, value: bool) -> Scalar:
    return Scalar(mark, str(value).lower(), value, plain=True)


def with_value(entry: Entry, value: Node) -> Entry:
    return replace(entry, value=value)


def as_text(node: Node) -> Node:
    """A number or a boolean where a text belongs, as lefthook takes it; a list item by item."""
    if isinstance(node, ListNode):
        return replace(node, items=tuple(as_text(item) for item in node.items))
    is_other = isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, str)
    return text(node.mark, node.text) if is_other and isinstance(node, Scalar) else node


def as_flag(node: Node) -> Node:
    """A text or a number where a boolean belongs, as lefthook takes it."""
    if isinstance(node, Scalar) and not isinstance(node.value, bool) and node.text in _FLAGS:
        return flag(node.mark, _FLAGS[node.text])
    return node


def as_list(entry: Entry) -> Entry:
    """`tags: a` as `tags: [a]`."""
    is_text = isinstance(entry.value, Scalar)
    return with_value(entry, ListNode(entry.value.mark, (entry.value,))) if is_text else entry
