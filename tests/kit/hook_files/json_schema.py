"""The JSON Schema of a hook file, generated from the models and from what docs/keys.md says about each key (C1).

`PYTHONPATH=tests python -m kit.hook_files.json_schema` in a checkout writes it to loader/hooks.schema.json: run it when
a key has changed. A test compares the two. It is for editors, and as strict as JSON Schema can be: relations between
bodies (needs, names, modes), and the syntax of texts, are checked by `dodo-hooks validate` alone.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dodo_hooks.loader.read.nodes import ListNode, MapNode, Node
from dodo_hooks.loader.read.yaml_reader import parse
from dodo_hooks.loader.schema import SCHEMA_FILE
from dodo_hooks.loader.schema.condition_models import ASKED, PATTERNS
from dodo_hooks.loader.schema.file_models import BODIES, USER_BODIES
from dodo_hooks.loader.schema.job_models import OF_SCRIPTS
from dodo_hooks.loader.schema.kinds import COMMANDS, Key, Kind, ListOf, MapOf, Shaped, Single, Switch

_KEYS_PAGE = Path(__file__).parents[3] / "docs" / "keys.md"
_HEADINGS = {
    "file": "The file",
    "log": "`log` of the file",
    "hook": "A hook, or a task",
    "setup": "An item of `setup`",
    "job": "A job",
    "group": "`group` of a job",
    "job log": "`log` of a job",
    "condition": "A condition of `skip` or `only`",
    "pattern": "A pattern that is a map",
    "concurrency": "`concurrency`",
    "share": "An item of `share` that is a map",
    "notify": "`notify`, in your own configuration",
}
DOCUMENTED = {**BODIES, "notify": USER_BODIES["notify"]}

_Json = dict[str, Any]


@dataclass(frozen=True)
class KeyRow:
    """A row of docs/keys.md."""

    name: str
    type: str
    default: str
    means: str
    example: str  # a piece of the body that the key belongs to, in YAML
    tools: str  # the other tools that have the key


@cache
def _page() -> dict[str, str]:
    """Return the sections of docs/keys.md by their headings."""
    sections = re.split("^## ", _KEYS_PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {heading: text for heading, _, text in (section.partition("\n") for section in sections)}


def rows_of(level: str) -> list[KeyRow]:
    """Return what docs/keys.md says about the keys of a body."""
    lines = [line for line in _page()[_HEADINGS[level]].splitlines() if line.startswith("| `")]
    cells = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [
        KeyRow(name.strip("`"), kind, default, means, "\n".join(line[1:-1] for line in example.split("<br>")), tools)
        for name, kind, default, means, example, tools in cells
    ]


def about(level: str) -> str:
    """Return what docs/keys.md says about a body, above its keys."""
    return _page()[_HEADINGS[level]].strip().partition("\n")[0]


def schema_text() -> str:
    """Return the schema as it is stored in hooks.schema.json."""
    return json.dumps(hook_file_schema(), indent=2, ensure_ascii=False) + "\n"


def hook_file_schema() -> _Json:
    """Return the JSON Schema (draft 2020-12) of a hooks.dodo."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hooks.dodo",
        **_body("file"),
        "$defs": {_name(level): _body(level) for level in BODIES if level != "file"},
    }


def keys_of(level: str) -> Iterator[tuple[str, Key, KeyRow]]:
    """Yield each key of a body with its row in the table of keys and its documentation.

    Raises ValueError where one of them is missing.
    """
    for (key, row), said in zip(DOCUMENTED[level].keys.items(), rows_of(level), strict=True):
        yield key, row, said


def default_by(row: Key) -> str:
    """Return the cell for a default that the table has; "": the page may say it in words."""
    default = default_of(row)
    if not isinstance(default, bool | int | str):
        return "needed" if row.needed_for else ""
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def default_of(row: Key) -> Any:
    """Return the default of a key as a file would write it; None where it cannot be written."""
    default = row.default
    if row.kind.says in _UNITS and isinstance(default, int | float):
        return _with_unit(default, _UNITS[row.kind.says])
    if isinstance(default, tuple):
        return list(default) if isinstance(row.kind, Switch) else None
    return default if isinstance(default, bool | int | str) and default != "" else None


