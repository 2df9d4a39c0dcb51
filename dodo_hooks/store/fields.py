"""A record's JSON as typed values, field by field: a value of the wrong type is an error here (R19)."""

from dodo_hooks.core.plan_parts import Group
from dodo_hooks.core.statuses import STATUSES
from dodo_hooks.core.text.json_text import parse_json_object
from dodo_hooks.host.posix import read_file
from dodo_hooks.store.records import SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn

    from dodo_hooks.core.named_tuple import Record

    Reader = Callable[[object], object]

_NOTHING: "Mapping[str, object]" = {}


def read_fields(path: str, record: "type[Record]", newer: "Mapping[str, object]" = _NOTHING) -> "dict[str, Any]":
    """Return the fields of a record from a file and its directory, each by its annotation.

    One with a default may be missing, since an older version has written the file. `newer`: fields that replace the
    file's.

    Raises:
        OSError: the file cannot be read.
        ValueError, RecursionError: the file holds no such record.
    """
    stored = {**read_object(path), **newer, "directory": path.rpartition("/")[0]}
    schema = stored.get("schema")
    if schema is True or schema != SCHEMA:
        raise ValueError(f"schema {schema!r:.60} is not supported (this version reads {SCHEMA})")
    values: dict[str, Any] = {}
    for name, kind in record.__annotations__.items():
        if name in stored:
            try:
                values[name] = _READERS[kind](stored[name])
            except ValueError as error:
                raise ValueError(f"field {name!r} is {error}") from None
        elif name not in record._field_defaults:
            raise ValueError(f"field {name!r} is missing")
    return values


def read_object(path: str) -> dict[str, object]:
    """Return the JSON object in a file.

    Raises:
        OSError: the file cannot be read.
        ValueError, RecursionError: the file holds no JSON object.
    """
    return parse_json_object(read_file(path).decode())


def _text(value: object) -> str:
    return value if isinstance(value, str) else _refuse(value, "a string")


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(_text, value)) if isinstance(value, list) else _refuse(value, "a list of strings")


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        _refuse(value, "an object of strings")
    return tuple((key, _text(one)) for key, one in value.items())


def _groups(value: object) -> tuple[Group, ...]:
    try:
        if isinstance(value, list):
            return tuple(Group(**one) for one in value)
    except TypeError:  # other fields, or none
        pass
    return _refuse(value, "a list of groups")


def _flag(value: object) -> bool:
    return value if isinstance(value, bool) else _refuse(value, "true or false")


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _refuse(value, "a whole number")


def _number(value: object) -> float:
    return value if isinstance(value, float) else _whole(value)


def _status(value: object) -> str:
    status = _text(value)
    return status if status in STATUSES else _refuse(value, "a status")


def _or_none(read: "Reader") -> "Reader":
    return lambda value: None if value is None else read(value)


def _refuse(value: object, wanted: str) -> "NoReturn":
    raise ValueError(f"{value!r:.60}, not {wanted}")


# By the annotations of store/read_records.py.
_READERS: "Mapping[object, Reader]" = {
    str: _text,
    bool: _flag,
    int: _whole,
    "str | None": _or_none(_text),
    "int | None": _or_none(_whole),
    "float | None": _or_none(_number),
    "tuple[str, ...]": _texts,
    "tuple[tuple[str, str], ...]": _pairs,
    "tuple[Group, ...]": _groups,
    "Status": _status,
}
