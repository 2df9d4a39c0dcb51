"""The typed models of a hook file: the one place that knows the keys (C1).

The models are given nodes of the tree instead of plain values, because two things are lost in plain values: how a
number was written (`env: {LEVEL: 010}` means "010"), and where. Before a field is checked, its node is opened by one
level (`values.py`); then pydantic's own strict checks apply, and what they find is turned into sentences by `flaws.py`.

Where a key takes several shapes, such as a text or a mapping, the node says which one is meant, and only that one is
tried: a plain union would report every shape that it is not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dodo_hooks.core.plan import GRACE_S, MAX_LOG_BYTES, QUEUE, Retention
from dodo_hooks.loader import values
from dodo_hooks.loader.flaws import FLAG, LIST, MAP, TEXT, Flaw, finding_of, without
from dodo_hooks.loader.tree import Entry, Finding, ListNode, MapNode, Node, Scalar, node_at
from dodo_hooks.loader.wording import listed, quoted

COMMANDS = ("run", "script", "group")  # a job has one of them
OF_SCRIPTS = ("runner", "args")  # and these only beside a script
DEEPEST_GROUP = 8  # groups in groups


def _kind_of(node: object) -> str:
    """The shape that a value has; a shape that nothing takes is refused as a text, which every union takes."""
    if isinstance(node, MapNode):
        return MAP
    return LIST if isinstance(node, ListNode) else TEXT


def _map_or_text(node: object) -> str:
    return MAP if isinstance(node, MapNode) else TEXT


def _flag_or_list(node: object) -> str:
    return FLAG if isinstance(node, Scalar) and isinstance(node.value, bool) else LIST


Text: TypeAlias = Annotated[str, BeforeValidator(values.value)]
FilledText: TypeAlias = Annotated[Text, AfterValidator(values.not_blank)]
Texts: TypeAlias = Annotated[list[FilledText], BeforeValidator(values.one_or_more)]
GroupName: TypeAlias = Annotated[Text, AfterValidator(values.group_name)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(values.value)]
Slots: TypeAlias = Annotated[int, Field(ge=1), BeforeValidator(values.value)]
Nice: TypeAlias = Annotated[int, Field(ge=-20, le=19), BeforeValidator(values.value)]
Number: TypeAlias = Annotated[int, BeforeValidator(values.value)]
Seconds: TypeAlias = Annotated[float, BeforeValidator(values.seconds)]
Bytes: TypeAlias = Annotated[int, BeforeValidator(values.size)]
LogBytes: TypeAlias = Annotated[Bytes, AfterValidator(values.log_bytes)]
Version: TypeAlias = Annotated[str, BeforeValidator(values.version)]
Folder: TypeAlias = Annotated[Text, AfterValidator(values.folder)]
Script: TypeAlias = Annotated[FilledText, AfterValidator(values.script)]
FileType: TypeAlias = Annotated[Text, AfterValidator(values.file_type)]
Architecture: TypeAlias = Annotated[Text, AfterValidator(values.architecture)]
Output: TypeAlias = Annotated[
    tuple[Annotated[Text, AfterValidator(values.output_word)], ...], BeforeValidator(values.output)
]
Env: TypeAlias = Annotated[
    dict[Annotated[str, AfterValidator(values.variable)], Annotated[str, BeforeValidator(values.as_written)]],
    BeforeValidator(values.entries),
]


class _Body(BaseModel):
    """A mapping with known keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        return values.entries(node)


class PatternBody(_Body):
    """A pattern that is no glob: searched anywhere in the path."""

    regex: Annotated[FilledText, AfterValidator(values.regex)]


Pattern: TypeAlias = Annotated[
    Annotated[FilledText, Tag(TEXT)] | Annotated[PatternBody, Tag(MAP)], Discriminator(_map_or_text)
]
Patterns: TypeAlias = Annotated[list[Pattern], BeforeValidator(values.one_or_more)]

Lines: TypeAlias = Annotated[
    list[FilledText], BeforeValidator(values.items), AfterValidator(values.at_least_one("command"))
]
OneSystem: TypeAlias = Annotated[
    Annotated[FilledText, Tag(TEXT)] | Annotated[Lines, Tag(LIST)], Discriminator(_kind_of)
]
BySystem: TypeAlias = Annotated[
    dict[Annotated[str, AfterValidator(values.system)], OneSystem],
    BeforeValidator(values.entries),
    AfterValidator(values.at_least_one("command")),
]
Run: TypeAlias = Annotated[
    Annotated[FilledText, Tag(TEXT)] | Annotated[Lines, Tag(LIST)] | Annotated[BySystem, Tag(MAP)],
    Discriminator(_kind_of),
]