# The largest first, so that 7d is not written as 604800s.
_UNITS: dict[str, dict[str, float]] = {
    "duration": {"d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001},
    "size": {"GB": 1 << 30, "MB": 1 << 20, "KB": 1 << 10, "B": 1},
}


def _with_unit(number: float, units: Mapping[str, float]) -> str:
    unit = next(unit for unit, one in units.items() if number % one == 0)
    return f"{number / units[unit]:.0f}{unit}"


def _name(level: str) -> str:
    return level.replace(" ", "-")


def _body(level: str) -> _Json:
    """Return the schema of a mapping with known keys."""
    keys = list(keys_of(level))
    required = [key for key, row, _ in keys if row.needed_for]
    one_of: _Json = {"oneOf": [{"required": [key]} for key in COMMANDS]} if level == "job" else {}
    if level == "job":
        one_of["dependentRequired"] = {key: ["script"] for key in OF_SCRIPTS}
    if level == "pattern":
        one_of["oneOf"] = [{"required": [key]} for key in PATTERNS]
        one_of["not"] = {"required": ["regex", "ignore_case"], "properties": {"ignore_case": {"const": True}}}
    if level == "condition":
        one_of = {"anyOf": [{"required": [key]} for key in ASKED]}
    may_be_nothing = not required and not one_of
    return {
        "description": " ".join((BODIES[level].__doc__ or "").split()),
        "type": ["object", "null"] if may_be_nothing else "object",
        "properties": {key: _property(key, row, said) for key, row, said in keys},
        **({"patternProperties": {"^x-": {"description": "A place for anchors."}}} if level == "file" else {}),
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **one_of,
    }


def _property(key: str, row: Key, said: KeyRow) -> _Json:
    tools = f" Also in {said.tools.replace(', ', ' and ')}." if said.tools else ""
    written = default_of(row)
    is_in_words = said.default and not default_by(row)
    unwritten = f" Default: {said.default.replace('`', '')}." if is_in_words else ""
    # Other keywords are allowed beside "$ref" since draft 2019-09.
    return {
        "description": f"{said.means.replace('`', '')}.{unwritten}{tools}",
        **_schema(row.kind),
        **({} if written is None else {"default": written}),
        "examples": [plain_of(said.example)[key]],
    }


def _schema(kind: Kind[Any]) -> _Json:
    if isinstance(kind, Single | Switch):
        return dict(kind.schema)
    if isinstance(kind, Shaped):
        return _any_of([_schema(one) for one in kind.kinds])
    if isinstance(kind, ListOf):
        return _list(kind)
    return _map(kind) if isinstance(kind, MapOf) else _reference(kind)


def _list(kind: ListOf[Any]) -> _Json:
    item = _schema(kind.item)
    several: _Json = {"type": "array" if kind.least else ["array", "null"], "items": item}
    if kind.least:
        several["minItems"] = 1
    return _any_of([item, several]) if kind.or_one else several


def _map(kind: MapOf[Any]) -> _Json:
    names, values = kind.names.schema, _schema(kind.item)
    is_a: Any = "object" if kind.least else ["object", "null"]
    least = {"minProperties": 1} if kind.least else {}
    if "enum" in names:  # as properties, so that an editor offers them
        known = {name: values for name in names["enum"]}
        return {"type": is_a, "properties": known, "additionalProperties": False, **least}
    return {"type": is_a, "propertyNames": names, "additionalProperties": values, **least}


def _reference(kind: Any) -> _Json:
    body = kind.body()
    reference: _Json = {"$ref": f"#/$defs/{_name(body.level)}"}
    if not kind.short_for:
        return reference
    short = _schema(body.keys[kind.short_for].kind)
    return _any_of([*(one for one in short.get("anyOf", [short]) if one.get("type") != "object"), reference])


def _any_of(schemas: Sequence[_Json]) -> _Json:
    flat = [one for schema in schemas for one in (schema["anyOf"] if set(schema) == {"anyOf"} else [schema])]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _plain(node: Node) -> Any:
    if isinstance(node, MapNode):
        return {entry.key: _plain(entry.value) for entry in node.entries}
    return [_plain(item) for item in node.items] if isinstance(node, ListNode) else node.value


def plain_of(text: str) -> Any:
    """Return a hook file as plain values, which a JSON Schema validates."""
    root = parse(text.encode()).root
    assert root is not None
    return _plain(root)


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
