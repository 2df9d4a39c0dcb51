"""The types of values, for the models: the parser of each, and its description in the JSON Schema."""

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticUndefined

from dodo_hooks.core.files.file_types import FILE_TYPES
from dodo_hooks.core.git_hooks import SERVER_HOOKS, known_hooks
from dodo_hooks.core.plan import AT_MERGE_COMMIT, GIVEN, ON_CONFLICT, OUTPUTS, PINNED, SNAPSHOT, WORKTREE
from dodo_hooks.loader.globs.type_tags import type_tag
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Scalar
from dodo_hooks.loader.schema import value_parsers
from dodo_hooks.loader.schema.shapes import Shape, word
from dodo_hooks.loader.schema.value_parsers import PLACES, one_of

# What pydantic puts into a path for the shape of a value. No key of a file has a NUL in it.
TEXT, LIST, MAP, FLAG = "\0text", "\0list", "\0map", "\0flag"

_FAIL_MODES = ("abort", "warn")
_BACKGROUND_OUTPUTS = ("log", "silent")
_WORKSPACES = (WORKTREE, SNAPSHOT)
_OCCASIONS = ("failed", "always")
_SYSTEMS = ("linux", "macos", "windows")


def kind_of(node: object) -> str:
    """Return the shape of a value among those of a union; any other shape is treated as a text."""
    if isinstance(node, MapNode):
        return MAP
    return LIST if isinstance(node, ListNode) else TEXT


def list_or_text(node: object) -> str:
    return LIST if isinstance(node, ListNode) else TEXT


def map_or_text(node: object) -> str:
    return MAP if isinstance(node, MapNode) else TEXT


def flag_or_list(node: object) -> str:
    return FLAG if isinstance(node, Scalar) and isinstance(node.value, bool) else LIST


