"""The typed models of a hook file and of the user's configuration (C1). No code outside of the models knows the keys.

Each key is a row: its kind and its default. What it means is in docs/keys.md, and the JSON Schema for editors is made
of both. A model is read from nodes of the tree instead of plain values, because plain values lose two things: how a
number was written (`env: {LEVEL: 010}` means "010"), and its location.

Where a key takes several shapes, such as a text or a mapping, the node decides which one is tried, so that an error is
about the one that was meant.
"""

from dodo_hooks.core.plan import GRACE_S, MAX_LOG_BYTES, Retention
from dodo_hooks.loader.read.nodes import is_empty
from dodo_hooks.loader.schema.condition_models import ConditionBody, PatternBody
from dodo_hooks.loader.schema.job_models import GroupBody, HookBody, JobBody
from dodo_hooks.loader.schema.kinds import Body, BodyOf, MapOf, Shaped, key
from dodo_hooks.loader.schema.part_models import ConcurrencyBody, JobLogBody, LinkBody, SetupBody
from dodo_hooks.loader.schema.value_types import (
    BYTES,
    COMMAND,
    COUNT,
    ENV,
    FILLED,
    FLAG,
    FOLDER,
    HOOK_NAMES,
    LOG_BYTES,
    NOTHING,
    OCCASION,
    OUTPUT,
    PREFIXES,
    SECONDS,
    SLOTS,
    TASK_NAMES,
    TEMPLATES,
    TEXTS,
    TRUST,
    VERSION,
)


class LogBody(Body, level="log"):
    """The limits for the logs of jobs, and for the records."""

    max_log_size = key(LOG_BYTES, MAX_LOG_BYTES)
    retention = key(SECONDS, Retention().retention_s)
    keep_last = key(COUNT, Retention().keep_last)
    max_total_size = key(BYTES, Retention().max_total_bytes)


class HookFile(Body, level="file"):
    """The whole file."""

    min_version = key(VERSION, None)
    extends = key(TEXTS, ())
    jobs = key(SLOTS, None)
    colors = key(FLAG, None)
    output = key(OUTPUT, None)
    rc = key(FILLED, None)
    source_dir = key(FOLDER, ".hooks")
    source_dir_local = key(FOLDER, ".hooks-local")
    env = key(ENV, {})
    templates = key(TEMPLATES, {})
    log = key(BodyOf(lambda: LogBody), LogBody())
    cache_size = key(BYTES, None)
    grace_period = key(SECONDS, GRACE_S)
    trust = key(TRUST, None)
    hooks = key(MapOf(HOOK_NAMES, BodyOf(lambda: HookBody), "map of hooks"), {})
    tasks = key(MapOf(TASK_NAMES, BodyOf(lambda: HookBody), "map of tasks"), {})


class NotifyBody(Body, level="notify"):
    """The command that runs when a background run ends. `notify: COMMAND` is short for `notify: {run: COMMAND}`."""

    run = key(COMMAND, "desktop")
    when = key(OCCASION, "failed")
    timeout = key(SECONDS, 10.0)


_NOTIFY: Shaped[NotifyBody | None] = Shaped(
    (BodyOf(lambda: NotifyBody, "text or map", short_for="run"), NOTHING),
    "text or map",
    lambda node: int(is_empty(node)),
)


class UserFile(Body, level="file"):
    """The user's own configuration."""

    notify = key(_NOTIFY, None)
    trusted = key(PREFIXES, ())


_OF_FILE = (HookFile, LogBody, HookBody, SetupBody, JobBody, GroupBody, JobLogBody, ConditionBody, PatternBody)
BODIES: dict[str, type[Body]] = {body.level: body for body in (*_OF_FILE, ConcurrencyBody, LinkBody)}
USER_BODIES: dict[str, type[Body]] = {body.level: body for body in (UserFile, NotifyBody)}
