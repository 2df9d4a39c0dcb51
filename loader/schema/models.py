"""The typed models of a hook file: the only module that knows the keys (C1).

The models are given nodes of the tree instead of plain values, because plain values lose two things: how a number was
written (`env: {LEVEL: 010}` means "010"), and its location. Before a field is checked, its node is opened by one level
(`value_parsers.py`). Then pydantic's own strict checks apply, and `model_errors.py` turns their errors into sentences.

Where a key takes several shapes, such as a text or a mapping, the node decides which one is tried: a plain union would
report an error for every shape.
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
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.core.plan import GRACE_S, MAX_LOG_BYTES, QUEUE, Retention
from dodo_hooks.core.terminal_text import listed, quoted
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, node_at
from dodo_hooks.loader.schema import value_parsers
from dodo_hooks.loader.schema.key_docs import BOTH, COMMANDS, DAFT, LEFTHOOK, Key, Shape
from dodo_hooks.loader.schema.model_errors import FLAG, LIST, MAP, TEXT, ModelError, diagnostics_of, without
from dodo_hooks.loader.schema.value_types import (
    Architectures,
    BackgroundOutput,
    Bytes,
    ChangesFail,
    ConditionWord,
    Count,
    Env,
    FailMode,
    FileTypes,
    FilledText,
    Flag,
    Folder,
    GroupName,
    HookName,
    LogBytes,
    Macro,
    Nice,
    Number,
    Occasion,
    OnConflict,
    OutputWords,
    Prefixes,
    Run,
    Script,
    Seconds,
    Slots,
    TaskName,
    Text,
    Texts,
    Trust,
    Version,
    flag_or_list,
    map_or_text,
)

OF_SCRIPTS = ("runner", "args")  # keys that are allowed beside a script only
DEEPEST_GROUP = 8  # groups in groups


class _Body(BaseModel):
    """A mapping with known keys."""

    # The validator of a body is built once, with that of the whole file, and not again for each class (10 ms).
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        return value_parsers.entries(node)


class PatternBody(_Body):
    """A pattern with more to say. It has either a `regex` or a `glob`."""

    regex: Annotated[
        Annotated[FilledText, AfterValidator(value_parsers.regex)] | None,
        Key("a regular expression (of Python's `re`) that is searched anywhere in the path", "regex: '\\.py$'"),
    ] = None
    glob: Annotated[
        Annotated[FilledText, AfterValidator(value_parsers.glob)] | None,
        Key("a glob", "glob: '*.{js,ts}'\nignore_case: true"),
    ] = None
    ignore_case: Annotated[
        Flag, Key("whether the glob takes upper for lower case", "glob: '*.{js,ts}'\nignore_case: true")
    ] = False

    @model_validator(mode="after")
    def _says_one(self) -> "PatternBody":
        if (self.regex is None) == (self.glob is None):
            raise ValueError(f"a pattern has one of {listed(PATTERNS)}")
        if self.regex is not None and self.ignore_case:
            raise ValueError('"ignore_case" goes with a glob: begin the expression with "(?i)"')
        return self


PATTERNS = ("regex", "glob")  # a pattern that is a map has one of them


Pattern: TypeAlias = Annotated[
    Annotated[FilledText, AfterValidator(value_parsers.glob), Tag(TEXT)] | Annotated[PatternBody, Tag(MAP)],
    Discriminator(map_or_text),
]
Patterns: TypeAlias = Annotated[
    list[Pattern], BeforeValidator(value_parsers.one_or_more), Shape("pattern or list of patterns", or_one=True)
]


class ConditionBody(_Body):
    """One condition as a map; with several keys all of them have to hold. It has at least one besides `desc`."""

    ref: Annotated[Patterns, Key("the branch matches", "ref: [main, 'release/*']", BOTH)] = []
    env: Annotated[
        FilledText | None,
        Key("the variable is set, and is not empty, `0` or `false`", "env: CI", DAFT),
    ] = None
    run: Annotated[FilledText | None, Key("the command ends with exit code 0", "run: test -f .no-hooks", BOTH)] = None
    changed: Annotated[Patterns, Key("a file that the event is about matches", "changed: 'docs/**'", DAFT)] = []
    all: Annotated["Conditions", Key("each of these conditions holds", "all: [CI, {ref: main}]")] = []
    desc: Annotated[Text, Key("why, for people", "env: CI\ndesc: the server checks this", DAFT)] = ""

    @model_validator(mode="after")
    def _asks(self) -> "ConditionBody":
        if not self.model_fields_set - {"desc"}:
            raise ValueError(f"a condition asks something: write one of {listed(ASKED)}")
        return self


ASKED = ("ref", "env", "run", "changed", "all")  # a condition has at least one of them

Condition: TypeAlias = Annotated[
    Annotated[ConditionWord, Tag(TEXT)] | Annotated[ConditionBody, Tag(MAP)], Discriminator(map_or_text)
]
Conditions: TypeAlias = Annotated[
    list[Condition],
    BeforeValidator(value_parsers.conditions),
    AfterValidator(value_parsers.at_least_one("condition")),
    Shape("condition or list of conditions", or_one=True, least=1, or_nothing=False),
]
Asked: TypeAlias = Annotated[
    Annotated[Flag, Tag(FLAG)] | Annotated[Conditions, Tag(LIST)],
    Discriminator(flag_or_list),
    Shape("boolean, condition or list of conditions"),
]


def _short_for(key: str) -> Callable[[object], object]:
    """Return an opener that turns a single value into a mapping with this key alone."""

    def opened(node: object) -> object:
        if isinstance(node, ListNode) or (isinstance(node, Scalar) and node.value is not None):
            return MapNode(node.mark, (Entry(node.mark, key, node),))
        return node

    return opened


class ConcurrencyBody(_Body):
    """A group, and what to do when it is taken. `concurrency: NAME` is short for `concurrency: {group: NAME}`."""

    group: Annotated[
        GroupName,
        Key("its name", "group: database", default="one of the job's own, in its hook and its worktree"),
    ] = ""
    on_conflict: Annotated[
        OnConflict,
        Key(
            "what a job does when another run has the group: `queue` waits; `skip` is skipped, and so is what needs "
            "it; `cancel-previous` ends the background jobs that have the group or wait for it, and takes their place",
            "group: preview\non_conflict: cancel-previous",
        ),
    ] = QUEUE
    wait: Annotated[
        Seconds | None,
        Key("then it has failed", "group: database\nwait: 5m", default="60s; in the background as long as it takes"),
    ] = None


Concurrency: TypeAlias = Annotated[
    ConcurrencyBody, BeforeValidator(_short_for("group")), Shape("text or map", short_for="group")
]


class SetupBody(_Body):
    """A command before all jobs of a hook. A text, or a list of texts, is short for a map with `run` alone."""

    run: Annotated[Run, Key("the command", "run: npm ci --prefer-offline", LEFTHOOK)]
    name: Annotated[
        Text | None, Key("for people and records", "run: npm ci\nname: packages", default="made from `run`")
    ] = None
    env: Annotated[Env, Key("variables", "run: npm ci\nenv: {NODE_ENV: test}")] = {}
    root: Annotated[Folder, Key("the folder that it runs in", "run: npm ci\nroot: web", default="the top")] = ""
    timeout: Annotated[Seconds | None, Key("then it is ended, and has failed", "run: npm ci\ntimeout: 5m")] = None


Setup: TypeAlias = Annotated[
    SetupBody, BeforeValidator(_short_for("run")), Shape("text or map", short_for="run", or_nothing=False)
]
Setups: TypeAlias = Annotated[
    list[Setup], BeforeValidator(value_parsers.one_or_more), Shape("text, map or list of these", or_one=True)
]


class JobLogBody(_Body):
    """The limits for the log and the records of one job."""

    max_log_size: Annotated[
        LogBytes | None,
        Key("what is kept of what it prints", "max_log_size: 50MB", DAFT, default="that of the file's `log`"),
    ] = None
    retention: Annotated[
        Seconds | None, Key("how long its record is kept", "retention: 1d", DAFT, default="that of the file's `log`")
    ] = None


@dataclass(frozen=True, slots=True)
class _Refused:
    """A stand-in for the value of a key that is not allowed, so that its error is reported with all others."""

    kind: str
    message: str


def _in_place(node: object) -> object:
    if isinstance(node, _Refused):
        raise PydanticCustomError(node.kind, "{error}", {"error": node.message})
    return node


class JobBody(_Body):
    """One job: exactly one of `run`, `script` and `group`, and its other keys."""

    name: Annotated[
        Text | None,
        Key(
            "anything printable but `@` and `=`, and not beginning with `-`; unique in the hook",
            "name: lint",
            BOTH,
            default="made from the command",
        ),
    ] = None
    description: Annotated[Text, Key("for people; `doit list` shows it", "description: Style and types", DAFT)] = ""
    run: Annotated[
        Run | None,
        BeforeValidator(_in_place),
        Key(
            "the command, for the `shell`; of a list one after the other until one fails; "
            "of a map by system that of this system, and without one the job is skipped",
            "run: {linux: apt-get check, macos: [brew update, brew doctor]}",
            BOTH,
        ),
    ] = None
    script: Annotated[
        Script | None,
        BeforeValidator(_in_place),
        Key(
            "a file in the folder of the hook's name below `source_dir` or `source_dir_local`", "script: lint.sh", BOTH
        ),
    ] = None
    runner: Annotated[
        FilledText | None,
        BeforeValidator(_in_place),
        Key("what runs the `script`", "script: lint.sh\nrunner: bash", BOTH, default="the script itself"),
    ] = None
    args: Annotated[
        Text | None,
        BeforeValidator(_in_place),
        Key("what is put behind the `script`", "script: lint.sh\nargs: --strict", BOTH),
    ] = None
    group: Annotated[
        "GroupBody | None",
        BeforeValidator(_in_place),
        Shape("map"),
        Key("jobs that share what is said here, see below", "group: {jobs: [{run: make a}, {run: make b}]}", BOTH),
    ] = None
    shell: Annotated[FilledText, Key("what the command is given to, behind `-c`", "run: make\nshell: bash")] = "sh"
    needs: Annotated[
        list[Text],
        BeforeValidator(value_parsers.items),
        Shape("list of names"),
        Key("the jobs of the same hook that must have succeeded before", "needs: [format]", DAFT),
    ] = []
    background: Annotated[
        Flag | None,
        Key("whether it goes on when the prompt is back", "background: true", DAFT, default="the hook's"),
    ] = None
    background_output: Annotated[
        BackgroundOutput,
        Key(
            "`silent`: in the background its failure is not reported, and only a failure leaves a log",
            "background: true\nbackground_output: silent",
            DAFT,
        ),
    ] = "log"
    root: Annotated[
        Folder,
        Key(
            "the folder to run in, inside of the working tree; its files are those in there",
            "root: web",
            BOTH,
            "the top",
        ),
    ] = ""
    env: Annotated[
        Env, Key("variables; the job's win over the hook's, and these over the file's", "env: {CI: '1'}", BOTH)
    ] = {}
    tags: Annotated[Texts, Key("for `--tag`, `exclude_tags` and `DODO_HOOKS_SKIP=tag:...`", "tags: [slow]", BOTH)] = []
    priority: Annotated[Number, Key("of the jobs that may start, the smaller starts first", "priority: 10", BOTH)] = 0
    glob: Annotated[
        Patterns,
        Key("only files that match one of these; if there are none, the job is skipped", 'glob: "*.py"', BOTH),
    ] = []
    exclude: Annotated[Patterns, Key("no files that match one of these", "exclude: 'vendor/**'", BOTH)] = []
    files: Annotated[
        FilledText | None,
        Key("a command that prints the files, one in each line", "files: git diff --name-only main", BOTH),
    ] = None
    file_types: Annotated[
        FileTypes,
        Key(
            f"only files of these types: {listed(value_parsers.TYPES_OF_FILES)}, or a MIME type",
            "file_types: text",
            LEFTHOOK,
        ),
    ] = []
    skip: Annotated[Asked | None, Key("it does not run if one of these holds", "skip: [merge, rebase]", BOTH)] = None
    only: Annotated[Asked | None, Key("it runs only if one of these holds", "only: {ref: main}", BOTH)] = None
    arch: Annotated[Architectures, Key("it runs only on such a machine", "arch: x86_64", DAFT)] = []
    interactive: Annotated[Flag, Key("it runs alone and has the terminal", "interactive: true", BOTH)] = False
    use_stdin: Annotated[Flag, Key("it is given what git gives to the hook", "use_stdin: true", LEFTHOOK)] = False
    stage_fixed: Annotated[Flag, Key("what it changed among its files is staged", "stage_fixed: true", LEFTHOOK)] = (
        False
    )
    fail_on_changes: Annotated[
        ChangesFail | None,
        Key(
            "whether it fails if it has changed files",
            "fail_on_changes: true",
            default="the hook's",
        ),
    ] = None
    fail_text: Annotated[Text, Key("what people are told when it has failed", "fail_text: run make format", BOTH)] = ""
    timeout: Annotated[
        Seconds | None,
        Key(
            "from its start; then its processes are ended, and it has failed",
            "timeout: 90s",
            LEFTHOOK,
            default="none; `1h` in the background",
        ),
    ] = None
    concurrency: Annotated[Concurrency | None, Key("see below", "concurrency: database")] = None
    nice: Annotated[
        Nice | None, Key("how much its niceness is raised", "nice: 15", default="`0`; `10` in the background")
    ] = None
    log: Annotated[JobLogBody, Shape("map"), Key("what is kept of it, see below", "log: {retention: 1d}", DAFT)] = (
        JobLogBody()
    )

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        """Check that a job has one command, and that keys for scripts are used with a script."""
        keys = value_parsers.entries(node)
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


Jobs: TypeAlias = Annotated[list[JobBody], BeforeValidator(value_parsers.items), Shape("list of jobs")]


class GroupBody(_Body):
    """Jobs in a job, in an order of their own. Groups may stand in groups, 8 levels deep."""

    parallel: Annotated[
        Flag | None, Key("as of a hook, among these jobs", "parallel: false", BOTH, default="`true`")
    ] = None
    piped: Annotated[Flag, Key("likewise", "piped: true", BOTH)] = False
    follow: Annotated[Flag, Key("likewise", "follow: true")] = False
    jobs: Annotated[Jobs, Key("its jobs", "jobs: [{run: make a}, {run: make b}]", BOTH)] = []

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        if _levels_of(node) > DEEPEST_GROUP:
            raise ValueError(f"groups stand in groups more than {DEEPEST_GROUP} levels deep")
        return value_parsers.entries(node)


def _levels_of(node: object) -> int:
    """Return how many levels of groups there are, this one included."""
    jobs = node_at(node, ["jobs"]) if isinstance(node, MapNode) else None
    below = [node_at(job, ["group"]) for job in jobs.items] if isinstance(jobs, ListNode) else []
    return 1 + max((_levels_of(group) for group in below if group is not None), default=0)


class HookBody(_Body):
    """One hook, or one task."""

    parallel: Annotated[
        Flag | None,
        Key(
            "`false`: one after the other in the order of the file, also after a failure",
            "parallel: false",
            BOTH,
            default="`true`",
        ),
    ] = None
    piped: Annotated[
        Flag,
        Key("one after the other, and a failure skips the rest: each job needs the one before it", "piped: true", BOTH),
    ] = False
    follow: Annotated[Flag, Key("the same as `parallel: false`", "follow: true", BOTH)] = False
    fail_fast: Annotated[Flag, Key("a failure ends the jobs that run and skips the others", "fail_fast: true")] = False
    background: Annotated[
        Flag,
        Key("the default for its jobs; not together with `piped` or `follow`", "background: true", DAFT),
    ] = False
    fail_mode: Annotated[
        FailMode, Key("`warn`: a failure is reported, and does not stop git", "fail_mode: warn", DAFT)
    ] = "abort"
    fail_on_changes: Annotated[
        ChangesFail,
        Key(
            "a job in the foreground that has changed files has failed, and the diff is shown; a list says where: "
            "`ci`, where the variable `CI` is set, or `non-ci`",
            "fail_on_changes: [ci]",
            BOTH,
            default="`false`",
        ),
    ] = ()
    skip: Annotated[Asked | None, Key("none of its jobs runs if one of these holds", "skip: [merge, CI]", BOTH)] = None
    only: Annotated[Asked | None, Key("they run only if one of these holds", "only: {ref: main}", BOTH)] = None
    exclude_tags: Annotated[Texts, Key("jobs with one of these tags do not run", "exclude_tags: [slow]", BOTH)] = []
    files: Annotated[
        FilledText | None,
        Key("as of a job, for all that have none", "files: git diff --name-only main", LEFTHOOK),
    ] = None
    exclude: Annotated[Patterns, Key("as of a job, beside each job's own", "exclude: ['*.lock']", BOTH)] = []
    env: Annotated[Env, Key("variables for its jobs", "env: {NODE_ENV: test}")] = {}
    timeout: Annotated[Seconds | None, Key("for all of it, from the firing", "timeout: 5m", default="none")] = None
    setup: Annotated[
        Setups,
        Key("commands that run before all jobs, one after the other", "setup: [{run: npm ci}]", LEFTHOOK),
    ] = []
    concurrency: Annotated[Concurrency | None, Key("for each of its jobs, see below", "concurrency: deploy")] = None
    jobs: Annotated[Jobs, Key("its jobs", "jobs: [{run: make lint}]", BOTH)] = []


class LogBody(_Body):
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


class HookFile(_Body):
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
            "what is shown of a foreground run: `execution`, what jobs print; `summary`, a line for each job that "
            "succeeded; `failure`, a line for each that failed, its log and how to run it again; `skips`, a line for "
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


class NotifyBody(_Body):
    """The command that runs when a background run ends. `notify: COMMAND` is short for `notify: {run: COMMAND}`."""

    run: Annotated[
        FilledText,
        Key("the command; `desktop` is notify-send or osascript, where one of them is there", "run: my-script"),
    ] = "desktop"
    when: Annotated[Occasion, Key("after which background runs", "when: always")] = "failed"
    timeout: Annotated[Seconds, Key("then it is ended", "timeout: 30s")] = 10.0


def _notifier(node: object) -> object:
    is_nothing = isinstance(node, Scalar) and node.value is None
    return None if is_nothing else _short_for("run")(node)


class UserFile(_Body):
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


BODIES: dict[str, type[_Body]] = {
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
}
USER_BODIES: dict[str, type[_Body]] = {"file": UserFile, "notify": NotifyBody}

KEYS = {level: tuple(body.model_fields) for level, body in BODIES.items()}
USER_KEYS = {level: tuple(body.model_fields) for level, body in USER_BODIES.items()}

_ROUNDS = 3  # one is enough for every file that we know of


def read_models(root: Node) -> tuple[HookFile, Node, list[Diagnostic]]:
    """Return the models, the tree that they were made of, and the diagnostics about types and keys.

    Values with errors are removed from that tree, so that the rest of the file can be checked, too. A job without a
    command gets one, since others may need it. With diagnostics the models are for these checks only.
    """
    result = _validated(root)
    diagnostics = [] if isinstance(result, HookFile) else diagnostics_of(result, root, KEYS)
    tree = root
    for _ in range(_ROUNDS):
        if isinstance(result, HookFile):
            return result, tree, diagnostics
        tree = without(tree, result)
        result = _validated(tree)
    return HookFile(), MapNode(root.mark, ()), diagnostics


def read_user_models(root: Node) -> tuple[UserFile, list[Diagnostic]]:
    """Return the models of the user's own configuration, and the diagnostics about it."""
    try:
        return UserFile.model_validate(root), []
    except ValidationError as error:
        return UserFile(), diagnostics_of(_errors_of(error), root, USER_KEYS)


def _validated(tree: Node) -> HookFile | list[ModelError]:
    try:
        return HookFile.model_validate(tree)
    except ValidationError as error:
        return _errors_of(error)


def _errors_of(error: ValidationError) -> list[ModelError]:
    errors = error.errors(include_url=False, include_input=False)
    return [ModelError(one["type"], one["loc"], one.get("ctx", {})) for one in errors]
