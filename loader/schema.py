"""The typed models of a hook file: the one place that knows the keys (C1).

The models are given nodes of the tree instead of plain values, because two things are lost in plain values: how a
number was written (`env: {LEVEL: 010}` means "010"), and where. Before a field is checked, its node is opened by one
level; then pydantic's own strict checks apply, and what they find is turned into sentences by `flaws.py`.
"""

import posixpath
import re
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from dodo_hooks.core.events import SERVER_HOOKS, known_hooks
from dodo_hooks.core.plan import GRACE_S, MAX_LOG_BYTES, ON_CONFLICT, QUEUE, Retention
from dodo_hooks.core.units import bytes_of, seconds_of
from dodo_hooks.loader.flaws import Flaw, finding_of, without
from dodo_hooks.loader.tree import Entry, Finding, ListNode, MapNode, Node, Scalar, described
from dodo_hooks.loader.wording import did_you_mean, listed, quoted

LEAST_LOG_BYTES = 64 * 1024


def _value(node: object) -> object:
    return node.value if isinstance(node, Scalar) else node


def _items(node: object) -> object:
    """The items of a list; a key with nothing behind it, such as when all jobs are commented out, is an empty one."""
    if isinstance(node, ListNode):
        return list(node.items)
    return [] if isinstance(node, Scalar) and node.value is None else node


def _entries(node: object) -> object:
    if isinstance(node, MapNode):
        return {entry.key: entry.value for entry in node.entries}
    return {} if isinstance(node, Scalar) and node.value is None else node


def _as_written(node: object) -> object:
    """Numbers and booleans as they stand in the file, since the environment knows texts only."""
    return node.text if isinstance(node, Scalar) and node.value is not None else _value(node)


def _seconds(node: object) -> float:
    if isinstance(node, Scalar) and node.value is not None:
        return seconds_of(node.text)
    raise ValueError(f"expected a duration such as 90s, found {_found(node)}")


def _bytes(node: object) -> int:
    if isinstance(node, Scalar) and node.value is not None:
        return bytes_of(node.text)
    raise ValueError(f"expected a size such as 10MB, found {_found(node)}")


def _log_bytes(size: int) -> int:
    if size < LEAST_LOG_BYTES:
        raise ValueError("a log may have no less than 64KB: its head and its tail are kept in whole blocks")
    return size


def _found(node: object) -> str:
    return described(node) if isinstance(node, Scalar | ListNode | MapNode) else "nothing"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("expected a text, found an empty one")
    return text


def _variable(name: str) -> str:
    if not name or "=" in name:
        raise ValueError(f'{quoted(name)} cannot be the name of a variable: a name is not empty and has no "="')
    return name


def _inside(root: str) -> str:
    """The folder relative to the top of the working tree, without `.` and doubled slashes; "" is the top."""
    if root.startswith("/"):
        raise ValueError(f"expected a folder relative to the top of the repository, found the absolute {quoted(root)}")
    path = posixpath.normpath(root) if root else "."
    if path.split("/")[0] == "..":
        raise ValueError(f"expected a folder inside of the repository, {quoted(root)} leads out of it")
    return "" if path == "." else path


def _group_name(name: str) -> str:
    if not name or len(name) > 100 or not name.isprintable():
        raise ValueError("expected the name of a group: up to 100 printable characters")
    return name


def _on_conflict(word: str) -> str:
    if word not in ON_CONFLICT:
        raise ValueError(f"expected {listed(ON_CONFLICT)}, found {quoted(word)}{did_you_mean(word, ON_CONFLICT)}")
    return word


def _concurrency(node: object) -> object:
    return {"group": node} if isinstance(node, Scalar) and isinstance(node.value, str) else node


def _version(node: object) -> object:
    if isinstance(node, Scalar) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}", node.text):
        return node.text
    raise ValueError(f'expected a version such as "0.1.0", found {_found(node)}')


def _hook_name(name: str) -> str:
    if name in SERVER_HOOKS:
        raise ValueError(f"the hook {quoted(name)} is not supported: {_why_not(name)}")
    if name not in known_hooks():
        near = did_you_mean(name, known_hooks())
        raise ValueError(f"unknown hook {quoted(name)}{near or ': git has no hook of this name on the client side'}")
    return name


def _why_not(name: str) -> str:
    if name == "fsmonitor-watchman" or name.startswith("p4-"):
        return "git behaves differently as soon as there is one"
    return "it runs on the server that a push arrives at, not where you work"


Text: TypeAlias = Annotated[str, BeforeValidator(_value)]
FilledText: TypeAlias = Annotated[Text, AfterValidator(_not_blank)]
GroupName: TypeAlias = Annotated[Text, AfterValidator(_group_name)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_value)]
Slots: TypeAlias = Annotated[int, Field(ge=1), BeforeValidator(_value)]
Nice: TypeAlias = Annotated[int, Field(ge=-20, le=19), BeforeValidator(_value)]
Seconds: TypeAlias = Annotated[float, BeforeValidator(_seconds)]
Bytes: TypeAlias = Annotated[int, BeforeValidator(_bytes)]
Version: TypeAlias = Annotated[str, BeforeValidator(_version)]
Folder: TypeAlias = Annotated[Text, AfterValidator(_inside)]
Env: TypeAlias = Annotated[
    dict[Annotated[str, AfterValidator(_variable)], Annotated[str, BeforeValidator(_as_written)]],
    BeforeValidator(_entries),
]