class ConditionBody(_Body):
    """One condition; with several keys all of them have to hold."""

    ref: Patterns = []
    env: FilledText | None = None
    run: FilledText | None = None
    changed: Patterns = []
    all: "Conditions" = []
    desc: Text = ""

    @model_validator(mode="after")
    def _asks(self) -> "ConditionBody":
        if not self.model_fields_set - {"desc"}:
            asked = [key for key in type(self).model_fields if key != "desc"]
            raise ValueError(f"a condition asks something: write one of {listed(asked)}")
        return self


ConditionWord: TypeAlias = Annotated[str, BeforeValidator(values.condition_text), AfterValidator(values.condition_word)]
Condition: TypeAlias = Annotated[
    Annotated[ConditionWord, Tag(TEXT)] | Annotated[ConditionBody, Tag(MAP)], Discriminator(_map_or_text)
]
Conditions: TypeAlias = Annotated[
    list[Condition], BeforeValidator(values.conditions), AfterValidator(values.at_least_one("condition"))
]
Asked: TypeAlias = Annotated[
    Annotated[Flag, Tag(FLAG)] | Annotated[Conditions, Tag(LIST)], Discriminator(_flag_or_list)
]


def _short_for(key: str) -> Callable[[object], object]:
    """A single value where a mapping belongs is short for a mapping with this key alone."""

    def opened(node: object) -> object:
        if isinstance(node, ListNode) or (isinstance(node, Scalar) and node.value is not None):
            return MapNode(node.mark, (Entry(node.mark, key, node),))
        return node

    return opened


class ConcurrencyBody(_Body):
    """A group, and what to do when it is taken. `concurrency: NAME` is short for `concurrency: {group: NAME}`."""

    group: GroupName
    on_conflict: Annotated[Text, AfterValidator(values.on_conflict)] = QUEUE
    wait: Seconds | None = None


Concurrency: TypeAlias = Annotated[ConcurrencyBody, BeforeValidator(_short_for("group"))]


class SetupBody(_Body):
    """A command before all jobs of a hook. A text is short for `{run: TEXT}`."""

    run: Run
    name: Text | None = None
    env: Env = {}
    root: Folder = ""
    timeout: Seconds | None = None


Setup: TypeAlias = Annotated[SetupBody, BeforeValidator(_short_for("run"))]


class JobLogBody(_Body):
    """What is kept of what this job prints; None as the file says."""

    max_log_size: LogBytes | None = None
    retention: Seconds | None = None


@dataclass(frozen=True, slots=True)
class _Refused:
    """Stands for the value of a key that cannot be there, so that this is found beside all else that is wrong."""

    kind: str
    message: str


def _in_place(node: object) -> object:
    if isinstance(node, _Refused):
        raise PydanticCustomError(node.kind, "{error}", {"error": node.message})
    return node


class JobBody(_Body):
    """One job; what it does not say it takes from its group, its hook or its phase."""

    name: Text | None = None
    description: Text = ""
    run: Annotated[Run | None, BeforeValidator(_in_place)] = None
    script: Annotated[Script | None, BeforeValidator(_in_place)] = None
    runner: Annotated[FilledText | None, BeforeValidator(_in_place)] = None
    args: Annotated[Text | None, BeforeValidator(_in_place)] = None
    group: Annotated["GroupBody | None", BeforeValidator(_in_place)] = None
    shell: FilledText = "sh"
    needs: Annotated[list[Text], BeforeValidator(values.items)] = []
    background: Flag | None = None
    background_output: Annotated[Text, AfterValidator(values.background_output)] = "log"
    root: Folder = ""
    env: Env = {}
    tags: Texts = []
    priority: Number = 0
    glob: Patterns = []
    exclude: Patterns = []
    files: FilledText | None = None
    file_types: Annotated[list[FileType], BeforeValidator(values.one_or_more)] = []
    skip: Asked | None = None
    only: Asked | None = None
    arch: Annotated[list[Architecture], BeforeValidator(values.one_or_more)] = []
    interactive: Flag = False
    use_stdin: Flag = False
    stage_fixed: Flag = False
    fail_text: Text = ""
    timeout: Seconds | None = None
    concurrency: Concurrency | None = None
    nice: Nice | None = None
    log: JobLogBody = JobLogBody()

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        """A job has one command; what goes with a script goes with nothing else."""
        keys = values.entries(node)
        if not isinstance(keys, dict):
            return keys
        commands = [key for key in keys if key in COMMANDS]
        if not commands:
            return {**keys, "run": _Refused("missing", "a job has a command to run, a script or a group")}
        refused: dict[str, _Refused] = {}
        if len(commands) > 1:
            both = " and ".join(map(quoted, commands))
            refused[commands[-1]] = _Refused("refused", f"{both} are two commands for one job: keep one of them")
        for key in OF_SCRIPTS:
            if key in keys and "script" not in keys:
                refused[key] = _Refused("refused", f'{quoted(key)} goes with a "script", and here is none')
        return {**keys, **refused}


