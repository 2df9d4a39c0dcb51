"""The typed models of a hook file and of the user's configuration (C1). No code outside of the models knows the keys.

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
from dodo_hooks.loader.schema.key_docs import BOTH, DAFT, LEFTHOOK, Key, Shape
from dodo_hooks.loader.schema.part_models import ConcurrencyBody, JobLogBody, LinkBody, SetupBody
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

    max_log_size: Annotated[
        LogBytes, Key("what is kept of what one job prints, `64KB` at least", "max_log_size: 50MB", DAFT)
    ] = MAX_LOG_BYTES
    retention: Annotated[Seconds, Key("how long the records of a run are kept", "retention: 14d", DAFT)] = (
        Retention().retention_s
    )
    keep_last: Annotated[
        Count,
        Key("the newest so many runs of each working tree are kept whatever their age", "keep_last: 10", DAFT),
    ] = Retention().keep_last
    max_total_size: Annotated[
        Bytes,
        Key(
            "what all runs of the repository may take of the disk together; the oldest go first",
            "max_total_size: 1GB",
            DAFT,
        ),
    ] = Retention().max_total_bytes


class HookFile(Body):
    """The whole file."""

    min_version: Annotated[Version | None, Key("an older dodo-hooks refuses the file", "min_version: 0.1.0", BOTH)] = (
        None
    )
    extends: Annotated[
        Texts,
        Key("other files that this one builds on, relative to it; globs are allowed", "extends: shared/*.yml", BOTH),
    ] = []
    jobs: Annotated[Slots | None, Key("how many jobs may run at once", "jobs: 4", default="one for each processor")] = (
        None
    )
    colors: Annotated[
        Flag | None,
        Key(
            "whether we print in colours; `true` also where the output is no terminal. `--color`, `NO_COLOR` and "
            "`CLICOLOR_FORCE` win",
            "colors: false",
            BOTH,
            default="as the terminal can",
        ),
    ] = None
    output: Annotated[
        OutputWords,
        Key(
            "what is shown of a foreground run. `execution`: what jobs print. `summary`: a line for each job that "
            "succeeded. `failure`: a line for each that failed, its log and how to run it again. `skips`: a line for "
            "each that did not run, with the reason. `true` is the default: all of it, and nothing when git fired the "
            "hook and no job applies. `false` is `[failure]`",
            "output: [execution, failure]",
            BOTH,
            default="true",
        ),
    ] = None
    rc: Annotated[
        FilledText | None, Key("a file that the shell reads before each command", "rc: ./scripts/env.sh", BOTH)
    ] = None
    source_dir: Annotated[Folder, Key("where scripts are, `DIR/HOOK/SCRIPT`", "source_dir: scripts", BOTH)] = ".hooks"
    source_dir_local: Annotated[
        Folder, Key("the same for scripts that are not committed; these win", "source_dir_local: .my-hooks", BOTH)
    ] = ".hooks-local"
    env: Annotated[Env, Key("variables for all jobs", "env: {NODE_ENV: development}")] = {}
    templates: Annotated[
        dict[Macro, Text],
        BeforeValidator(value_parsers.entries),
        Shape("map of texts"),
        Key("`{NAME}` in a command is replaced by this text, as it is", "templates: {quiet: nice -n 10}", LEFTHOOK),
    ] = {}
    log: Annotated[LogBody, Shape("map"), Key("what is kept, see below", "log: {retention: 14d}", DAFT)] = LogBody()
    cache_size: Annotated[
        Bytes | None,
        Key(
            "what the stored outputs of all repositories may take, see [the output cache](output-cache.md)",
            "cache_size: 20GB",
            default="5GB",
        ),
    ] = None
    grace_period: Annotated[
        Seconds,
        Key("how long a job that is being ended has between SIGTERM and SIGKILL", "grace_period: 10s"),
    ] = GRACE_S
    trust: Annotated[
        Trust | None,
        Key("`pinned`: a change of the hook files has to be accepted before they run", "trust: pinned"),
    ] = None
    hooks: Annotated[
        dict[HookName, HookBody],
        BeforeValidator(value_parsers.entries),
        Shape("map of hooks"),
        Key("the hooks, each by its name", "hooks: {pre-commit: {jobs: [{run: make lint}]}}", DAFT),
    ] = {}
    tasks: Annotated[
        dict[TaskName, HookBody],
        BeforeValidator(value_parsers.entries),
        Shape("map of tasks"),
        Key(
            "jobs that are run manually, each task under a name of your own",
            "tasks: {dev: {jobs: [{run: make}]}}",
            DAFT,
        ),
    ] = {}


class NotifyBody(Body):
    """The command that runs when a background run ends. `notify: COMMAND` is short for `notify: {run: COMMAND}`."""

    run: Annotated[
        FilledText,
        Key("the command; `desktop` is notify-send or osascript, where one of them is there", "run: my-script"),
    ] = "desktop"
    when: Annotated[Occasion, Key("after which background runs", "when: always")] = "failed"
    timeout: Annotated[Seconds, Key("then it is ended", "timeout: 30s")] = 10.0


def _notifier(node: object) -> object:
    return None if is_empty(node) else short_for("run")(node)


class UserFile(Body):
    """The user's own configuration."""

    notify: Annotated[
        NotifyBody | None,
        BeforeValidator(_notifier),
        Shape("text or map", short_for="run"),
        Key("the notification when a background run has ended", "notify: desktop"),
    ] = None
    trusted: Annotated[
        Prefixes,
        Key("repositories below these directories need no decision about trust", "trusted: [~/work]"),
    ] = []


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
