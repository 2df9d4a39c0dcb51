"""The kinds of single values, and of lists and mappings of them: the parser of each, its name and its JSON Schema."""

from typing import TypeVar

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.files.file_types import FILE_TYPES
from dodo_hooks.core.git_hooks import SERVER_HOOKS, known_hooks
from dodo_hooks.core.plan import (
    AT_MERGE_COMMIT,
    FAILURE,
    GIVEN,
    ON_CONFLICT,
    OUTPUTS,
    PINNED,
    SNAPSHOT,
    WORKTREE,
)
from dodo_hooks.host.files.clone import HARDLINK
from dodo_hooks.loader.globs.type_tags import type_tag
from dodo_hooks.loader.read.nodes import ListNode, MapNode, Node, Scalar
from dodo_hooks.loader.schema import value_parsers as parsers
from dodo_hooks.loader.schema.kinds import Kind, ListOf, MapOf, Names, Shaped, Single, Switch
from dodo_hooks.loader.schema.model_errors import ModelErrors
from dodo_hooks.loader.shell.placeholders import is_known

_Item = TypeVar("_Item")
Commands = str | list[str]
Run = Commands | dict[str, Commands]


def map_or_text(node: Node) -> int:
    return int(isinstance(node, MapNode))


def flag_or_list(node: Node) -> int:
    return int(not (isinstance(node, Scalar) and isinstance(node.value, bool)))


def _list_or_text(node: Node) -> int:
    return int(isinstance(node, ListNode))


def _text_list_or_map(node: Node) -> int:
    return 2 if isinstance(node, MapNode) else int(isinstance(node, ListNode))


def one_or_more(item: Kind[_Item], says: str) -> ListOf[_Item]:
    return ListOf(item, says, or_one=True)


def _pattern(pattern: str) -> dict[str, object]:
    return {"type": "string", "pattern": pattern}


def _words(*words: str) -> Single[str]:
    says = ", ".join(f"`{one}`" for one in words)
    return TEXT.checked(parsers.one_of(*words), says, {"enum": list(words)})