class GroupBody(_Body):
    """Jobs in a job, in an order of their own. `parallel` is None where it is not written, which means yes."""

    parallel: Flag | None = None
    piped: Flag = False
    follow: Flag = False
    jobs: Annotated[list[JobBody], BeforeValidator(values.items)] = []

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        if _levels_of(node) > DEEPEST_GROUP:
            raise ValueError(f"groups stand in groups more than {DEEPEST_GROUP} levels deep")
        return values.entries(node)


def _levels_of(node: object) -> int:
    """How many levels of groups there are, this one included."""
    jobs = node_at(node, ["jobs"]) if isinstance(node, MapNode) else None
    below = [node_at(job, ["group"]) for job in jobs.items] if isinstance(jobs, ListNode) else []
    return 1 + max((_levels_of(group) for group in below if group is not None), default=0)


class HookBody(_Body):
    """One hook, or one task. `parallel` is None where it is not written, which means yes."""

    parallel: Flag | None = None
    piped: Flag = False
    follow: Flag = False
    fail_fast: Flag = False
    background: Flag = False
    fail_mode: Annotated[Text, AfterValidator(values.fail_mode)] = "abort"
    skip: Asked | None = None
    only: Asked | None = None
    exclude_tags: Texts = []
    files: FilledText | None = None
    exclude: Patterns = []
    env: Env = {}
    timeout: Seconds | None = None
    setup: Annotated[list[Setup], BeforeValidator(values.one_or_more)] = []
    concurrency: Concurrency | None = None
    jobs: Annotated[list[JobBody], BeforeValidator(values.items)] = []


class LogBody(_Body):
    """What is kept of what jobs print, and of the records."""

    max_log_size: LogBytes = MAX_LOG_BYTES
    retention: Seconds = Retention().retention_s
    keep_last: Annotated[int, Field(ge=0), BeforeValidator(values.value)] = Retention().keep_last
    max_total_size: Bytes = Retention().max_total_bytes


class HookFile(_Body):
    """The whole file."""

    min_version: Version | None = None
    extends: Texts = []
    jobs: Slots | None = None
    colors: Flag | None = None
    output: Output = values.DEFAULT_OUTPUT
    rc: FilledText | None = None
    source_dir: Folder = ".hooks"
    source_dir_local: Folder = ".hooks-local"
    env: Env = {}
    templates: Annotated[
        dict[Annotated[str, AfterValidator(values.macro_name)], Text], BeforeValidator(values.entries)
    ] = {}
    log: LogBody = LogBody()
    grace_period: Seconds = GRACE_S
    trust: Annotated[Text, AfterValidator(values.trust)] | None = None
    hooks: Annotated[
        dict[Annotated[str, AfterValidator(values.hook_name)], HookBody], BeforeValidator(values.entries)
    ] = {}
    tasks: Annotated[
        dict[Annotated[str, AfterValidator(values.task_name)], HookBody], BeforeValidator(values.entries)
    ] = {}


class NotifyBody(_Body):
    """What is run when a background run has ended. `notify: my-script` is short for `notify: {run: my-script}`."""

    run: FilledText = "desktop"
    when: Annotated[Text, AfterValidator(values.occasion)] = "failed"
    timeout: Seconds = 10.0


def _notifier(node: object) -> object:
    is_nothing = isinstance(node, Scalar) and node.value is None
    return None if is_nothing else _short_for("run")(node)


class UserFile(_Body):
    """The user's own configuration."""

    notify: Annotated[NotifyBody | None, BeforeValidator(_notifier)] = None


KEYS = {
    "file": tuple(HookFile.model_fields),
    "log": tuple(LogBody.model_fields),
    "hook": tuple(HookBody.model_fields),
    "setup": tuple(SetupBody.model_fields),
    "job": tuple(JobBody.model_fields),
    "group": tuple(GroupBody.model_fields),
    "job log": tuple(JobLogBody.model_fields),
    "condition": tuple(ConditionBody.model_fields),
    "pattern": tuple(PatternBody.model_fields),
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
