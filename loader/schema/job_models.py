"""The models of jobs, groups of jobs and hooks."""

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.read.nodes import ListNode, MapNode, Node, is_empty, node_at
from dodo_hooks.loader.schema.condition_models import PATTERN_LIST, SKIP_ONLY
from dodo_hooks.loader.schema.kinds import COMMANDS, Body, BodyOf, ListOf, key
from dodo_hooks.loader.schema.model_errors import ModelErrors
from dodo_hooks.loader.schema.part_models import CONCURRENCY, SETUPS, SHARE, JobLogBody
from dodo_hooks.loader.schema.value_types import (
    ARCHITECTURES,
    BACKGROUND_OUTPUT,
    CACHE,
    CHANGES_FAIL,
    COMMAND,
    ENV,
    FAIL_MODE,
    FILLED,
    FLAG,
    FOLDER,
    INPUT_PATHS,
    NAMES,
    NICE,
    NUMBER,
    OUTPUT_PATHS,
    REQUIREMENTS,
    RUN,
    SCRIPT,
    SECONDS,
    TEXT,
    TEXTS,
    TYPE_TAGS,
    TYPES_OF_FILES,
    VARIABLES,
    WORKSPACE,
    WRITES,
)

OF_SCRIPTS = ("runner", "args")  # keys that are allowed beside a script only
DEEPEST_GROUP = 8  # groups in groups
_INPUTS = ("inputs", "outputs", "uptodate")
_BESIDE_INPUTS = ("cache", "env_inputs", "uptodate")  # with an error in the inputs these say nothing


class JobBody(Body, level="job"):
    """One job: exactly one of `run`, `script`, `group` and `pre_commit`, and its other keys."""

    name = key(TEXT, None)
    description = key(TEXT, "")
    run = key(RUN, None)
    script = key(SCRIPT, None)
    runner = key(FILLED, None)
    args = key(TEXT, None)
    group: "GroupBody | None" = key(BodyOf(lambda: GroupBody), None)
    pre_commit = key(COMMAND, None)
    shell = key(FILLED, "sh")
    needs = key(NAMES, ())
    background = key(FLAG, None)
    background_output = key(BACKGROUND_OUTPUT, "log")
    root = key(FOLDER, "")
    env = key(ENV, {})
    tags = key(TEXTS, ())
    priority = key(NUMBER, 0)
    glob = key(PATTERN_LIST, ())
    exclude = key(PATTERN_LIST, ())
    files = key(FILLED, None)
    file_types = key(TYPES_OF_FILES, ())
    types = key(TYPE_TAGS, ())
    types_or = key(TYPE_TAGS, ())
    exclude_types = key(TYPE_TAGS, ())
    skip = key(SKIP_ONLY, None)
    only = key(SKIP_ONLY, None)
    arch = key(ARCHITECTURES, ())
    interactive = key(FLAG, False)
    use_stdin = key(FLAG, False)
    stage_fixed = key(FLAG, False)
    fail_on_changes = key(CHANGES_FAIL, None)
    reads = key(FLAG, None)
    writes = key(WRITES, None)
    fail_text = key(TEXT, "")
    timeout = key(SECONDS, None)
    concurrency = key(CONCURRENCY, None)
    nice = key(NICE, None)
    inputs = key(INPUT_PATHS, ())
    outputs = key(OUTPUT_PATHS, ())
    env_inputs = key(VARIABLES, ())
    cache = key(CACHE, "")
    incremental = key(FLAG, None)
    uptodate = key(TEXTS, ())
    # The next four are handed down by hooks and groups, so their absence is not their default.
    workspace = key(WORKSPACE, None)
    share = key(SHARE, ())
    clean = key(FLAG, None)
    supersede = key(FLAG, None)
    requires = key(REQUIREMENTS, ())
    wait = key(SECONDS, None)
    each = key(FLAG, False)
    log = key(BodyOf(lambda: JobLogBody), JobLogBody())

    @classmethod
    def refused_keys(cls, node: MapNode) -> dict[str, ValueError]:
        """Refuse a second command, keys for scripts without a script, and an empty list of inputs alone."""
        given = {entry.key: entry.value for entry in node.entries}
        commands = [name for name in given if name in COMMANDS]
        refused: dict[str, ValueError] = {}
        if len(commands) > 1:
            both = " and ".join(map(quote, commands))
            refused[commands[-1]] = InvalidValue(f"{both} cannot be combined in one job", "keep one of them")
        for name in OF_SCRIPTS:
            if name in given and "script" not in given:
                refused[name] = ValueError(f'{quote(name)} needs a "script"')
        if "inputs" in given and "uptodate" not in given and _is_nothing(given["inputs"]):
            refused["inputs"] = InvalidValue('"inputs" is empty', 'add a path, a pattern or "uptodate"')
        return refused

    @classmethod
    def complete(cls, values: dict[str, object], node: Node, found: ModelErrors, known: int) -> None:
        """Give a job without a command one, so that its name is known."""
        wrong = [one.steps[-1] for one in found.all[known:] if one.steps]
        if wrong and not set(_INPUTS).isdisjoint(wrong):
            for name in _BESIDE_INPUTS:
                values.pop(name, None)
        if values.keys().isdisjoint(COMMANDS):
            cls.note_missing(COMMANDS, "a job needs a command, a script or a group", node, found, known)
            values["run"] = ":"


def _is_nothing(node: Node) -> bool:
    return is_empty(node) or (isinstance(node, ListNode) and not node.items)


JOBS = ListOf(BodyOf(lambda: JobBody), "list of jobs", each="job")


class GroupBody(Body, level="group"):
    """Jobs in a job, in an order of their own. Groups may stand in groups, 8 levels deep."""

    parallel = key(FLAG, None)
    piped = key(FLAG, False)
    follow = key(FLAG, False)
    jobs = key(JOBS, ())

    @classmethod
    def check_node(cls, node: Node) -> None:
        if _levels_of(node) > DEEPEST_GROUP:
            raise ValueError(f"groups are nested more than {DEEPEST_GROUP} levels deep")


def _levels_of(node: object) -> int:
    """Return how many levels of groups there are, this one included."""
    jobs = node_at(node, ["jobs"]) if isinstance(node, MapNode) else None
    below = [node_at(job, ["group"]) for job in jobs.items] if isinstance(jobs, ListNode) else []
    return 1 + max((_levels_of(group) for group in below if group is not None), default=0)


class HookBody(Body, level="hook"):
    """One hook, or one task."""

    parallel = key(FLAG, None)
    piped = key(FLAG, False)
    follow = key(FLAG, False)
    fail_fast = key(FLAG, False)
    background = key(FLAG, False)
    fail_mode = key(FAIL_MODE, "abort")
    fail_on_changes = key(CHANGES_FAIL, ())
    skip = key(SKIP_ONLY, None)
    only = key(SKIP_ONLY, None)
    exclude_tags = key(TEXTS, ())
    files = key(FILLED, None)
    exclude = key(PATTERN_LIST, ())
    env = key(ENV, {})
    timeout = key(SECONDS, None)
    setup = key(SETUPS, ())
    concurrency = key(CONCURRENCY, None)
    workspace = key(WORKSPACE, None)
    share = key(SHARE, ())
    clean = key(FLAG, None)
    supersede = key(FLAG, None)
    requires = key(REQUIREMENTS, ())
    wait = key(SECONDS, None)
    each = key(FLAG, False)
    jobs = key(JOBS, ())