class Body(BaseModel):
    """A mapping with known keys."""

    # The validator of a body is built once, with that of the whole file, and not again for each class (10 ms).
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Let `list` and `dict` make the empty values: pydantic would give each body a deep copy, made in Python."""
        for one in cls.model_fields.values():
            if one.default in ([], {}):
                one.default, one.default_factory = PydanticUndefined, type(one.default)

    @model_validator(mode="before")
    @classmethod
    def _open(cls, node: Any) -> Any:
        return value_parsers.entries(node)


def short_for(key: str) -> Callable[[object], object]:
    """Return an opener that turns a single value into a mapping with this key alone."""

    def opened(node: object) -> object:
        if isinstance(node, ListNode) or (isinstance(node, Scalar) and node.value is not None):
            return MapNode(node.mark, (Entry(node.mark, key, node),))
        return node

    return opened


_Item = TypeVar("_Item")
OneOrMore: TypeAlias = Annotated[list[_Item], BeforeValidator(value_parsers.one_or_more)]

_TEXT = {"type": "string", "pattern": r"\S"}
_WRITTEN = {"type": ["string", "number", "boolean"]}

Text: TypeAlias = Annotated[str, BeforeValidator(value_parsers.value), Shape("text", {"type": "string"})]
FilledText: TypeAlias = Annotated[Text, AfterValidator(value_parsers.not_blank), Shape("text", _TEXT)]
Texts: TypeAlias = Annotated[OneOrMore[FilledText], Shape("text or list of texts", or_one=True)]
Prefixes: TypeAlias = Annotated[
    OneOrMore[Annotated[FilledText, AfterValidator(value_parsers.absolute)]],
    Shape("path or list of paths", or_one=True),
]
Flag: TypeAlias = Annotated[bool, BeforeValidator(value_parsers.value), Shape("boolean", {"type": "boolean"})]
Number: TypeAlias = Annotated[int, BeforeValidator(value_parsers.value), Shape("integer", {"type": "integer"})]
Slots: TypeAlias = Annotated[Number, Field(ge=1), Shape("integer from 1", {"type": "integer", "minimum": 1})]
Count: TypeAlias = Annotated[Number, Field(ge=0), Shape("integer from 0", {"type": "integer", "minimum": 0})]
Nice: TypeAlias = Annotated[
    Number, Field(ge=-20, le=19), Shape("-20 to 19", {"type": "integer", "minimum": -20, "maximum": 19})
]
Seconds: TypeAlias = Annotated[
    float,
    BeforeValidator(value_parsers.seconds),
    Shape("duration", {"type": "string", "pattern": "^0*[1-9][0-9]*(ms|s|m|h|d)$"}),
]
Bytes: TypeAlias = Annotated[
    int,
    BeforeValidator(value_parsers.size),
    Shape("size", {"type": "string", "pattern": "^0*[1-9][0-9]{0,11}(B|KB|MB|GB)$"}),
]
LogBytes: TypeAlias = Annotated[Bytes, AfterValidator(value_parsers.log_bytes)]
Version: TypeAlias = Annotated[
    str,
    BeforeValidator(value_parsers.version),
    Shape("version", {"type": ["string", "number"], "pattern": r"^[0-9]{1,9}(\.[0-9]{1,9}){0,3}$"}),
]
Folder: TypeAlias = Annotated[
    Text, AfterValidator(value_parsers.folder), Shape("path", {"type": "string", "pattern": r"^(?!/|\.\.(/|$))"})
]
Script: TypeAlias = Annotated[
    FilledText,
    AfterValidator(value_parsers.script),
    Shape("path", {"type": "string", "pattern": r"^(?!/|\.\.(/|$)).*\S"}),
]
InputPaths: TypeAlias = Annotated[
    OneOrMore[Annotated[FilledText, AfterValidator(value_parsers.input_path)]],
    Shape("pattern, path, or list of both", or_one=True),
]
OutputPaths: TypeAlias = Annotated[
    OneOrMore[Annotated[FilledText, AfterValidator(value_parsers.output_path)]],
    Shape("path or list of paths", or_one=True),
]
SharedPath: TypeAlias = Annotated[FilledText, AfterValidator(value_parsers.shared_path)]
SharedPaths: TypeAlias = Annotated[OneOrMore[SharedPath], Shape("path or list of paths", or_one=True)]
GroupName: TypeAlias = Annotated[
    Text, AfterValidator(value_parsers.group_name), Shape("text", {"type": "string", "minLength": 1, "maxLength": 100})
]
OnConflict: TypeAlias = Annotated[Text, AfterValidator(one_of(*ON_CONFLICT)), word(*ON_CONFLICT)]
Workspace: TypeAlias = Annotated[Text, AfterValidator(one_of(*_WORKSPACES)), word(*_WORKSPACES)]
Writes: TypeAlias = Annotated[Text, AfterValidator(one_of(GIVEN)), word(GIVEN)]
Requirements: TypeAlias = Annotated[
    OneOrMore[
        Annotated[
            FilledText,
            AfterValidator(value_parsers.requirement),
            Shape("`HOOK:JOB`", {"type": "string", "pattern": "^[^:]+:.+$"}),
        ]
    ],
    Shape("`HOOK:JOB` or list of these", or_one=True),
]
FailMode: TypeAlias = Annotated[Text, AfterValidator(one_of(*_FAIL_MODES)), word(*_FAIL_MODES)]
BackgroundOutput: TypeAlias = Annotated[Text, AfterValidator(one_of(*_BACKGROUND_OUTPUTS)), word(*_BACKGROUND_OUTPUTS)]
Trust: TypeAlias = Annotated[Text, AfterValidator(one_of(PINNED)), word(PINNED)]
Occasion: TypeAlias = Annotated[Text, AfterValidator(one_of(*_OCCASIONS)), word(*_OCCASIONS)]
FileType: TypeAlias = Annotated[
    Text,
    AfterValidator(value_parsers.file_type),
    Shape(
        "type",
        {"enum": list(FILE_TYPES)},
    ),
]
FileTypes: TypeAlias = Annotated[OneOrMore[FileType], Shape("word or list of words", or_one=True)]
TypeTags: TypeAlias = Annotated[
    OneOrMore[Annotated[FilledText, AfterValidator(type_tag)]], Shape("tag or list of tags", or_one=True)
]
Architecture: TypeAlias = Annotated[
    Text, AfterValidator(value_parsers.architecture), word(*value_parsers.ARCHITECTURES)
]
Architectures: TypeAlias = Annotated[OneOrMore[Architecture], Shape("word or list of words", or_one=True)]
OutputWords: TypeAlias = Annotated[
    tuple[Annotated[Text, AfterValidator(one_of(*OUTPUTS)), word(*OUTPUTS)], ...] | None,
    BeforeValidator(value_parsers.output),
    Shape(
        "boolean or list of words",
        {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum": list(OUTPUTS)}}]},
    ),
]
ChangesFail: TypeAlias = Annotated[
    tuple[Annotated[Text, AfterValidator(one_of(*PLACES)), word(*PLACES)], ...],
    BeforeValidator(value_parsers.places),
    Shape(
        "boolean or list of words",
        {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum": list(PLACES)}}]},
    ),
]
Cache: TypeAlias = Annotated[
    str,
    BeforeValidator(value_parsers.cache),
    Shape("boolean, or `hardlink`", {"anyOf": [{"type": "boolean"}, {"enum": [value_parsers.HARDLINK]}]}),
]
Variable: TypeAlias = Annotated[
    str, AfterValidator(value_parsers.variable), Shape("text", {"type": "string", "pattern": "^[^=]+$"})
]
Variables: TypeAlias = Annotated[
    list[Variable],
    BeforeValidator(value_parsers.texts),
    Shape("text or list of texts", or_one=True),
]
Env: TypeAlias = Annotated[
    dict[Variable, Annotated[str, BeforeValidator(value_parsers.as_written), Shape("text", _WRITTEN)]],
    BeforeValidator(value_parsers.entries),
    Shape("map of texts"),
]

Lines: TypeAlias = Annotated[
    list[Annotated[FilledText, AfterValidator(value_parsers.command)]],
    BeforeValidator(value_parsers.items),
    AfterValidator(value_parsers.at_least_one("command")),
    Shape("list of texts", least=1, or_nothing=False),
]
OneSystem: TypeAlias = Annotated[
    Annotated[FilledText, Tag(TEXT)] | Annotated[Lines, Tag(LIST)], Discriminator(list_or_text)
]
System: TypeAlias = Annotated[str, AfterValidator(one_of(*_SYSTEMS)), word(*_SYSTEMS)]
BySystem: TypeAlias = Annotated[
    dict[System, OneSystem],
    BeforeValidator(value_parsers.by_system),
    AfterValidator(value_parsers.at_least_one("command")),
    Shape("map", least=1, or_nothing=False),
]
Run: TypeAlias = Annotated[
    Annotated[FilledText, Tag(TEXT)] | Annotated[Lines, Tag(LIST)] | Annotated[BySystem, Tag(MAP)],
    Discriminator(kind_of),
    Shape("text, list of texts, or map of both by system"),
]
ConditionWord: TypeAlias = Annotated[
    str,
    BeforeValidator(value_parsers.condition_text),
    AfterValidator(value_parsers.condition_word),
    Shape("word", {"type": "string", "pattern": f"^({value_parsers.VARIABLE}|{AT_MERGE_COMMIT})$"}),
]
Macro: TypeAlias = Annotated[
    str, AfterValidator(value_parsers.macro_name), Shape("name", {"pattern": f"^{value_parsers.MACRO}$"})
]
HookName: TypeAlias = Annotated[str, AfterValidator(value_parsers.hook_name), word(*known_hooks())]
TaskName: TypeAlias = Annotated[
    str,
    AfterValidator(value_parsers.task_name),
    Shape(
        "name",
        {
            "pattern": r"^[^-@=:\s]([^@=:]*[^@=:\s])?$",
            "not": {"enum": [*known_hooks(), *sorted(SERVER_HOOKS), *value_parsers.NOT_FOR_TASKS]},
        },
    ),
]