NOTHING: Single[None] = Single("", {}, lambda _: None)
TEXT = Single("text", {"type": "string"}, parsers.text)
FILLED = TEXT.checked(parsers.not_blank, schema=_pattern(r"\S"))
COMMAND = Single("text", FILLED.schema, parsers.command_text).checked(parsers.not_blank)
TEXTS = one_or_more(FILLED, "text or list of texts")
NAMES = ListOf(TEXT, "list of names")
PREFIXES = one_or_more(FILLED.checked(parsers.absolute), "path or list of paths")
FLAG = Single("boolean", {"type": "boolean"}, parsers.flag)
NUMBER = Single("integer", {"type": "integer"}, parsers.number)
SLOTS = NUMBER.checked(parsers.within(1), "integer from 1", {"type": "integer", "minimum": 1})
COUNT = NUMBER.checked(parsers.within(0), "integer from 0", {"type": "integer", "minimum": 0})
NICE = NUMBER.checked(parsers.within(-20, 19), "-20 to 19", {"type": "integer", "minimum": -20, "maximum": 19})
SECONDS = Single("duration", _pattern("^0*[1-9][0-9]*(ms|s|m|h|d)$"), parsers.seconds)
BYTES = Single("size", _pattern("^0*[1-9][0-9]{0,11}(B|KB|MB|GB)$"), parsers.size)
LOG_BYTES = BYTES.checked(parsers.log_bytes)
VERSION = Single(
    "version",
    {"type": ["string", "number"], "pattern": r"^[0-9]{1,9}(\.[0-9]{1,9}){0,3}$"},
    parsers.version,
)
FOLDER = TEXT.checked(parsers.folder, "path", _pattern(r"^(?!/|\.\.(/|$))"))
SCRIPT = COMMAND.checked(parsers.script, "path", _pattern(r"^(?!/|\.\.(/|$)).*\S"))
INPUT_PATHS = one_or_more(FILLED.checked(parsers.input_path), "pattern, path, or list of both")
OUTPUT_PATHS = one_or_more(FILLED.checked(parsers.output_path), "path or list of paths")
SHARED_PATH = FILLED.checked(parsers.shared_path)
SHARED_PATHS = one_or_more(SHARED_PATH, "path or list of paths")
GROUP_NAME = TEXT.checked(parsers.group_name, schema={"type": "string", "minLength": 1, "maxLength": 100})
CONFLICT = _words(*ON_CONFLICT)
WORKSPACE = _words(WORKTREE, SNAPSHOT)
WRITES = _words(GIVEN)
REQUIREMENTS = one_or_more(
    FILLED.checked(parsers.requirement, schema=_pattern("^[^:]+:.+$")), "`HOOK:JOB` or list of these"
)
FAIL_MODE = _words("abort", "warn")
BACKGROUND_OUTPUT = _words("log", "silent")
TRUST = _words(PINNED)
OCCASION = _words("failed", "always")
TYPES_OF_FILES = one_or_more(
    TEXT.checked(parsers.file_type, schema={"enum": list(FILE_TYPES)}), "word or list of words"
)
TYPE_TAGS = one_or_more(FILLED.checked(type_tag), "tag or list of tags")
ARCHITECTURES = one_or_more(
    TEXT.checked(parsers.architecture, schema={"enum": list(parsers.ARCHITECTURES)}), "word or list of words"
)
OUTPUT: Switch[tuple[str, ...] | None] = Switch(None, (FAILURE,), OUTPUTS, _words(*OUTPUTS))
CHANGES_FAIL: Switch[tuple[str, ...]] = Switch(parsers.PLACES, (), parsers.PLACES, _words(*parsers.PLACES))
CACHE = Single("boolean, or `hardlink`", {"anyOf": [{"type": "boolean"}, {"enum": [HARDLINK]}]}, parsers.cache)
_NAME_OF_VARIABLE = {"type": "string", "pattern": "^[^=]+$"}
VARIABLES = one_or_more(TEXT.checked(parsers.variable, schema=_NAME_OF_VARIABLE), "text or list of texts")
ENV = MapOf(
    Names(parsers.variable, _NAME_OF_VARIABLE),
    Single("text", {"type": ["string", "number", "boolean"]}, parsers.as_written),
    "map of texts",
)
TEMPLATES = MapOf(Names(parsers.macro_name, {"pattern": f"^{parsers.MACRO}$"}), TEXT, "map of texts")
CONDITION_WORD = Single("word", _pattern(f"^({parsers.VARIABLE}|{AT_MERGE_COMMIT})$"), parsers.condition_text).checked(
    parsers.condition_word
)
HOOK_NAMES = Names(parsers.hook_name, {"enum": list(known_hooks())})
TASK_NAMES = Names(
    parsers.task_name,
    {
        "pattern": r"^[^-@=:\s]([^@=:]*[^@=:\s])?$",
        "not": {"enum": [*known_hooks(), *sorted(SERVER_HOOKS), *parsers.NOT_FOR_TASKS]},
    },
)


class _BySystem(MapOf[Commands]):
    def read(self, node: Node, found: ModelErrors) -> dict[str, Commands]:
        """Return the commands; `run: {staged_files}` is a mapping in YAML, and an error here."""
        for entry in node.entries if isinstance(node, MapNode) else ():
            if is_known(entry.key, arguments=99):
                raise InvalidValue(f"{{{entry.key}}} is a mapping in YAML", "put the whole command in quotes")
        return super().read(node, found)


_LINES = ListOf(FILLED.checked(parsers.command), "list of texts", least="command")
_SYSTEMS = ("linux", "macos", "windows")
_ONE_SYSTEM: Shaped[Commands] = Shaped((FILLED, _LINES), "", _list_or_text)
_BY_SYSTEM = _BySystem(Names(parsers.one_of(*_SYSTEMS), {"enum": list(_SYSTEMS)}), _ONE_SYSTEM, "map", least="command")
RUN: Shaped[Run] = Shaped(
    (COMMAND, _LINES, _BY_SYSTEM), "text, list of texts, or map of both by system", _text_list_or_map
)