class _Body(BaseModel):
    """A mapping with known keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        return _entries(node)


class ConcurrencyBody(_Body):
    """A group, and what to do when it is taken. `concurrency: NAME` is short for `concurrency: {group: NAME}`."""

    group: GroupName
    on_conflict: Annotated[Text, AfterValidator(_on_conflict)] = QUEUE
    wait: Seconds | None = None


Concurrency: TypeAlias = Annotated[ConcurrencyBody, BeforeValidator(_concurrency)]


class JobBody(_Body):
    """One job; what it does not say it takes from its hook or from its phase."""

    name: Text | None = None
    run: FilledText
    needs: Annotated[list[Text], BeforeValidator(_items)] = []
    background: Flag | None = None
    env: Env = {}
    root: Folder = ""
    tags: Annotated[list[FilledText], BeforeValidator(_items)] = []
    description: Text = ""
    timeout: Seconds | None = None
    nice: Nice | None = None
    concurrency: Concurrency | None = None


class HookBody(_Body):
    """One hook. `parallel` is None where it is not written, which means yes."""

    parallel: Flag | None = None
    piped: Flag = False
    follow: Flag = False
    fail_fast: Flag = False
    background: Flag = False
    env: Env = {}
    timeout: Seconds | None = None
    concurrency: Concurrency | None = None
    jobs: Annotated[list[JobBody], BeforeValidator(_items)] = []


class LogBody(_Body):
    """What is kept of what jobs print, and of the records."""

    max_log_size: Annotated[Bytes, AfterValidator(_log_bytes)] = MAX_LOG_BYTES
    retention: Seconds = Retention().retention_s
    keep_last: Annotated[int, Field(ge=0), BeforeValidator(_value)] = Retention().keep_last
    max_total_size: Bytes = Retention().max_total_bytes


class HookFile(_Body):
    """The whole file."""

    min_version: Version | None = None
    jobs: Slots | None = None
    grace_period: Seconds = GRACE_S
    log: LogBody = LogBody()
    env: Env = {}
    hooks: Annotated[
        dict[Annotated[str, AfterValidator(_hook_name)], HookBody],
        BeforeValidator(_entries),
    ] = {}


def _notifier(node: object) -> object:
    """A text is a command: `notify: my-script` is short for `notify: {run: my-script}`."""
    if not isinstance(node, Scalar):
        return node
    return None if node.value is None else MapNode(node.mark, (Entry(node.mark, "run", node),))


def _occasion(text: str) -> str:
    if text not in ("failed", "always"):
        raise ValueError(f'expected "failed" or "always", found {quoted(text)}')
    return text


class NotifyBody(_Body):
    """What is run when a background run has ended."""

    run: FilledText = "desktop"
    when: Annotated[Text, AfterValidator(_occasion)] = "failed"
    timeout: Seconds = 10.0


class UserFile(_Body):
    """The user's own configuration."""

    notify: Annotated[NotifyBody | None, BeforeValidator(_notifier)] = None


KEYS = {
    "file": tuple(HookFile.model_fields),
    "log": tuple(LogBody.model_fields),
    "hook": tuple(HookBody.model_fields),
    "job": tuple(JobBody.model_fields),
    "concurrency": tuple(ConcurrencyBody.model_fields),
}

USER_KEYS = {"file": tuple(UserFile.model_fields), "notify": tuple(NotifyBody.model_fields)}

_ROUNDS = 3  # one is enough for every file that we know of


def read_models(root: Node) -> tuple[HookFile, Node, list[Finding]]:
    """The models, the tree that they were made of, and all that is wrong with the types and the keys.

    What is wrong is cut out of that tree, so that the rest of the file can be checked too; a job without a command gets
    one, since others may need it. With findings the models are for nothing else than that.
    """
    result = _validated(root)
    findings = [] if isinstance(result, HookFile) else [finding_of(flaw, root, KEYS) for flaw in result]
    tree = root
    for _ in range(_ROUNDS):
        if isinstance(result, HookFile):
            return result, tree, findings
        tree = without(tree, result)
        result = _validated(tree)
    return HookFile(), MapNode(root.mark, ()), findings


def read_user_models(root: Node) -> tuple[UserFile, list[Finding]]:
    """The same for the user's own file."""
    try:
        return UserFile.model_validate(root), []
    except ValidationError as error:
        return UserFile(), [finding_of(flaw, root, USER_KEYS) for flaw in _flaws_of(error)]


def _validated(tree: Node) -> HookFile | list[Flaw]:
    try:
        return HookFile.model_validate(tree)
    except ValidationError as error:
        return _flaws_of(error)


def _flaws_of(error: ValidationError) -> list[Flaw]:
    errors = error.errors(include_url=False, include_input=False)
    return [Flaw(one["type"], one["loc"], one.get("ctx", {})) for one in errors]
