"""The models of jobs, groups of jobs and hooks."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.read.nodes import ListNode, MapNode, node_at
from dodo_hooks.loader.schema import value_parsers
from dodo_hooks.loader.schema.condition_models import Patterns, SkipOnly
from dodo_hooks.loader.schema.part_models import (
    Concurrency,
    JobLogBody,
    Setups,
    Share,
)
from dodo_hooks.loader.schema.shapes import COMMANDS, Shape
from dodo_hooks.loader.schema.value_types import (
    Architectures,
    BackgroundOutput,
    Body,
    Cache,
    ChangesFail,
    Env,
    FailMode,
    FileTypes,
    FilledText,
    Flag,
    Folder,
    InputPaths,
    Nice,
    Number,
    OutputPaths,
    Requirements,
    Run,
    Script,
    Seconds,
    Text,
    Texts,
    TypeTags,
    Variables,
    Workspace,
    Writes,
)

OF_SCRIPTS = ("runner", "args")  # keys that are allowed beside a script only
DEEPEST_GROUP = 8  # groups in groups


@dataclass(frozen=True, slots=True)
class _Refused:
    """A stand-in for the value of a key that is not allowed, so that its error is reported with all others."""

    kind: str
    message: str
    fix: str = ""


def _in_place(node: object) -> object:
    if isinstance(node, _Refused):
        raise PydanticCustomError(node.kind, "{error}", {"error": InvalidValue(node.message, node.fix)})
    return node


class JobBody(Body):
    """One job: exactly one of `run`, `script`, `group` and `pre_commit`, and its other keys."""

    name: Text | None = None
    description: Text = ""
    run: Annotated[Run | None, BeforeValidator(_in_place)] = None
    script: Annotated[Script | None, BeforeValidator(_in_place)] = None
    runner: Annotated[FilledText | None, BeforeValidator(_in_place)] = None
    args: Annotated[Text | None, BeforeValidator(_in_place)] = None
    group: Annotated["GroupBody | None", BeforeValidator(_in_place), Shape("map")] = None
    pre_commit: Annotated[FilledText | None, BeforeValidator(_in_place)] = None
    shell: FilledText = "sh"
    needs: Annotated[list[Text], BeforeValidator(value_parsers.items), Shape("list of names")] = []
    background: Flag | None = None
    background_output: BackgroundOutput = "log"
    root: Folder = ""
    env: Env = {}
    tags: Texts = []
    priority: Number = 0
    glob: Patterns = []
    exclude: Patterns = []
    files: FilledText | None = None
    file_types: FileTypes = []
    types: TypeTags = []
    types_or: TypeTags = []
    exclude_types: TypeTags = []
    skip: SkipOnly | None = None
    only: SkipOnly | None = None
    arch: Architectures = []
    interactive: Flag = False
    use_stdin: Flag = False
    stage_fixed: Flag = False
    fail_on_changes: ChangesFail | None = None
    reads: Flag | None = None
    writes: Writes | None = None
    fail_text: Text = ""
    timeout: Seconds | None = None
    concurrency: Concurrency | None = None
    nice: Nice | None = None
    inputs: Annotated[InputPaths, BeforeValidator(_in_place)] = []
    outputs: OutputPaths = []
    env_inputs: Variables = []
    cache: Cache = ""
    incremental: Flag | None = None
    uptodate: Texts = []
    # The next four are handed down by hooks and groups, so their absence is not their default.
    workspace: Workspace | None = None
    share: Share = []
    clean: Flag | None = None
    supersede: Flag | None = None
    requires: Requirements = []
    wait: Seconds | None = None
    each: Flag = False
    log: Annotated[JobLogBody, Shape("map")] = JobLogBody()

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        """Check that a job has one command, and that keys for scripts are used with a script."""
        keys = value_parsers.entries(node)
        if not isinstance(keys, dict):
            return keys
        commands = [key for key in keys if key in COMMANDS]
        if not commands:
            return {
                **keys,
                "run": _Refused("missing", "a job needs a command, a script or a group"),
            }
        refused: dict[str, _Refused] = {}
        if len(commands) > 1:
            both = " and ".join(map(quote, commands))
            refused[commands[-1]] = _Refused("refused", f"{both} cannot be combined in one job", "keep one of them")
        for key in OF_SCRIPTS:
            if key in keys and "script" not in keys:
                refused[key] = _Refused("refused", f'{quote(key)} needs a "script"')
        if "inputs" in keys and "uptodate" not in keys and value_parsers.one_or_more(keys["inputs"]) == []:
            refused["inputs"] = _Refused("refused", '"inputs" is empty', 'add a path, a pattern or "uptodate"')
        return {**keys, **refused}


Jobs: TypeAlias = Annotated[list[JobBody], BeforeValidator(value_parsers.items), Shape("list of jobs")]


class GroupBody(Body):
    """Jobs in a job, in an order of their own. Groups may stand in groups, 8 levels deep."""

    parallel: Flag | None = None
    piped: Flag = False
    follow: Flag = False
    jobs: Jobs = []

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        if _levels_of(node) > DEEPEST_GROUP:
            raise ValueError(f"groups are nested more than {DEEPEST_GROUP} levels deep")
        return value_parsers.entries(node)


def _levels_of(node: object) -> int:
    """Return how many levels of groups there are, this one included."""
    jobs = node_at(node, ["jobs"]) if isinstance(node, MapNode) else None
    below = [node_at(job, ["group"]) for job in jobs.items] if isinstance(jobs, ListNode) else []
    return 1 + max((_levels_of(group) for group in below if group is not None), default=0)


class HookBody(Body):
    """One hook, or one task."""

    parallel: Flag | None = None
    piped: Flag = False
    follow: Flag = False
    fail_fast: Flag = False
    background: Flag = False
    fail_mode: FailMode = "abort"
    fail_on_changes: ChangesFail = ()
    skip: SkipOnly | None = None
    only: SkipOnly | None = None
    exclude_tags: Texts = []
    files: FilledText | None = None
    exclude: Patterns = []
    env: Env = {}
    timeout: Seconds | None = None
    setup: Setups = []
    concurrency: Concurrency | None = None
    workspace: Workspace | None = None
    share: Share = []
    clean: Flag | None = None
    supersede: Flag | None = None
    requires: Requirements = []
    wait: Seconds | None = None
    each: Flag = False
    jobs: Jobs = []
