"""A record's JSON as typed values, field by field: a value of the wrong type is an error here (R19)."""

from dodo_hooks.core.plan_parts import Group
from dodo_hooks.core.statuses import STATUSES
from dodo_hooks.core.text.json_text import parse_json_object
from dodo_hooks.host.posix import read_file
from dodo_hooks.store.records import SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

_NOTHING: "Mapping[str, object]" = {}


class Fields:
    """The fields of one file.

    Every method raises ValueError, with the field's name, where the value has not the method's type.
    """

    def __init__(self, path: str, newer: "Mapping[str, object]" = _NOTHING) -> None:
        """Read the fields of a file. `newer`: fields that replace the file's.

        Raises:
            OSError: the file cannot be read.
            ValueError, RecursionError: the file holds no record.
        """
        self._fields = {**read_object(path), **newer}
        schema = self.whole("schema")
        if schema != SCHEMA:
            raise ValueError(f"schema {schema} is not supported (this version reads {SCHEMA})")

    def has(self, name: str) -> bool:
        """Return whether the field is there: a record of an older version lacks newer fields."""
        return name in self._fields

    def text(self, name: str) -> str:
        value = self._get(name)
        return value if isinstance(value, str) else self._refuse(name, value, "a string")

    def text_or_none(self, name: str) -> "str | None":
        return None if self._get(name) is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._get(name)
        if not isinstance(value, list):
            self._refuse(name, value, "a list of strings")
        return tuple(self._text_in(name, one) for one in value)

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        value = self._get(name)
        if not isinstance(value, dict):
            self._refuse(name, value, "an object of strings")
        return tuple((key, self._text_in(name, one)) for key, one in value.items())

    def groups(self, name: str) -> tuple[Group, ...]:
        value = self._get(name)
        try:
            if isinstance(value, list):
                return tuple(Group(**one) for one in value)
        except TypeError:  # other fields, or none
            pass
        return self._refuse(name, value, "a list of groups")

    def flag(self, name: str) -> bool:
        value = self._get(name)
        return value if isinstance(value, bool) else self._refuse(name, value, "true or false")

    def whole(self, name: str) -> int:
        value = self._get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self._refuse(name, value, "a whole number")

    def whole_or_none(self, name: str) -> "int | None":
        return None if self._get(name) is None else self.whole(name)

    def number_or_none(self, name: str) -> "float | None":
        value = self._get(name)
        return value if isinstance(value, float) else self.whole_or_none(name)

    def status(self, name: str) -> str:
        value = self.text(name)
        return value if value in STATUSES else self._refuse(name, value, "a status")

    def _text_in(self, name: str, value: object) -> str:
        return value if isinstance(value, str) else self._refuse(name, value, "a string")

    def _get(self, name: str) -> object:
        if name not in self._fields:
            raise ValueError(f"field {name!r} is missing")
        return self._fields[name]

    def _refuse(self, name: str, value: object, wanted: str) -> "NoReturn":
        raise ValueError(f"field {name!r} is {value!r:.60}, not {wanted}")


def read_object(path: str) -> dict[str, object]:
    """Return the JSON object in a file.

    Raises:
        OSError: the file cannot be read.
        ValueError, RecursionError: the file holds no JSON object.
    """
    return parse_json_object(read_file(path).decode())
