"""The models of jobs, groups of jobs and hooks."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.file_types import KINDS
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.loader.read.nodes import ListNode, MapNode, node_at
from dodo_hooks.loader.schema import value_parsers
from dodo_hooks.loader.schema.condition_models import Patterns, SkipOnly
from dodo_hooks.loader.schema.key_docs import BOTH, COMMANDS, DAFT, LEFTHOOK, Key, Shape
from dodo_hooks.loader.schema.part_models import (
    Clean,
    Concurrency,
    Each,
    JobLogBody,
    Requires,
    Setups,
    Share,
    Supersede,
    Wait,
    WorkspaceKey,
)
from dodo_hooks.loader.schema.value_types import (
    Architectures,
    BackgroundOutput,
    Body,
    Cache,
    ChangesFail,
    Env,
    FailMode,
    FilePaths,
    FileTypes,
    FilledText,
    Flag,
    Folder,
    InputPaths,
    Nice,
    Number,
    Run,
    Script,
    Seconds,
    Text,
    Texts,
    Variables,
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
        Key("whether it continues when the prompt is back", "background: true", DAFT, default="the hook's"),
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
            f"only files of these types: {join_or(KINDS)}, or a MIME type",
            "file_types: text",
            LEFTHOOK,
        ),
    ] = []
    skip: Annotated[SkipOnly | None, Key("it does not run if one of these holds", "skip: [merge, rebase]", BOTH)] = None
    only: Annotated[SkipOnly | None, Key("it runs only if one of these holds", "only: {ref: main}", BOTH)] = None
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
    fail_text: Annotated[Text, Key("what is printed when it has failed", "fail_text: run make format", BOTH)] = ""
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
    inputs: Annotated[
        InputPaths,
        BeforeValidator(_in_place),
        Key(
            "the files that its result depends on, from the top: while they are the same it does not run again; "
            "see [incremental jobs](incremental.md)",
            "inputs: [package-lock.json, 'src/**']",
            default="it runs each time",
        ),
    ] = []
    outputs: Annotated[
        FilePaths,
        Key(
            "the files and folders that it makes: where one is gone it runs again, and a job that has one among its "
            "`inputs` needs this job",
            "inputs: package-lock.json\noutputs: node_modules",
        ),
    ] = []
    env_inputs: Annotated[
        Variables, Key("variables whose values its result depends on, too", "inputs: 'src/**'\nenv_inputs: [NODE_ENV]")
    ] = []
    cache: Annotated[
        Cache,
        Key(
            "whether its `outputs` are stored, and restored where they are others, see "
            "[the output cache](output-cache.md); `hardlink`: by hard links",
            "run: npm ci\ninputs: package-lock.json\noutputs: node_modules\ncache: true",
            default="`false`",
        ),
    ] = ""
    incremental: Annotated[
        Flag | None,
        Key(
            "whether the job is given only those files of its list that have not passed yet; only for commands that "
            "judge each file by itself, see [files that have passed](incremental.md#files-that-have-passed). "
            "`false` in a snapshot: once per commit",
            "run: 'ruff check {staged_files}'\nincremental: true",
            default="`false`; in a snapshot once per content",
        ),
    ] = None
    uptodate: Annotated[
        Texts,
        Key(
            "commands; while they print the same, and the `inputs` are the same, it does not run again",
            "uptodate: [node --version]",
        ),
    ] = []
    workspace: WorkspaceKey = None
    share: Share = []
    clean: Clean = None
    supersede: Supersede = None
    requires: Requires = []
    wait: Wait = None
    each: Each = False
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
            return {**keys, "run": _Refused("missing", "a job needs a command, a script or a group")}
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
            raise ValueError(f"groups are nested more than {DEEPEST_GROUP} levels deep")
        return value_parsers.entries(node)


def _levels_of(node: object) -> int:
    """Return how many levels of groups there are, this one included."""
    jobs = node_at(node, ["jobs"]) if isinstance(node, MapNode) else None
    below = [node_at(job, ["group"]) for job in jobs.items] if isinstance(jobs, ListNode) else []
    return 1 + max((_levels_of(group) for group in below if group is not None), default=0)


class HookBody(Body):
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
    skip: Annotated[SkipOnly | None, Key("none of its jobs runs if one of these holds", "skip: [merge, CI]", BOTH)] = (
        None
    )
    only: Annotated[SkipOnly | None, Key("they run only if one of these holds", "only: {ref: main}", BOTH)] = None
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
    workspace: WorkspaceKey = None
    share: Share = []
    clean: Clean = None
    supersede: Supersede = None
    requires: Requires = []
    wait: Wait = None
    each: Each = False
    jobs: Annotated[Jobs, Key("its jobs", "jobs: [{run: make lint}]", BOTH)] = []
