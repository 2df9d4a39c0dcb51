"""The typed models of a hook file and of the user's configuration (C1). No code outside of the models knows the keys.

What each key means is in docs/keys.md.

The models are given nodes of the tree instead of plain values, because plain values lose two things: how a number was
written (`env: {LEVEL: 010}` means "010"), and its location. Before a field is checked, its node is opened by one level
(`value_parsers.py`). Then pydantic's own strict checks apply, and `model_errors.py` turns their errors into sentences.

Where a key takes several shapes, such as a text or a mapping, the node decides which one is tried: a plain union would
report an error for every shape.
"""

from typing import Annotated

from pydantic import BeforeValidator

from dodo_hooks.core.plan import GRACE_S, MAX_LOG_BYTES, Retention
from dodo_hooks.loader.read.nodes import is_empty
from dodo_hooks.loader.schema import value_parsers
from dodo_hooks.loader.schema.condition_models import ConditionBody, PatternBody
from dodo_hooks.loader.schema.job_models import GroupBody, HookBody, JobBody
from dodo_hooks.loader.schema.part_models import ConcurrencyBody, JobLogBody, LinkBody, SetupBody
from dodo_hooks.loader.schema.shapes import Shape
from dodo_hooks.loader.schema.value_types import (
    Body,
    Bytes,
    Count,
    Env,
    FilledText,
    Flag,
    Folder,
    HookName,
    LogBytes,
    Macro,
    Occasion,
    OutputWords,
    Prefixes,
    Seconds,
    Slots,
    TaskName,
    Text,
    Texts,
    Trust,
    Version,
    short_for,
)


class LogBody(Body):
    """The limits for the logs of jobs, and for the records."""

    max_log_size: LogBytes = MAX_LOG_BYTES
    retention: Seconds = Retention().retention_s
    keep_last: Count = Retention().keep_last
    max_total_size: Bytes = Retention().max_total_bytes


class HookFile(Body):
    """The whole file."""

    min_version: Version | None = None
    extends: Texts = []
    jobs: Slots | None = None
    colors: Flag | None = None
    output: OutputWords = None
    rc: FilledText | None = None
    source_dir: Folder = ".hooks"
    source_dir_local: Folder = ".hooks-local"
    env: Env = {}
    templates: Annotated[dict[Macro, Text], BeforeValidator(value_parsers.entries), Shape("map of texts")] = {}
    log: Annotated[LogBody, Shape("map")] = LogBody()
    cache_size: Bytes | None = None
    grace_period: Seconds = GRACE_S
    trust: Trust | None = None
    hooks: Annotated[dict[HookName, HookBody], BeforeValidator(value_parsers.entries), Shape("map of hooks")] = {}
    tasks: Annotated[dict[TaskName, HookBody], BeforeValidator(value_parsers.entries), Shape("map of tasks")] = {}


class NotifyBody(Body):
    """The command that runs when a background run ends. `notify: COMMAND` is short for `notify: {run: COMMAND}`."""

    run: FilledText = "desktop"
    when: Occasion = "failed"
    timeout: Seconds = 10.0


def _notifier(node: object) -> object:
    return None if is_empty(node) else short_for("run")(node)


class UserFile(Body):
    """The user's own configuration."""

    notify: Annotated[NotifyBody | None, BeforeValidator(_notifier), Shape("text or map", short_for="run")] = None
    trusted: Prefixes = []


BODIES: dict[str, type[Body]] = {
    "file": HookFile,
    "log": LogBody,
    "hook": HookBody,
    "setup": SetupBody,
    "job": JobBody,
    "group": GroupBody,
    "job log": JobLogBody,
    "condition": ConditionBody,
    "pattern": PatternBody,
    "concurrency": ConcurrencyBody,
    "share": LinkBody,
}
USER_BODIES: dict[str, type[Body]] = {"file": UserFile, "notify": NotifyBody}
